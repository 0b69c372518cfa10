/**
 * Which programs a command line runs, with which arguments, where that can be told for certain. Rules compare these and
 * never the line: `git show` as a prefix would also allow `git show > ~/.ssh/id` (Roo-Code#11095).
 *
 * Two readings have to agree. A parser of bash says what the line is; a reader of our own, which knows nothing but plain
 * words, two kinds of quotes and three operators, goes over the same line character by character. What only one of them
 * understands, or both understand differently, is not matched.
 */
import { type CommandNode, type PipelineNode, parse, type Statement, type Word, type WordPart } from 'unbash';

/** `posix`: bash or sh. */
export type CommandShell = 'posix' | 'cmd';

/** One entry for each program that it runs, in order; or why rules do not cover it, after "asked every time: ". */
export type CommandLine =
  | { readonly kind: 'commands'; readonly commands: readonly (readonly string[])[] }
  | { readonly kind: 'problem'; readonly problem: string };

const longestLine = 10_000;
const uncertain = 'it cannot be read for certain';

/** Stops the reading; the message is the problem, for a person. */
class Unmatchable extends Error {}

const fail = (problem: string): never => {
  throw new Unmatchable(problem);
};

/**
 * Words of the shell that change what the rest of the line means, or run other text as commands, or whose own arguments
 * bash reads in a way of its own. As the first word of any part they are asked about, alone too. Programs that run
 * others (`env`, `sudo`, `xargs`, `bash -c`) are not here: a rule names every argument of theirs, and `npm test` is not
 * `env npm test`.
 */
const shellWords = new Set(
  (
    '! [ [[ ]] { } if then elif else fi for while until do done case esac select function in time coproc ' +
    '. source eval exec command builtin enable alias unalias hash trap set shopt unset export readonly declare ' +
    'typeset local let read mapfile readarray printf getopts cd pushd popd dirs umask ulimit exit return break ' +
    'continue logout suspend shift bind complete compopt compgen fc history jobs fg bg disown wait'
  ).split(' '),
);

/** What may stand outside of quotes. */
const plain = /[A-Za-z0-9_@%+=:,./^~-]/;
/** What may stand in quotes: the rest of printable ASCII, and letters, numbers and signs that can be seen. */
const quotable = /^(?:[\x20-\x7e]|(?![\p{Default_Ignorable_Code_Point}\u2800])[\p{L}\p{N}\p{P}\p{S}])$/u;

/** For each character that is not plain: what it is, for a person. */
const signs: Readonly<Record<string, string>> = {
  '|': 'it has a pipe',
  '>': 'it has a redirection',
  '<': 'it has a redirection',
  $: 'it has a substitution',
  '`': 'it has a substitution',
  '&': 'it starts something in the background',
  '\n': 'it has more than one line',
  '\r': 'it has more than one line',
  '\u0085': 'it has more than one line',
  '\u2028': 'it has more than one line',
  '\u2029': 'it has more than one line',
  '*': 'it has a pattern for file names',
  '?': 'it has a pattern for file names',
  '[': 'it has a pattern for file names',
  ']': 'it has a pattern for file names',
  '{': 'it has braces',
  '}': 'it has braces',
  '(': 'it has parentheses',
  ')': 'it has parentheses',
  '\\': 'it has a backslash',
  '#': 'it has a comment sign',
  '!': 'it has an exclamation mark',
};

const problemOf = (character: string): string =>
  signs[character] ?? (/^[\x20-\x7e]$/.test(character) ? uncertain : 'it has unusual characters');

/** In double quotes these still mean something; `!` only in a shell that keeps a history. */
const activeInDoubleQuotes = new Set(['$', '`', '\\', '!']);

interface Reading {
  readonly commands: string[][];
  words: string[];
  /** Undefined between words: an empty quoted word is a word. */
  word: string | undefined;
}

const endWord = (reading: Reading): void => {
  if (reading.word !== undefined) reading.words.push(reading.word);
  reading.word = undefined;
};

const endCommand = (reading: Reading): void => {
  endWord(reading);
  if (reading.words.length === 0) fail(uncertain);
  reading.commands.push(reading.words);
  reading.words = [];
};

/** Bash expands `~` at the start of a word, and after `:` or `=`. */
const isPlainTilde = (before: string | undefined): boolean =>
  before !== undefined && /[A-Za-z0-9^~]/.test(before);

