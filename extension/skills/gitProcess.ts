/** Runs git on a stranger's repository: without a terminal, and without more environment than it needs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import path from 'node:path';
import { refusal } from './stagedTree.ts';

export interface GitOptions {
  /** What git may fetch by; https and ssh where it is absent. */
  readonly protocols?: readonly string[];
  /** Instead of `git`. */
  readonly program?: string;
  /** For everything of one repository, in milliseconds. */
  readonly deadlineMs?: number;
}

export interface GitCall {
  /** Absolute. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly input?: string;
}

export interface GitEnd {
  readonly exitCode: number | undefined;
  /** The end of what it wrote to standard error. */
  readonly errors: string;
}

export interface GitProcess {
  readonly output: AsyncIterable<Buffer>;
  /** Called for each line of standard error, also those that overwrite one another. */
  onErrorLine(listener: (line: string) => void): void;
  /** All of its output. @throws SkillInstallError when there is more */
  all(most: number): Promise<Buffer>;
  /** Ends it where it still runs. @throws SkillInstallError without git; the signal's reason when aborted */
  end(): Promise<GitEnd>;
}

const defaultDeadlineMs = 300_000;
const keptErrors = 4_000;
const graceMs = 2_000;

/**
 * Found programs, the person's own configuration and keys, the way through a proxy; nothing else. Configuration of the
 * system counts too: that is where certificates, proxies and the helpers that know passwords are set.
 */
const passed = [
  ...['PATH', 'Path', 'HOME', 'USERPROFILE', 'HOMEDRIVE', 'HOMEPATH', 'APPDATA', 'LOCALAPPDATA'],
  ...['SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'XDG_CONFIG_HOME', 'SSH_AUTH_SOCK'],
  ...['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'],
  ...['GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

const environment = ({ protocols = ['https', 'ssh'] }: GitOptions): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  ),
  // Stronger than any protocol.*.allow of a configuration; also holds for redirections.
  GIT_ALLOW_PROTOCOL: protocols.join(':'),
  GIT_TERMINAL_PROMPT: '0',
  GIT_LFS_SKIP_SMUDGE: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  LC_ALL: 'C',
});

/** Ends git and what it started: the transfer is a process of its own. */
const kill = (child: ChildProcess): void => {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true }).on('error', () =>
      child.kill(),
    );
    return;
  }
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Gone already.
    }
  };
  send('SIGTERM');
  const timer = setTimeout(() => send('SIGKILL'), graceMs);
  child.once('close', () => clearTimeout(timer));
};

/** @returns a signal that aborts with the reason when the time is over; clear it in the end */
export const gitDeadline = (
  { deadlineMs = defaultDeadlineMs }: GitOptions,
  reason: () => Error,
): { readonly signal: AbortSignal; clear(): void } => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(reason()), deadlineMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
};

export const runGit = (
  { folder, args, input }: GitCall,
  signal: AbortSignal,
  options: GitOptions,
): GitProcess => {
  signal.throwIfAborted();
  // Named: with `safe.bareRepository` set, git takes no bare folder that it has to find by itself.
  const fixed = [
    '-C',
    folder,
    '--git-dir=.',
    '-c',
    `core.hooksPath=${devNull}`,
    '-c',
    'protocol.file.allow=never',
  ];
  const child = spawn(options.program ?? 'git', [...fixed, ...args], {
    // Windows looks for programs where one is started.
    cwd: path.dirname(process.execPath),
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, without the terminal: what asks for a password fails at once.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let errors = '';
  let line = '';
  let isMissing = false;
  const listeners: ((line: string) => void)[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptErrors);
    const lines = (line + text).split(/[\r\n]/);
    line = (lines.pop() ?? '').slice(-1_000);
    for (const each of lines) for (const listener of listeners) listener(each);
  });
  const closed = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      isMissing = error.code === 'ENOENT';
      reject(error);
    });
    child.once('close', (code) => resolve(code ?? undefined));
  });
  // Awaited in the end; until then nobody may be listening.
  closed.catch(() => undefined);
  // git that ended early does not read all of it; its exit code says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const onAbort = (): void => kill(child);
  signal.addEventListener('abort', onAbort);
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of child.stdout) {
      // No encoding is set: these are buffers.
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
    signal.throwIfAborted();
  }
  const output = read();
  return {
    output,
    onErrorLine: (listener) => void listeners.push(listener),
    async all(most) {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of output) {
        bytes += chunk.length;
        if (bytes > most) {
          kill(child);
          throw refusal('The repository has too many files.');
        }
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    async end() {
      try {
        // Whoever stopped reading would else let it wait for ever.
        child.stdout.destroy();
        const exitCode = await closed;
        signal.throwIfAborted();
        return { exitCode, errors: errors.replaceAll('\r', '\n') };
      } catch (error) {
        if (isMissing) {
          throw refusal(
            'git was not found. Install git, or download the skill as a zip file and install that.',
          );
        }
        throw error;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
};

/** Of all files below a folder; those that vanish meanwhile do not count. */
export const folderBytes = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(path.join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};
