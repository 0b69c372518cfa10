import { readdirSync } from 'node:fs';
import path from 'node:path';
import { migrations } from '../../extension/storage/schema.ts';
import type { ServiceOptions } from '../../extension/storage/storeService.ts';
import { jobEvents } from './chatEvents.ts';
import { type OpenedService, openDatabase, openService, quickDisk, session, uniqueName } from './support.ts';

/** Tables whose rows are of chats. */
export const chatTables = [
  'sessions',
  'messages',
  'steps',
  'approvals',
  'usage',
  'usage_totals',
  'jobs',
  'blob_refs',
] as const;

/** A chat of some turns, each with a question, an answered approval, a step, its cost and a text of so many characters. */
export const addChat = async (
  { service, record }: OpenedService,
  id: string,
  { turns = 3, size = 2_000, updatedAt = 1, text = '' } = {},
): Promise<void> => {
  await service.saveSession(uniqueName(), session(id, { title: `Chat ${id}`, updatedAt }));
  for (let turn = 0; turn < turns; turn += 1) {
    const jobId = `${id}-${turn}`;
    const job = jobEvents(id, jobId);
    const long = `${id} ${text} ${'lorem ipsum '.repeat(Math.ceil(size / 12))}`.slice(0, size);
    await record(job.started(`question ${turn} of ${id} ${text}`));
    await record(job.said(`answer ${turn} of ${id}: ${long}`));
    await record(job.asked());
    await service.recordDecision(
      uniqueName(),
      job.step.id,
      { approved: true, by: 'user', scope: 'once', surface: 'modal' },
      5,
    );
    await record(job.approved());
    await record(job.stepDone(`done ${turn} ${long}`));
    await record({
      type: 'Usage',
      jobId,
      at: 6,
      usage: { input: 10, output: 2, cachedInput: 1, cacheWrite: 0, reasoning: 0 },
    });
    await record(job.completed());
  }
};

export const chatIds = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `chat-${String(index).padStart(2, '0')}`);

/** Files that old chats lie in. */
export const coldNames = (folder: string): readonly string[] => {
  try {
    return readdirSync(path.join(folder, 'cold')).sort();
  } catch {
    return [];
  }
};

/** All rows of chats as they lie in the live database, with their numbers. */
export const rowsIn = async (folder: string): Promise<Record<string, readonly unknown[]>> => {
  const { database } = await openDatabase(folder, { disk: quickDisk, migrations });
  const rows = await database.read((query) =>
    Object.fromEntries(
      chatTables.map((table) => {
        const columns = query(`PRAGMA table_info(${table})`).map((row) => String(row.name));
        return [table, query(`SELECT * FROM ${table} ORDER BY ${columns.slice(0, 3).join(', ')}`)];
      }),
    ),
  );
  await database.close();
  return rows;
};

/** Some kilobytes are its bound, so that a few chats are too many. */
export const openSmall = (folder: string, options: Partial<ServiceOptions> = {}): Promise<OpenedService> =>
  openService(folder, { disk: quickDisk, liveBytes: 400_000, snapshotBytes: 20_000, ...options });

/** Waits until a condition holds. */
export const until = async (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (const deadline = Date.now() + 40_000; !(await holds()); ) {
    if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
