import * as z from 'zod';
import type { ImageProgress } from '../core/sandbox.ts';

/** A line of what the engine says while it fetches or makes an image. */
const eventSchema = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  stream: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
});

export type ImageEvent = z.infer<typeof eventSchema>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the engine paints what a build says on standard error.
const colour = /\u001b\[[\d;]*m/g;

/** @returns an empty event for what is no event */
export const parseImageEvent = (value: unknown): ImageEvent => {
  const event = eventSchema.safeParse(value).data ?? {};
  return event.stream === undefined ? event : { ...event, stream: event.stream.replace(colour, '') };
};

type Watch = (event: ImageEvent) => ImageProgress | undefined;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);

/** Downloading is most of the work on a layer. */
const downloadShare = 0.7;

/** Turns what the engine says of layers into words; says nothing where nothing has changed. */
export const pullProgress = (): Watch => {
  const layers = new Map<string, { current: number; total: number; part: number }>();
  let most = 0;
  let last = '';
  const tell = (text: string): ImageProgress | undefined => {
    const parts = [...layers.values()].map(({ part }) => part);
    const part = parts.length === 0 ? 0 : parts.reduce((sum, each) => sum + each, 0) / parts.length;
    // New layers turn up on the way; a bar does not run backwards for them.
    most = Math.max(most, part);
    const line = `${text} ${most.toFixed(2)}`;
    if (line === last) return undefined;
    last = line;
    return { text, part: most };
  };
  return ({ id, status, progressDetail }) => {
    if (id === undefined || status === undefined || status.startsWith('Pulling from')) return undefined;
    const layer = layers.get(id) ?? { current: 0, total: 0, part: 0 };
    layers.set(id, layer);
    const { current = 0, total = 0 } = progressDetail ?? {};
    const share = total > 0 ? Math.min(1, current / total) : 0;
    const done = () => [...layers.values()].filter(({ part }) => part === 1).length;
    switch (status) {
      case 'Downloading': {
        Object.assign(layer, { current, total: Math.max(total, current), part: downloadShare * share });
        const all = [...layers.values()];
        const have = all.reduce((sum, each) => sum + each.current, 0);
        const want = all.reduce((sum, each) => sum + each.total, 0);
        return tell(`downloading ${megabytes(have)} of ${megabytes(want)} MB`);
      }
      case 'Download complete':
      case 'Verifying Checksum':
        Object.assign(layer, { current: layer.total, part: Math.max(layer.part, downloadShare) });
        return undefined;
      case 'Extracting':
        layer.part = downloadShare + (1 - downloadShare) * share * 0.99;
        return tell(`extracting layer ${Math.min(done() + 1, layers.size)} of ${layers.size}`);
      case 'Pull complete':
      case 'Already exists':
        layer.part = 1;
        return tell(`${done()} of ${layers.size} layers done`);
      default:
        return undefined;
    }
  };
};

/** Turns the log of a build with apt into words. */
export const buildProgress = (): Watch => {
  let packages = 0;
  let steps = 0;
  let last = '';
  return ({ stream }) => {
    const line = stream?.trim() ?? '';
    const count = /^\d+ upgraded, (\d+) newly installed/.exec(line)?.[1];
    if (count !== undefined) packages = Number(count);
    const step = /^Step (\d+)\/(\d+) :/.exec(line);
    const doing =
      (step && `step ${step[1]} of ${step[2]}`) ??
      (/^Get:\d+ /.test(line) ? `downloading ${packages === 0 ? 'package lists' : 'packages'}` : undefined) ??
      line.match(/^Unpacking ([a-z0-9][a-z0-9+.-]*)/)?.[0].replace('Unpacking', 'unpacking') ??
      line.match(/^Setting up ([a-z0-9][a-z0-9+.-]*)/)?.[0].replace('Setting', 'setting');
    if (doing === undefined || doing === last) return undefined;
    last = doing;
    if (/^(?:unpacking|setting)/.test(doing)) steps += 1;
    if (packages === 0) return { text: doing };
    // Each package is unpacked, then set up.
    return { text: doing, part: Math.min(1, steps / (2 * packages)) };
  };
};
