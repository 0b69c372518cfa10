import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Sliced } from '../core/slices.ts';
import type { StorageFinding } from '../core/storageReport.ts';
import { blobFile } from './blobs.ts';
import { type CheckOptions, type Said, said } from './checking.ts';
import { coldFilesInUse } from './coldFiles.ts';
import { runningJobs } from './interruptedJobs.ts';
import { text } from './rows.ts';
import { forgottenRows } from './searchIndex.ts';
import type { Query } from './sqlite.ts';
import { bytesInWords, counted, someNames } from './storageWords.ts';

/** One table at each step. */
export function* checkTables(query: Query): Sliced<Said> {
  const wrong: string[] = [];
  const isOfIndex = (name: string): boolean => name.startsWith('search');
  const tables = query(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'",
  ).map((row) => text(row, 'name'));
  let isIndexWrong = false;
  for (const table of tables) {
    yield;
    const result = query(`PRAGMA integrity_check(${table})`).map((row) => String(row.integrity_check));
    if (result.length === 1 && result[0] === 'ok') continue;
    if (isOfIndex(table)) isIndexWrong = true;
    else wrong.push(`${table}: ${result[0]}`);
  }
  const findings: StorageFinding[] = [];
  if (wrong.length > 0) {
    findings.push({
      severity: 'problem',
      text: `The database in memory is damaged (${wrong.join('; ')}). The files on disk may be whole. Make a copy of the folder, then reload the window: that reads the history from disk again.`,
    });
  }
  if (isIndexWrong) {
    findings.push({
      severity: 'problem',
      text: 'The search index is damaged. The chats themselves are not touched by this; it can be made anew from them.',
      repair: 'searchIndex',
    });
  }
  return said(
    `Database: ${counted(tables.length, 'table')}, ${findings.length === 0 ? 'intact' : 'damaged'}`,
    ...findings,
  );
}

const titlesOf = (query: Query, condition: string, params: readonly string[]): readonly string[] =>
  query(`SELECT title FROM sessions WHERE ${condition} ORDER BY updated_at DESC`, params).map((row) =>
    text(row, 'title'),
  );

/** Every file that a chat refers to, by its content, one at each step. */
export function* checkBlobs({ disk, folder }: CheckOptions, query: Query): Sliced<Said> {
  const hashes = query('SELECT DISTINCT hash FROM blob_refs').map((row) => text(row, 'hash'));
  const bad: string[] = [];
  let missing = 0;
  let bytes = 0;
  for (const hash of hashes) {
    yield;
    const content = disk.readFile(blobFile(folder, hash));
    bytes += content?.length ?? 0;
    if (content !== undefined && createHash('sha256').update(content).digest('hex') === hash) continue;
    // Its chats may have been deleted since.
    if (query('SELECT 1 FROM blob_refs WHERE hash = ? LIMIT 1', [hash]).length === 0) continue;
    if (content === undefined) missing += 1;
    bad.push(hash);
  }
  const fact = `Attachments and long outputs: ${counted(hashes.length, 'file')}, ${bytesInWords(bytes)}, all read and compared: ${bad.length === 0 ? 'intact' : `${missing} missing, ${bad.length - missing} damaged`}`;
  if (bad.length === 0) return said(fact);
  const chats = [
    ...new Set(
      bad.flatMap((hash) =>
        titlesOf(query, 'id IN (SELECT session_id FROM blob_refs WHERE hash = ?)', [hash]),
      ),
    ),
  ];
  return said(fact, {
    severity: 'problem',
    text: `${counted(bad.length, 'file')} of attachments or long outputs ${bad.length === 1 ? 'is' : 'are'} missing or damaged (${missing} missing). This concerns ${someNames(chats)}: everything else in ${chats.length === 1 ? 'it' : 'them'} is kept, and where the content is gone the chat says so. If you have a copy of the folder ${path.join(folder, 'blobs')}, put the files back.`,
  });
}

/** Every file of old chats, one at each step. */
export function* checkCold({ cold }: CheckOptions, query: Query): Sliced<Said> {
  const files = coldFilesInUse(query);
  const findings: StorageFinding[] = [];
  let chats = 0;
  for (const [name, count] of files) {
    yield;
    chats += count;
    const { state, sqlite } = cold.read(name);
    const lost = query('SELECT id, title FROM sessions WHERE cold_file = ?', [name]).filter(
      (row) => sqlite?.query('SELECT 1 FROM sessions WHERE id = ?', [text(row, 'id')]).length !== 1,
    );
    sqlite?.close();
    const titles = someNames(lost.map((row) => text(row, 'title')));
    const file = cold.pathOf(name);
    if (sqlite === undefined && lost.length > 0) {
      findings.push({
        severity: 'problem',
        text: `The file ${file} is ${state}. The messages of ${counted(lost.length, 'old chat')} were in it: ${titles}. They stay in the list; all other chats are as they were. If you have a copy of that file, put it there.`,
      });
    } else if (lost.length > 0) {
      findings.push({
        severity: 'problem',
        text: `The file ${file} lacks the messages of ${titles}. All other chats in it are whole.`,
      });
    }
    if (state === 'altered') {
      findings.push({
        severity: 'problem',
        text: `The file ${file}, which holds ${counted(count, 'old chat')}, is not as it was written. It can be read, but what stands in it may have changed. If you have a copy of it, put that in its place.`,
      });
    }
  }
  return said(
    files.size === 0
      ? 'Old chats: all in memory'
      : `Old chats: ${counted(chats, 'chat')} in ${counted(files.size, 'file')}, ${findings.length === 0 ? 'intact' : 'not all intact'}`,
    ...findings,
  );
}

export const checkJobs = (options: CheckOptions, query: Query): Said => {
  const running = runningJobs(query);
  const dead = running.filter(({ owner }) => !options.isAlive(owner));
  return said(
    `Jobs: ${running.length === 0 ? 'none running' : `${running.length} running`}`,
    ...(dead.length === 0
      ? []
      : [
          {
            severity: 'note' as const,
            text: `${counted(dead.length, 'chat says', 'chats say')} that the agent is at work, but its window is gone. What it had done is kept. This ends by itself within a minute.`,
          },
        ]),
  );
};

export const checkSearch = (query: Query): Said => {
  try {
    const all = Number(query('SELECT count(*) AS rows FROM search_docsize')[0]?.rows);
    const waiting = Number(query('SELECT count(*) AS rows FROM search_todo')[0]?.rows);
    const forgotten = forgottenRows(query);
    return said(
      `Search index: ${counted(all, 'message')}, ${waiting} waiting`,
      ...(forgotten === 0
        ? []
        : [
            {
              severity: 'problem' as const,
              text: `${counted(forgotten, 'message is', 'messages are')} not found by a search. The index can be made anew from the chats.`,
              repair: 'searchIndex' as const,
            },
          ]),
    );
  } catch {
    return said('Search index: damaged', {
      severity: 'problem',
      text: 'The search index cannot be read. The chats themselves are not touched by this; it can be made anew from them.',
      repair: 'searchIndex',
    });
  }
};
