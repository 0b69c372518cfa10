import * as z from 'zod';
import { commonArguments, runRipgrep, searchedFileLimit } from './ripgrep.ts';
import type { FoundLine, LineQuery, OnFileMatches } from './searchLines.ts';
import type { SearchFolder, Searching } from './searchScope.ts';

/** Text, or base64 of bytes that are not UTF-8. */
const text = z
  .union([z.object({ text: z.string() }), z.object({ bytes: z.string() })])
  .transform((value) =>
    'text' in value ? value.text : Buffer.from(value.bytes, 'base64').toString('latin1'),
  );

const line = z.object({ path: text, lines: text, line_number: z.number() });

/** https://docs.rs/grep-printer/latest/grep_printer/struct.JSON.html */
const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begin') }),
  z.object({ type: z.literal('match'), data: line }),
  z.object({ type: z.literal('context'), data: line }),
  z.object({ type: z.literal('end'), data: z.object({ path: text, binary_offset: z.number().nullable() }) }),
  z.object({ type: z.literal('summary') }),
]);

const parse = (json: string): z.infer<typeof message> | undefined => {
  try {
    return message.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
};

const argumentsFor = (query: LineQuery, folder: SearchFolder, nameGlob: string | undefined): string[] => [
  ...commonArguments(folder.useIgnoreFiles),
  '--json',
  '--engine=auto',
  `--max-filesize=${searchedFileLimit}`,
  `--context=${query.context}`,
  query.ignoreCase ? '--ignore-case' : '--case-sensitive',
  ...(query.isLiteral ? ['--fixed-strings'] : []),
  ...(nameGlob === undefined ? [] : [`--type-add=wanted:${nameGlob}`, '--type=wanted']),
  `--regexp=${query.pattern}`,
  '--',
  folder.fileName === undefined ? './' : `./${folder.fileName}`,
];

/**
 * @param nameGlob of the file's name; a first sieve only
 * @returns false when ripgrep cannot do it here: search in another way
 * @throws ToolError for a pattern it does not understand; the signal's reason when aborted
 */
export const searchByRipgrep = async (
  searching: Searching,
  binary: string,
  query: LineQuery,
  folder: SearchFolder,
  nameGlob: string | undefined,
  onFile: OnFileMatches,
  signal: AbortSignal,
): Promise<boolean> => {
  let lines: FoundLine[] = [];
  const onLine = (json: string): boolean => {
    const event = parse(json);
    if (event === undefined || event.type === 'summary') return true;
    if (event.type === 'begin') {
      lines = [];
      return true;
    }
    if (event.type === 'end') {
      const file = event.data.path.replace(/^\.[\\/]/, '');
      const isText = event.data.binary_offset === null && lines.length > 0;
      if (!isText) return true;
      return onFile({ file: process.platform === 'win32' ? file.replaceAll('\\', '/') : file, lines });
    }
    // A match over several lines (PCRE) counts as one that starts at the first.
    for (const [index, each] of event.data.lines
      .replace(/\r?\n$/, '')
      .split(/\r?\n/)
      .entries()) {
      lines.push({ number: event.data.line_number + index, text: each, isMatch: event.type === 'match' });
    }
    return true;
  };
  return runRipgrep(
    {
      binary,
      folder: folder.folder,
      arguments: argumentsFor(query, folder, nameGlob),
      environment: searching.environment(),
      onLine,
    },
    signal,
  );
};
