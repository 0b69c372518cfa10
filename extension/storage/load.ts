import type { Disk } from './disk.ts';
import type { StoreFiles } from './files.ts';
import { type Image, readImage } from './image.ts';
import { Journal, type JournalFile, readJournalFile } from './journal.ts';
import { type Findings, mend } from './mend.ts';
import { unreadable } from './problems.ts';
import { replay } from './replay.ts';
import type { OpenSqlite, Sqlite } from './sqlite.ts';

export interface LoadOptions {
  readonly files: StoreFiles;
  readonly disk: Disk;
  readonly openSqlite: OpenSqlite;
  readonly now: () => number;
  readonly report: (problem: string) => void;
  /** Whether the lock is held, so that files may be put in order; without it only memory is filled. */
  readonly mayRepair: boolean;
}

export interface Loaded {
  readonly sqlite: Sqlite;
  readonly sequence: number;
  /** Bytes of the snapshot. */
  readonly imageSize: number;
  /** Present when files may be repaired: only then can it be written to. */
  readonly journal?: Journal;
}

/** A store that begins with nothing is right only where its journals reach back to the first transaction. */
const reachesBack = (journal: JournalFile | undefined): boolean => {
  if (journal === undefined) return true;
  const first = journal.scan.records[0];
  if (first !== undefined) return first.sequence === 1;
  return journal.header?.base === 0;
};

/** The newest snapshot that is intact, or nothing where nothing is missing. */
const chooseBase = (
  { files, disk, openSqlite }: LoadOptions,
  image: Image | 'missing' | 'damaged',
  current: JournalFile | undefined,
  previous: JournalFile | undefined,
): Image => {
  if (typeof image !== 'string') return image;
  const older = readImage(disk, openSqlite, files.previousImage, previous?.header);
  if (typeof older !== 'string') return older;
  const journal = previous ?? current;
  if (!reachesBack(journal) || (journal === undefined && (image === 'damaged' || older === 'damaged'))) {
    throw unreadable(files.folder, `the snapshot is ${image}, and the one before it is ${older}`);
  }
  return { sqlite: openSqlite(), sequence: 0, generation: 0, size: 0 };
};

const describe = (
  { image, isJournalBroken }: Findings,
  isJournalMissing: boolean,
  lost: number,
  kept: readonly string[],
): string => {
  const what =
    image === 'damaged'
      ? 'The history file was damaged.'
      : isJournalBroken
        ? "The history's journal was damaged."
        : isJournalMissing
          ? "The history's journal was missing."
          : 'The history file was missing.';
  const result =
    lost > 0
      ? `Everything up to the damage was restored; ${lost === 1 ? 'one later change' : `${lost} later changes`} could not be.`
      : isJournalMissing
        ? 'The last snapshot was restored; changes after it, if there were any, could not be.'
        : image === 'intact'
          ? 'It was repaired, and nothing was lost.'
          : 'It was restored completely from the previous snapshot and the journal.';
  const where = kept.length === 0 ? '' : ` What was damaged is kept as ${kept.join(' and ')}.`;
  return `${what} ${result}${where}`;
};

/**
 * Fills a database from snapshot and journal, and mends what a crash or damage has left.
 * @throws StoreError when there is a history but none that can be read
 */
export const load = (options: LoadOptions): Loaded => {
  const { files, disk, mayRepair } = options;
  const current = readJournalFile(disk, files.journal);
  const image = readImage(disk, options.openSqlite, files.image, current?.header);
  const needsPrevious =
    typeof image === 'string' || current?.header === undefined || current.header.base > image.sequence;
  const previous = needsPrevious ? readJournalFile(disk, files.previousJournal) : undefined;
  const base = chooseBase(options, image, current, previous);

  const records = [...(previous?.scan.records ?? []), ...(current?.scan.records ?? [])];
  const { sequence, applied, isStopped } = replay(base.sqlite, base.sequence, records);
  const currentBase = current?.header?.base ?? 0;
  const newest = records.reduce((most, record) => Math.max(most, record.sequence), currentBase);
  const lost = Math.max(0, newest - sequence);

  const isNew = base.size === 0 && image === 'missing' && previous === undefined && currentBase === 0;
  const isDamaged =
    current?.header === undefined || current.scan.state === 'damaged' || isStopped || lost > 0;
  const findings: Findings = {
    image: typeof image === 'string' ? image : 'intact',
    needsImage: typeof image === 'string' && !isNew,
    current,
    previous,
    isJournalBroken: current !== undefined && isDamaged,
    applied,
    sequence,
    generation: Math.max(
      current?.header?.generation ?? 0,
      previous?.header?.generation ?? 0,
      base.generation,
    ),
    time: options.now(),
  };
  // Between its two last steps a snapshot leaves no journal, and the previous one ends where the snapshot does.
  const previousEnd = previous?.scan.records.at(-1)?.sequence ?? previous?.header?.base;
  const isJournalMissing = current === undefined && !isNew && previousEnd !== sequence;
  // A crash in the middle of a snapshot leaves no snapshot, but a journal that goes on from the previous one.
  const isImageMissing = findings.needsImage && (currentBase > base.sequence || current === undefined);

  const kept = mayRepair ? mend(disk, files, base.sqlite, findings) : [];
  if (image === 'damaged' || findings.isJournalBroken || isJournalMissing || isImageMissing) {
    options.report(describe(findings, isJournalMissing, lost, kept));
  }

  const journal = mayRepair ? Journal.open(disk, files.journal) : undefined;
  if (journal !== undefined) journal.offset = disk.stat(files.journal)?.size ?? journal.offset;
  return {
    sqlite: base.sqlite,
    sequence,
    imageSize: base.size,
    ...(journal === undefined ? {} : { journal }),
  };
};
