import path from 'node:path';
import * as z from 'zod';
import { defineTool } from '../core/defineTool.ts';
import { counted, cutLine, cutText } from '../core/text.ts';
import { type Tool, ToolError } from '../core/tool.ts';
import type { WorkspaceFiles } from '../core/workspace.ts';
import { readAccess } from './access.ts';
import { searchedFileLimit } from './ripgrep.ts';
import { searchByRipgrep } from './searchByRipgrep.ts';
import { searchByWalk } from './searchByWalk.ts';
import { collectedMatchLimit, type FileMatches, type LineQuery } from './searchLines.ts';
import {
  type GlobFilter,
  globFilter,
  resolveScope,
  type SearchFolder,
  type Searching,
  searchDeadlineMs,
  searchFolders,
} from './searchScope.ts';
import { searchUnsaved, type UnsavedPorts } from './searchUnsaved.ts';

const defaultMatches = 100;
const mostMatches = 500;
const lineLimit = 500;
/** Characters of one answer. */
const answerLimit = 64_000;

const input = z.strictObject({
  pattern: z.string().min(1).max(2_000).describe('Regular expression, matched line by line.'),
  literal: z.boolean().optional().describe('Take the pattern as plain text.'),
  ignore_case: z.boolean().optional().describe('Default: case counts.'),
  path: z.string().optional().describe('Folder or file to search in. Default: the whole workspace.'),
  glob: z.string().max(500).optional().describe('Only files that match, for example `*.ts` or `src/**`.'),
  context_lines: z.int().min(0).max(20).optional().describe('Lines to show around each match. Default 0.'),
  max_matches: z.int().min(1).max(mostMatches).optional().describe(`Default ${defaultMatches}.`),
});

export interface SearchTextPorts extends Searching, UnsavedPorts {}

interface Found extends FileMatches {
  readonly label: string;
}

const countMatches = ({ lines }: FileMatches): number => lines.filter(({ isMatch }) => isMatch).length;

