/** What tools, resources and prompts give, as parts that are known, within bounds. */
import * as z from 'zod';
import { formatBytes } from '../core/text.ts';
import type { McpContent } from './types.ts';

/** Characters of one answer. */
export const textLimit = 10_000_000;
/** Bytes of one picture, sound or file. */
export const binaryLimit = 10_000_000;
/** Parts of one answer. */
export const partLimit = 1_000;

const typeSchema = z.object({ type: z.string() });
const textSchema = z.object({ type: z.literal('text'), text: z.string() });
const mediaSchema = z.object({ type: z.enum(['image', 'audio']), data: z.string(), mimeType: z.string() });
const linkSchema = z.object({
  type: z.literal('resource_link'),
  uri: z.string(),
  name: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  mimeType: z.string().optional().catch(undefined),
});
const bodySchema = z.object({
  uri: z.string(),
  mimeType: z.string().optional().catch(undefined),
  text: z.string().optional(),
  blob: z.string().optional(),
});
const embeddedSchema = z.object({ type: z.literal('resource'), resource: bodySchema });

/** How much of one answer may still be taken. */
export interface Room {
  text: number;
}
export const createRoom = (): Room => ({ text: textLimit });

const note = (text: string): McpContent => ({ type: 'text', text: `[${text}]` });

const fitting = (text: string, room: Room): string => {
  const kept = text.slice(0, room.text);
  room.text -= kept.length;
  if (kept.length === text.length) return text;
  return `${kept}\n[${text.length - kept.length} more characters of this answer were left out: it is too long.]`;
};

/** @returns canonical base64, or why there is none */
const binary = (data: string, what: string): { readonly data: string } | { readonly problem: string } => {
  // Four characters stand for three bytes; white space may lie between.
  if (data.length > binaryLimit * 1.5) {
    return {
      problem: `${what} of about ${formatBytes(Math.floor(data.length * 0.75))} was left out: it is too large`,
    };
  }
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > binaryLimit) {
    return { problem: `${what} of ${formatBytes(bytes.length)} was left out: it is too large` };
  }
  if (bytes.length === 0 && data.trim() !== '') return { problem: `${what} was left out: it is not base64` };
  return { data: bytes.toString('base64') };
};

const typeName = (type: string): string => (/^[\w./+-]{1,100}$/.test(type) ? type : 'of an unknown type');

const resourceOf = (body: z.infer<typeof bodySchema>, room: Room): McpContent => {
  const mediaType = body.mimeType === undefined ? {} : { mediaType: body.mimeType };
  if (body.text !== undefined) {
    return { type: 'resource', uri: body.uri, ...mediaType, text: fitting(body.text, room) };
  }
  if (body.blob === undefined) return note(`the resource ${body.uri.slice(0, 500)} came without content`);
  const read = binary(body.blob, `the resource ${body.uri.slice(0, 500)}`);
  return 'problem' in read
    ? note(read.problem)
    : { type: 'resource', uri: body.uri, ...mediaType, data: read.data };
};

const byType: Readonly<Record<string, (raw: unknown, room: Room) => McpContent | undefined>> = {
  text: (raw, room) => {
    const part = textSchema.safeParse(raw).data;
    return part === undefined ? undefined : { type: 'text', text: fitting(part.text, room) };
  },
  image: (raw) => mediaOf(raw),
  audio: (raw) => mediaOf(raw),
  resource_link: (raw) => {
    const part = linkSchema.safeParse(raw).data;
    if (part === undefined) return undefined;
    const { uri, description, mimeType } = part;
    return {
      type: 'link',
      uri,
      name: part.title ?? part.name ?? uri,
      ...(description === undefined ? {} : { description }),
      ...(mimeType === undefined ? {} : { mediaType: mimeType }),
    };
  },
  resource: (raw, room) => {
    const part = embeddedSchema.safeParse(raw).data;
    return part === undefined ? undefined : resourceOf(part.resource, room);
  },
};

const mediaOf = (raw: unknown): McpContent | undefined => {
  const part = mediaSchema.safeParse(raw).data;
  if (part === undefined) return undefined;
  const read = binary(part.data, part.type === 'image' ? 'a picture' : 'a sound');
  if ('problem' in read) return note(read.problem);
  return { type: part.type, mediaType: part.mimeType, data: read.data };
};

/** A part of a known kind as it is; of anything else a text that says so. */
export const readContent = (raw: unknown, room: Room): McpContent => {
  const type = typeSchema.safeParse(raw).data?.type;
  if (type === undefined) return note('a part of the answer has no type and was left out');
  const read = Object.hasOwn(byType, type) ? byType[type] : undefined;
  if (read === undefined)
    return note(`a part of the type ${typeName(type)} was left out: it is not known here`);
  return read(raw, room) ?? note(`a part of the type ${type} was left out: it is malformed`);
};

/** @returns the parts of an answer; one that is no list counts as one part */
export const readContents = (raw: unknown, room: Room): McpContent[] => {
  if (raw === undefined || raw === null) return [];
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const parts = list.slice(0, partLimit).map((part) => readContent(part, room));
  if (list.length > partLimit) parts.push(note(`${list.length - partLimit} more parts were left out`));
  return parts;
};

/** Of `resources/read`. */
export const readResourceBodies = (raw: unknown, room: Room): McpContent[] => {
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [];
  return list.slice(0, partLimit).map((item) => {
    const body = bodySchema.safeParse(item).data;
    return body === undefined
      ? note('a part of the resource was left out: it is malformed')
      : resourceOf(body, room);
  });
};
