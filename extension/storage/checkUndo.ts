import path from 'node:path';
import type { Sliced } from '../core/slices.ts';
import { type CheckOptions, type Said, said } from './checking.ts';
import type { Disk } from './disk.ts';
import { beforeFolder } from './orphans.ts';
import { text } from './rows.ts';
import type { Query } from './sqlite.ts';
import { counted, someNames } from './storageWords.ts';
import { versionHashes } from './versions.ts';

/** Those of these contents whose files are gone, one looked at in each step. */
export function* lostImages(
  disk: Disk,
  folder: string,
  hashes: readonly string[],
): Sliced<readonly string[]> {
  const lost: string[] = [];
  for (const hash of hashes) {
    if (disk.stat(path.join(beforeFolder(folder), hash.slice(0, 2), hash)) === undefined) lost.push(hash);
    yield;
  }
  return lost;
}

/** Whether what steps are undone with is there. What was undone needs nothing more. */
export function* checkUndo({ disk, folder }: CheckOptions, query: Query): Sliced<Said> {
  const [row] = query('SELECT count(DISTINCT step_id) AS steps FROM file_versions WHERE undone_at IS NULL');
  const steps = Number(row?.steps ?? 0);
  const lost = yield* lostImages(disk, folder, versionHashes(query));
  const found = query(
    `SELECT DISTINCT step_id, title FROM file_versions JOIN sessions ON sessions.id = session_id
      WHERE undone_at IS NULL AND before_hash IN (SELECT value FROM json_each(?)) ORDER BY updated_at DESC`,
    [JSON.stringify(lost)],
  );
  if (steps === 0) return said('Undo: no step that can be undone');
  if (found.length === 0)
    return said(`Undo: ${counted(steps, 'step')}, all that is needed for them is there`);
  const chats = [...new Set(found.map((each) => text(each, 'title')))];
  return said(`Undo: ${counted(steps, 'step')}, ${found.length} of which cannot be undone any more`, {
    severity: 'problem',
    text: `${counted(found.length, 'step')} of ${someNames(chats)} cannot be undone any more, at least not for all files: what was kept of them is gone. The chats and the files in the workspace are not touched by this. If you have a copy of the folder ${beforeFolder(folder)}, put the files back; else it can be forgotten.`,
    repair: 'undo',
  });
}
