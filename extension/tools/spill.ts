import { randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { cleanOutput } from './cleanOutput.ts';
import { linesOf } from './linesOf.ts';

/** Where long outputs go whole, while the model gets their head and tail. */

const namePattern = /^output-[0-9a-z]+-[0-9a-f]{12}\.log$/;
const keptForMs = 7 * 24 * 60 * 60 * 1_000;

export interface Spill {
  readonly file: string;
  readonly handle: FileHandle;
}

const removeOld = async (folder: string): Promise<void> => {
  const names = (await readdir(folder)).filter((name) => namePattern.test(name));
  for (const name of names) {
    const file = path.join(folder, name);
    const status = await stat(file).catch(() => undefined);
    if (status !== undefined && Date.now() - status.mtimeMs > keptForMs) await unlink(file).catch(() => {});
  }
};

/** Readable by this user alone. Outputs of more than a week ago are removed on the way. */
export const openSpill = async (folder: string): Promise<Spill> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeOld(folder);
  const name = `output-${Date.now().toString(36)}-${randomBytes(6).toString('hex')}.log`;
  const file = path.join(folder, name);
  return { file, handle: await open(file, 'wx', 0o600) };
};

/** Whether a path that a model gives is one of these files: the only ones it may read outside of the workspace. */
export const isSpillFile = (folder: string, given: string): boolean =>
  path.isAbsolute(given) &&
  path.dirname(given) === path.resolve(folder) &&
  namePattern.test(path.basename(given));

export interface SpillLines {
  readonly lines: readonly string[];
  readonly totalLines: number;
}

/** Some lines of it as plain text, without loading the rest. @param first from 1 @param last inclusive */
export const readSpillLines = async (
  file: string,
  first: number,
  last: number,
  signal: AbortSignal,
): Promise<SpillLines> => {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const stream = createReadStream('', { fd: handle, signal });
  const lines: string[] = [];
  let totalLines = 0;
  for await (const line of linesOf(stream)) {
    totalLines += 1;
    if (totalLines >= first && totalLines <= last) lines.push(cleanOutput(line));
  }
  return { lines, totalLines };
};
