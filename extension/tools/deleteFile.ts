import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted, countLines, decodeText, formatBytes } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';
import { changeAccess } from './access.ts';
import { fileDiff } from './fileDiff.ts';
import { contentHash } from './seenFiles.ts';
import { editableLimit, refuseLink, type WritingPorts } from './writing.ts';

const input = z.strictObject({
  path: z.string().min(1).describe('File, or empty folder, to delete.'),
});

interface Content {
  /** Undefined for folders and binary or very large files. */
  readonly text: string | undefined;
  /** Tells whether it is still what it was. */
  readonly version: string;
  readonly size: string;
}

/** By its content where that can be read, else by what the file system says of it. */
const versionOf = async (files: WorkspaceFiles, target: WorkspacePath): Promise<string> => {
  const read = target.isFolder ? undefined : await files.read(target, editableLimit).catch(() => undefined);
  return read === undefined ? files.identity(target) : contentHash(read.bytes);
};

const contentOf = async (files: WorkspaceFiles, target: WorkspacePath): Promise<Content> => {
  if (target.isFolder) {
    const entries = await files.list(target);
    if (entries.length > 0) {
      const names = entries.slice(0, 5).map(({ name }) => name);
      throw new ToolError(
        `${target.label} is not empty (${names.join(', ')}${entries.length > 5 ? ', and more' : ''}). Delete what it holds first. Nothing was deleted.`,
      );
    }
    return { text: undefined, version: await files.identity(target), size: 'an empty folder' };
  }
  const read = await files.read(target, editableLimit).catch(() => undefined);
  if (read === undefined) {
    return { text: undefined, version: await files.identity(target), size: 'a large or unreadable file' };
  }
  const decoded = decodeText(read.bytes);
  const size = formatBytes(read.bytes.length);
  const version = contentHash(read.bytes);
  if (decoded.kind === 'binary') return { text: undefined, version, size: `${size}, binary` };
  return { text: decoded.text, version, size: `${counted(countLines(decoded.text), 'line')}, ${size}` };
};

export const createDeleteFile = ({ files, seen }: WritingPorts): Tool =>
  defineTool({
    name: 'delete_file',
    description: 'Deletes one file or one empty folder.',
    input,
    prepare: async ({ path }) => {
      const target = await files.resolve(path);
      if (!target.exists) throw new ToolError(`${target.label} does not exist.`);
      refuseLink(target);
      const { text, version, size } = await contentOf(files, target);
      const diff = {
        ...fileDiff({ path: target.label, before: text, after: undefined }),
        kind: 'deleted' as const,
      };
      return {
        title: target.label,
        effect: 'write',
        targets: [target.label],
        access: changeAccess(files, 'delete', [target]),
        approval: { title: `Delete ${target.label}?`, detail: `${target.label} (${size})`, diffs: [diff] },
        changes:
          text === undefined
            ? []
            : [{ path: target.label, file: target.editorFile, before: text, after: undefined }],
        run: async (signal) => {
          if ((await versionOf(files, target)) !== version) {
            throw new ToolError(
              `${target.label} changed since this step was proposed. Nothing was deleted. Read it again.`,
            );
          }
          signal.throwIfAborted();
          await files.delete(target);
          seen.delete(target.file);
          return {
            content: [{ type: 'text', text: `Deleted ${target.label}.` }],
            isError: false,
            summary: 'deleted',
            diffs: [diff],
          };
        },
      };
    },
  });