/** The reader that knows nothing but plain words, quotes and `&&`, `||`, `;`. @throws Unmatchable */
const readPlainly = (line: string): string[][] => {
  const reading: Reading = { commands: [], words: [], word: undefined };
  const characters = [...line];
  let quote: '"' | "'" | undefined;
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else if (!quotable.test(character)) fail(problemOf(character));
      else if (quote === '"' && activeInDoubleQuotes.has(character)) fail(problemOf(character));
      else reading.word = (reading.word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      reading.word ??= '';
    } else if (character === ' ' || character === '\t') {
      endWord(reading);
    } else if (character === ';') {
      endCommand(reading);
    } else if ((character === '&' || character === '|') && characters[index + 1] === character) {
      index += 1;
      endCommand(reading);
      // Something has to follow, other than after `;`.
      if (characters.slice(index + 1).every((next) => next === ' ' || next === '\t')) fail(uncertain);
    } else if (!plain.test(character)) {
      fail(problemOf(character));
    } else if (character === '~' && !isPlainTilde(characters[index - 1])) {
      fail('it has a ~ that stands for a folder');
    } else if (character === '^' && reading.word === undefined) {
      fail(uncertain);
    } else {
      reading.word = (reading.word ?? '') + character;
    }
  }
  if (quote !== undefined) fail('a quote is not closed');
  endWord(reading);
  if (reading.words.length > 0) endCommand(reading);
  if (reading.commands.length === 0) fail('it is empty');
  return reading.commands;
};

/** Parts of a word that mean more than they say. */
const partProblems: Readonly<Partial<Record<WordPart['type'], string>>> = {
  Glob: 'it has a pattern for file names',
  ExtendedGlob: 'it has a pattern for file names',
  BraceExpansion: 'it has braces',
  AnsiCQuoted: 'it has a substitution',
  LocaleString: 'it has a substitution',
  SimpleExpansion: 'it has a substitution',
  ParameterExpansion: 'it has a substitution',
  CommandExpansion: 'it has a substitution',
  ArithmeticExpansion: 'it has a substitution',
  ProcessSubstitution: 'it has a substitution',
};

const literalPart = (part: WordPart): string => {
  if (part.type === 'Literal' || part.type === 'SingleQuoted') return part.value;
  if (part.type === 'DoubleQuoted') return part.parts.map(literalPart).join('');
  return fail(partProblems[part.type] ?? uncertain);
};

const literalWord = (word: Word): string => word.parts?.map(literalPart).join('') ?? word.value;

const literalCommand = (node: CommandNode): string[] => {
  if (node.type !== 'Command') return fail(uncertain);
  if (node.redirects.length > 0) return fail('it has a redirection');
  if (node.prefix.length > 0) return fail('it sets an environment variable');
  if (node.name === undefined) return fail(uncertain);
  const words = node.suffix.map((each) => (each.type === 'Word' ? literalWord(each) : fail(uncertain)));
  return [literalWord(node.name), ...words];
};

const literalPipeline = (node: PipelineNode): string[] => {
  if (node.type !== 'Pipeline') return literalCommand(node);
  return fail(node.commands.length > 1 ? 'it has a pipe' : uncertain);
};

const literalStatement = ({ command, background }: Statement): string[][] => {
  if (background === true) return fail('it starts something in the background');
  return command.type === 'AndOr' ? command.commands.map(literalPipeline) : [literalPipeline(command)];
};

/** What the parser of bash makes of it. @throws Unmatchable */
const readAsBash = (line: string): string[][] => {
  const script = parse(line);
  if (script.errors !== undefined && script.errors.length > 0) return fail(uncertain);
  if (script.shebang !== undefined) return fail(uncertain);
  return script.commands.flatMap(literalStatement);
};

const isSame = (a: readonly (readonly string[])[], b: readonly (readonly string[])[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const checkFirstWord = ([first = '']: readonly string[]): void => {
  // In quotes it would be the name of a program; nobody has such a program.
  if (first.includes('=')) fail('it sets an environment variable');
  if (shellWords.has(first)) fail(`${first} changes what the shell does`);
  if (first === '' || first.startsWith('-') || first.startsWith('~')) fail(uncertain);
};

/**
 * Never throws, and says no wherever it is not certain.
 * @param line as it is given to the shell
 */
export const parseCommandLine = (line: string, shell: CommandShell): CommandLine => {
  try {
    if (shell !== 'posix') return { kind: 'problem', problem: 'rules do not cover commands of this shell' };
    if (line.length > longestLine) return { kind: 'problem', problem: 'it is too long' };
    const commands = readPlainly(line);
    commands.forEach(checkFirstWord);
    return isSame(commands, readAsBash(line))
      ? { kind: 'commands', commands }
      : { kind: 'problem', problem: uncertain };
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Unmatchable ? error.message : uncertain };
  }
};

const quoted = (word: string): string => {
  if (word !== '' && [...word].every((character) => plain.test(character))) return word;
  return word.includes("'") ? `"${word}"` : `'${word}'`;
};

/** As a person reads it, quotes only where a word needs them. */
export const commandText = (argv: readonly string[]): string => argv.map(quoted).join(' ');
