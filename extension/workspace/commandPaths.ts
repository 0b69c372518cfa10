/** Which files a command line may name. Lenient: a word too many costs a look, and nothing is decided by it. Pure. */
import path from 'node:path';

const word = /(?:[^\s'"\\;&|<>()`]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/gs;

const withoutQuotes = (text: string): string =>
  text.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, (_, single, double, escaped) =>
    String(single ?? double?.replaceAll(/\\(.)/gs, '$1') ?? escaped),
  );

export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(word)].flatMap(([raw]) => {
    const plain = withoutQuotes(raw);
    const value = /^-{0,2}[\w-]+=(.+)$/s.exec(plain)?.[1];
    return value === undefined ? [plain] : [plain, value];
  });

/** Each word may be meant from each folder. */
const mostWords = 500;
const mostFolders = 10;

/**
 * Absolute paths that words of the line may mean, from the folder it runs in and from those it goes to (`cd x && …`).
 * Wildcards stand in their last part as they were written.
 * @param given words besides those of the line
 * @param workspace absolute path of what is /workspace to a sandboxed command
 */
export const namedPaths = (
  line: string,
  folder: string,
  { given = [], workspace }: { readonly given?: readonly string[]; readonly workspace?: string } = {},
): readonly string[] => {
  const here = (each: string): string =>
    workspace === undefined ? each : each.replace(/^\/workspace(?=\/|$)/, () => workspace);
  const words = [...wordsOf(line), ...given].slice(0, mostWords).map(here);
  const folders = [folder];
  const found = new Set<string>();
  for (const [index, each] of words.entries()) {
    if (each.startsWith('~') || each.includes('\0') || each.length > 4_000) continue;
    for (const from of folders) found.add(path.resolve(from, each));
    const last = folders.at(-1) ?? folder;
    if (folders.length >= mostFolders) continue;
    if (words[index - 1] === 'cd' || words[index - 1] === 'pushd') folders.push(path.resolve(last, each));
  }
  return [...found];
};

/** For the last part of a path with `*` or `?` in it. @returns undefined where it has none */
export const wildcard = (name: string): RegExp | undefined => {
  if (!/[*?]/.test(name)) return undefined;
  const pattern = [...name].map((each) => {
    if (each === '*') return '.*';
    return each === '?' ? '.' : each.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  });
  return new RegExp(`^${pattern.join('')}$`, 's');
};
