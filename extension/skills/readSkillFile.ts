import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { type ImageKind, imageKindOf } from '../core/imageFile.ts';
import { oneLine, taggedText } from '../core/shownText.ts';
import { decodeText, formatBytes } from '../core/text.ts';
import { type Tool, ToolError, type ToolOutput } from '../core/tool.ts';
import { imageDataLimit } from '../shared/message.ts';
import type { LoadedSkill, SkillFile } from '../shared/skill.ts';
import { skillTaint } from './skillText.ts';
import { currentSkill, type SkillToolPorts } from './toolPorts.ts';

/** Characters of one answer. */
const answerLimit = 64_000;
/** Bytes that are read at all. */
const fileLimit = 10_000_000;
const mostPixels = 8_000;

const findFile = ({ id, files }: LoadedSkill, given: string): SkillFile => {
  const wanted = given.replace(/^(?:\.\/|\/skill\/)/, '');
  const file = files.find((each) => each.path === wanted);
  if (file !== undefined) return file;
  const name = path.posix.basename(wanted);
  const like = files.filter((each) => path.posix.basename(each.path) === name).map((each) => each.path);
  const known = like.length > 0 ? like : files.map((each) => each.path);
  const more = known.length > 30 ? ', …' : '';
  throw new ToolError(
    `The skill ${id} has no file "${oneLine(given)}". It has: ${known.slice(0, 30).map(oneLine).join(', ')}${more}`,
  );
};

/** The bytes that were loaded with the skill, and no others: a link or another file in its place is refused. */
const readBytes = async ({ id, source }: LoadedSkill, file: SkillFile): Promise<Buffer> => {
  if (file.bytes > fileLimit) {
    throw new ToolError(`${file.path} has ${formatBytes(file.bytes)}: too large to read.`);
  }
  const place = path.join(source.folder, ...file.path.split('/'));
  const handle = await open(
    place,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  );
  try {
    const bytes = Buffer.alloc(file.bytes + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    const read = bytes.subarray(0, bytesRead);
    if (createHash('sha256').update(read).digest('hex') !== file.sha256) {
      throw new ToolError(
        `${file.path} of the skill ${id} has changed since it was loaded. Try again in a moment.`,
      );
    }
    return read;
  } finally {
    await handle.close();
  }
};

const imageOutput = (file: SkillFile, kind: ImageKind, bytes: Buffer): ToolOutput => {
  const { mediaType, width = 0, height = 0 } = kind;
  const about = `${file.path}: ${mediaType}, ${formatBytes(bytes.length)}`;
  const data = bytes.toString('base64');
  if (data.length > imageDataLimit || Math.max(width, height) > mostPixels) {
    throw new ToolError(`${about}. It is too large to look at.`);
  }
  return {
    content: [
      { type: 'text', text: about },
      { type: 'image', mediaType, data, name: path.posix.basename(file.path) },
    ],
    isError: false,
    summary: mediaType.slice(6).toUpperCase(),
    diffs: [],
  };
};

const textOutput = (skill: LoadedSkill, file: SkillFile, text: string, offset: number): ToolOutput => {
  if (offset > 0 && offset >= text.length) {
    throw new ToolError(`${file.path} has ${text.length} characters; there is nothing at ${offset}.`);
  }
  const part = text.slice(offset, offset + answerLimit);
  const end = offset + part.length;
  const isWhole = offset === 0 && end === text.length;
  const more = end < text.length ? `; read on with offset ${end}` : '';
  const range = `characters ${offset} to ${end} of ${text.length}`;
  const shown = taggedText('skill_file', { skill: skill.id, path: file.path }, part);
  return {
    content: [{ type: 'text', text: isWhole ? shown : `${shown}\n[${range}${more}]` }],
    isError: false,
    summary: isWhole ? formatBytes(file.bytes) : range,
    diffs: [],
  };
};

const readFile = async (skill: LoadedSkill, file: SkillFile, offset: number): Promise<ToolOutput> => {
  const bytes = await readBytes(skill, file);
  const kind = imageKindOf(bytes);
  if (kind !== undefined) return imageOutput(file, kind, bytes);
  const decoded = decodeText(bytes);
  if (decoded.kind === 'binary') {
    throw new ToolError(
      `${file.path} is a binary file (${formatBytes(file.bytes)}). Only programs of the skill can use it.`,
    );
  }
  return textOutput(skill, file, decoded.text, offset);
};

export const createReadSkillFile = (ports: SkillToolPorts, name: z.ZodType<string>): Tool =>
  defineTool({
    name: 'read_skill_file',
    description: `Reads a file that came with a skill, as use_skill lists them. At most ${answerLimit} characters at once: read on with offset. Shows PNG, JPEG, GIF and WebP images.`,
    input: z.strictObject({
      name,
      path: z.string().min(1).max(1_000).describe("The file, relative to the skill's folder."),
      offset: z.int().min(0).optional().describe('Character to begin at. Default: 0.'),
    }),
    prepare: async ({ name, path: given, offset = 0 }) => {
      const { path: label } = findFile(await currentSkill(ports, name), given);
      const title = oneLine(`${name}/${label}`);
      return {
        title,
        effect: 'read',
        targets: [title],
        access: { paths: [] },
        changes: [],
        run: async () => {
          const skill = await currentSkill(ports, name);
          const output = await readFile(skill, findFile(skill, given), offset);
          const taint = skillTaint(skill);
          return taint === undefined ? output : { ...output, taint };
        },
      };
    },
  });
