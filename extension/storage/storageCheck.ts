import path from 'node:path';
import { inSlices } from '../core/slices.ts';
import type { StorageFinding, StorageReport, StorageUse } from '../core/storageReport.ts';
import { checkFiles } from './checkFiles.ts';
import { type CheckOptions, type Said, said } from './checking.ts';
import { checkBlobs, checkCold, checkJobs, checkSearch, checkTables } from './checkRows.ts';
import { checkUndo } from './checkUndo.ts';
import { oldestChats } from './coldRows.ts';
import { filesIn } from './orphans.ts';
import { migrations } from './schema.ts';
import type { Query } from './sqlite.ts';
import { bytesInWords, counted } from './storageWords.ts';

const checkSurroundings = ({ disk, folder, isAlive }: CheckOptions, query: Query, use: StorageUse): Said => {
  const leases = filesIn(disk, path.join(folder, 'owners')).filter(({ file }) =>
    isAlive(disk.readFile(file)?.toString('utf8') ?? ''),
  );
  const free = disk.freeBytes(folder);
  const version = Number(query('PRAGMA user_version')[0]?.user_version);
  const known = migrations.at(-1)?.version ?? 0;
  const bytesOf = (kind: string): number => use.parts.find((part) => part.kind === kind)?.bytes ?? 0;
  const filesOf = (kind: string): number => use.parts.find((part) => part.kind === kind)?.files ?? 0;
  // A snapshot is written beside the old one before that goes.
  const needed = 100_000_000 + 2 * bytesOf('database');
  const findings: StorageFinding[] = [];
  if (version > known) {
    findings.push({
      severity: 'problem',
      text: `A newer version of AnyCowork has written this history (format ${version}; this window knows ${known}). It can be read here, but nothing can be saved. Update AnyCowork, then reload the window.`,
    });
  }
  if (free !== undefined && free < needed) {
    findings.push({
      severity: 'problem',
      text: `Only ${bytesInWords(free)} are free on the disk. While it is full, nothing new can be saved; what is saved stays. Free at least ${bytesInWords(needed)}.`,
    });
  }
  if (filesOf('orphans') > 0) {
    findings.push({
      severity: 'note',
      text: `${counted(filesOf('orphans'), 'file')} (${bytesInWords(bytesOf('orphans'))}) ${filesOf('orphans') === 1 ? 'belongs' : 'belong'} to no chat, as crashes can leave them. They can be deleted.`,
      repair: 'orphans',
    });
  }
  if (filesOf('damagedFiles') > 0) {
    findings.push({
      severity: 'note',
      text: `${counted(filesOf('damagedFiles'), 'file')} (${bytesInWords(bytesOf('damagedFiles'))}) with “.corrupt-” in the name ${filesOf('damagedFiles') === 1 ? 'is' : 'are'} kept from earlier damage. What could be read of them is in the chats already.`,
    });
  }
  return {
    facts: [
      `Format: ${version}`,
      `Open windows: ${leases.length}`,
      ...(free === undefined ? [] : [`Free on the disk: ${bytesInWords(free)}`]),
    ],
    findings,
  };
};

/** Whether what has to stay in memory is more than what should be there. */
const checkBound = async ({ database, liveBytes, now }: CheckOptions): Promise<Said> => {
  const { used } = await database.local((sqlite) => sqlite.sizes());
  const fact = `In memory: ${bytesInWords(used)}`;
  if (used <= liveBytes) return said(fact);
  const movable = await inSlices(oldestChats(database.query, now(), 1));
  // Else they are put away within a minute.
  if (movable.length > 0) return said(fact);
  return said(fact, {
    severity: 'note',
    text: `The chats take ${bytesInWords(used)} of memory, more than the ${bytesInWords(liveBytes)} they should (anycowork.storage.liveMb), and none of them can be put away: chats of the last 24 hours, pinned ones, deleted ones and those at work stay in memory. Nothing is lost by this; AnyCowork may be slow until tomorrow. Unpin old chats, remove deleted ones for good, or raise the setting.`,
  });
};

/** Looks through everything that is kept, in slices; changes nothing. */
export const checkStorage = async (options: CheckOptions): Promise<StorageReport> => {
  const { database, measureUse } = options;
  await database.refresh();
  const { query } = database;
  const use = await measureUse();
  const parts = [
    await inSlices(checkTables(query)),
    ...(await checkFiles(options)),
    await inSlices(checkBlobs(options, query)),
    await inSlices(checkCold(options, query)),
    await inSlices(checkUndo(options, query)),
    await checkBound(options),
    checkJobs(options, query),
    checkSearch(query),
    checkSurroundings(options, query, use),
  ];
  const findings = parts.flatMap((part) => part.findings);
  return {
    use,
    findings: [
      ...findings.filter(({ severity }) => severity === 'problem'),
      ...findings.filter(({ severity }) => severity === 'note'),
    ],
    facts: parts.flatMap((part) => part.facts),
  };
};
