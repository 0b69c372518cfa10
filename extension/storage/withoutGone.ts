import { gonePicture, goneText } from '../core/goneContent.ts';

/** Stands for a string whose file is gone, until it is known what the string was of. */
export const gone: unique symbol = Symbol('gone');

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const hasGone = (value: unknown): boolean =>
  value === gone || (isObject(value) && Object.values(value).some(hasGone));

/** Blocks that can hold data for their provider, which is valid only together with the whole block. */
const replayed: readonly unknown[] = ['text', 'thinking', 'toolCall'];

/** The value with what can be said in the place of what is gone, so that it is valid wherever it goes. */
export const withoutGone = (value: unknown): unknown => {
  if (value === gone) return goneText;
  if (Array.isArray(value)) return value.map(withoutGone);
  if (!isObject(value)) return value;
  if (value.type === 'image' && value.data === gone) {
    return gonePicture(typeof value.name === 'string' ? value.name : undefined);
  }
  const dropsReplay = replayed.includes(value.type) && 'replay' in value && hasGone(value);
  const kept = Object.entries(value).filter(([key]) => !(dropsReplay && key === 'replay'));
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutGone(each)]));
};