/** @param deadline past it, what was found by then is the answer */
const searchFolder = async (
  ports: SearchTextPorts,
  query: LineQuery,
  folder: SearchFolder,
  filter: GlobFilter,
  signal: AbortSignal,
  deadline: AbortSignal,
): Promise<{ found: readonly Found[]; unsavedProblem: string | undefined }> => {
  const isWanted = (file: string): boolean =>
    folder.fileName !== undefined || filter.matches(file, folder.labelOf(file));
  const unsaved = await searchUnsaved(ports, query, folder, isWanted);
  const accepts = (file: string): boolean => isWanted(file) && !unsaved.searched.has(file);
  const labelled = (matches: FileMatches): Found => ({ ...matches, label: folder.labelOf(matches.file) });
  let found: Found[] = [];
  let count = 0;
  const onFile = (matches: FileMatches): boolean => {
    if (!accepts(matches.file)) return true;
    found.push(labelled(matches));
    count += countMatches(matches);
    return count < collectedMatchLimit;
  };
  const either = AbortSignal.any([signal, deadline]);
  try {
    const binary = await ports.ripgrep();
    const nameGlob = folder.fileName === undefined ? filter.nameGlob : undefined;
    const done =
      binary !== undefined && (await searchByRipgrep(ports, binary, query, folder, nameGlob, onFile, either));
    if (!done) {
      found = [];
      count = 0;
      await searchByWalk(query, folder, accepts, onFile, either);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
  }
  return { found: [...unsaved.found.map(labelled), ...found], unsavedProblem: unsaved.problem };
};

/**
 * Secret-looking files are left out without a word: even the number of matches in them would let a model guess their
 * contents letter by letter. Each file is checked against the boundary once more.
 */
const withoutSecrets = async (
  files: WorkspaceFiles,
  folder: SearchFolder,
  found: readonly Found[],
): Promise<readonly Found[]> => {
  const targets = await Promise.all(
    found.map(({ file }) => files.resolve(path.join(folder.folder, file)).catch(() => undefined)),
  );
  return found.filter((_, index) => {
    const target = targets[index];
    return target !== undefined && !files.looksSecret(target);
  });
};

const render = (found: readonly Found[], limit: number): { text: string; matches: number } => {
  const parts: string[] = [];
  let matches = 0;
  let length = 0;
  for (const { label, lines } of found) {
    const rendered: string[] = [label];
    let previous: number | undefined;
    for (const { number, text, isMatch } of lines) {
      if (isMatch && matches === limit) break;
      if (isMatch) matches += 1;
      if (previous !== undefined && number > previous + 1 && lines.some((line) => !line.isMatch)) {
        rendered.push('--');
      }
      rendered.push(`${number}${isMatch ? ':' : '-'}${cutLine(text, lineLimit)}`);
      previous = number;
      length += Math.min(text.length, lineLimit) + 8;
      if (length > answerLimit) break;
    }
    if (rendered.length > 1) parts.push(rendered.join('\n'));
    if (matches >= limit || length > answerLimit) break;
  }
  return { text: parts.join('\n\n'), matches };
};

export const createSearchText = (ports: SearchTextPorts): Tool =>
  defineTool({
    name: 'search_text',
    description: `Searches file contents with a regular expression. Answers with file names and numbered lines (\`12:match\`, \`11-context\`), sorted by path, at most ${defaultMatches} matches unless told otherwise. Leaves out what .gitignore leaves out, node_modules, .git, binary and secret-looking files, and those over ${searchedFileLimit / 1_000_000} MB. Sees text that is not saved yet in the editor.`,
    input,
    prepare: async (call) => {
      const filter = globFilter(call.glob);
      const targets = await resolveScope(ports.files, call.path);
      const secret = targets.find((target) => !target.isFolder && ports.files.looksSecret(target));
      if (secret !== undefined) {
        throw new ToolError(
          `${secret.label} looks like it holds secrets and is not searched. read_file can read it, if the person agrees.`,
        );
      }
      const query: LineQuery = {
        pattern: call.pattern,
        isLiteral: call.literal ?? false,
        ignoreCase: call.ignore_case ?? false,
        context: call.context_lines ?? 0,
      };
      const where = [call.path, call.glob].filter((part) => part !== undefined).join(' ');
      return {
        title: where === '' ? cutText(call.pattern, 80) : `${cutText(call.pattern, 60)} in ${where}`,
        effect: 'read',
        targets: targets.map(({ label }) => label),
        access: readAccess(targets),
        changes: [],
        run: async (signal) => {
          const found: Found[] = [];
          let unsavedProblem: string | undefined;
          const deadline = AbortSignal.timeout(searchDeadlineMs);
          for (const folder of await searchFolders(await resolveScope(ports.files, call.path))) {
            const all = await searchFolder(ports, query, folder, filter, signal, deadline);
            found.push(...(await withoutSecrets(ports.files, folder, all.found)));
            unsavedProblem ??= all.unsavedProblem;
          }
          found.sort((a, b) => (a.label < b.label ? -1 : 1));
          const total = found.reduce((sum, each) => sum + countMatches(each), 0);
          const { text, matches } = render(found, call.max_matches ?? defaultMatches);
          const all = `${total >= collectedMatchLimit ? 'at least ' : ''}${counted(total, 'match', 'matches')}`;
          const count = total === 0 ? 'no matches' : `${all} in ${counted(found.length, 'file')}`;
          const seconds = searchDeadlineMs / 1_000;
          const notes = [
            ...(matches < total
              ? [`[first ${matches} of ${count}; narrow it with path, glob or pattern]`]
              : []),
            ...(deadline.aborted
              ? [`[stopped after ${seconds} s; there may be more. Narrow it with path or glob]`]
              : []),
            ...(unsavedProblem === undefined
              ? []
              : [`[unsaved text in the editor was not searched, only what is saved: ${unsavedProblem}]`]),
          ];
          const body = total === 0 ? 'No matches.' : text;
          return {
            content: [{ type: 'text', text: [body, ...notes].join('\n\n') }],
            isError: false,
            summary: deadline.aborted ? `${count}, stopped after ${seconds} s` : count,
            diffs: [],
          };
        },
      };
    },
  });
