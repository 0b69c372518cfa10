import type { ImageMediaType } from '../shared/message.ts';

export interface ImageKind {
  readonly mediaType: ImageMediaType;
  /** Pixels; undefined where the header is not understood. */
  readonly width: number | undefined;
  readonly height: number | undefined;
}

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, to));

/** The size stands in the start-of-frame segment, somewhere after the metadata. */
const jpegSize = (view: DataView): { width: number; height: number } | undefined => {
  let offset = 2;
  while (offset + 9 < view.byteLength) {
    if (view.getUint8(offset) !== 0xff) return undefined;
    const marker = view.getUint8(offset + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    // Fill bytes and markers without a length.
    const isBare = marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    offset += isBare ? (marker === 0xff ? 1 : 2) : 2 + view.getUint16(offset + 2);
  }
  return undefined;
};

const webpSize = (bytes: Uint8Array, view: DataView): { width: number; height: number } | undefined => {
  if (bytes.length < 30) return undefined;
  const chunk = ascii(bytes, 12, 16);
  const threeBytes = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  if (chunk === 'VP8X') return { width: threeBytes(24) + 1, height: threeBytes(27) + 1 };
  if (chunk === 'VP8 ') {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (chunk !== 'VP8L') return undefined;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
};

/** By the first bytes, whatever the name says. Undefined for anything but the four kinds that models take. */
export const imageKindOf = (bytes: Uint8Array): ImageKind | undefined => {
  if (bytes.length < 12) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unknown = { width: undefined, height: undefined };
  if (ascii(bytes, 1, 4) === 'PNG' && bytes[0] === 0x89) {
    const size = bytes.length < 24 ? unknown : { width: view.getUint32(16), height: view.getUint32(20) };
    return { mediaType: 'image/png', ...size };
  }
  if (/^GIF8[79]a/.test(ascii(bytes, 0, 6))) {
    return { mediaType: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) {
    return { mediaType: 'image/jpeg', ...(jpegSize(view) ?? unknown) };
  }
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') {
    return { mediaType: 'image/webp', ...(webpSize(bytes, view) ?? unknown) };
  }
  return undefined;
};
