import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import { applyEdits } from './applyEdits.ts';
import { countsOf } from './fileDiff.ts';
import { textChange, textStep } from './textStep.ts';
import { readTextFile, type WritingPorts } from './writing.ts';

const input = z.strictObject({
  path: z.string().min(1).describe('File to edit.'),
  edits: z
    .array(
      z.strictObject({
        old_text: z
          .string()
          .describe('Text to replace, exactly as in the file, without line numbers. Must be there once.'),
        new_text: z.string().describe('Text to put in its place. Empty to remove it.'),
        replace_all: z.boolean().optional().describe('Replace every occurrence.'),
      }),
    )
    .min(1)
    .max(100)
    .describe('Applied in order, all or none.'),
});

export const createEditFile = (ports: WritingPorts): Tool =>
  defineTool({
    name: 'edit_file',
    description:
      'Replaces exact pieces of text in a file. Each old_text must be in the file exactly once (or set replace_all); include a few lines around it to make it unique. Line endings are kept. If any edit fails, nothing is changed.',
    input,
    prepare: async ({ path, edits }) => {
      const target = await ports.files.resolve(path);
      if (!target.exists) throw new ToolError(`${target.label} does not exist. Use write_file to make it.`);
      const before = await readTextFile(ports.files, target);
      const known = ports.seen.get(target.file);
      if (known !== undefined && known.hash !== before.hash) {
        throw new ToolError(
          `${target.label} changed since you read it. Nothing was changed. Read it again, then edit.`,
        );
      }
      // Whether a guess matches, and the hint when it does not, would give away what nobody agreed to show.
      if (known === undefined && ports.files.looksSecret(target)) {
        throw new ToolError(
          `${target.label} looks like it holds secrets. Read it first; the person is asked.`,
        );
      }
      const after = applyEdits(
        before.text,
        edits.map((edit) => ({
          oldText: edit.old_text,
          newText: edit.new_text,
          replaceAll: edit.replace_all ?? false,
        })),
      );
      if (after === before.text) {
        throw new ToolError('The edits cancel each other out. Nothing was changed.');
      }
      return textStep(ports, textChange(target, before, after), {
        verb: 'Edit',
        done: ({ diff }) => `${counted(edits.length, 'edit')} made in ${target.label} (${countsOf(diff)}).`,
      });
    },
  });
