import path from 'node:path';
import { coldFolder } from './coldFiles.ts';
import type { Disk } from './disk.ts';
import type { StoreFiles } from './files.ts';
import { type Image, readImage } from './image.ts';
import { Journal, type JournalFile, readJournalFile } from './journal.ts';
import { headerBytes, type JournalHeader, type JournalRecord } from './journalFormat.ts';
import { damageInWords } from './loadWords.ts';
import { type Findings, mend } from './mend.ts';
import { type JournalLoss, unreadable } from './problems.ts';
import { replay } from './replay.ts';
import type { OpenSqlite, Sqlite } from './sqlite.ts';
import { Trail } from './trail.ts';

export interface LoadOptions {
  readonly files: StoreFiles;
  readonly disk: Disk;
  readonly openSqlite: OpenSqlite;
  readonly now: () => number;
  readonly report: (problem: string) => void;
  /** Whether the lock is held, so that files may be put in order; without it only memory is filled. */
  readonly mayRepair: boolean;
  /** What memory holds, where the files are only loaded anew. */
  readonly held?: Pick<Loaded, 'sequence' | 'trail' | 'header'> | undefined;
}

export interface Loaded {
  readonly sqlite: Sqlite;
  readonly sequence: number;
  readonly trail: Trail;
  /** Of the journal that memory has followed. */
  readonly header?: JournalHeader | undefined;
  /** Bytes of the snapshot. */
  readonly imageSize: number;
  /** Present when files may be repaired: only then can it be written to. */
  readonly journal?: Journal;
}

/** The files have lost what memory still holds. Nothing was changed in them. */
export interface Behind {
  /** What was done to the journal. */
  readonly behind: JournalLoss;
  readonly isImageDamaged: boolean;
  /** What other windows have written since, without knowing of what was lost. */
  readonly foreign: readonly JournalRecord[];
  /** The highest generation that was seen anywhere. */
  readonly generation: number;
}

/** A store that begins with nothing is right only where its journals reach back to the first transaction. */
const reachesBack = (journal: JournalFile | undefined): boolean => {
  if (journal === undefined) return true;
  const first = journal.scan.records[0];
  if (first !== undefined) return first.sequence === 1;
  return journal.header?.base === 0;
};

/** The newest snapshot that is intact, or nothing where nothing is missing; words for why there is neither. */
const chooseBase = (
  { files, disk, openSqlite }: LoadOptions,
  image: Image | 'missing' | 'damaged',
  current: JournalFile | undefined,
  previous: JournalFile | undefined,
): Image | string => {
  if (typeof image !== 'string') return image;
  const older = readImage(disk, openSqlite, files.previousImage, previous?.header);
  if (typeof older !== 'string') return older;
  const journal = previous ?? current;
  if (!reachesBack(journal) || (journal === undefined && (image === 'damaged' || older === 'damaged'))) {
    return `the snapshot is ${image}, and the one before it is ${older}`;
  }
  return { sqlite: openSqlite(), sequence: 0, generation: 0, size: 0 };
};

/** Between its two last steps a snapshot leaves no journal, but the one before it, and the next one under another name. */
const isInsideSnapshot = (
  { disk, files }: LoadOptions,
  image: Image,
  previous: JournalFile | undefined,
): boolean => {
  const next = readJournalFile(disk, files.nextJournal)?.header;
  return (
    next?.base === image.sequence &&
    next.generation === image.generation &&
    previous?.header?.generation === next.generation - 1
  );
};

/** Files that only a history refers to. */
const hasLeftOvers = ({ disk, files }: LoadOptions): boolean =>
  [path.join(files.folder, 'blobs'), coldFolder(files.folder)].some((folder) => disk.list(folder).length > 0);

/** Damage that leaves no record: what stood there is not known. */
const hidesRecords = ({ header, bytes, scan }: JournalFile): boolean =>
  header === undefined && scan.records.length === 0 && bytes.length !== headerBytes;

/** Journals count on: one that counts less, or is another under the same number, does not go on from the one that memory knows. */
const isOtherLine = (known: JournalHeader | undefined, found: JournalHeader | undefined): boolean => {
  if (known === undefined || found === undefined) return false;
  if (found.generation !== known.generation) return found.generation < known.generation;
  return found.base !== known.base || found.imageCrc !== known.imageCrc;
};

const foreignTo = (trail: Trail, records: readonly JournalRecord[]): readonly JournalRecord[] => {
  let last = 0;
  return records.filter((record) => {
    // One whose number is taken is void, as in `replay`.
    if (record.sequence <= last) return false;
    last = record.sequence;
    return !trail.knows(record);
  });
};

