import { formatBytes } from '../core/text.ts';
import { SendError } from './types.ts';

/** Longest that a download may take, in milliseconds. */
const timeLimitMs = 120_000;

export const tooLarge = (limit: number): SendError =>
  new SendError(
    'refused',
    `The file is larger than ${formatBytes(limit)}, so it was not fetched. Send a smaller one.`,
  );

/**
 * Reads no further than the limit. What it throws never names the address: the token is in it.
 * @param limit bytes @throws SendError
 */
export const downloadFile = async (
  address: string,
  limit: number,
  signal: AbortSignal,
  fetchFile: typeof fetch,
): Promise<Uint8Array> => {
  const stop = new AbortController();
  const together = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(timeLimitMs)]);
  try {
    const response = await fetchFile(address, { signal: together, redirect: 'error' });
    if (response.status >= 500)
      throw new SendError('unsent', 'Telegram has a problem with the file. Send it again later.');
    if (!response.ok || response.body === null)
      throw new SendError(
        'refused',
        `Telegram does not give out the file (${response.status}). Send it again.`,
      );
    if (Number(response.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body) {
      length += part.byteLength;
      if (length > limit) throw tooLarge(limit);
      parts.push(part);
    }
    return new Uint8Array(Buffer.concat(parts, length));
  } catch (error) {
    if (error instanceof SendError) throw error;
    throw new SendError(
      'unsent',
      'The file could not be fetched from Telegram: the connection broke. Send it again later.',
    );
  } finally {
    stop.abort();
  }
};
