import { randomUUID } from 'node:crypto';
import { chmod, lstat, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { type EngineInfo, SandboxError } from '../core/sandbox.ts';
import { asEngineLost, engineLostOr } from './engineMessages.ts';
import { containerLabels } from './reaper.ts';
import { engineDeadlines, within } from './stop.ts';

/** Files that begin so live for the moment of a probe; whoever watches the folder can ignore them. */
export const probeFilePrefix = '.anycowork-probe-';

/**
 * `seen`: a container reads what lies in the folder here. `unseen`: the engine is elsewhere, or may not share the folder.
 * `unknown`: it could not be tried, because there is no image to try it with, or nothing can be written into the folder.
 */
export type FolderSight = 'seen' | 'unseen' | 'unknown';

export interface FolderProbe {
  /**
   * Remembers its answers by engine and folder: `seen` for good, `unseen` for seconds, `unknown` not at all.
   * @param folder absolute real path
   * @param images tried first, where they are there; else any image
   * @throws SandboxError `engineLost`
   */
  look(docker: Docker, engine: EngineInfo, folder: string, images: readonly string[]): Promise<FolderSight>;
  /** Of all folders. */
  forget(): void;
}

export interface ProbePorts {
  /** As in the labels of containers: who reaps one of these that is left behind. */
  readonly owner: string;
  /** Milliseconds. */
  now(): number;
}

const keepUnseenMs = 10_000;
/** From the making of a container to its end; a good engine takes a fifth of a second. */
const deadlineMs = 20_000;
/** Images without `cat` exist; after a few the question stays open. */
const mostImages = 4;

const inside = '/probe';

/** Local images, the wanted ones first; those of nothing but a digest last. */
const imagesToTry = async (docker: Docker, wanted: readonly string[]): Promise<readonly string[]> => {
  const local = await within(engineDeadlines.list, 'list', (abortSignal) =>
    docker.listImages({ abortSignal }),
  ).catch(engineLostOr);
  const tags = local.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => !tag.startsWith('<none>'));
  const names = [...wanted.filter((image) => tags.includes(image)), ...tags, ...local.map(({ Id }) => Id)];
  return [...new Set(names)].slice(0, mostImages);
};

/** In git's own folder where there is one: there it is neither shown nor committed. */
const placeFor = async (folder: string): Promise<string> => {
  const name = `${probeFilePrefix}${randomUUID()}`;
  const hasGit = await lstat(path.join(folder, '.git')).then(
    (state) => state.isDirectory(),
    () => false,
  );
  return hasGit ? path.join('.git', name) : name;
};

