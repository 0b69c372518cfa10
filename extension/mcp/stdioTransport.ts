/** A server that is a process of this computer: lines of JSON over its standard input and output. */
import type { ChildProcess } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { deserializeMessage, serializeMessage, type Transport } from '@modelcontextprotocol/client';
import spawn from 'cross-spawn';
import { McpError, type McpLogLevel, type ResolvedTransport } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { counted, cutText } from '../core/text.ts';
import { createProcessTree, endTree, type ProcessTree } from './endTree.ts';
import { minimalEnvironment, pathOf, withVariables } from './minimalEnvironment.ts';
import type { ProcessGuard } from './processGuard.ts';
import { SpawnFault, spawnProblem } from './spawnProblem.ts';
import { createLineLog, createLineSplitter, type Line, plainLine, readLines } from './stdioLines.ts';
import { secretsOf } from './stdioSecrets.ts';
import type { McpTimes } from './types.ts';

export type StdioServer = Extract<ResolvedTransport, { type: 'stdio' }>;

export interface StdioPorts {
  /** The person's environment, without keys and the editor's internals. */
  environment(): Readonly<Record<string, string>>;
  /** Of the login shell and the editor. Never rejects. */
  loginPath(): Promise<string>;
  /** Where a program lies by the PATH of an environment. @param endings of names on Windows, tried in turn */
  findProgram(
    name: string,
    environment: Readonly<Record<string, string>>,
    endings?: readonly string[],
  ): Promise<string | undefined>;
  /** Asks a process group with all its descendants to end, and sees to it. */
  killTree(pid: number): Promise<void>;
  readonly guard?: Pick<ProcessGuard, 'watch'>;
  /** What it writes to standard error, and what is wrong with what it writes to standard output. */
  log(level: McpLogLevel, text: string): void;
  readonly times: Pick<McpTimes, 'shutdown'>;
}

export interface StdioTransport extends Transport {
  /**
   * Resolves once nothing of the process lives any more: how it ended, for a person, with the last lines of its standard
   * error. Empty after `close`.
   */
  readonly ended: Promise<string>;
  readonly pid: number | undefined;
}

const mostLineBytes = 10_000_000;
/** Of a line on standard error. */
const mostErrorBytes = 8_000;
const errorLinesPerSecond = 100;
const keptErrorLines = 5;
const keptErrorLength = 400;
const shownJunkLines = 20;
/** What may wait for a server that does not read. */
const mostUnreadBytes = 20_000_000;
/** From SIGTERM to SIGKILL: with `times.shutdown` before it, all of it has to be over within 3 s. */
const killAfterMs = 500;
/** To find what belongs to a process. */
const lookMs = 300;
/** Output that comes after the end of the process. */
const drainMs = 1_000;
/** A pipe closes a little before its process ends, which says more. */
const exitAfterPipeMs = 500;

type Running = ChildProcess & {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
};

const isRunning = (child: ChildProcess): child is Running =>
  child.stdin !== null && child.stdout !== null && child.stderr !== null;

const within = (work: Promise<unknown>, ms: number): Promise<boolean> => {
  const done = new AbortController();
  const isDone = work.then(
    () => true,
    () => true,
  );
  const isLate = delay(ms, false, { signal: done.signal }).catch(() => false);
  return Promise.race([isDone, isLate]).finally(() => done.abort());
};

const checkFolder = async (folder: string): Promise<void> => {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) throw new SpawnFault('NOFOLDER');
  if (!found.isDirectory()) throw new SpawnFault('NOTFOLDER');
};

/** Batch files too: npx and most others are such. */
const windowsEndings = ['.exe', '.com', '.cmd', '.bat', ''];

/** @throws SpawnFault */
const locate = async (
  { command, cwd }: StdioServer,
  environment: Readonly<Record<string, string>>,
  findProgram: StdioPorts['findProgram'],
): Promise<string> => {
  if (path.isAbsolute(command)) return command;
  // As the consent shows it: elsewhere than on Windows a backslash is a part of a name.
  if (command.includes('/') || command.includes(path.sep)) return path.resolve(cwd, command);
  const found = await findProgram(command, environment, windowsEndings);
  if (found === undefined) throw new SpawnFault('NOPROGRAM');
  return found;
};

