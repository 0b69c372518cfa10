/** Runs programs in containers of Docker or Podman. */
import { lstat } from 'node:fs/promises';
import type Docker from 'dockerode';
import * as z from 'zod';
import { settleAfterAbort } from '../core/abort.ts';
import { reasonOf } from '../core/reasonOf.ts';
import {
  type EngineInfo,
  type EngineState,
  type ProtectedChange,
  type Sandbox,
  SandboxError,
  type SandboxResult,
  type SandboxSpec,
} from '../core/sandbox.ts';
import { containerName, containerOptions } from './containerOptions.ts';
import { cancelGraceMs, runContainer } from './containerRun.ts';
import { containerUser, type HostUser } from './containerUser.ts';
import type { EngineFinder } from './engineFinder.ts';
import { asEngineLost, engineLostOr, engineMessage } from './engineMessages.ts';
import type { FolderProbe } from './folderProbe.ts';
import { buildImage, hasImage, pullImage } from './images.ts';
import { createProtectedGuard } from './protectedGuard.ts';
import { reap } from './reaper.ts';
import { engineLostDuring, missingImage, startFailure } from './runFailure.ts';
import { checkRunFolders } from './runFolders.ts';
import { engineDeadlines, statusOf, within } from './stop.ts';

export interface DockerSandboxPorts {
  readonly finder: EngineFinder;
  readonly probe: FolderProbe;
  /** This window: letters, digits and `-`; what `isOwnerAlive` of other windows is asked about. */
  readonly ownerId: string;
  isOwnerAlive(owner: string): Promise<boolean>;
  /** Why a path below a workspace is protected by its name, or undefined. */
  protectedReason(label: string): string | undefined;
  /** Absolute path, outside of every workspace: where changed protected files go. */
  readonly quarantineFolder: string;
  /** Absolute path of the home folder. */
  readonly home: string;
  /** Who runs the editor; undefined on systems without such numbers. */
  hostUser(): HostUser | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** Letters, digits and `-`, unique on this computer. */
  newId(): string;
  logError(error: unknown): void;
  /** For tests; 64 MB where it is not set. */
  readonly mostOutputBytes?: number;
}

const mostOutputBytes = 64_000_000;
/** Beyond its deadline a container lives for this long at most, should everything that ends it fail. */
const expiryMs = 5 * 60_000;

