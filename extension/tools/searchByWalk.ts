import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import vm from 'node:vm';
import * as z from 'zod';
import { decodeText, splitLines } from '../core/text.ts';
import { ToolError } from '../core/tool.ts';
import { searchedFileLimit } from './ripgrep.ts';
import type { FoundLine, LineQuery, OnFileMatches } from './searchLines.ts';
import type { SearchFolder } from './searchScope.ts';
import { walkFiles } from './walk.ts';

/** A pattern with nested repetitions can take for ever on one line; it is given up after so long per file. */
const fileTimeoutMs = 1_000;

const indexes = z.array(z.number());

const compile = (query: LineQuery): { source: string; flags: string } => {
  const inline = /^\(\?([a-z]+)\)/.exec(query.pattern);
  const ignoreCase = query.ignoreCase || inline?.[1]?.includes('i') === true;
  const source = query.isLiteral
    ? query.pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    : query.pattern.slice(inline?.[0].length ?? 0);
  const letters = ignoreCase ? 'i' : '';
  // With `u` letters outside the basic plane count as one; without it more patterns are taken.
  for (const flags of [`${letters}u`, letters]) {
    try {
      new RegExp(source, flags);
      return { source, flags };
    } catch (error) {
      if (flags === letters) {
        const reason = error instanceof Error ? error.message : 'invalid';
        throw new ToolError(`The pattern is not understood. ${reason}`);
      }
    }
  }
  return { source, flags: letters };
};

/** Gives the indexes of the matching lines; only vm can break off a regular expression that does not end. */
const createMatcher = (query: LineQuery): ((lines: readonly string[]) => readonly number[]) => {
  const { source, flags } = compile(query);
  const state: { lines: readonly string[]; source: string; flags: string } = { lines: [], source, flags };
  const context = vm.createContext(state);
  const script = new vm.Script(
    'pattern = globalThis.pattern ?? new RegExp(source, flags); lines.flatMap((line, index) => pattern.test(line) ? [index] : [])',
  );
  return (lines) => {
    state.lines = lines;
    return indexes.parse(script.runInContext(context, { timeout: fileTimeoutMs }));
  };
};

const withContext = (lines: readonly string[], matches: readonly number[], context: number): FoundLine[] => {
  const wanted = new Map<number, boolean>();
  for (const match of matches) {
    for (let index = match - context; index <= match + context; index += 1) {
      if (index >= 0 && index < lines.length)
        wanted.set(index, wanted.get(index) === true || index === match);
    }
  }
  return [...wanted]
    .sort(([a], [b]) => a - b)
    .map(([index, isMatch]) => ({ number: index + 1, text: lines[index] ?? '', isMatch }));
};

/**
 * Finds the matching lines of a text, with JavaScript's regular expressions.
 * @throws ToolError for a pattern it does not understand, and from the search for one that does not end
 */
export const createLineSearch = (
  query: LineQuery,
): ((label: string, lines: readonly string[]) => readonly FoundLine[]) => {
  const match = createMatcher(query);
  return (label, lines) => {
    try {
      return withContext(lines, match(lines), query.context);
    } catch {
      throw new ToolError(`The pattern takes too long on ${label}. Make it simpler.`);
    }
  };
};

const readLines = async (file: string): Promise<readonly string[] | undefined> => {
  try {
    const status = await lstat(file);
    if (!status.isFile() || status.size > searchedFileLimit) return undefined;
    const bytes = await readFile(file);
    const decoded = decodeText(bytes);
    const isBinary = decoded.kind === 'binary' || (decoded.exact && bytes.includes(0));
    return isBinary ? undefined : splitLines(decoded.text);
  } catch {
    return undefined;
  }
};

async function* filesOf(scope: SearchFolder, signal: AbortSignal): AsyncGenerator<string, void> {
  if (scope.fileName === undefined) yield* walkFiles(scope.folder, scope.useIgnoreFiles, signal);
  else yield scope.fileName;
}

/**
 * What ripgrep does, where there is none: slower, with JavaScript's regular expressions.
 * @param accepts asked before a file is read
 * @throws ToolError for a pattern it does not understand; the signal's reason when aborted
 */
export const searchByWalk = async (
  query: LineQuery,
  scope: SearchFolder,
  accepts: (relative: string) => boolean,
  onFile: OnFileMatches,
  signal: AbortSignal,
): Promise<void> => {
  const search = createLineSearch(query);
  for await (const file of filesOf(scope, signal)) {
    if (!accepts(file)) continue;
    const lines = await readLines(path.join(scope.folder, file));
    if (lines === undefined) continue;
    const found = search(scope.labelOf(file), lines);
    if (found.length > 0 && !onFile({ file, lines: found })) return;
  }
};
