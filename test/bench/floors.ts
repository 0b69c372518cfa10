import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const writeExtension = (parent: string, manifest: { readonly name: string }, source: string): string => {
  const folder = path.join(parent, manifest.name);
  mkdirSync(folder, { recursive: true });
  const common = { publisher: 'bench', version: '1.0.0', engines: { vscode: '^1.101.0' }, main: './main.js' };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...common, ...manifest }));
  writeFileSync(path.join(folder, 'main.js'), source);
  return folder;
};

export const emptyId = 'bench.empty';

/** An extension that does nothing: what VS Code itself needs to activate one. @returns its folder. */
export const writeEmptyExtension = (parent: string): string =>
  writeExtension(parent, { name: 'empty' }, 'exports.activate = () => {};\n');

export const helloTitle = 'Hello';

/** A view of one text area: what VS Code itself needs to show a webview. @returns the extension's folder. */
export const writeHelloExtension = (parent: string): string => {
  const manifest = {
    name: 'hello',
    contributes: {
      viewsContainers: { activitybar: [{ id: 'hello', title: helloTitle, icon: 'icon.svg' }] },
      views: { hello: [{ type: 'webview', id: 'hello.view', name: helloTitle }] },
    },
  };
  const source = `const { window } = require('vscode');
const html = '<!DOCTYPE html><html><body><textarea data-test="composer"></textarea></body></html>';
const resolveWebviewView = ({ webview }) => {
  webview.options = { enableScripts: true };
  webview.html = html;
};
exports.activate = ({ subscriptions }) => {
  subscriptions.push(window.registerWebviewViewProvider('hello.view', { resolveWebviewView }));
};
`;
  const folder = writeExtension(parent, manifest, source);
  const icon =
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><circle cx="12" cy="12" r="9"/></svg>';
  writeFileSync(path.join(folder, 'icon.svg'), icon);
  return folder;
};
