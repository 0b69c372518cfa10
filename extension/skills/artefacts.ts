/** Which files a program made or changed in the workspace. */
import { constants } from 'node:fs';
import { lstat, open, opendir } from 'node:fs/promises';
import path from 'node:path';
import { imageKindOf } from '../core/imageFile.ts';
import { type ImageBlock, imageDataLimit } from '../shared/message.ts';

const mostEntries = 20_000;
const mostListed = 20;
const mostPictures = 3;
/** Larger ones are refused by some providers, which would spoil the whole chat. */
const mostPixels = 8_000;
const pictureBytes = Math.floor(imageDataLimit / 4) * 3;
const skipped = new Set(['.git', 'node_modules']);
/** File systems note times in steps of a few milliseconds. */
const clockStepMs = 20;

export interface Artefact {
  /** `/`-separated, below the workspace. */
  readonly path: string;
  readonly bytes: number;
}

export interface Artefacts {
  /** At most 20, by path. */
  readonly listed: readonly Artefact[];
  readonly total: number;
  /** The folder has too many entries to look at all of them. */
  readonly isCut: boolean;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

async function* entriesOf(folder: string): AsyncGenerator<Entry> {
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      // Links are never followed: a program may have planted them.
      if (entry.isDirectory()) yield { name: entry.name, isFolder: true };
      else if (entry.isFile()) yield { name: entry.name, isFolder: false };
    }
  } catch {
    // Gone meanwhile, or not for this user: nothing of it can be told.
  }
}

/** The change time is looked at, which no program can set: unpacked and copied files keep their other times. */
const changedSince = async (
  folder: string,
  names: readonly string[],
  since: number,
): Promise<readonly Artefact[]> => {
  const found = await Promise.all(
    names.map(async (name): Promise<Artefact | undefined> => {
      const status = await lstat(path.join(folder, name)).catch(() => undefined);
      if (status === undefined || !status.isFile() || status.ctimeMs < since - clockStepMs) return undefined;
      return { path: name, bytes: status.size };
    }),
  );
  return found.filter((each) => each !== undefined);
};

const byPath = (a: Artefact, b: Artefact): number => (a.path < b.path ? -1 : 1);

/**
 * Shallow folders first, so that of a huge workspace the top is seen.
 * @param folder absolute real path
 * @param since milliseconds since the epoch
 */
export const findArtefacts = async (
  folder: string,
  since: number,
  limit: number = mostEntries,
): Promise<Artefacts> => {
  const found: Artefact[] = [];
  let seen = 0;
  let names: string[] = [];
  const look = async (): Promise<void> => {
    found.push(...(await changedSince(folder, names, since)));
    names = [];
  };
  const folders = [''];
  for (let below = folders.shift(); below !== undefined && seen <= limit; below = folders.shift()) {
    for await (const { name, isFolder } of entriesOf(path.join(folder, below))) {
      seen += 1;
      if (seen > limit) break;
      const label = below === '' ? name : `${below}/${name}`;
      if (!isFolder) names.push(label);
      else if (!skipped.has(name)) folders.push(label);
      if (names.length >= 128) await look();
    }
  }
  await look();
  return { listed: found.sort(byPath).slice(0, mostListed), total: found.length, isCut: seen > limit };
};

const readPicture = async (folder: string, { path: name }: Artefact): Promise<ImageBlock | undefined> => {
  const file = path.join(folder, ...name.split('/'));
  // A pipe in its place would never open otherwise.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(file, flags).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(pictureBytes + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const kind = imageKindOf(bytes.subarray(0, bytesRead));
    const isTooWide = Math.max(kind?.width ?? 0, kind?.height ?? 0) > mostPixels;
    if (kind === undefined || isTooWide || bytesRead > pictureBytes) return undefined;
    const data = bytes.subarray(0, bytesRead).toString('base64');
    return { type: 'image', mediaType: kind.mediaType, data, name };
  } finally {
    await handle.close();
  }
};

/** The first three that models and people can look at. */
export const readPictures = async (
  folder: string,
  artefacts: readonly Artefact[],
): Promise<readonly ImageBlock[]> => {
  const pictures: ImageBlock[] = [];
  for (const artefact of artefacts) {
    if (pictures.length === mostPictures) break;
    if (!/\.(?:png|jpe?g|gif|webp)$/i.test(artefact.path) || artefact.bytes > pictureBytes) continue;
    const picture = await readPicture(folder, artefact).catch(() => undefined);
    if (picture !== undefined) pictures.push(picture);
  }
  return pictures;
};

const linkOf = ({ path: name }: Artefact): string => {
  const label = name.replaceAll(/[\\[\]`*_<>]/g, '\\$&').replaceAll(/\s/g, ' ');
  const address = name.split('/').map(encodeURIComponent).join('/');
  return `[${label}](${address.replaceAll(/[()'*!]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)})`;
};

/** `files written: [a.csv](a.csv), [charts/b.png](charts/b.png)`, or undefined where there are none. */
export const artefactLinks = ({ listed, total, isCut }: Artefacts): string | undefined => {
  const cut = isCut ? ['the folder is too large to look through, so there may be more'] : [];
  if (listed.length === 0) return cut[0];
  const more = total > listed.length ? [`and ${total - listed.length} more`] : [];
  return `files written: ${[...listed.map(linkOf), ...more, ...cut].join(', ')}`;
};
