import { type JournalRecord, recordCrc } from './journalFormat.ts';

type Numbered = Pick<JournalRecord, 'sequence' | 'bytes'>;

/** Some megabytes at most. What was lost is noticed soon, so older ones are hardly ever asked for. */
const limit = 20_000;

/**
 * Which transactions memory holds, as their checksums. Two files can have different ones under the same number: when a
 * journal was lost, a window that is opened then goes on from the last snapshot, and counts from there.
 */
export class Trail {
  /** Transactions up to this one are taken for known. */
  #base: number;
  readonly #known = new Map<string, number>();

  /** @param base up to which transactions came together with the snapshot */
  constructor(base: number) {
    this.#base = base;
  }

  add(records: readonly Numbered[]): void {
    for (const record of records) this.#known.set(keyOf(record), record.sequence);
    for (const [key, sequence] of this.#known) {
      if (this.#known.size <= limit) break;
      this.#known.delete(key);
      this.#base = Math.max(this.#base, sequence);
    }
  }

  knows(record: Numbered): boolean {
    return record.sequence <= this.#base || this.#known.has(keyOf(record));
  }
}

const keyOf = ({ sequence, bytes }: Numbered): string => `${sequence} ${recordCrc(bytes)}`;
