import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { StorageFinding } from '../core/storageReport.ts';
import { type CheckOptions, type Said, said } from './checking.ts';
import type { Disk } from './disk.ts';
import { storeFiles } from './files.ts';
import { readImage } from './image.ts';
import { readJournalFile } from './journal.ts';
import type { JournalHeader } from './journalFormat.ts';
import { bytesInWords, counted } from './storageWords.ts';

export type ImageState = 'intact' | 'missing' | 'damaged';

/** @param journal header of the journal that was begun with it */
export const imageState = (
  { disk, openSqlite }: Pick<CheckOptions, 'disk' | 'openSqlite'>,
  file: string,
  journal: JournalHeader | undefined,
): ImageState => {
  if (journal !== undefined && journal.imageBytes > 0) {
    const bytes = disk.readFile(file);
    if (bytes === undefined) return 'missing';
    if (bytes.length === journal.imageBytes && crc32(bytes) === journal.imageCrc) return 'intact';
  }
  const image = readImage(disk, openSqlite, file, journal);
  if (typeof image === 'string') return image;
  image.sqlite.close();
  return 'intact';
};

const size = (disk: Disk, file: string): string => bytesInWords(disk.stat(file)?.size ?? 0);

const tries = 5;

/** Snapshots and journal as they lie on disk. Another window may be writing them just now: then they are read again. */
export const checkFiles = async (options: CheckOptions): Promise<readonly Said[]> => {
  const { disk, folder } = options;
  const files = storeFiles(folder);
  for (let attempt = 1; ; attempt += 1) {
    const journal = readJournalFile(disk, files.journal);
    const previousJournal = readJournalFile(disk, files.previousJournal);
    const image = imageState(options, files.image, journal?.header);
    await delay(1);
    const previous = imageState(options, files.previousImage, previousJournal?.header);
    const isSame = readJournalFile(disk, files.journal)?.header?.generation === journal?.header?.generation;
    const isWhole = journal?.scan.state === 'clean' && image !== 'damaged' && previous !== 'damaged';
    if ((!isSame || !isWhole) && attempt < tries) {
      await delay(100);
      continue;
    }
    const isNew = (journal?.header?.base ?? 0) === 0;
    const records = counted(journal?.scan.records.length ?? 0, 'change');
    return [
      said(
        image === 'missing' && isNew
          ? 'Snapshot: none yet'
          : `Snapshot: ${size(disk, files.image)}, ${image}`,
        ...imageFindings(files.image, image, isNew),
      ),
      said(
        previous === 'missing'
          ? 'Previous snapshot: none yet'
          : `Previous snapshot: ${size(disk, files.previousImage)}, ${previous}`,
        ...(previous === 'damaged'
          ? [
              {
                severity: 'problem' as const,
                text: `The previous snapshot (${files.previousImage}) is damaged. The one in use does not need it; it would be needed if that one were damaged as well. A new pair can be written from what is in memory; the damaged file is kept beside.`,
                repair: 'snapshot' as const,
              },
            ]
          : []),
      ),
      said(
        `Journal: ${records} since the snapshot, ${size(disk, files.journal)}, ${journal === undefined ? 'missing' : journal.header === undefined ? 'damaged' : journal.scan.state === 'clean' ? 'intact' : journal.scan.state}`,
        ...journalFindings(
          files.journal,
          journal === undefined ? 'missing' : journal.header === undefined ? 'damaged' : journal.scan.state,
        ),
      ),
    ];
  }
};

const imageFindings = (file: string, state: ImageState, isNew: boolean): readonly StorageFinding[] => {
  if (state === 'intact' || (state === 'missing' && isNew)) return [];
  return [
    {
      severity: 'problem',
      text: `The snapshot (${file}) is ${state}. Everything that it held is in memory, so nothing is lost as long as this window stays open; after that, it would be restored from the previous snapshot. A new one can be written now${state === 'damaged' ? '; the damaged file is kept beside' : ''}.`,
      repair: 'snapshot',
    },
  ];
};

const journalFindings = (
  file: string,
  state: 'clean' | 'torn' | 'damaged' | 'missing',
): readonly StorageFinding[] => {
  switch (state) {
    case 'clean':
      return [];
    case 'torn':
      return [
        {
          severity: 'note',
          text: 'The journal ends in the middle of a change, as a crash leaves it: nobody was told that this change was saved. It is cut off with the next one.',
        },
      ];
    case 'damaged':
    case 'missing':
      return [
        {
          severity: 'problem',
          text: `The journal (${file}) is ${state}. Everything that it held is in memory, so nothing is lost as long as this window stays open. A new snapshot keeps all of it, and begins a new journal.`,
          repair: 'snapshot',
        },
      ];
  }
};
