import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { type ImageKind, imageKindOf } from '../core/imageFile.ts';
import { decodeText, formatBytes, splitLines } from '../core/text.ts';
import { type PreparedStep, type Tool, ToolError, type ToolOutput } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import { contentAccess } from './access.ts';
import { type NumberedLines, numberLines, shownLineLimit } from './numberedLines.ts';
import { contentHash, type SeenFiles, seenWith } from './seenFiles.ts';
import { isSpillFile, readSpillLines } from './spill.ts';
import { editableLimit, fullName } from './writing.ts';

/** What every provider takes: 3.75 MB are 5 MB in base64. A larger picture would spoil the whole chat. */
const imageByteLimit = 3_750_000;
const imagePixelLimit = 8_000;

const input = z
  .strictObject({
    path: z.string().min(1).describe('File to read.'),
    start_line: z.int().min(1).optional().describe('First line to read, from 1.'),
    end_line: z.int().min(1).optional().describe('Last line to read, inclusive.'),
  })
  .refine(({ start_line, end_line }) => (end_line ?? Number.POSITIVE_INFINITY) >= (start_line ?? 1), {
    message: 'end_line is before start_line',
  });

type Input = z.infer<typeof input>;

export interface ReadFilePorts {
  readonly files: WorkspaceFiles;
  readonly seen: SeenFiles;
  /** Where run_command puts long outputs. */
  readonly spillFolder: string;
}

const textOutput = (
  name: string,
  { text, last }: NumberedLines,
  totalLines: number,
  { start_line: first = 1, end_line: wanted }: Input,
  notes: readonly string[],
): ToolOutput => {
  if (totalLines === 0) {
    const content = [{ type: 'text' as const, text: '(empty file)' }];
    return { content, isError: false, summary: 'empty', diffs: [] };
  }
  if (first > totalLines) throw new ToolError(`${name} has ${totalLines} lines; there is no line ${first}.`);
  const isCut = last < Math.min(wanted ?? totalLines, totalLines);
  const range = `lines ${first}-${last} of ${totalLines}`;
  const more = isCut
    ? [`[${range}; read on with start_line ${last + 1}]`]
    : last < totalLines || first > 1
      ? [`[${range}]`]
      : [];
  const content = [{ type: 'text' as const, text: [text, ...notes, ...more].join('\n') }];
  return { content, isError: false, summary: range, diffs: [] };
};

const imageOutput = (name: string, kind: ImageKind, bytes: Uint8Array): ToolOutput => {
  const { mediaType, width, height } = kind;
  const pixels = width === undefined || height === undefined ? '' : `, ${width} x ${height} pixels`;
  const about = `${name}: ${mediaType}, ${formatBytes(bytes.length)}${pixels}`;
  if (bytes.length > imageByteLimit) {
    throw new ToolError(`${about}. It is too large to look at; make a copy of at most 3.75 MB first.`);
  }
  if (Math.max(width ?? 0, height ?? 0) > imagePixelLimit) {
    throw new ToolError(`${about}. Make a copy of at most ${imagePixelLimit} pixels a side first.`);
  }
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return {
    content: [
      { type: 'text', text: about },
      { type: 'image', mediaType, data, name },
    ],
    isError: false,
    summary: `${mediaType.slice(6).toUpperCase()}${pixels}`,
    diffs: [],
  };
};

const readTarget = async (ports: ReadFilePorts, target: WorkspacePath, call: Input): Promise<ToolOutput> => {
  const { bytes, isUnsaved } = await ports.files.read(target, editableLimit);
  const kind = imageKindOf(bytes);
  if (kind !== undefined) return imageOutput(target.label, kind, bytes);
  const decoded = decodeText(bytes);
  if (decoded.kind === 'binary') {
    throw new ToolError(`${target.label} is a binary file (${formatBytes(bytes.length)}).`);
  }
  const lines = splitLines(decoded.text);
  const notes = [
    ...(isUnsaved ? ['[unsaved text from the editor]'] : []),
    ...(decoded.exact ? [] : ['[not UTF-8: some characters may be shown wrong]']),
  ];
  const first = call.start_line ?? 1;
  const shown = numberLines(lines.slice(first - 1, call.end_line), first);
  const output = textOutput(target.label, shown, lines.length, call, notes);
  const known = ports.seen.get(target.file);
  const range = { first, last: shown.lastWhole, total: lines.length };
  ports.seen.set(target.file, seenWith(known, contentHash(bytes), range));
  return output;
};

const spillStep = (file: string, call: Input): PreparedStep => ({
  title: `earlier output${call.start_line === undefined ? '' : ` from line ${call.start_line}`}`,
  effect: 'read',
  targets: [file],
  access: { paths: [{ label: file, file, root: '', below: '', kind: 'read' }] },
  changes: [],
  run: async (signal) => {
    const first = call.start_line ?? 1;
    const last = Math.min(call.end_line ?? Number.POSITIVE_INFINITY, first + shownLineLimit);
    const { lines, totalLines } = await readSpillLines(file, first, last, signal);
    return textOutput('The output', numberLines(lines, first), totalLines, call, []);
  },
});

const titleOf = (label: string, { start_line, end_line }: Input): string =>
  start_line === undefined && end_line === undefined
    ? label
    : `${label}:${start_line ?? 1}-${end_line ?? ''}`;

export const createReadFile = (ports: ReadFilePorts): Tool =>
  defineTool({
    name: 'read_file',
    description: `Reads a file. Each line comes as its number, a tab and its text; the number and tab are not part of the file. At most ${shownLineLimit} lines or 256 KB at once: read on with start_line. Shows PNG, JPEG, GIF and WebP images. Sees text that is not saved yet in the editor.`,
    input,
    prepare: async (call) => {
      if (isSpillFile(ports.spillFolder, call.path)) return spillStep(call.path, call);
      const target = await ports.files.resolve(call.path);
      if (!target.exists) throw new ToolError(`${target.label} does not exist.`);
      if (target.isFolder) throw new ToolError(`${target.label} is a folder. Use list_directory.`);
      const step: PreparedStep = {
        title: titleOf(target.label, call),
        effect: 'read',
        targets: [target.label],
        access: contentAccess(ports.files, target),
        changes: [],
        run: async () => readTarget(ports, target, call),
      };
      if (!ports.files.looksSecret(target)) return step;
      const approval = {
        title: `Read ${target.label}?`,
        detail: `${fullName(target)}\nIts text is sent to the model's provider.`,
        diffs: [],
      };
      return { ...step, approval };
    },
  });
