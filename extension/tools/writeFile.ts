import * as z from 'zod';
import { type Tool, ToolError } from '../core/tool.ts';
import { defineTool } from './defineTool.ts';
import { countsOf, fileDiff } from './fileDiff.ts';
import { counted, countLines, dominantEnding, toLineFeeds } from './text.ts';
import {
  approvalFor,
  changeLine,
  editableLimit,
  editGrant,
  readTextFile,
  reviewOf,
  type TextChange,
  type TextFile,
  type WritingPorts,
  writeChange,
} from './writing.ts';

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

export const createWriteFile = (ports: WritingPorts): Tool =>
  defineTool({
    name: 'write_file',
    description:
      'Makes a new file, or replaces all of an existing one, which must have been read first. To change a part of a file use edit_file.',
    input,
    prepare: async ({ path, content }) => {
      const target = await ports.files.resolve(path);
      if (target.isFolder) throw new ToolError(`${target.label} is a folder.`);
      const before = target.exists ? await readTextFile(ports.files, target) : undefined;
      const known = ports.seen.get(target.file);
      if (before !== undefined && known !== before.hash) {
        throw new ToolError(
          known === undefined
            ? `${target.label} exists already. Read it first, so that nothing in it is lost unseen.`
            : `${target.label} changed since you read it. Nothing was written. Read it again.`,
        );
      }
      const after = inTheStyleOf(before, content);
      if (after === before?.text) {
        throw new ToolError(`${target.label} has exactly this content already. Nothing was changed.`);
      }
      const diff = fileDiff({ path: target.label, before: before?.text, after });
      const change: TextChange = { target, before, after, diff };
      return {
        title: target.label,
        effect: 'write',
        targets: [target.label],
        approval: approvalFor(ports.files, {
          title: `${before === undefined ? 'Create' : 'Overwrite'} ${target.label}?`,
          detail: changeLine(change),
          diffs: [diff],
          grant: editGrant,
          targets: [target],
        }),
        changes: [reviewOf(change)],
        run: async (signal) => {
          await writeChange(ports, change, signal);
          const lines = counted(countLines(after), 'line');
          const done =
            before === undefined
              ? `Created ${target.label} (${lines}).`
              : `Wrote ${target.label} (${lines}, ${countsOf(diff)}).`;
          return {
            content: [{ type: 'text', text: done }],
            isError: false,
            summary: before === undefined ? `created, ${lines}` : countsOf(diff),
            diffs: [diff],
          };
        },
      };
    },
  });
