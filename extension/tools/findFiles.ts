import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles } from '../core/workspace.ts';
import { readAccess } from './access.ts';
import { listFiles } from './listFiles.ts';
import { globFilter, resolveScope, type Searching, searchDeadlineMs, searchFolders } from './searchScope.ts';

/** Paths that one answer shows. */
const shownLimit = 500;
/** Paths that are collected before the search stops. */
const collectedLimit = 200_000;

const input = z.strictObject({
  glob: z
    .string()
    .min(1)
    .max(500)
    .describe('Glob, for example `*.test.ts` (name at any depth), `src/**/*.{ts,tsx}` or `**/config/*`.'),
  path: z.string().optional().describe('Folder to search in. Default: the whole workspace.'),
});

export interface FindFilesPorts extends Searching {
  readonly files: WorkspaceFiles;
}

export const createFindFiles = (ports: FindFilesPorts): Tool =>
  defineTool({
    name: 'find_files',
    description: `Finds files by name or path with a glob. Leaves out what .gitignore leaves out, node_modules and .git, unless path is inside of it. Returns at most ${shownLimit} paths, sorted.`,
    input,
    prepare: async ({ glob, path }) => {
      const filter = globFilter(glob);
      const targets = await resolveScope(ports.files, path);
      const file = targets.find((target) => !target.isFolder);
      if (file !== undefined) throw new ToolError(`${file.label} is a file, not a folder.`);
      return {
        title: path === undefined ? glob : `${glob} in ${path}`,
        effect: 'read',
        targets: targets.map(({ label }) => label),
        access: readAccess(targets),
        changes: [],
        run: async (signal) => {
          const found: string[] = [];
          const deadline = AbortSignal.timeout(searchDeadlineMs);
          for (const folder of await searchFolders(await resolveScope(ports.files, path))) {
            const onFile = (relative: string): boolean => {
              const label = folder.labelOf(relative);
              if (filter.matches(relative, label)) found.push(label);
              return found.length < collectedLimit;
            };
            await listFiles(ports, folder, onFile, AbortSignal.any([signal, deadline])).catch((error) => {
              signal.throwIfAborted();
              if (!deadline.aborted) throw error;
            });
          }
          found.sort();
          const shown = found.slice(0, shownLimit);
          const notes = [
            ...(found.length > shown.length
              ? [`[first ${shown.length} of ${counted(found.length, 'file')}; use a narrower glob or a path]`]
              : []),
            ...(deadline.aborted ? ['[stopped after 30 s; there may be more]'] : []),
          ];
          const text =
            found.length === 0
              ? `No file matches ${glob}. Ignored folders (node_modules and the like) are searched only when path is inside of them.`
              : shown.join('\n');
          return {
            content: [{ type: 'text', text: [text, ...notes].join('\n') }],
            isError: false,
            summary: found.length === 0 ? 'no files' : counted(found.length, 'file'),
            diffs: [],
          };
        },
      };
    },
  });
