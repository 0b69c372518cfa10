// node test/demo/start.ts [--folder F] [--port P] [--demo] [--browser]: opens the built extension, in desktop VS Code
// where its command line is there, else in the browser workbench, and stays until Ctrl+C.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { CodeServer } from '../support/codeServer.ts';
import { killTree } from '../support/processes.ts';
import { ensureWorkbench, root } from '../support/setUp.mjs';
import { demoModel, startDemoModel } from './script.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string' },
    demo: { type: 'boolean', default: false },
    browser: { type: 'boolean', default: false },
  },
});

const providerKeys = [
  { name: 'Google Gemini', variables: ['GOOGLE_AI_API_KEY', 'GEMINI_API_KEY'] },
  { name: 'OpenAI', variables: ['OPENAI_API_KEY'] },
  { name: 'Anthropic', variables: ['ANTHROPIC_API_KEY'] },
];

const isSet = (variable: string): boolean => (process.env[variable] ?? '') !== '';

/** The variables that hold a key, so that they reach the extension host although the server's own are cleaned. */
const keyEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    providerKeys
      .flatMap(({ variables }) => variables.filter(isSet))
      .map((variable) => [variable, process.env[variable] ?? '']),
  );

const wantsDemo = async (): Promise<boolean> => {
  if (values.demo) return true;
  const provider = providerKeys.find(({ variables }) => variables.some(isSet));
  if (provider !== undefined) {
    console.log(`Model: ${provider.name}, with the key of your environment.`);
    return false;
  }
  const names = providerKeys.flatMap(({ variables }) => variables).join(', ');
  console.log(`There is no provider key in the environment (${names}).`);
  if (!process.stdin.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(
    'Use the scripted demo model, which needs no key and no network? [Y/n] ',
  );
  terminal.close();
  return !/^n/i.test(answer.trim());
};

const isDesktopReachable = (): boolean => {
  if (values.browser || values.port !== undefined) return false;
  // Inside a remote window `code` talks to that window and cannot load an extension under development.
  if (process.env.VSCODE_IPC_HOOK_CLI !== undefined) return false;
  const hasDisplay = isSet('DISPLAY') || isSet('WAYLAND_DISPLAY');
  if (process.platform === 'linux' && !hasDisplay) return false;
  const { status } = spawnSync('code', ['--version'], {
    stdio: 'ignore',
    shell: process.platform === 'win32',
  });
  return status === 0;
};

/** Opens a window of its own data, so that the environment reaches it and the person's settings stay as they are. */
const openDesktop = (folder: string, data: string, settings: object): ChildProcess => {
  mkdirSync(path.join(data, 'User'), { recursive: true });
  writeFileSync(path.join(data, 'User', 'settings.json'), JSON.stringify(settings, undefined, 2));
  const args = [
    `--extensionDevelopmentPath=${root}`,
    `--user-data-dir=${data}`,
    ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...['--disable-workspace-trust', '--new-window', '--wait', folder],
  ];
  return spawn('code', args, { stdio: 'inherit', shell: process.platform === 'win32' });
};

const openInBrowser = (url: string): void => {
  const hasDisplay = process.platform !== 'linux' || isSet('DISPLAY') || isSet('WAYLAND_DISPLAY');
  if (!process.stdout.isTTY || !hasDisplay) return;
  const [command, args] =
    process.platform === 'win32'
      ? ['explorer.exe', [url]]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', [url]];
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => {}) // The address has been printed.
    .unref();
};

const sampleCopy = (): string => {
  // Its own folder name is what the window's title shows.
  const folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'anycowork-')), 'team-calendar');
  cpSync(path.join(root, 'test', 'sample'), folder, { recursive: true });
  return folder;
};

const untilStopped = (window?: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    window?.on('error', (error) => {
      console.error(error.message);
      resolve();
    });
    window?.on('close', () => resolve());
  });

const folder = values.folder === undefined ? sampleCopy() : path.resolve(values.folder);
const isDemo = await wantsDemo();
const model = isDemo ? await startDemoModel() : undefined;
if (model !== undefined)
  console.log('Model: a script, not a real model. It plays one job on the sample folder.');

const settings = {
  'workbench.startupEditor': 'none',
  // The script knows one job only.
  'anycowork.chats.generateTitles': model === undefined,
  'anycowork.defaultModel': model === undefined ? '' : `openaiCompatible/${demoModel}`,
  'anycowork.openaiCompatible.baseUrl': model === undefined ? '' : `${model.url}/v1`,
};

// Kept between starts, so that chats are found again; apart, because a chat keeps its model.
const kind = isDemo ? 'demo' : 'real';
const data = path.join(root, '.vscode-test');
let end: () => Promise<void>;
let window: ChildProcess | undefined;
if (isDesktopReachable()) {
  window = openDesktop(folder, path.join(data, `desktop-data-${kind}`), settings);
  const { pid } = window;
  end = async () => {
    if (pid !== undefined) killTree(pid);
  };
  console.log(`VS Code opens on ${folder}.`);
} else {
  await ensureWorkbench();
  const server = await CodeServer.start({
    folder,
    settings,
    env: keyEnvironment(),
    dataFolder: path.join(data, `browser-data-${kind}`),
    // Without it any page in the person's browser could reach the files and the keys.
    token: randomBytes(16).toString('hex'),
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
  });
  end = () => server.stop();
  console.log(`Folder: ${folder}\nOpen in a browser: ${server.url()}`);
  openInBrowser(server.url());
}
console.log(
  'Press the AnyCowork icon and send a message, as “Run the tests and find out why any of them fail.”',
);
console.log('Ctrl+C stops everything.');

await untilStopped(window);
console.log('Stopping.');
await end();
await model?.stop();
process.exit(0);
