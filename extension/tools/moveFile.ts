import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { FileDiff } from '../shared/event.ts';
import { changeAccess } from './access.ts';
import { refuseLink, type WritingPorts } from './writing.ts';

const input = z.strictObject({
  from: z.string().min(1).describe('File or folder to move.'),
  to: z.string().min(1).describe('Its new path, name included. Must not exist; missing folders are made.'),
});

export const createMoveFile = ({ files, seen }: WritingPorts): Tool =>
  defineTool({
    name: 'move_file',
    description: 'Moves or renames a file or folder inside the workspace. Never overwrites.',
    input,
    prepare: async (call) => {
      const from = await files.resolve(call.from);
      const to = await files.resolve(call.to);
      if (!from.exists) throw new ToolError(`${from.label} does not exist.`);
      refuseLink(from);
      if (from.file === to.file) throw new ToolError('Both paths are the same file. Nothing was moved.');
      if (to.exists && to.file.toLowerCase() !== from.file.toLowerCase()) {
        throw new ToolError(`${to.label} exists already. Nothing was moved.`);
      }
      if (from.isFolder && to.file.startsWith(`${from.file}/`)) {
        throw new ToolError('A folder cannot be moved into itself.');
      }
      const held = await files.movedBecause(from, to);
      const diff: FileDiff = {
        path: from.label,
        kind: 'moved',
        movedTo: to.label,
        added: 0,
        removed: 0,
        patch: '',
        omittedLines: 0,
      };
      return {
        title: `${from.label} to ${to.label}`,
        effect: 'write',
        targets: [from.label, to.label],
        access: changeAccess(files, 'move', [from, to], held),
        approval: {
          title: `Move ${from.label}?`,
          detail: `From: ${from.label}${from.isFolder ? ' (a folder with all it holds)' : ''}\nTo: ${to.label}`,
          diffs: [diff],
        },
        changes: [],
        run: async (signal) => {
          // It may hold something else by now than when it was asked, or not asked, about.
          const now = await files.movedBecause(from, to);
          if (now !== undefined && now !== held) {
            throw new ToolError(
              `${from.label} changed since this step was proposed: ${now}. Nothing was moved. Propose it again.`,
            );
          }
          signal.throwIfAborted();
          await files.move(from, to);
          const known = seen.get(from.file);
          seen.delete(from.file);
          if (known !== undefined) seen.set(to.file, known);
          return {
            content: [{ type: 'text', text: `Moved ${from.label} to ${to.label}.` }],
            isError: false,
            summary: 'moved',
            diffs: [diff],
          };
        },
      };
    },
  });