const imageSchema = z.object({
  Config: z.object({ Volumes: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** @returns absolute paths at which the image wants volumes @throws SandboxError `missingImage` */
const imageVolumes = async (docker: Docker, image: string): Promise<readonly string[]> => {
  try {
    const found = await within(engineDeadlines.inspect, 'inspect', () => docker.getImage(image).inspect());
    return Object.keys(imageSchema.parse(found).Config?.Volumes ?? {}).filter((each) => each.startsWith('/'));
  } catch (error) {
    if (statusOf(error) === 404) throw missingImage(image);
    throw error;
  }
};

const wordsOf = (changes: readonly ProtectedChange[]): string =>
  `Protected files had been touched: ${changes.map(({ path, kind, answer }) => `${path} (${kind}; ${answer})`).join(', ')}.`;

export const createDockerSandbox = (ports: DockerSandboxPorts): Sandbox => {
  const guard = createProtectedGuard(ports);
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  const ready = async (): Promise<{ docker: Docker; engine: EngineInfo }> => {
    const found = await ports.finder.find();
    if (found.kind === 'ready') return found;
    throw new SandboxError(found.problem, found.message);
  };

  const unseen = (engine: EngineInfo, folder: string): Extract<EngineState, { kind: 'unavailable' }> => ({
    kind: 'unavailable',
    problem: 'folderUnseen',
    message: engineMessage('folderUnseen', { address: engine.address, folder, platform: process.platform }),
    tried: [`${engine.address} (${engine.foundBy}): does not see ${folder}`],
  });

  /** What fails because the engine went away is looked for anew at the next call. */
  const withEngine = async <T>(work: (docker: Docker, engine: EngineInfo) => Promise<T>): Promise<T> => {
    const { docker, engine } = await ready();
    try {
      return await work(docker, engine);
    } catch (error) {
      if (error instanceof SandboxError && error.kind === 'engineLost') ports.finder.forget();
      throw error;
    }
  };

  const prepare = async (
    spec: SandboxSpec,
    docker: Docker,
    engine: EngineInfo,
    run: string,
    signal: AbortSignal,
  ) => {
    const below = await checkRunFolders(spec, { home: ports.home, engineAddress: engine.address });
    const owner = await lstat(spec.workspace);
    const user = containerUser(engine.kind, ports.hostUser(), owner, spec.limits.workspace);
    const asking = Promise.all([
      imageVolumes(docker, spec.limits.image),
      ports.probe.look(docker, engine, spec.workspace, [spec.limits.image]),
    ]);
    // The probe has a container too, which an engine that answers removes by then.
    const [volumes, sight] = await settleAfterAbort(asking, signal, cancelGraceMs);
    signal.throwIfAborted();
    if (sight === 'unseen') throw new SandboxError('folderUnseen', unseen(engine, spec.workspace).message);
    const guarded = await guard.begin(spec.workspace, run, signal, spec.limits.workspace === 'rw');
    const plan = { spec: { ...spec, below }, engine, user, owner: ports.ownerId, run, imageVolumes: volumes };
    return { plan, guarded };
  };

  const runIn = async (
    docker: Docker,
    engine: EngineInfo,
    spec: SandboxSpec,
    signal: AbortSignal,
  ): Promise<SandboxResult> => {
    const began = ports.now();
    const run = ports.newId();
    const { plan, guarded } = await prepare(spec, docker, engine, run, signal).catch((error: unknown) => {
      // Nothing has run yet that could have been cut off.
      throw asEngineLost(error) ?? startFailure(error, spec, engine);
    });
    let isOver = false;
    const end = async (): Promise<readonly ProtectedChange[]> => {
      isOver = true;
      return guarded.end();
    };
    try {
      signal.throwIfAborted();
      // From here on: it may have waited for another run.
      const expiresAt = ports.now() + spec.limits.timeoutSeconds * 1_000 + expiryMs;
      const options = containerOptions({ ...plan, expiresAt, readOnly: guarded.readOnly });
      const ended = await runContainer(docker, { ...options, name: containerName(run) }, spec, signal, {
        now: ports.now,
        logError: ports.logError,
        mostBytes: ports.mostOutputBytes ?? mostOutputBytes,
        closing: closing.signal,
      });
      const { firstOutputAt, ...result } = ended;
      const firstOutputMs = (firstOutputAt ?? ports.now()) - began;
      return { ...result, firstOutputMs, protectedChanges: await end() };
    } catch (error) {
      const changes = isOver ? [] : await end();
      if (signal.aborted) {
        if (changes.length > 0) ports.logError(new Error(wordsOf(changes)));
        throw error;
      }
      const failure = startFailure(engineLostDuring(error) ?? error, spec, engine);
      if (changes.length === 0) throw failure;
      if (!(failure instanceof SandboxError)) {
        ports.logError(new Error(wordsOf(changes)));
        throw failure;
      }
      throw new SandboxError(failure.kind, `${failure.message} ${wordsOf(changes)}`, { cause: failure });
    }
  };

  return {
    state: async (folder) => {
      const found = await ports.finder.find();
      if (found.kind === 'unavailable') return found;
      const { docker, engine } = found;
      if (folder === undefined) return { kind: 'ready', engine };
      const sight = await ports.probe.look(docker, engine, folder, []).catch((error: unknown) => {
        ports.finder.forget();
        ports.logError(error);
        return 'unknown' as const;
      });
      return sight === 'unseen' ? unseen(engine, folder) : { kind: 'ready', engine };
    },
    hasImage: (image) => withEngine((docker) => hasImage(docker, image)),
    pull: (image, onProgress, signal) => withEngine((docker) => pullImage(docker, image, onProgress, signal)),
    build: (recipe, onProgress, signal) =>
      withEngine((docker) => buildImage(docker, recipe, onProgress, signal)),
    run: (spec, signal) => {
      const work = async (): Promise<SandboxResult> => {
        const either = AbortSignal.any([signal, closing.signal]);
        either.throwIfAborted();
        return withEngine((docker, engine) => runIn(docker, engine, spec, either));
      };
      const mine = work();
      running.add(mine);
      const leave = (): void => {
        running.delete(mine);
      };
      mine.then(leave, leave);
      return mine;
    },
    reap: async () => {
      const found = await ports.finder.find();
      if (found.kind === 'unavailable') return 0;
      return reap(found.docker, ports).catch(engineLostOr);
    },
    close: async () => {
      closing.abort(new Error('The window is closing, so the program was ended.'));
      const results = await Promise.allSettled(running);
      for (const result of results) {
        if (result.status === 'rejected' && result.reason !== closing.signal.reason) {
          ports.logError(new Error(`A program ended with the window: ${reasonOf(result.reason)}`));
        }
      }
    },
  };
};
