/** Lines of a server's output: bounded in length, in number, and in how long the rest of the product waits for them. */
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { redact } from '../core/redact.ts';
import { counted, cutText } from '../core/text.ts';
import { plainText } from './plainText.ts';

export interface Line {
  readonly text: string;
  /** There is more of it than is kept, which is passed over. */
  readonly isCut: boolean;
}

export interface LineSplitter {
  push(chunk: Buffer): Iterable<Line>;
  /** What stands behind the last line break. */
  end(): Iterable<Line>;
}

const lineFeed = 10;

/** Splits at `\n` and `\r\n`. A line over the limit is given as soon as it is. @param mostBytes that are kept of a line */
export const createLineSplitter = (mostBytes: number): LineSplitter => {
  let parts: Buffer[] = [];
  let size = 0;
  let isPassedOver = false;
  const take = (isCut: boolean): Line => {
    const text = Buffer.concat(parts, Math.min(size, mostBytes)).toString('utf8');
    parts = [];
    size = 0;
    return { text: text.endsWith('\r') && !isCut ? text.slice(0, -1) : text, isCut };
  };
  return {
    *push(chunk) {
      for (let from = 0; from < chunk.length; ) {
        const found = chunk.indexOf(lineFeed, from);
        const to = found === -1 ? chunk.length : found;
        if (!isPassedOver && to > from) {
          parts.push(chunk.subarray(from, to));
          size += to - from;
          if (size > mostBytes) {
            isPassedOver = true;
            yield take(true);
          }
        }
        if (found !== -1) {
          if (!isPassedOver) yield take(false);
          isPassedOver = false;
        }
        from = to + 1;
      }
    },
    *end() {
      if (size > 0) yield take(false);
    },
  };
};

/** At most so long in one turn of the event loop, in milliseconds. */
const sliceMs = 5;

/**
 * Hands a stream on line by line, letting everything else have its turn in between; meanwhile the writer waits.
 * Resolves at the end of the stream, or once `isOver`. Never rejects.
 */
export const readLines = async (
  stream: Readable,
  splitter: LineSplitter,
  onLine: (line: Line) => void,
  isOver: () => boolean,
): Promise<void> => {
  let began = performance.now();
  const hand = async (lines: Iterable<Line>): Promise<void> => {
    for (const line of lines) {
      if (isOver()) return;
      onLine(line);
      if (performance.now() - began < sliceMs) continue;
      await nextTurn();
      began = performance.now();
    }
  };
  try {
    for await (const chunk of stream) {
      if (isOver()) return;
      await hand(splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)));
    }
    await hand(splitter.end());
  } catch {
    // The pipe was torn down: its end.
  }
};

const mostCharacters = 2_000;
/** One line as plain text for a log. @param secrets that must not be in it */
export const plainLine = (text: string, secrets: readonly string[]): string => {
  // What a progress bar overwrote is gone, as on a screen.
  let end = text.length;
  while (end > 0 && text[end - 1] === '\r') end -= 1;
  const last = end === 0 ? '' : text.slice(text.lastIndexOf('\r', end - 1) + 1);
  const plain = plainText(last).replaceAll('\n', ' ').trimEnd();
  return cutText(redact(plain, secrets), mostCharacters);
};

export interface LineLog {
  write(text: string): void;
  /** Tells what was left out last. */
  end(): void;
}

/** At most so many lines a second; of the others it is told how many there were. */
export const createLineLog = (
  write: (text: string) => void,
  { perSecond, now }: { readonly perSecond: number; readonly now: () => number },
): LineLog => {
  let since = Number.NEGATIVE_INFINITY;
  let written = 0;
  let leftOut = 0;
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (leftOut > 0) write(`${counted(leftOut, 'line')} left out`);
    leftOut = 0;
  };
  return {
    write: (text) => {
      if (now() - since >= 1_000) {
        tell();
        since = now();
        written = 0;
      }
      written += 1;
      if (written <= perSecond) return write(text);
      leftOut += 1;
      timer ??= setTimeout(tell, 1_000).unref();
    },
    end: tell,
  };
};
