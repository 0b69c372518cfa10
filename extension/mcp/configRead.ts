/** Reading small files of others: bounded, and never a device or a pipe. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

export const mostConfigBytes = 1_000_000;

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * @returns undefined where there is no such file
 * @throws Error with a reason for people
 */
export const readSmallFile = async (file: string, most = mostConfigBytes): Promise<Buffer | undefined> => {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    },
  );
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error('it is not a file');
    const tooLarge = `it is too large: at most ${most.toLocaleString('en-US')} bytes are read`;
    if (found.size > most) throw new Error(tooLarge);
    // It may grow meanwhile.
    const buffer = Buffer.alloc(most + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > most) throw new Error(tooLarge);
      if (bytesRead === 0) return Buffer.from(buffer.subarray(0, length));
    }
  } finally {
    await handle.close();
  }
};
