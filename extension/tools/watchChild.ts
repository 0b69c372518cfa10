import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { killTree } from './processTree.ts';

/** A process that leads a group of its own, except on Windows, which has none. */
export type WatchedChild = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

export interface Watching {
  readonly timeoutMs: number;
  /** Standard output and error, in the order of arrival. The next chunk waits for the promise. */
  onOutput(chunk: Buffer, stream: 'stdout' | 'stderr'): Promise<void>;
  /** Called once it has exited by itself, before the rest of its output is waited for. */
  onExit?(): Promise<void>;
}

export interface ChildEnd {
  readonly exitCode: number | undefined;
  /** What ended it, when it did not exit by itself. */
  readonly signal: NodeJS.Signals | undefined;
  readonly timedOut: boolean;
}

/** Silence after which the output of an ended process counts as complete, though someone still holds the pipe. */
const silenceMs = 150;
/** Someone in the background who never stops writing is not waited for longer than this. */
const mostAfterExitMs = 2_000;

const exitOf = (child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

/** Without a reader, what is left in the background would end at its next line; with one, it must not keep us. */
const letGo = (stream: NodeJS.ReadableStream): void => {
  if (stream instanceof Socket) stream.unref();
};

const pause = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(resolve, ms, false));

/**
 * Passes its output on and waits for its end. Cancelling, and the deadline, end everything it started.
 * @throws the signal's reason when aborted, once the processes are gone; the system's error when it could not be started
 */
export const watchChild = async (
  child: WatchedChild,
  { timeoutMs, onOutput, onExit }: Watching,
  signal: AbortSignal,
): Promise<ChildEnd> => {
  const exited = exitOf(child);
  let lastOutput = Date.now();
  let isOver = false;
  const read = async (name: 'stdout' | 'stderr'): Promise<void> => {
    for await (const chunk of child[name]) {
      if (isOver) continue;
      lastOutput = Date.now();
      await onOutput(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk), name);
      lastOutput = Date.now();
    }
  };
  // A pipe that is torn down below ends the loop with an error that says nothing new.
  const outputs = Promise.all([read('stdout'), read('stderr')]).then(
    () => true,
    () => true,
  );

  let timedOut = false;
  let killing: Promise<void> | undefined;
  const kill = (): void => {
    if (child.pid !== undefined) killing ??= killTree(child.pid);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill);
  try {
    const { code, signal: endedBy } = await exited;
    if (killing === undefined) await onExit?.();
    lastOutput = Date.now();
    // Whoever was left in the background may hold the pipe for ever: wait for its end, or for silence.
    const last = Date.now() + mostAfterExitMs;
    let isComplete = false;
    while (!isComplete && Date.now() < last && Date.now() - lastOutput < silenceMs) {
      if (killing !== undefined) await killing;
      isComplete = await Promise.race([outputs, pause(silenceMs / 3)]);
    }
    if (killing !== undefined) await killing;
    signal.throwIfAborted();
    return { exitCode: code ?? undefined, signal: endedBy ?? undefined, timedOut };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    isOver = true;
    for (const stream of [child.stdout, child.stderr]) {
      if (killing === undefined) letGo(stream);
      else stream.destroy();
    }
  }
};
