/** Pictures the person pastes or drops, made small enough for every model. */
import { type ImageMediaType, imageDataLimit, imageMediaTypes } from '../extension/shared/message.ts';
import type { DraftImage } from './draft.ts';

/** Providers scale larger pictures down themselves, after they were paid for. In pixels. */
const longEdgeLimit = 1568;

const base64 = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

const encode = async (bitmap: ImageBitmap, longEdge: number, type: ImageMediaType): Promise<string> => {
  const scale = Math.min(1, longEdge / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  );
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return base64(await canvas.convertToBlob({ type, quality: 0.85 }));
};

const mediaTypeOf = (type: string): ImageMediaType | undefined =>
  imageMediaTypes.find((each) => each === type);

/**
 * A picture of at most 1568 pixels on its long edge and `imageDataLimit` base64 characters; one that already is stays
 * byte for byte.
 * @throws Error with a sentence for a person when it cannot be read or made small enough.
 */
export const prepareImage = async (file: File, id: string): Promise<DraftImage> => {
  const name = file.name === '' ? 'Pasted picture' : file.name.slice(0, 200);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${name} could not be read as a picture. Use a PNG, JPEG, GIF or WebP file.`);
  });
  try {
    const type = mediaTypeOf(file.type);
    if (type !== undefined && Math.max(bitmap.width, bitmap.height) <= longEdgeLimit) {
      const data = await base64(file);
      if (data.length <= imageDataLimit) return { id, mediaType: type, data, name };
    }
    // Screenshots stay sharp as PNG; what is still too large then is a photograph.
    for (const [mediaType, longEdge] of [
      ['image/png', longEdgeLimit],
      ['image/jpeg', longEdgeLimit],
      ['image/jpeg', longEdgeLimit / 2],
    ] as const) {
      const data = await encode(bitmap, longEdge, mediaType);
      if (data.length <= imageDataLimit) return { id, mediaType, data, name };
    }
  } finally {
    bitmap.close();
  }
  throw new Error(`${name} is too large to attach.`);
};

export const imageFilesOf = (data: DataTransfer | null): readonly File[] =>
  [...(data?.files ?? [])].filter((file) => file.type.startsWith('image/'));

export const dataUrl = (image: { readonly mediaType: string; readonly data: string }): string =>
  `data:${image.mediaType};base64,${image.data}`;
