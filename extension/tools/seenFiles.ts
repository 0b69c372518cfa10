import { createHash } from 'node:crypto';

/** What the model last knew of a file. */
export interface SeenFile {
  /** `contentHash` of it. */
  readonly hash: string;
  /** Lines of it that were shown, from the first on without a gap. Infinity: all of it. */
  readonly linesShown: number;
}

/** What the model last knew of each file, in one chat. Keys are real paths. */
export interface SeenFiles {
  get(file: string): SeenFile | undefined;
  set(file: string, seen: SeenFile): void;
  delete(file: string): void;
  /** The files, oldest first. */
  keys(): Iterable<string>;
}

export const createSeenFiles = (): SeenFiles => new Map();

export interface ShownLines {
  /** Both from 1, inclusive. */
  readonly first: number;
  readonly last: number;
  /** Lines of the whole file. */
  readonly total: number;
}

/** @param known before these lines of the content with this hash were shown */
export const seenWith = (known: SeenFile | undefined, hash: string, shown: ShownLines): SeenFile => {
  const before = known?.hash === hash ? known.linesShown : 0;
  const linesShown = shown.first <= before + 1 ? Math.max(before, shown.last) : before;
  return { hash, linesShown: linesShown >= shown.total ? Number.POSITIVE_INFINITY : linesShown };
};

/** Of the content without a byte order mark, which editors leave out of a document's text. */
export const contentHash = (content: Uint8Array | string): string => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return createHash('sha256')
    .update(hasMark ? bytes.subarray(3) : bytes)
    .digest('base64');
};
