import { createHash } from 'node:crypto';

/** What the model last knew of each file, in one chat. Keys are real paths, values are `contentHash`es. */
export interface SeenFiles {
  get(file: string): string | undefined;
  set(file: string, hash: string): void;
  delete(file: string): void;
}

export const createSeenFiles = (): SeenFiles => new Map();

/** Of the content without a byte order mark, which editors leave out of a document's text. */
export const contentHash = (content: Uint8Array | string): string => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return createHash('sha256')
    .update(hasMark ? bytes.subarray(3) : bytes)
    .digest('base64');
};
