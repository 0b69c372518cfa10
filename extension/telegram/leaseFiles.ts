/** The files of leases: one for each number that was ever current, and a mark for bots that a person has stopped. */
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

/** Milliseconds for which numbers that are no longer needed are kept, so that no slow listing misses all. */
const keepMs = 60_000;

const contentSchema = z.object({
  /** Opaque here; says which process it is. */
  owner: z.string(),
  place: z.string(),
  nonce: z.string(),
  isReleased: z.boolean(),
});

export type LeaseContent = z.infer<typeof contentSchema>;

export type LeaseFiles = ReturnType<typeof createLeaseFiles>;

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** @returns undefined where the file is not there */
const unlessGone = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
};

const parseContent = (text: string): LeaseContent | undefined => {
  try {
    return contentSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Its maker has not written it yet, or died on the way.
    return undefined;
  }
};

/** Everything but `make` and `setStopped` works where the folder is not there. */
export const createLeaseFiles = (folder: string) => {
  const fileOf = (botId: number, number: number): string => path.join(folder, `${botId}.${number}.lease`);
  const stopFile = (botId: number): string => path.join(folder, `${botId}.stopped`);
  const changedAt = async (botId: number, number: number): Promise<number | undefined> =>
    (await unlessGone(stat(fileOf(botId, number))))?.mtimeMs;

  /** Ascending. */
  const numbers = async (botId: number): Promise<readonly number[]> => {
    const pattern = new RegExp(`^${botId}\\.(\\d{1,15})\\.lease$`);
    return ((await unlessGone(readdir(folder))) ?? [])
      .map((name) => Number(pattern.exec(name)?.[1]))
      .filter((number) => !Number.isNaN(number))
      .sort((a, b) => a - b);
  };

  return {
    /** @returns 0 where there is none */
    highest: async (botId: number): Promise<number> => (await numbers(botId)).at(-1) ?? 0,
    /** @returns undefined where it is not there, or says nothing */
    read: async (botId: number, number: number): Promise<LeaseContent | undefined> =>
      parseContent((await unlessGone(readFile(fileOf(botId, number), 'utf8'))) ?? ''),
    changedAt,
    /** @returns false: somebody was faster */
    make: async (botId: number, number: number, content: LeaseContent): Promise<boolean> => {
      await mkdir(folder, { recursive: true });
      try {
        await writeFile(fileOf(botId, number), JSON.stringify(content), { flag: 'wx' });
        return true;
      } catch (error) {
        if (isCode(error, 'EEXIST')) return false;
        throw error;
      }
    },
    /** Only by who made it. */
    change: (botId: number, number: number, content: LeaseContent): Promise<void> =>
      writeFile(fileOf(botId, number), JSON.stringify(content)),
    remove: (botId: number, number: number): Promise<void> => rm(fileOf(botId, number), { force: true }),
    touch: async (botId: number, number: number): Promise<void> => {
      const at = new Date();
      await utimes(fileOf(botId, number), at, at);
    },
    forgetBefore: async (botId: number, number: number): Promise<void> => {
      for (const old of await numbers(botId)) {
        const at = old < number - 1 ? await changedAt(botId, old) : undefined;
        if (at !== undefined && Date.now() - at > keepMs) await rm(fileOf(botId, old), { force: true });
      }
    },
    isStopped: async (botId: number): Promise<boolean> =>
      (await unlessGone(stat(stopFile(botId)))) !== undefined,
    setStopped: async (botId: number, isStopped: boolean): Promise<void> => {
      await mkdir(folder, { recursive: true });
      if (isStopped) await writeFile(stopFile(botId), '');
      else await rm(stopFile(botId), { force: true });
    },
  };
};
