/** What a tool of VS Code answers, as a model reads it. */
import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';
import { imageKindOf } from '../core/imageFile.ts';
import { visibleText } from '../core/shownText.ts';
import { counted, countLines, cutText, formatBytes } from '../core/text.ts';
import type { ToolOutput } from '../core/tool.ts';
import { withoutWindowOrders } from '../core/windowOrders.ts';
import { type ImageBlock, imageDataLimit, type UserBlock } from '../shared/message.ts';

/** Characters that a model gets of one result. */
const textLimit = 100_000;
const mostImages = 10;
/** Vendors refuse larger ones. */
const imagePixelLimit = 8_000;
/** Of a tree of prompt-tsx: parts that are looked at. */
const mostNodes = 20_000;
const mostDepth = 60;

/** Told apart by their form: not every VS Code has all classes. */
const dataPart = z.object({ mimeType: z.string(), data: z.instanceof(Uint8Array) });
const textPart = z.object({ value: z.string() });
const treePart = z.object({ value: z.looseObject({}) });
const resultSchema = z.object({ content: z.array(z.unknown()) });

const plain = (text: string): string =>
  visibleText(stripVTControlCharacters(withoutWindowOrders(text)).replaceAll(/\r\n?/g, '\n')).toWellFormed();

/** The texts of what prompt-tsx makes, in their order; a line break where it says so. */
const textOfTree = (root: unknown): string => {
  let text = '';
  let nodes = 0;
  const walk = (value: unknown, depth: number): void => {
    nodes += 1;
    if (nodes > mostNodes || depth > mostDepth || typeof value !== 'object' || value === null) return;
    const own: unknown = Reflect.get(value, 'text');
    if (typeof own === 'string') {
      text += `${Reflect.get(value, 'lineBreakBefore') ? '\n' : ''}${own}`;
      return;
    }
    const node: unknown = Reflect.get(value, 'node');
    if (node !== undefined) walk(node, depth + 1);
    const children: unknown = Reflect.get(value, 'children');
    if (Array.isArray(children)) for (const child of children) walk(child, depth + 1);
  };
  walk(root, 0);
  return text;
};

const imageOf = (data: Uint8Array): ImageBlock | undefined => {
  const kind = imageKindOf(data);
  if (kind === undefined || Math.max(kind.width ?? 0, kind.height ?? 0) > imagePixelLimit) return undefined;
  const base64 = Buffer.from(data).toString('base64');
  return base64.length > imageDataLimit
    ? undefined
    : { type: 'image', mediaType: kind.mediaType, data: base64 };
};

const isText = (mimeType: string): boolean => /^text\/|\bjson\b|\bxml\b/i.test(mimeType);

const blockOf = (part: unknown, images: number): UserBlock => {
  const say = (text: string): UserBlock => ({ type: 'text', text });
  const data = dataPart.safeParse(part).data;
  if (data !== undefined) {
    const about = `${cutText(plain(data.mimeType), 100)}, ${formatBytes(data.data.length)}`;
    const image = images < mostImages ? imageOf(data.data) : undefined;
    if (image !== undefined) return image;
    if (!isText(data.mimeType)) return say(`[${about}: left out, since a model cannot read it]`);
    return say(plain(new TextDecoder().decode(data.data)));
  }
  const text = textPart.safeParse(part).data;
  if (text !== undefined) return say(plain(text.value));
  const tree = treePart.safeParse(part).data;
  return say(tree === undefined ? '[something that cannot be read]' : plain(textOfTree(tree.value)));
};

/** Head and tail of what is too long. */
const bounded = (text: string): string => {
  if (text.length <= textLimit) return text;
  const half = Math.floor(textLimit / 2);
  const left = counted(text.length - 2 * half, 'character');
  return `${text.slice(0, half)}\n[${left} left out here]\n${text.slice(-half)}`.toWellFormed();
};

/** @param result what `vscode.lm.invokeTool` gave */
export const editorToolOutput = (result: unknown): Omit<ToolOutput, 'taint'> => {
  const parts = resultSchema.safeParse(result).data?.content ?? [];
  const blocks: UserBlock[] = [];
  for (const part of parts) {
    blocks.push(blockOf(part, blocks.filter(({ type }) => type === 'image').length));
  }
  const images = blocks.filter((block) => block.type === 'image');
  const text = blocks
    .flatMap((block) => (block.type === 'text' && block.text !== '' ? [block.text] : []))
    .join('\n\n');
  const summary = [
    ...(text === '' ? [] : [counted(countLines(text), 'line')]),
    ...(images.length === 0 ? [] : [counted(images.length, 'picture')]),
  ].join(', ');
  const said = text === '' && images.length === 0 ? 'The tool answered with nothing.' : bounded(text);
  return {
    content: [...(said === '' ? [] : [{ type: 'text' as const, text: said }]), ...images],
    isError: false,
    summary: summary === '' ? 'nothing' : summary,
    diffs: [],
  };
};
