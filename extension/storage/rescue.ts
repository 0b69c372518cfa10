import { coldCall } from './coldFiles.ts';
import type { Disk } from './disk.ts';
import { corruptName, type StoreFiles } from './files.ts';
import type { Journal } from './journal.ts';
import { decodePayload, type JournalRecord } from './journalFormat.ts';
import type { Behind } from './load.ts';
import { writeSnapshot } from './snapshot.ts';
import type { Sqlite } from './sqlite.ts';

/**
 * Takes over what other windows have written since the files lost what memory holds. They wrote it on top of less, so
 * that one or the other of them may not fit any more.
 * @returns how many did not
 */
export const adopt = (sqlite: Sqlite, foreign: readonly JournalRecord[]): number => {
  let refused = 0;
  sqlite.run('BEGIN');
  for (const { payload } of foreign) {
    const { call, statements } = decodePayload(payload);
    // Chats may have more rows here than the file that they were put away into.
    if (call.startsWith(coldCall)) continue;
    sqlite.run('SAVEPOINT adopted');
    try {
      for (const { sql, params } of statements) sqlite.run(sql, params);
    } catch {
      refused += 1;
      sqlite.run('ROLLBACK TO adopted');
    }
    sqlite.run('RELEASE adopted');
  }
  sqlite.run('COMMIT');
  return refused;
};

export interface RescueOptions {
  readonly disk: Disk;
  readonly files: StoreFiles;
  readonly now: () => number;
}

/**
 * Writes what is in memory anew, where the files have lost it. Under the lock. What is there instead is set aside.
 */
export const rescue = (
  { disk, files, now }: RescueOptions,
  { sqlite, sequence }: { readonly sqlite: Sqlite; readonly sequence: number },
  { behind, isImageDamaged, generation }: Behind,
): { readonly journal: Journal; readonly size: number; readonly kept: readonly string[] } => {
  const time = now();
  const kept: string[] = [];
  if (isImageDamaged) {
    kept.push(corruptName(files.image, time));
    disk.rename(files.image, corruptName(files.image, time));
  }
  const hasBytes = behind === 'damaged' || behind === 'replaced';
  const aside = corruptName(files.journal, time);
  const oldJournal = hasBytes ? { oldJournal: aside } : {};
  const written = writeSnapshot(disk, files, { sqlite, sequence, generation: generation + 1, ...oldJournal });
  return { ...written, kept: hasBytes ? [...kept, aside] : kept };
};
