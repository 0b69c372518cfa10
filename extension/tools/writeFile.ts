import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted, countLines, dominantEnding, splitLines, toLineFeeds } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { WorkspacePath } from '../core/workspace.ts';
import { countsOf } from './fileDiff.ts';
import { shownLineLength } from './numberedLines.ts';
import type { SeenFile } from './seenFiles.ts';
import { textChange, textStep } from './textStep.ts';
import { editableLimit, readTextFile, type TextFile, type WritingPorts } from './writing.ts';

const input = z.strictObject({
  path: z.string().min(1).describe('File to write. Missing folders are made.'),
  content: z.string().max(editableLimit).describe('The whole new content of the file.'),
});

/** What the file used for its line breaks it goes on using; the byte order mark is kept where it is written. */
const inTheStyleOf = (before: TextFile | undefined, content: string): string => {
  const text = content.replace(/^\ufeff/, '');
  if (before === undefined || text.includes('\r\n')) return text;
  return dominantEnding(before.text) === '\r\n' ? toLineFeeds(text).replaceAll('\n', '\r\n') : text;
};

/** @throws ToolError unless the model was shown all that is about to be replaced */
const refuseUnseen = (target: WorkspacePath, before: TextFile, known: SeenFile | undefined): void => {
  if (known === undefined) {
    throw new ToolError(
      `${target.label} exists already. Read it first, so that nothing in it is lost unseen.`,
    );
  }
  if (known.hash !== before.hash) {
    throw new ToolError(`${target.label} changed since you read it. Nothing was written. Read it again.`);
  }
  if (known.linesShown === Number.POSITIVE_INFINITY) return;
  const next = known.linesShown + 1;
  const isTooLong = (splitLines(before.text)[known.linesShown] ?? '').length > shownLineLength;
  throw new ToolError(
    isTooLong
      ? `Line ${next} of ${target.label} is too long to be shown whole. Use edit_file, or delete_file first.`
      : `Not all of ${target.label} was read. Read it from start_line ${next} on first, so that nothing in it is lost unseen.`,
  );
};

export const createWriteFile = (ports: WritingPorts): Tool =>
  defineTool({
    name: 'write_file',
    description:
      'Makes a new file, or replaces all of an existing one, which must have been read to its end first. To change a part of a file use edit_file.',
    input,
    prepare: async ({ path, content }) => {
      const target = await ports.files.resolve(path);
      if (target.isFolder) throw new ToolError(`${target.label} is a folder.`);
      const before = target.exists ? await readTextFile(ports.files, target) : undefined;
      if (before !== undefined) refuseUnseen(target, before, ports.seen.get(target.file));
      const after = inTheStyleOf(before, content);
      if (after === before?.text) {
        throw new ToolError(`${target.label} has exactly this content already. Nothing was changed.`);
      }
      return textStep(ports, textChange(target, before, after), {
        verb: before === undefined ? 'Create' : 'Overwrite',
        done: ({ text, diff }) => {
          const lines = counted(countLines(text), 'line');
          return before === undefined
            ? `Created ${target.label} (${lines}).`
            : `Wrote ${target.label} (${lines}, ${countsOf(diff)}).`;
        },
      });
    },
  });
