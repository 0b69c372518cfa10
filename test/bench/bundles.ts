import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { root } from '../support/setUp.mjs';
import { bytes, type Figure } from './figure.ts';

const metafile = z.object({
  outputs: z.record(
    z.string(),
    z.object({
      entryPoint: z.string().optional(),
      imports: z.array(z.object({ path: z.string(), kind: z.string(), external: z.boolean().optional() })),
    }),
  ),
});
const metaSchema = z.object({ host: metafile, webview: metafile });

type Outputs = z.infer<typeof metafile>['outputs'];

/** The files that are loaded together with these. */
const closureOf = (outputs: Outputs, files: readonly string[]): readonly string[] => {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const each of outputs[file]?.imports ?? []) {
      if (each.kind === 'import-statement' && each.external !== true) visit(each.path);
    }
  };
  for (const file of files) visit(file);
  return [...found];
};

const outputOf = (outputs: Outputs, source: string): string => {
  const found = Object.entries(outputs).find(([, output]) => output.entryPoint === source);
  if (found === undefined) throw new Error(`dist/meta.json has no chunk of ${source}.`);
  return found[0];
};

const read = (file: string): Buffer => readFileSync(path.join(root, file));
const size = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(path.join(root, file)).size, 0);
const gzipped = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + gzipSync(read(file)).length, 0);

export const measureBundles = async (): Promise<readonly Figure[]> => {
  const { host, webview } = metaSchema.parse(JSON.parse(read('dist/meta.json').toString('utf8')));
  const main = outputOf(host.outputs, 'extension/main.ts');
  const app = outputOf(host.outputs, 'extension/app.ts');
  const worker = outputOf(host.outputs, 'extension/storage/worker.ts');
  const window = closureOf(host.outputs, [main, app]);
  // A thread loads what it imports for itself, also what the window has loaded.
  const thread = closureOf(host.outputs, [worker]);
  const script = closureOf(webview.outputs, [outputOf(webview.outputs, 'webview/main.tsx')]);
  const style = [outputOf(webview.outputs, 'webview/styles.css')];
  const controls = closureOf(webview.outputs, [outputOf(webview.outputs, 'webview/toolkit.ts')]);
  const later = [...controls.filter((file) => !script.includes(file)), 'dist/webview/codicon.ttf'];
  return [
    bytes('host bundle at activation', size(closureOf(host.outputs, [main]))),
    bytes('host bundle at the first view', size([...window, ...thread, 'dist/sql-wasm.wasm'])),
    bytes('  of which JavaScript in the window’s host', size(window)),
    bytes('  of which storage thread and wasm', size([...thread, 'dist/sql-wasm.wasm'])),
    bytes('webview script and style', size([...script, ...style])),
    bytes('webview script and style, gzip', gzipped([...script, ...style])),
    bytes('webview, icons and controls', size(later)),
    bytes('webview, icons and controls, gzip', gzipped(later)),
  ];
};
