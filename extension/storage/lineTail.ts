import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errorCode } from './disk.ts';

const chunkSize = 64 * 1024;

/** A longer line than any event: the file is not what it should be. */
const lineLimit = 256 * 1024 * 1024;

const newline = 0x0a;

/** Reads a file that grows, line by line. A last line without its end waits for the rest. */
export class LineTail {
  readonly #file: string;
  readonly #onLine: (line: string) => void;
  #handle: FileHandle | undefined;
  #offset: number;
  /** Of a line whose end has not come. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #isClosed = false;
  #reading: Promise<void> | undefined;
  #again = false;

  /**
   * @param onLine gets each line once, without its end; may close this
   * @param offset where to begin; the end of a line
   */
  constructor(file: string, onLine: (line: string) => void, offset = 0) {
    this.#file = file;
    this.#onLine = onLine;
    this.#offset = offset;
  }

  /**
   * Resolves once everything that was written before this call has been told.
   * @throws ENOENT while there is no such file
   */
  async read(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#reading !== undefined) {
      // What is under way may have passed the end before this was called.
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Whether the file has been removed; what was in it can still be read. */
  async isGone(): Promise<boolean> {
    try {
      await stat(this.#file);
      return false;
    } catch (error) {
      return errorCode(error) === 'ENOENT';
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Not under a read that is on its way.
    Promise.resolve(this.#reading)
      .catch(() => undefined)
      .then(() => this.#handle?.close())
      .catch(() => undefined);
  }

  async #readAll(): Promise<void> {
    do {
      this.#again = false;
      this.#handle ??= await open(this.#file, constants.O_RDONLY);
      const chunk = Buffer.allocUnsafe(chunkSize);
      while (!this.#isClosed) {
        const { bytesRead } = await this.#handle.read(chunk, 0, chunkSize, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        this.#take(chunk.subarray(0, bytesRead));
      }
    } while (this.#again && !this.#isClosed);
  }

  #take(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      const line = Buffer.concat([...this.#pieces, bytes.subarray(start, end)]).toString('utf8');
      this.#pieces = [];
      this.#pieceBytes = 0;
      start = end + 1;
      this.#onLine(line);
      if (this.#isClosed) return;
    }
    if (start === bytes.length) return;
    // Copied: the chunk is used again.
    this.#pieces.push(Buffer.from(bytes.subarray(start)));
    this.#pieceBytes += bytes.length - start;
    if (this.#pieceBytes > lineLimit) throw new Error(`${this.#file} has a line without an end.`);
  }
}
