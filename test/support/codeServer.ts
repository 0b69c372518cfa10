import { type ChildProcess, spawn } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { descendantsOf, killTree } from './processes.ts';
import { nodePath, root, workbenchFolder } from './setUp.mjs';

export interface CodeServerOptions {
  /** Absolute path of the folder that windows open by default. */
  readonly folder: string;
  /** User settings; machine-scoped ones work too. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Added to the environment of the extension host; a value of undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Folders of unpacked extensions; this repository by default. In mode `tests` VS Code loads only the last. */
  readonly extensions?: readonly string[];
  /**
   * `installed` (default) is what people have. `tests` loads them as under development and lets `url` name a test
   * bundle; VS Code then shows neither modal dialogs nor notification toasts.
   */
  readonly mode?: 'installed' | 'tests';
  /** Windows open in Restricted Mode, and the person can grant trust. */
  readonly restricted?: boolean;
  /** Keeps the data (settings, global storage, logs) of an earlier server; a new temporary folder by default. */
  readonly dataFolder?: string;
  /** Asked of everyone who connects; without one any local process may. */
  readonly token?: string;
  /** A free one by default. */
  readonly port?: number;
}

export interface PageOptions {
  readonly folder?: string;
  /** A bundle with `run()`, run inside the extension host; in mode `tests` only. */
  readonly testsPath?: string;
}

/** Keeps the window quiet, so that what a test sees is the extension, and scripted models get no request of ours but the job's. */
const quietSettings = {
  'anycowork.chats.generateTitles': false,
  'chat.disableAIFeatures': true,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.startupPrompt': 'never',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

const manifestSchema = z.object({ publisher: z.string(), name: z.string(), version: z.string() });

const listening = /Extension host agent listening on (\d+)/;

/** The environment of the tests' runner is not the person's: keys and variables of the runner stay out. */
const hostEnvironment = (extra: CodeServerOptions['env']): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/_API_KEY$/.test(name) && !/^(NODE_OPTIONS|VSCODE_|ELECTRON_|npm_)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...extra };
};

const remoteUri = (file: string): string => `vscode-remote://remote${file.split(path.sep).join('/')}`;

/** A VS Code server of its own, with its own data; each page opened on it is a window with its own extension host. */
export class CodeServer {
  readonly port: number;
  readonly dataFolder: string;
  private readonly options: CodeServerOptions;
  private readonly child: ChildProcess;
  private readonly ownsData: boolean;
  private readonly output: () => string;

  private constructor(
    options: CodeServerOptions,
    child: ChildProcess,
    running: { port: number; dataFolder: string; output: () => string },
  ) {
    this.options = options;
    this.child = child;
    this.port = running.port;
    this.dataFolder = running.dataFolder;
    this.ownsData = options.dataFolder === undefined;
    this.output = running.output;
  }