/** Whoever owns the folder reads it without any privilege; root of a rootless engine is that one outside. */
const userFor = async (engine: EngineInfo, folder: string): Promise<string> => {
  if (engine.kind === 'rootless' || engine.kind === 'podmanRootless') return '0:0';
  if (process.platform === 'win32') return '0:0';
  const { uid, gid } = await stat(folder);
  return `${uid}:${gid}`;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

const isMissingSource = (error: unknown): boolean =>
  /source path does not exist|no such file or directory|mounts denied|not shared|file sharing/i.test(
    messageOf(error),
  );

const isMissingProgram = (error: unknown): boolean =>
  /executable file not found|exec: |exec format error|no such image/i.test(messageOf(error));

interface Reading {
  readonly image: string;
  readonly folder: string;
  /** `/`-separated, below the folder. */
  readonly file: string;
  readonly nonce: string;
  readonly user: string;
  readonly isUsernsRemap: boolean;
  readonly labels: Record<string, string>;
}

/** What a container prints until it ends; a flood is cut. Frames of the engine stand between the texts. */
const readAll = (output: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    output.on('data', (chunk: Buffer) => {
      if (text.length < 10_000) text += chunk.toString('latin1');
    });
    output.once('end', () => resolve(text));
    output.once('error', reject);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** Reads a file of the folder in a container that can do nothing else. */
const readInside = async (docker: Docker, of: Reading, abortSignal: AbortSignal): Promise<FolderSight> => {
  const container = await docker.createContainer({
    Image: of.image,
    Entrypoint: ['cat'],
    Cmd: [`${inside}/${of.file}`],
    User: of.user,
    WorkingDir: '/',
    AttachStdout: true,
    Labels: of.labels,
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 16,
      Memory: 64 * 1024 * 1024,
      ...(of.isUsernsRemap ? { UsernsMode: 'host' } : {}),
      LogConfig: { Type: 'none', Config: {} },
      Mounts: [{ Type: 'bind', Source: of.folder, Target: inside, ReadOnly: true }],
    },
    abortSignal,
  });
  try {
    const text = readAll(await container.attach({ stream: true, stdout: true, abortSignal }), abortSignal);
    // Nobody waits for it when the start fails.
    text.catch(() => undefined);
    await container.start({ abortSignal });
    return (await text).includes(of.nonce) ? 'seen' : 'unseen';
  } finally {
    const removal = AbortSignal.timeout(deadlineMs);
    await container.remove({ force: true, v: true, abortSignal: removal }).catch(() => undefined);
  }
};

const tryImages = async (
  docker: Docker,
  images: readonly string[],
  of: Omit<Reading, 'image'>,
): Promise<FolderSight> => {
  for (const image of images) {
    try {
      return await readInside(docker, { ...of, image }, AbortSignal.timeout(deadlineMs));
    } catch (error) {
      if (isMissingProgram(error)) continue;
      if (isMissingSource(error)) return 'unseen';
      const lost = asEngineLost(error);
      if (lost !== undefined) throw lost;
      // Nothing about the folder: what comes next meets the same and says it in its own words.
      return 'unknown';
    }
  }
  return 'unknown';
};

/** Longer than any probe lasts. */
const leftBehindMs = 60 * 60_000;

/** Removes what a window that was killed in the middle of a probe left. */
const tidyUp = async (folder: string, now: number): Promise<void> => {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(probeFilePrefix))) {
    const file = path.join(folder, name);
    const state = await lstat(file).catch(() => undefined);
    if (state?.isFile() && state.mtimeMs < now - leftBehindMs) await rm(file, { force: true });
  }
};

const look = async (
  docker: Docker,
  engine: EngineInfo,
  folder: string,
  wanted: readonly string[],
  ports: ProbePorts,
): Promise<FolderSight> => {
  const images = await imagesToTry(docker, wanted);
  if (images.length === 0) return 'unknown';
  const place = await placeFor(folder);
  const file = path.join(folder, place);
  const nonce = randomUUID();
  try {
    await tidyUp(path.dirname(file), ports.now());
    await writeFile(file, nonce, { flag: 'wx' });
    // Whatever the umask is: in there somebody else may be reading.
    await chmod(file, 0o644);
    return await tryImages(docker, images, {
      folder,
      file: place.split(path.sep).join('/'),
      nonce,
      user: await userFor(engine, folder),
      isUsernsRemap: engine.kind === 'usernsRemap',
      labels: containerLabels({
        owner: ports.owner,
        run: `probe-${nonce}`,
        expiresAt: ports.now() + 2 * deadlineMs * mostImages,
      }),
    });
  } catch (error) {
    if (error instanceof SandboxError) throw error;
    return 'unknown';
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
};

/** Finds out whether an engine sees the folders that are open here: it may run on another computer. */
export const createFolderProbe = (ports: ProbePorts): FolderProbe => {
  const kept = new Map<string, { readonly answer: Promise<FolderSight>; until: number }>();
  return {
    look: (docker, engine, folder, images) => {
      const key = `${engine.address}\0${folder}`;
      const before = kept.get(key);
      if (before !== undefined && ports.now() < before.until) return before.answer;
      const mine = {
        answer: look(docker, engine, folder, images, ports),
        until: Number.POSITIVE_INFINITY,
      };
      kept.set(key, mine);
      mine.answer.then(
        (sight) => {
          if (sight !== 'seen') mine.until = ports.now() + (sight === 'unseen' ? keepUnseenMs : 0);
        },
        () => {
          mine.until = 0;
        },
      );
      return mine.answer;
    },
    forget: () => kept.clear(),
  };
};
