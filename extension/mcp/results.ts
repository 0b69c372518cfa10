/** What a tool of a server answers, as a model reads it and a person sees it. */
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { reasonOf } from '../core/reasonOf.ts';
import { fencedBlock } from '../core/shownText.ts';
import { counted, countLines, formatBytes } from '../core/text.ts';
import type { ToolOutput } from '../core/tool.ts';
import type { ImageBlock, UserBlock } from '../shared/message.ts';
import { bytesOf, imageOf, safeFileName } from './binaryFile.ts';
import { nameLine, plainText } from './plainText.ts';
import type { McpCallResult, McpContent } from './types.ts';

/** Characters that a model gets of one result; the rest stands in a file. */
export const resultTextLimit = 100_000;
const headLength = 30_000;
const tailLength = 60_000;
/** Pictures that a model gets of one result, and base64 characters of all of them; the rest is saved. */
const mostImages = 10;
const mostImageData = 10_000_000;
const mostFiles = 20;

export interface ResultPorts {
  /** Keeps a long text where `read_file` may read it. @returns the path */
  spill(text: string): Promise<string>;
  /** Keeps a file that was sent. @param name safe, not unique @returns the path */
  saveFile(name: string, bytes: Uint8Array): Promise<string>;
}

type Part = { readonly text: string } | { readonly image: ImageBlock };

/** Of one result, as far as it has been read. */
interface Tally {
  images: number;
  imageData: number;
  files: number;
}

/** What a person opens with a click: nothing else is made a link of. */
const isWebAddress = (uri: string): boolean => /^https?:\/\/[^\s<>]+$/i.test(uri);

