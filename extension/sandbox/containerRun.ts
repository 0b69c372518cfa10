import type Docker from 'dockerode';
import type { Container, ContainerCreateOptions } from 'dockerode';
import * as z from 'zod';
import { settleAfterAbort } from '../core/abort.ts';
import type { SandboxResult, SandboxSpec } from '../core/sandbox.ts';
import { type OutputPump, pumpOutput } from './output.ts';
import { engineLostDuring } from './runFailure.ts';
import { engineDeadlines, removeContainer, stopContainer, within } from './stop.ts';

/** How a program ended. */
export type ContainerEnd = Omit<SandboxResult, 'protectedChanges' | 'firstOutputMs'> & {
  /** Milliseconds by the clock given; undefined: it wrote nothing. */
  readonly firstOutputAt: number | undefined;
};

export interface ContainerPorts {
  now(): number;
  logError(error: unknown): void;
  /** More output than this ends the program. */
  readonly mostBytes: number;
  /** Aborted: everything ends at once, without the two seconds to end by itself. */
  readonly closing: AbortSignal;
}

/** 128 + SIGKILL, which programs cannot refuse. */
const killedCode = 137;
/** 128 + SIGTERM. */
const endedCode = 143;
/** How long an engine takes to go away once it has ended its containers. */
const shutdownMs = 2_000;
/** Silence after which the output of an ended program counts as complete. */
const silenceMs = 2_000;
/** While its output has ended and its end is not known: how often it is asked for. */
const pollMs = 1_000;

const stateSchema = z.object({
  State: z.object({ Running: z.boolean(), ExitCode: z.number(), OOMKilled: z.boolean().optional() }),
});
type State = z.infer<typeof stateSchema>['State'];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const inspect = async (container: Container): Promise<State> =>
  stateSchema.parse(
    await within(engineDeadlines.inspect, 'inspect', (abortSignal) => container.inspect({ abortSignal })),
  ).State;

/**
 * Settles when the container has ended. The request for its end hangs for ever when the engine goes away, so once the
 * output, which ends then, has ended, the engine is asked again and again.
 */
const waitForEnd = async (container: Container, pump: OutputPump, isOver: AbortSignal): Promise<void> => {
  let hasEnded = false;
  const waiting = container.wait({ abortSignal: isOver }).then(() => {
    hasEnded = true;
  });
  const asking = async (): Promise<void> => {
    await pump.done.catch(() => undefined);
    while (!hasEnded && !isOver.aborted) {
      await pause(pollMs / 10);
      if (hasEnded || !(await inspect(container)).Running) return;
      await pause(pollMs);
    }
  };
  waiting.catch(() => undefined);
  await Promise.race([waiting, asking()]);
};

/** The program may end without reading all: what is then left is nobody's. */
const writeInput = (stream: NodeJS.ReadWriteStream, input: string): void => {
  // Ending our half tells the program that there is no more, and leaves the other half open.
  stream.end(input);
};

const close = (stream: NodeJS.ReadWriteStream): void => {
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
};

const readAll = async (pump: OutputPump, now: () => number, signal: AbortSignal): Promise<void> => {
  while (!pump.isDone() && !signal.aborted && now() - pump.lastAt() < silenceMs) {
    await Promise.race([pump.done, pause(silenceMs / 10)]);
  }
  if (pump.isDone()) await pump.done;
};

/** Settles once the signal aborts. */
const whenAborted = (signal: AbortSignal): { promise: Promise<void>; release: () => void } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', onAbort);
  return { promise, release: () => signal.removeEventListener('abort', onAbort) };
};

/** An engine that does not answer keeps nobody who cancels for longer than this. */
export const cancelGraceMs = 3_000;

type Stopped = 'ended' | 'deadline' | 'aborted' | 'flooded' | 'failed';