/** A script whose interpreter is missing is as absent, to the system, as no script at all. */
const faultOf = async (error: unknown, file: string): Promise<unknown> => {
  const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const isThere =
    isAbsent &&
    (await stat(file).then(
      (found) => found.isFile(),
      () => false,
    ));
  return isThere ? new SpawnFault('NOINTERPRETER') : error;
};

const messageIn = (line: string): ReturnType<typeof deserializeMessage> | undefined => {
  // Most of what is no message is no JSON either; an error for each of its lines would take long.
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return deserializeMessage(line);
  } catch {
    return undefined;
  }
};

export const createStdioTransport = (server: StdioServer, ports: StdioPorts): StdioTransport => {
  const { log, times } = ports;
  let secrets = secretsOf(server);
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<string>();
  const { promise: closing, resolve: beginClosing } = Promise.withResolvers<void>();
  let child: Running | undefined;
  let tree: ProcessTree | undefined;
  let hasStarted = false;
  let isClosing = false;
  let hasEnded = false;
  let hasAnswered = false;
  /** Why we ended it, where we did. */
  let reason: string | undefined;
  const lastErrors: string[] = [];
  let junkLines = 0;

  const settle = (sentence: string): void => {
    if (hasEnded) return;
    hasEnded = true;
    errorLog.end();
    if (junkLines > shownJunkLines) {
      log(
        'warning',
        `${counted(junkLines - shownJunkLines, 'more line')} of standard output were no messages.`,
      );
    }
    reason ??= sentence;
    resolveEnded(isClosing ? '' : sentence);
    transport.onclose?.();
  };

  const errorLog = createLineLog((text) => log('info', text), {
    perSecond: errorLinesPerSecond,
    now: () => performance.now(),
  });

  const onErrorLine = ({ text }: Line): void => {
    const line = plainLine(text, secrets);
    if (line === '') return;
    lastErrors.push(cutText(line, keptErrorLength));
    if (lastErrors.length > keptErrorLines) lastErrors.shift();
    errorLog.write(line);
  };

  const onJunk = (text: string): void => {
    junkLines += 1;
    if (junkLines > shownJunkLines) return;
    log('warning', `Standard output, no message: ${cutText(plainLine(text.slice(0, 2_000), secrets), 500)}`);
  };

  const onLine = ({ text, isCut }: Line): void => {
    if (isCut) {
      giveUp(
        `The server wrote a message of more than ${mostLineBytes / 1_000_000} MB, which is not read, and was ended.`,
      );
      return;
    }
    if (text.trim() === '') return;
    const message = messageIn(text);
    if (message === undefined) {
      onJunk(text);
      return;
    }
    hasAnswered = true;
    try {
      transport.onmessage?.(message);
    } catch (error) {
      transport.onerror?.(error instanceof Error ? error : new Error(reasonOf(error)));
    }
  };

  const exitSentence = (code: number | null, signal: NodeJS.Signals | null): string => {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const early = hasAnswered ? '' : ' before it said anything in the protocol';
    const last =
      lastErrors.length === 0
        ? 'It wrote nothing to standard error.'
        : `Its last lines on standard error:\n${lastErrors.join('\n')}`;
    return `The process of the server ended with ${how}${early}. ${last}`;
  };

  let ending: Promise<void> | undefined;
  const endProcesses = (): Promise<void> => {
    ending ??= (async () => {
      const { pid, exitCode, signalCode } = child ?? {};
      if (tree === undefined || pid === undefined) return;
      // On Windows the id of a process that has ended may be another's.
      const isGone = process.platform === 'win32' && (exitCode !== null || signalCode !== null);
      await endTree(tree, async () => (isGone ? undefined : ports.killTree(pid)), killAfterMs);
    })().catch((error: unknown) => log('error', `Ending the process: ${reasonOf(error)}`));
    return ending;
  };

  const giveUp = (sentence: string): void => {
    if (hasEnded || isClosing || reason !== undefined) return;
    reason = sentence;
    // Nothing ends what hangs in the system itself.
    void endProcesses()
      .then(() => within(attended, drainMs))
      .then(() => settle(sentence));
  };

  /** @param exited of the process, after which this says nothing */
  const giveUpUnless = async (exited: Promise<unknown>, sentence: string): Promise<void> => {
    if (!(await within(exited, exitAfterPipeMs))) giveUp(sentence);
  };

  /** Sees it through to its end. */
  const attend = async (running: Running, unwatch: Promise<() => void>): Promise<void> => {
    const exited = new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
    });
    const isOver = (): boolean => hasEnded || (reason !== undefined && !isClosing);
    const output = readLines(running.stdout, createLineSplitter(mostLineBytes), onLine, isOver);
    const errors = readLines(running.stderr, createLineSplitter(mostErrorBytes), onErrorLine, isOver);
    running.stdin.on('error', () => {
      void giveUpUnless(exited, 'The server has closed its standard input, and was ended.');
    });
    void output.then(() => giveUpUnless(exited, 'The server has closed its standard output, and was ended.'));
    await exited;
    // What it has left behind would hold its pipes, and live on.
    await endProcesses();
    await within(Promise.all([output, errors]), drainMs);
    settle(reason ?? exitSentence(running.exitCode, running.signalCode));
    for (const stream of [running.stdin, running.stdout, running.stderr]) stream.destroy();
    (await unwatch)();
  };

  /** @throws what starting it threw or emitted, or a SpawnFault */
  const launch = async (environment: Record<string, string>): Promise<void> => {
    await checkFolder(server.cwd);
    const file = await locate(server, environment, ports.findProgram);
    if (isClosing) return;
    const begun = spawn(file, [...server.args], {
      cwd: server.cwd,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      // A group of its own, which ends as a whole; on Windows it would be a window of its own.
      detached: process.platform !== 'win32',
    });
    const spawned = new Promise<void>((resolve, reject) => {
      begun.once('error', reject);
      begun.once('spawn', resolve);
    });
    const { pid } = begun;
    if (pid !== undefined && isRunning(begun)) {
      child = begun;
      tree = createProcessTree(pid);
      const unwatch = ports.guard?.watch(pid) ?? Promise.resolve(() => undefined);
      attended = attend(
        begun,
        unwatch.catch(() => () => undefined),
      );
    }
    await spawned.catch(async (error: unknown) => {
      throw await faultOf(error, file);
    });
    // Sending it a signal can fail, too.
    begun.on('error', (error) => log('warning', reasonOf(error)));
    await tree?.look();
  };

  let attended: Promise<void> = Promise.resolve();
  let searchPath = '';
  const start = async (): Promise<void> => {
    if (hasStarted) throw new McpError('This connection was started before.');
    hasStarted = true;
    try {
      const own = minimalEnvironment(ports.environment(), process.platform);
      // A PATH that is configured stands alone.
      const isPathGiven = pathOf(server.env, process.platform) !== undefined;
      const found = isPathGiven
        ? {}
        : { PATH: await Promise.race([ports.loginPath(), closing.then(() => '')]) };
      const environment = withVariables(
        withVariables(own, found, process.platform),
        server.env,
        process.platform,
      );
      searchPath = pathOf(environment, process.platform) ?? '';
      secrets = secretsOf({ ...server, env: environment });
      if (!isClosing) await launch(environment);
    } catch (error) {
      settle(spawnProblem(error, server, searchPath));
    }
    if (hasEnded || isClosing)
      throw new McpError(reason ?? 'The server was stopped while it was being started.');
  };

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    isClosing = true;
    beginClosing();
    if (child !== undefined && !hasEnded) {
      // Whoever left the group is found as long as its parent is there.
      const began = performance.now();
      if (tree !== undefined) await within(tree.look(), lookMs);
      child.stdin.end();
      const left = times.shutdown - (performance.now() - began);
      if (!(await within(attended, Math.max(left, times.shutdown / 2)))) await endProcesses();
      await within(attended, drainMs / 2);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    }
    settle('');
  };

  const send: Transport['send'] = async (message) => {
    if (child === undefined || hasEnded || isClosing) {
      throw new McpError(reason === undefined || reason === '' ? 'The server is not running.' : reason);
    }
    if (child.stdin.writableLength > mostUnreadBytes) {
      giveUp('The server does not read what is sent to it, and was ended.');
      throw new McpError('The server does not read what is sent to it, and was ended.');
    }
    // Whether it arrives is told by the answer.
    child.stdin.write(serializeMessage(message));
  };

  const transport: StdioTransport = {
    ended,
    get pid() {
      return child?.pid;
    },
    start,
    send,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
  return transport;
};
