import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { openDatabase, quickDisk } from './support.ts';

/** The names under which is kept what was damaged. */
export const keptAside = (where: string): readonly string[] =>
  readdirSync(where)
    .filter((name) => name.includes('.corrupt-'))
    .map((name) => path.join(where, name));

/** Opened again, it has these notes and nothing to tell. */
export const isWell = async (where: string, notes: readonly string[]): Promise<void> => {
  const opened = await openDatabase(where, { disk: quickDisk });
  assert.deepEqual(await opened.notes(), notes);
  assert.deepEqual(opened.problems, []);
  await opened.database.close();
};