/**
 * Fills a database from snapshot and journal, and mends what a crash or damage has left.
 * @returns that the files are behind, with nothing changed, where memory must not be given up for them
 * @throws StoreError when there is a history but none that can be read
 */
export const load = (options: LoadOptions): Loaded | Behind => {
  const { files, disk, mayRepair, held } = options;
  const current = readJournalFile(disk, files.journal);
  const isThere = current !== undefined || disk.stat(files.journal) !== undefined;
  const image = readImage(disk, options.openSqlite, files.image, current?.header);
  const needsPrevious =
    typeof image === 'string' || current?.header === undefined || current.header.base > image.sequence;
  const previous = needsPrevious ? readJournalFile(disk, files.previousJournal) : undefined;
  const base = chooseBase(options, image, current, previous);
  const generation = Math.max(
    current?.header?.generation ?? 0,
    previous?.header?.generation ?? 0,
    typeof base === 'string' ? 0 : base.generation,
  );

  const behind = (isDamaged: boolean, trail: Trail): Behind => {
    const older = previous ?? readJournalFile(disk, files.previousJournal);
    return {
      behind: current === undefined ? (isThere ? 'empty' : 'gone') : isDamaged ? 'damaged' : 'replaced',
      isImageDamaged: image === 'damaged',
      foreign: foreignTo(trail, [...(older?.scan.records ?? []), ...(current?.scan.records ?? [])]),
      generation,
    };
  };
  if (typeof base === 'string') {
    if (held === undefined) throw unreadable(files.folder, base);
    return behind(true, held.trail);
  }

  const records = [...(previous?.scan.records ?? []), ...(current?.scan.records ?? [])];
  const { sequence, applied, isStopped } = replay(base.sqlite, base.sequence, records);
  const currentBase = current?.header?.base ?? 0;
  const newest = records.reduce((most, record) => Math.max(most, record.sequence), currentBase);
  const lost = Math.max(0, newest - sequence);
  const isDamaged =
    current?.header === undefined || current.scan.state === 'damaged' || isStopped || lost > 0;
  if (held !== undefined) {
    const isOther = (record: JournalRecord): boolean =>
      record.sequence <= held.sequence && !held.trail.knows(record);
    if (sequence < held.sequence || applied.some(isOther) || isOtherLine(held.header, current?.header)) {
      base.sqlite.close();
      return behind(isDamaged, held.trail);
    }
  }

  const isNew = base.size === 0 && image === 'missing' && previous === undefined && currentBase === 0;
  const findings: Findings = {
    image: typeof image === 'string' ? image : 'intact',
    needsImage: typeof image === 'string' && !isNew,
    current,
    previous,
    isJournalBroken: current !== undefined && isDamaged,
    applied,
    sequence,
    generation,
    time: options.now(),
  };
  const isAllGone = isNew && current === undefined && (isThere || hasLeftOvers(options));
  const isJournalMissing =
    current === undefined && (isNew ? isAllGone : !isInsideSnapshot(options, base, previous));
  // Without the lock, another window may just have written a snapshot.
  if (isJournalMissing && !mayRepair && !isThere && disk.stat(files.journal) !== undefined) {
    base.sqlite.close();
    return load(options);
  }
  // A crash in the middle of a snapshot leaves no snapshot, but a journal that goes on from the previous one.
  const isImageMissing = findings.needsImage && (currentBase > base.sequence || current === undefined);

  const kept = mayRepair ? mend(disk, files, base.sqlite, findings) : [];
  if (image === 'damaged' || findings.isJournalBroken || isJournalMissing || isImageMissing) {
    const journal = findings.isJournalBroken ? 'damaged' : isThere ? 'empty' : 'missing';
    options.report(
      damageInWords({
        image: findings.image,
        journal: findings.isJournalBroken || isJournalMissing ? journal : 'intact',
        isAllGone,
        lost,
        // Memory knew the journal to its end.
        mayHaveLost:
          held === undefined && (isJournalMissing || (current !== undefined && hidesRecords(current))),
        kept,
        folder: files.folder,
      }),
    );
  }

  const journal = mayRepair ? Journal.open(disk, files.journal) : undefined;
  if (journal !== undefined) journal.offset = disk.stat(files.journal)?.size ?? journal.offset;
  const isContinued = held !== undefined && base.sequence <= held.sequence;
  // Without the lock nothing was acknowledged here, and what is read may change once more.
  const trail = isContinued ? held.trail : new Trail(mayRepair ? base.sequence : sequence);
  trail.add(applied);
  return {
    sqlite: base.sqlite,
    sequence,
    trail,
    header: journal?.header ?? current?.header,
    imageSize: base.size,
    ...(journal === undefined ? {} : { journal }),
  };
};