const hold = async (
  container: Container,
  spec: SandboxSpec,
  signal: AbortSignal,
  ports: ContainerPorts,
): Promise<ContainerEnd> => {
  const hasInput = spec.input !== '';
  const stream = await within(engineDeadlines.attach, 'attach', (abortSignal) => {
    const options = { stream: true, stdin: hasInput, stdout: true, stderr: true, hijack: true, abortSignal };
    return container.attach(options);
  });
  // Broken connections show as the end of the output; an error without a listener would end this process.
  stream.on('error', () => undefined);
  const flood = Promise.withResolvers<Stopped>();
  const pump = pumpOutput(stream, {
    mostBytes: ports.mostBytes,
    now: ports.now,
    onOutput: spec.onOutput,
    onFlood: () => flood.resolve('flooded'),
  });
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const aborted = whenAborted(signal);
  const closed = whenAborted(ports.closing);
  try {
    signal.throwIfAborted();
    const starting = within(engineDeadlines.start, 'start', (abortSignal) =>
      container.start({ abortSignal }),
    );
    await settleAfterAbort(starting, signal, cancelGraceMs);
    if (hasInput) writeInput(stream, spec.input);
    const ended = waitForEnd(container, pump, over.signal);
    ended.catch(() => undefined);
    const deadline = new Promise<Stopped>((resolve) => {
      timer = setTimeout(resolve, spec.limits.timeoutSeconds * 1_000, 'deadline');
    });
    const stopped = await Promise.race<Stopped>([
      ended.then(() => 'ended'),
      deadline,
      flood.promise,
      aborted.promise.then(() => 'aborted'),
      // Whoever takes the output failed; its error is thrown below.
      pump.done.then(
        () => new Promise<never>(() => undefined),
        () => 'failed',
      ),
    ]);
    if (stopped !== 'ended') {
      // Output that nobody takes any more would hold the engine up.
      if (signal.aborted) close(stream);
      const isGentle = stopped !== 'flooded' && !ports.closing.aborted;
      const stopping = stopContainer(container, ended, isGentle);
      // The window closes while it has its two seconds: there is no time left for them.
      await (isGentle ? Promise.race([stopping, closed.promise]) : stopping);
    }
    signal.throwIfAborted();
    if (stopped === 'failed') await pump.done;
    if (stopped !== 'ended') {
      // What is not dead now is removed by force; that it is dead is not worth an error.
      await Promise.race([ended, pause(engineDeadlines.kill)]).catch(() => undefined);
    }
    if (!pump.isFlooding()) await readAll(pump, ports.now, signal);
    signal.throwIfAborted();
    const state = await inspect(container);
    return endOf(state, stopped, pump);
  } finally {
    clearTimeout(timer);
    aborted.release();
    closed.release();
    pump.stop();
    over.abort();
    close(stream);
  }
};

const endOf = (state: State, stopped: Stopped, pump: OutputPump): ContainerEnd => {
  const isOurs = stopped !== 'ended';
  const isLikely = state.ExitCode === killedCode && !isOurs;
  return {
    exitCode: isOurs ? undefined : state.ExitCode,
    timedOut: stopped === 'deadline',
    outOfMemory: state.OOMKilled === true ? 'certain' : isLikely ? 'likely' : 'no',
    isFlooding: pump.isFlooding(),
    firstOutputAt: pump.firstAt(),
  };
};

/**
 * An engine that is shut down ends its containers in good order before it goes, and still answers: what looks like the
 * program's own end was not.
 * @throws the error of an engine that is gone
 */
const checkThatEngineStays = async (docker: Docker, signal: AbortSignal): Promise<void> => {
  const step = 200;
  for (let waited = 0; waited < shutdownMs && !signal.aborted; waited += step) {
    await within(engineDeadlines.inspect, 'ping', () => docker.ping());
    await pause(step);
  }
};

/**
 * Makes a container, runs it to its end and removes it, whatever happens. The signal also aborts when `closing` does.
 * @throws the signal's reason when aborted, once the container is gone or the engine has not removed it in time;
 * SandboxError `engineLost`; the engine's error
 */
export const runContainer = async (
  docker: Docker,
  options: ContainerCreateOptions & { readonly name: string },
  spec: SandboxSpec,
  signal: AbortSignal,
  ports: ContainerPorts,
): Promise<ContainerEnd> => {
  // By its name: the engine may make it and the answer be lost.
  const container = docker.getContainer(options.name);
  let end: ContainerEnd | undefined;
  let failure: unknown;
  try {
    const making = within(engineDeadlines.create, 'create', (abortSignal) =>
      docker.createContainer({ ...options, abortSignal }),
    );
    await settleAfterAbort(making, signal, cancelGraceMs);
    signal.throwIfAborted();
    end = await hold(container, spec, signal, ports);
  } catch (error) {
    failure = error;
  }
  try {
    await removeContainer(container);
  } catch (error) {
    if (engineLostDuring(error) !== undefined && end?.exitCode !== 0) failure ??= error;
    // It is left to the reaper: it has our labels.
    ports.logError(error);
  }
  signal.throwIfAborted();
  const isKilled = end?.exitCode === killedCode || end?.exitCode === endedCode;
  if (isKilled && end?.outOfMemory !== 'certain' && failure === undefined) {
    await checkThatEngineStays(docker, signal);
    signal.throwIfAborted();
  }
  if (end !== undefined && failure === undefined) return end;
  throw failure;
};