  /** @throws when it does not listen within a minute, with what it printed. */
  static async start(options: CodeServerOptions): Promise<CodeServer> {
    const dataFolder = options.dataFolder ?? mkdtempSync(path.join(os.tmpdir(), 'anycowork-server-'));
    writeSettings(dataFolder, options.settings ?? {});
    const isForTests = options.mode === 'tests';
    if (!isForTests) registerExtensions(dataFolder, options.extensions ?? [root]);
    const args = [
      path.join(workbenchFolder, 'out', 'server-main.js'),
      ...['--host', '127.0.0.1', '--port', String(options.port ?? 0)],
      ...(options.token === undefined
        ? ['--without-connection-token']
        : ['--connection-token', options.token]),
      ...[
        '--accept-server-license-terms',
        '--server-data-dir',
        dataFolder,
        '--default-folder',
        options.folder,
      ],
      '--disable-telemetry',
      // Without the driver a built VS Code ignores what the address says about extensions under development.
      ...(isForTests ? ['--enable-smoke-test-driver'] : []),
      ...(options.restricted === true ? [] : ['--disable-workspace-trust']),
    ];
    const child = spawn(nodePath, args, {
      env: hostEnvironment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let output = '';
    const port = await new Promise<number>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`VS Code's server ${what}:\n${output}`));
      const deadline = setTimeout(() => fail('did not listen within 60 s'), 60_000);
      const collect = (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-100_000);
        const match = listening.exec(output);
        if (match === null) return;
        clearTimeout(deadline);
        resolve(Number(match[1]));
      };
      child.stdout.on('data', collect);
      child.stderr.on('data', collect);
      child.on('error', (error) => fail(`could not be started (${error.message})`));
      child.on('exit', (code) => {
        clearTimeout(deadline);
        fail(`ended with ${code}`);
      });
    }).catch((error: unknown) => {
      if (child.pid !== undefined) killTree(child.pid);
      throw error;
    });
    return new CodeServer(options, child, { port, dataFolder, output: () => output });
  }

  /** Where extensions keep their databases: `<globalStorage>/<publisher.name>`. */
  get globalStorage(): string {
    return path.join(this.dataFolder, 'data', 'User', 'globalStorage');
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** The address of a window with the extensions loaded. */
  url(page: PageOptions = {}): string {
    const query = new URLSearchParams({
      ...(this.options.token === undefined ? {} : { tkn: this.options.token }),
      folder: page.folder ?? this.options.folder,
    });
    if (this.options.mode === 'tests') {
      const extensions = this.options.extensions ?? [root];
      const payload = [
        ...extensions.map((extension) => ['extensionDevelopmentPath', remoteUri(extension)]),
        ...(page.testsPath === undefined ? [] : [['extensionTestsPath', remoteUri(page.testsPath)]]),
      ];
      query.set('payload', JSON.stringify(payload));
    }
    return `http://127.0.0.1:${this.port}/?${query.toString().replaceAll('+', '%20')}`;
  }

  /** One per open window, oldest first; a window that was just closed keeps its own for some seconds. */
  extensionHostPids(): number[] {
    return descendantsOf(this.pid)
      .filter((each) => each.command.includes('--type=extensionHost'))
      .sort((a, b) => a.began - b.began)
      .map((each) => each.pid);
  }

  /** Replaces the user settings; open windows take them over. */
  writeSettings(settings: Readonly<Record<string, unknown>>): void {
    writeSettings(this.dataFolder, settings);
  }

  /** What the server printed, and the logs of its extension hosts; not those of VS Code's own extensions. */
  logs(): string {
    const every = globSync('data/logs/**/*.log', { cwd: this.dataFolder }).sort();
    const files = every.filter((file) => !/vscode\.[\w-]+[\\/]|mcpGateway|remoteagent/.test(file));
    const texts = files.flatMap((file) => {
      const lines = readFileSync(path.join(this.dataFolder, file), 'utf8').split('\n');
      const text = lines
        .filter((line) => !/_doActivateExtension vscode\./.test(line))
        .join('\n')
        .trim();
      return text === '' ? [] : [`--- ${file}\n${text}`];
    });
    return [`--- server output\n${this.output().trim()}`, ...texts].join('\n');
  }

  /** Ends the server and all it started, and removes the data it made for itself. */
  async stop(): Promise<void> {
    const ended =
      this.child.exitCode !== null || this.child.signalCode !== null
        ? Promise.resolve()
        : new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    killTree(this.pid);
    await ended;
    if (this.ownsData) rmSync(this.dataFolder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** In a remote window machine-scoped settings are read from the machine's file only, the others from the user's. */
const writeSettings = (dataFolder: string, settings: Readonly<Record<string, unknown>>): void => {
  for (const place of ['User', 'Machine']) {
    const folder = path.join(dataFolder, 'data', place);
    mkdirSync(folder, { recursive: true });
    const text = JSON.stringify({ ...quietSettings, ...settings }, undefined, 2);
    writeFileSync(path.join(folder, 'settings.json'), text);
  }
};

/** Lists the extensions as VS Code itself does after an install, but where they stand. */
const registerExtensions = (dataFolder: string, extensions: readonly string[]): void => {
  const entries = extensions.map((folder) => {
    const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const { publisher, name, version } = manifestSchema.parse(manifest);
    return {
      identifier: { id: `${publisher}.${name}` },
      version,
      location: { $mid: 1, path: folder.split(path.sep).join('/'), scheme: 'file' },
      metadata: { source: 'vsix', installedTimestamp: Date.now() },
    };
  });
  mkdirSync(path.join(dataFolder, 'extensions'), { recursive: true });
  writeFileSync(path.join(dataFolder, 'extensions', 'extensions.json'), JSON.stringify(entries));
};