const linkText = ({ uri, name, description, mediaType }: McpContent & { type: 'link' }): string => {
  const address = plainText(uri).replaceAll(/\s+/g, '%20').slice(0, 4_000);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase() ?? 'no scheme';
  const shown = (nameLine(name) || 'link').replaceAll(/[[\]\\`<>]/g, ' ');
  const link = isWebAddress(address)
    ? `[${shown} (${scheme})](<${address}>)`
    : `${shown} (${scheme}): \`${address.replaceAll('`', '%60')}\``;
  const type = mediaType === undefined ? '' : ` [${nameLine(mediaType, 100)}]`;
  return `${link}${type}${description === undefined ? '' : ` ${nameLine(description, 500)}`}`;
};

const languageOf = (mediaType: string | undefined): string =>
  /\bjson\b/.test(mediaType ?? '') ? 'json' : mediaType === 'text/markdown' ? 'markdown' : '';

/** The resource's text between fences that it cannot end. */
const resourceText = (uri: string, mediaType: string | undefined, text: string): string => {
  const type = mediaType === undefined ? '' : ` (${nameLine(mediaType, 100)})`;
  return `Resource ${nameLine(uri, 1_000)}${type}:\n${fencedBlock(plainText(text), languageOf(mediaType))}`;
};

const saved = async (
  what: string,
  hint: string,
  mediaType: string | undefined,
  bytes: Buffer,
  tally: Tally,
  ports: ResultPorts,
): Promise<Part> => {
  const about = `${what}, ${nameLine(mediaType ?? 'of an unknown type', 100)}, ${formatBytes(bytes.length)}`;
  if (tally.files >= mostFiles) return { text: `[${about}: left out, since there are so many]` };
  tally.files += 1;
  try {
    const file = await ports.saveFile(safeFileName(hint, mediaType), bytes);
    // The link is for people; models read where it lies.
    return { text: `[${about}](${pathToFileURL(file).href}), saved as ${file}` };
  } catch (error) {
    return { text: `[${about}: it could not be saved: ${reasonOf(error)}]` };
  }
};

const binary = async (
  what: 'picture' | 'sound' | 'file',
  hint: string,
  content: { readonly mediaType?: string; readonly data: string },
  tally: Tally,
  ports: ResultPorts,
): Promise<Part> => {
  const { data, mediaType } = content;
  const bytes = bytesOf(data);
  if (bytes === undefined) return { text: `[${what}: it could not be read, since it is no base64]` };
  const image = what === 'sound' ? undefined : imageOf(bytes);
  const fits =
    image !== undefined && tally.images < mostImages && tally.imageData + image.data.length <= mostImageData;
  if (!fits) return saved(what, hint, image?.mediaType ?? mediaType, bytes, tally, ports);
  tally.images += 1;
  tally.imageData += image.data.length;
  return { image };
};

const partOf = async (content: McpContent, tool: string, tally: Tally, ports: ResultPorts): Promise<Part> => {
  switch (content.type) {
    case 'text':
      return { text: plainText(content.text) };
    case 'image':
      return binary('picture', tool, content, tally, ports);
    case 'audio':
      return binary('sound', tool, content, tally, ports);
    case 'link':
      return { text: linkText(content) };
    case 'resource': {
      const { uri, mediaType, text, data } = content;
      if (text !== undefined) return { text: resourceText(uri, mediaType, text) };
      const file = { data: data ?? '', ...(mediaType === undefined ? {} : { mediaType }) };
      const about = { text: `Resource ${nameLine(uri, 1_000)}:` };
      const part = await binary('file', uri, file, tally, ports);
      return 'image' in part ? part : { text: `${about.text} ${part.text}` };
    }
  }
};

const isJsonOf = (text: string, value: unknown): boolean => {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    return isDeepStrictEqual(JSON.parse(text), value);
  } catch {
    return false;
  }
};

/** The structured content where no text says the same, and what is wrong with it. */
const structuredParts = ({ content, structured, structuredProblem }: McpCallResult): readonly Part[] => {
  const isSaid =
    structured === undefined ||
    content.some((each) => each.type === 'text' && isJsonOf(each.text, structured));
  return [
    ...(isSaid ? [] : [{ text: fencedBlock(plainText(JSON.stringify(structured, undefined, 2)), 'json') }]),
    ...(structuredProblem === undefined ? [] : [{ text: `[${nameLine(structuredProblem, 500)}]` }]),
  ];
};

/** The text parts as they are, or their head and tail with where the whole is. */
const within = async (parts: readonly Part[], ports: ResultPorts): Promise<readonly Part[]> => {
  const texts = parts.flatMap((part) => ('text' in part ? [part.text] : []));
  const whole = texts.join('\n\n');
  if (whole.length <= resultTextLimit) return parts;
  const where = await ports.spill(whole).then(
    (file) => `the whole text is in ${file}, which read_file can read`,
    (error: unknown) => `the whole text could not be kept: ${reasonOf(error)}`,
  );
  const left = whole.length - headLength - tailLength;
  const note = `[${counted(left, 'character')} left out here; ${where}]`;
  const [head, tail] = [whole.slice(0, headLength), whole.slice(-tailLength)].map((text) =>
    text.toWellFormed(),
  );
  return [{ text: `${head}\n${note}\n${tail}` }, ...parts.filter((part) => 'image' in part)];
};

const summaryOf = (parts: readonly Part[], { isError }: McpCallResult): string => {
  if (isError) return 'error';
  const text = parts.flatMap((part) => ('text' in part ? [part.text] : [])).join('\n');
  const images = parts.filter((part) => 'image' in part).length;
  const lines = text.trim() === '' ? [] : [counted(countLines(text), 'line')];
  return [...lines, ...(images === 0 ? [] : [counted(images, 'picture')])].join(', ') || 'empty';
};

const blockOf = (part: Part): UserBlock => ('text' in part ? { type: 'text', text: part.text } : part.image);

/** @param tool the name that files are called by which have none */
export const outputOf = async (
  tool: string,
  result: McpCallResult,
  ports: ResultPorts,
): Promise<Omit<ToolOutput, 'taint'>> => {
  const tally: Tally = { images: 0, imageData: 0, files: 0 };
  const parts: Part[] = [];
  // In turn: the bounds hold for all of them together.
  for (const content of result.content) parts.push(await partOf(content, tool, tally, ports));
  parts.push(...structuredParts(result));
  const filled = parts.filter((part) => 'image' in part || part.text.trim() !== '');
  const shown = await within(filled, ports);
  const empty = result.isError ? '(The tool failed and said nothing.)' : '(The tool answered nothing.)';
  return {
    content: shown.length === 0 ? [{ type: 'text', text: empty }] : shown.map(blockOf),
    isError: result.isError,
    summary: summaryOf(filled, result),
    diffs: [],
  };
};
