/** Pictures, sounds and files that servers send, in base64. */
import { imageKindOf } from '../core/imageFile.ts';
import { type ImageBlock, imageDataLimit } from '../shared/message.ts';

/** Vendors refuse larger ones, and with them the whole request. */
const imagePixelLimit = 8_000;

/** By the type a file says it has, and never by its name: a server is not to choose what opens it. */
const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/tiff': 'tiff',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/mp4': 'm4a',
  'audio/ogg': 'ogg',
  'audio/flac': 'flac',
  'audio/webm': 'webm',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/gzip': 'gz',
  'application/x-gzip': 'gz',
  'application/json': 'json',
  'text/plain': 'txt',
  'text/csv': 'csv',
};

/** `image/png; q=1` is `image/png`. */
const plainType = (mediaType: string | undefined): string =>
  (mediaType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/**
 * A name for a file of this content, safe on every system.
 * @param hint a name, or a URI of which the last part counts
 */
export const safeFileName = (hint: string, mediaType: string | undefined): string => {
  const last =
    hint
      .slice(-2_000)
      .replace(/[?#].*$/s, '')
      .replace(/[/\\]+$/, '')
      .split(/[/\\:]/)
      .at(-1) ?? '';
  const stem = last
    .replace(/\.[A-Za-z0-9]{1,8}$/, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  const type = plainType(mediaType);
  // Windows has devices of these names.
  const isTaken = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(stem);
  return `${stem === '' || isTaken ? 'file' : stem}.${Object.hasOwn(extensions, type) ? extensions[type] : 'bin'}`;
};

/** @returns undefined where the text is no base64 */
export const bytesOf = (data: string): Buffer | undefined => {
  const text = data.replaceAll(/\s+/g, '');
  return text !== '' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
};

/**
 * The picture as models take it, by its bytes and not by what it says it is: a vendor that finds something else refuses
 * the whole chat.
 * @returns undefined where it is none, or too large
 */
export const imageOf = (bytes: Buffer, name?: string): ImageBlock | undefined => {
  const kind = imageKindOf(bytes);
  if (kind === undefined) return undefined;
  const { mediaType, width, height } = kind;
  if (Math.max(width ?? 0, height ?? 0) > imagePixelLimit) return undefined;
  const data = bytes.toString('base64');
  if (data.length > imageDataLimit) return undefined;
  return { type: 'image', mediaType, data, ...(name === undefined ? {} : { name }) };
};
