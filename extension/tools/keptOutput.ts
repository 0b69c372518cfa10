import { formatBytes } from '../core/text.ts';
import { cleanOutput } from './cleanOutput.ts';
import { openSpill, type Spill } from './spill.ts';

const headBytes = 16_000;
const tailBytes = 48_000;
/** Pieces of about this size go to the disk. */
const pieceBytes = 1_000_000;
/** A command that never stops writing must not fill the disk. */
const spillBytes = 200_000_000;

/** The output of a command: its head and tail in memory, and all of it in a file once it is longer than those. */
export interface KeptOutput {
  /** Wait for it before the next chunk: it holds the writer back while the disk is busy. */
  add(chunk: Buffer): Promise<void>;
  /** Everything, or head and tail with a note where the rest is. Cleaned of terminal codes. */
  finish(): Promise<string>;
}

/** A cut may fall into a character: its stray bytes go. */
const decode = (bytes: Buffer, isCutBefore: boolean, isCutAfter: boolean): string => {
  let [start, end] = [0, bytes.length];
  if (isCutBefore) while (start < Math.min(4, end) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  if (isCutAfter) {
    let last = end - 1;
    while (last > end - 4 && last > start && ((bytes[last] ?? 0) & 0xc0) === 0x80) last -= 1;
    if ((bytes[last] ?? 0) >= 0xc0) end = last;
  }
  return bytes.toString('utf8', start, end);
};

/** @param folder where the file goes; made when it is needed */
export const createKeptOutput = (folder: string): KeptOutput => {
  let chunks: Buffer[] = [];
  let kept = 0;
  let total = 0;
  let head: Buffer | undefined;
  let spill: Spill | undefined;
  let spilled = 0;
  let unwritten: Buffer[] = [];
  let unwrittenBytes = 0;
  let spillError: string | undefined;

  const fail = (error: unknown): void => {
    spillError ??= error instanceof Error ? error.message : 'unknown error';
  };

  const flush = async (): Promise<void> => {
    const piece = Buffer.concat(unwritten);
    unwritten = [];
    unwrittenBytes = 0;
    if (spillError === undefined && piece.length > 0) await spill?.handle.appendFile(piece).catch(fail);
  };

  const write = async (chunk: Buffer): Promise<void> => {
    if (spill === undefined || spillError !== undefined || spilled >= spillBytes) return;
    const part = chunk.subarray(0, spillBytes - spilled);
    spilled += part.length;
    unwritten.push(part);
    unwrittenBytes += part.length;
    if (unwrittenBytes >= pieceBytes || unwritten.length >= 1_000) await flush();
  };

  const beginSpill = async (): Promise<void> => {
    const all = Buffer.concat(chunks);
    head = Buffer.from(all.subarray(0, headBytes));
    chunks = [all.subarray(headBytes)];
    kept = all.length - headBytes;
    spill = await openSpill(folder).catch((error: unknown) => {
      fail(error);
      return undefined;
    });
    await write(all);
  };

  /** Only the tail stays; in one piece, so that many small chunks do not add up. */
  const forget = (): void => {
    if (kept < 2 * tailBytes && chunks.length < 256) return;
    const all = Buffer.concat(chunks);
    chunks = [Buffer.from(all.subarray(Math.max(0, all.length - tailBytes)))];
    kept = chunks[0]?.length ?? 0;
  };

  const where = (): string => {
    if (spill === undefined || spillError !== undefined) {
      return `could not be kept (${spillError ?? 'no file'})`;
    }
    const extent = spilled < total ? `its first ${formatBytes(spilled)} are` : 'the whole output is';
    return `${extent} in ${spill.file}, which read_file can read`;
  };

  const addOne = async (chunk: Buffer): Promise<void> => {
    total += chunk.length;
    chunks.push(chunk);
    kept += chunk.length;
    if (head === undefined) {
      if (total > headBytes + tailBytes) await beginSpill();
    } else {
      await write(chunk);
    }
    if (head !== undefined) forget();
  };

  // Where there are two pipes they take turns.
  let queue = Promise.resolve();
  return {
    add: (chunk) => {
      queue = queue.then(() => addOne(chunk));
      return queue;
    },
    finish: async () => {
      await queue;
      const rest = Buffer.concat(chunks);
      if (head === undefined) return cleanOutput(decode(rest, false, false));
      await flush();
      await spill?.handle.close().catch(fail);
      const tail = rest.subarray(Math.max(0, rest.length - tailBytes));
      const left = formatBytes(total - head.length - tail.length);
      const note = `[${left} left out here; ${where()}]`;
      const first = cleanOutput(decode(head, false, true));
      const last = cleanOutput(decode(tail, true, false));
      return `${first.replace(/\n?$/, '\n')}${note}\n${last}`;
    },
  };
};
