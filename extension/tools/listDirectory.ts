import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted, formatBytes } from '../core/text.ts';
import type { Tool } from '../core/tool.ts';
import type { FolderEntry, WorkspaceFiles } from '../core/workspace.ts';
import { readAccess } from './access.ts';
import { resolveScope } from './searchScope.ts';

const shownLimit = 500;

const input = z.strictObject({
  path: z.string().optional().describe('Folder to list. Default: the top of the workspace.'),
});

const lineOf = ({ name, kind, size }: FolderEntry): string => {
  if (kind === 'folder') return `${name}/`;
  if (kind === 'file') return `${name} (${formatBytes(size)})`;
  return `${name} (${kind === 'link' ? 'symbolic link' : 'special file'})`;
};

export const createListDirectory = ({ files }: { readonly files: WorkspaceFiles }): Tool =>
  defineTool({
    name: 'list_directory',
    description: `Lists the files and folders directly in a folder, hidden ones included; folders end in a slash. At most ${shownLimit} entries. To look deeper use find_files.`,
    input,
    prepare: async ({ path }) => {
      const targets = await resolveScope(files, path);
      const [only, another] = targets;
      return {
        title: path ?? only?.label ?? '.',
        effect: 'read',
        targets: targets.map(({ label }) => label),
        access: readAccess(targets),
        changes: [],
        run: async () => {
          if (only === undefined || another !== undefined) {
            const names = targets.map(({ label }) => `${label}/`);
            return {
              content: [{ type: 'text', text: `The workspace has these folders:\n${names.join('\n')}` }],
              isError: false,
              summary: counted(names.length, 'folder'),
              diffs: [],
            };
          }
          const entries = await files.list(only);
          const isFolder = (entry: FolderEntry): boolean => entry.kind === 'folder';
          const sorted = [...entries.filter(isFolder), ...entries.filter((entry) => !isFolder(entry))];
          const lines = sorted.slice(0, shownLimit).map(lineOf);
          if (sorted.length > shownLimit) {
            lines.push(`[${sorted.length - shownLimit} more; use find_files with a glob]`);
          }
          return {
            content: [{ type: 'text', text: lines.length === 0 ? '(empty folder)' : lines.join('\n') }],
            isError: false,
            summary: counted(entries.length, 'entry', 'entries'),
            diffs: [],
          };
        },
      };
    },
  });
