/** How much room before-images take: looked at seldom, because looking costs in proportion to what is there. */
import { readdir, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { BeforeImagesOptions } from './beforeImages.ts';

export interface ImageQuota {
  added(bytes: number): void;
  /** Collects in the background where it is time to. */
  look(): void;
  collect(): Promise<void>;
}

interface Image {
  readonly file: string;
  readonly name: string;
  readonly size: number;
  /** When it was kept for the last time; milliseconds since the epoch. */
  readonly at: number;
}

const hour = 60 * 60_000;
/** A younger image may be of a step that another window is about to write down. */
const restMs = hour;
/** After a collection so much of the quota is free again, so that not each write leads to one. */
const slack = 0.1;

const filesIn = async (folder: string): Promise<readonly Image[]> => {
  const names = await readdir(folder).catch(() => []);
  const images: Image[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    const status = await stat(file).catch(() => undefined);
    if (status?.isFile() === true) images.push({ file, name, size: status.size, at: status.mtimeMs });
  }
  return images;
};

export const createImageQuota = (
  options: Pick<BeforeImagesOptions, 'folder' | 'quotaBytes' | 'store' | 'now' | 'logError'>,
): ImageQuota => {
  const { folder, store } = options;
  let total: number | undefined;
  let lookedAt = 0;
  let collecting: Promise<void> | undefined;

  const isOld = ({ at }: Pick<Image, 'at'>): boolean => at < options.now() - restMs;

  const all = async (): Promise<readonly Image[]> => {
    const found: Image[] = [...(await filesIn(folder))];
    for (const name of await readdir(folder).catch(() => [])) {
      if (/^[0-9a-f]{2}$/.test(name)) found.push(...(await filesIn(path.join(folder, name))));
    }
    return found;
  };

  /**
   * Another window may take it into use in this moment, which makes it young. It is put aside before it is looked at
   * for the last time: who takes it into use then finds nothing, and writes it anew.
   * @returns whether it is gone
   */
  const remove = async (image: Image): Promise<boolean> => {
    const aside = `${image.file}.old`;
    try {
      await rename(image.file, aside);
      const status = await stat(aside);
      if (!isOld({ at: status.mtimeMs })) {
        await rename(aside, image.file);
        return false;
      }
      await unlink(aside);
      return true;
    } catch {
      return false;
    }
  };

  /** @returns what is left, and which of it steps need */
  const removeUnneeded = async (
    images: readonly Image[],
  ): Promise<{ readonly left: readonly Image[]; readonly needed: readonly Image[] }> => {
    const hashes = new Set(await store.versionHashes());
    const left: Image[] = [];
    for (const image of images) {
      if (hashes.has(image.name) || !isOld(image) || !(await remove(image))) left.push(image);
    }
    return { left, needed: left.filter(({ name }) => hashes.has(name)) };
  };

  const sum = (images: readonly Image[]): number => images.reduce((bytes, { size }) => bytes + size, 0);

  const collectNow = async (): Promise<void> => {
    const quota = options.quotaBytes();
    const images = await all();
    total = sum(images);
    lookedAt = options.now();
    if (total <= quota) return;
    const { left, needed } = await removeUnneeded(images);
    total = sum(left);
    // What no step needs goes by itself within the hour: for that nothing older is forgotten.
    const needs = sum(needed);
    if (needs <= quota) return;
    let excess = needs - quota * (1 - slack);
    const oldest: string[] = [];
    for (const image of needed.toSorted((a, b) => a.at - b.at)) {
      if (excess <= 0 || !isOld(image)) break;
      oldest.push(image.name);
      excess -= image.size;
    }
    if (oldest.length === 0) return;
    await store.forgetVersions(oldest);
    total = sum((await removeUnneeded(left)).left);
  };

  const collect = (): Promise<void> => {
    collecting ??= collectNow().finally(() => {
      collecting = undefined;
    });
    return collecting;
  };

  return {
    added: (bytes) => {
      if (total !== undefined) total += bytes;
    },
    look: () => {
      const now = options.now();
      const isPassed = total === undefined || total > options.quotaBytes();
      // What other windows add shows at the next look only. And where nothing can be freed, looking again is no use.
      const rest = isPassed ? hour / 12 : hour;
      if (total !== undefined && now - lookedAt < rest) return;
      collect().catch(options.logError);
    },
    collect,
  };
};
