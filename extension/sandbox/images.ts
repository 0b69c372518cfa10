import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { type ImageProgress, type ImageRecipe, SandboxError } from '../core/sandbox.ts';
import { asEngineLost, engineLostOr, engineWords } from './engineMessages.ts';
import { parseImageName } from './imageName.ts';
import { buildProgress, type ImageEvent, parseImageEvent, pullProgress } from './imageProgress.ts';
import { oneFileTar } from './oneFileTar.ts';
import { engineDeadlines, statusOf, within } from './stop.ts';

type OnProgress = (progress: ImageProgress) => void;

/** @throws SandboxError `engineLost` */
export const hasImage = async (docker: Docker, image: string): Promise<boolean> => {
  try {
    await within(engineDeadlines.inspect, 'inspect', () => docker.getImage(image).inspect());
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    return engineLostOr(error);
  }
};

/** One line of the engine's answer; an empty event for what is none. */
const eventOf = (line: string): ImageEvent => {
  try {
    return parseImageEvent(JSON.parse(line));
  } catch {
    return {};
  }
};

/**
 * Reads the engine's events until it is done. Errors of the work stand among the events: the request itself succeeds.
 * @throws an Error with the engine's words; the connection's error when it breaks
 */
const follow = async (stream: NodeJS.ReadableStream, onEvent: (event: ImageEvent) => void): Promise<void> => {
  stream.setEncoding('utf8');
  let rest = '';
  let failure: string | undefined;
  const take = (line: string): void => {
    const event = eventOf(line);
    failure ??= event.error;
    onEvent(event);
  };
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  }
  take(rest);
  if (failure !== undefined) throw new Error(failure);
};

const pullMessage = (image: string, words: string): string => {
  if (/no space left/i.test(words))
    return `The image ${image} was not fetched: the engine’s disk is full. Free some space (\`docker system prune\`) and try again.`;
  if (/toomanyrequests|rate limit/i.test(words))
    return `The image ${image} was not fetched: its registry answers no more questions from here for a while. Try again later, or sign in there with \`docker login\`.`;
  if (/manifest unknown|not found|does not exist|access denied|unauthorized|denied/i.test(words))
    return `There is no image ${image}, or it is not for everybody (${words}). Check its name, or fetch it yourself with \`docker pull\`.`;
  if (/lookup |no such host|dial tcp|timeout|connection refused|proxyconnect|x509|EOF/i.test(words))
    return `The image ${image} was not fetched: the engine cannot reach its registry (${words}). Check the network and the engine’s proxy settings, and try again.`;
  return `The image ${image} was not fetched: ${words}`;
};

/** The signal's reason where that ended the work, which then fails with whatever was cut. */
const failureOf = (
  error: unknown,
  signal: AbortSignal,
  otherwise: (words: string) => SandboxError,
): unknown => {
  if (signal.aborted) return signal.reason;
  return asEngineLost(error) ?? (error instanceof SandboxError ? error : otherwise(engineWords(error)));
};

/**
 * Fetches an image; does it again where it is there.
 * @throws SandboxError `refused` (no tag, `latest`), `pullFailed`, `engineLost`; the signal's reason when aborted
 */
export const pullImage = async (
  docker: Docker,
  image: string,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> => {
  const { name, version } = parseImageName(image);
  signal.throwIfAborted();
  const words = pullProgress();
  try {
    const stream = await docker.createImage({ fromImage: name, tag: version, abortSignal: signal });
    await follow(stream, (event) => {
      const progress = words(event);
      if (progress !== undefined) onProgress(progress);
    });
    signal.throwIfAborted();
  } catch (error) {
    throw failureOf(error, signal, (reason) => new SandboxError('pullFailed', pullMessage(image, reason)));
  }
};

const packageName = /^[a-z0-9][a-z0-9+.-]+$/;

/**
 * How an image of a recipe is made.
 * @throws SandboxError `refused` where a name could mean something else in there
 */
export const dockerfileOf = ({ base, packages }: ImageRecipe): string => {
  parseImageName(base);
  const wrong = packages.find((name) => !packageName.test(name));
  if (wrong !== undefined) throw new SandboxError('refused', `“${wrong}” is no name of a Debian package.`);
  const from = `FROM ${base}\n`;
  if (packages.length === 0) return from;
  return `${from}RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(' ')} \\
 && apt-get clean && rm -rf /var/lib/apt/lists/*
`;
};

const buildMessage = (image: string, words: string, lastLines: readonly string[]): string => {
  const missing = lastLines.map((line) => /^E: Unable to locate package (\S+)/.exec(line)?.[1]).find(Boolean);
  if (missing !== undefined)
    return `The image ${image} was not made: there is no Debian package ${missing} for its base.`;
  if (lastLines.some((line) => /no space left/i.test(line)) || /no space left/i.test(words))
    return `The image ${image} was not made: the engine’s disk is full. Free some space (\`docker system prune\`) and try again.`;
  if (lastLines.some((line) => /^(?:E|W): Failed to fetch|Temporary failure resolving/.test(line)))
    return `The image ${image} was not made: its packages could not be fetched. Check the network and the engine’s proxy settings, and try again.`;
  const said = lastLines.findLast((line) => /^E: /.test(line)) ?? words;
  return `The image ${image} was not made: ${said}`;
};

/**
 * Makes an image; fetches its base where that is missing.
 * @throws SandboxError `refused`, `pullFailed`, `buildFailed`, `engineLost`; the signal's reason when aborted
 */
export const buildImage = async (
  docker: Docker,
  recipe: ImageRecipe,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> => {
  parseImageName(recipe.name);
  const context = oneFileTar('Dockerfile', dockerfileOf(recipe));
  signal.throwIfAborted();
  if (!(await hasImage(docker, recipe.base))) await pullImage(docker, recipe.base, onProgress, signal);
  const words = buildProgress();
  const lastLines: string[] = [];
  try {
    const stream = await docker.buildImage(Readable.from([context]), {
      t: recipe.name,
      rm: true,
      forcerm: true,
      abortSignal: signal,
    });
    await follow(stream, (event) => {
      if (event.stream?.trim()) lastLines.push(...event.stream.trim().split('\n'));
      lastLines.splice(0, lastLines.length - 40);
      const progress = words(event);
      if (progress !== undefined) onProgress(progress);
    });
    signal.throwIfAborted();
  } catch (error) {
    throw failureOf(
      error,
      signal,
      (reason) => new SandboxError('buildFailed', buildMessage(recipe.name, reason, lastLines)),
    );
  }
};
