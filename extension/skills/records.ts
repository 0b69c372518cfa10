/** What is kept of skills between windows: one small file for each, replaced whole. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { createInTurn } from '../core/inTurn.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { InstallOrigin, SkillRecord, SkillRecords } from '../core/skills.ts';
import type { SkillGrants, SkillRun, SkillSource } from '../shared/skill.ts';

const emptyRecord: SkillRecord = { isDisabled: false, grants: {} };

const grantsSchema: z.ZodType<SkillGrants> = z.object({
  image: z.string().exactOptional(),
  memoryMb: z.number().exactOptional(),
  cpus: z.number().exactOptional(),
  timeoutSeconds: z.number().exactOptional(),
  network: z.boolean().exactOptional(),
  execTmp: z.boolean().exactOptional(),
});
const runSchema: z.ZodType<SkillRun> = z.object({
  at: z.number(),
  entry: z.string(),
  place: z.enum(['sandbox', 'host']),
  summary: z.string(),
  isError: z.boolean(),
  durationMs: z.number(),
});
const originSchema: z.ZodType<InstallOrigin> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('folder'), folder: z.string() }),
  z.object({ kind: z.literal('zip'), file: z.string() }),
  z.object({
    kind: z.literal('git'),
    url: z.string(),
    ref: z.string().exactOptional(),
    path: z.string().exactOptional(),
  }),
]);
const recordSchema: z.ZodType<SkillRecord> = z.object({
  reviewedHash: z.string().exactOptional(),
  isDisabled: z.boolean(),
  grants: z.record(z.string(), grantsSchema),
  lastRun: runSchema.exactOptional(),
  origin: originSchema.exactOptional(),
  commit: z.string().exactOptional(),
  installedAt: z.number().exactOptional(),
});
/** The key stands in it for people who look for the file of a skill. */
const fileSchema = z.object({ version: z.literal(1), key: z.string(), record: recordSchema });

export interface SkillRecordsPorts {
  /** Absolute path of a folder for these files only; made when needed. */
  readonly folder: string;
  readonly logError: (text: string) => void;
  /** Tells of changes of the folder by other windows. */
  readonly watch?: (folder: string, onChange: () => void) => { dispose(): void };
}

/** The bundled ones move with each version of the product: their place does not count. */
const keyOf = (source: SkillSource, name: string): string =>
  source.place === 'bundled' ? `bundled:${name}` : `${source.place}:${source.folder}`;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const replace = async (file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  // Its own: two windows may write the same file at once.
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text, 'utf8');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
};

export const createSkillRecords = ({
  folder,
  logError,
  watch,
}: SkillRecordsPorts): SkillRecords & { close(): void } => {
  const listeners = new Set<() => void>();
  /** The last change of each file, so that two of this window follow one another. */
  const inTurn = createInTurn<string>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const watching = watch?.(folder, tell);
  const fileOf = (key: string): string =>
    path.join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);

  const read = async (key: string): Promise<SkillRecord> => {
    const file = fileOf(key);
    try {
      return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).record;
    } catch (error) {
      if (!isMissing(error)) {
        logError(
          `What was kept of the skill "${key}" cannot be read (${file}): ${reasonOf(error)}. It counts as not reviewed, without grants.`,
        );
      }
      return emptyRecord;
    }
  };

  return {
    get: (source, name) => read(keyOf(source, name)),
    async change(source, name, change) {
      const key = keyOf(source, name);
      await inTurn(key, async () => {
        const record = change(await read(key));
        await replace(fileOf(key), `${JSON.stringify({ version: 1, key, record }, null, 2)}\n`);
      });
      tell();
    },
    async forget(source, name) {
      const key = keyOf(source, name);
      await inTurn(key, () => rm(fileOf(key), { force: true }));
      tell();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      watching?.dispose();
      listeners.clear();
    },
  };
};
