/**
 * Regular expressions whose cost is known beforehand: all states are followed at once, so that a text of n characters
 * takes at most n times the pattern's length, whatever the pattern is. The expressions of JavaScript go back and try
 * again, and a pattern from somebody else could stop the window for minutes.
 *
 * It knows characters, `.`, classes, `\d \w \s \b` and their opposites, groups, `|`, `? * + {n,m}`, `^` and `$`. Letters
 * match in both cases.
 */

type Test = (codePoint: number) => boolean;
type Assertion = 'start' | 'end' | 'boundary' | 'noBoundary';

type Instruction =
  | { readonly kind: 'character'; readonly test: Test }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'split'; readonly targets: readonly number[] }
  | { readonly kind: 'match' };

type Node =
  | { readonly kind: 'character'; readonly test: Test }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };

/** The message says why the pattern cannot be used, for a person. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

const longestPattern = 200;
const longestProgram = 1_000;
const deepestGroup = 20;

/** Most text is ASCII, where a table is much faster. */
const matching = (pattern: RegExp): Test => {
  const ascii = Array.from({ length: 128 }, (_, code) => pattern.test(String.fromCharCode(code)));
  return (code) => ascii[code] ?? pattern.test(String.fromCodePoint(code));
};

const isWord = matching(/[\p{L}\p{M}\p{N}_]/u);
const isDigit = matching(/\p{Nd}/u);
const isSpace = matching(/\s/u);
const not =
  (test: Test): Test =>
  (code) =>
    !test(code);

const classes = new Map<string, Test>([
  ['d', isDigit],
  ['D', not(isDigit)],
  ['w', isWord],
  ['W', not(isWord)],
  ['s', isSpace],
  ['S', not(isSpace)],
]);

const controls = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

const between = (from: number, to: number): Test => {
  const isIn: Test = (code) => code >= from && code <= to;
  const inAnyCase = (text: string): boolean =>
    [text, text.toLowerCase(), text.toUpperCase()].some((each) => isIn(each.codePointAt(0) ?? 0));
  const ascii = Array.from({ length: 128 }, (_, code) => inAnyCase(String.fromCharCode(code)));
  return (code) => ascii[code] ?? inAnyCase(String.fromCodePoint(code));
};

/** One character in both cases. */
const exactly = (character: string): Test => {
  const codes = [character, character.toLowerCase(), character.toUpperCase()].map((each) =>
    each.codePointAt(0),
  );
  return (code) => codes.includes(code);
};

const parsePattern = (pattern: string): Node => {
  const characters = [...pattern];
  let at = 0;
  let depth = 0;
  const code = (character: string): number => character.codePointAt(0) ?? 0;

  const escaped = (): string => {
    at += 1;
    const character = characters[at++];
    if (character === undefined) throw new PatternError('It ends in a backslash.');
    return character;
  };
  const literal = (character: string): string => {
    const control = controls.get(character);
    if (control !== undefined) return control;
    if (/[1-9k]/.test(character))
      throw new PatternError('It refers back to a group (`\\1`), which is not known here.');
    if (/[\p{L}\p{N}]/u.test(character)) throw new PatternError(`\`\\${character}\` is not known here.`);
    return character;
  };

  const parseClassItem = (): Test | string => {
    if (characters[at] !== '\\') return characters[at++] ?? '';
    const character = escaped();
    return classes.get(character) ?? literal(character);
  };

  const parseClass = (): Node => {
    at += 1;
    const isNegative = characters[at] === '^';
    if (isNegative) at += 1;
    const tests: Test[] = [];
    while (characters[at] !== ']') {
      if (at >= characters.length) throw new PatternError('A `[` is not closed.');
      const from = parseClassItem();
      if (typeof from !== 'string') tests.push(from);
      else if (characters[at] === '-' && characters[at + 1] !== ']' && at + 1 < characters.length) {
        at += 1;
        const to = parseClassItem();
        if (typeof to !== 'string' || code(to) < code(from)) {
          throw new PatternError('A range in `[…]` goes from a higher to a lower character.');
        }
        tests.push(between(code(from), code(to)));
      } else tests.push(exactly(from));
    }
    at += 1;
    return { kind: 'character', test: (each) => tests.some((test) => test(each)) !== isNegative };
  };

  const parseGroup = (): Node => {
    at += 1;
    if (characters[at] === '?') {
      if (characters[at + 1] !== ':')
        throw new PatternError('It looks ahead or back, or names a group (`(?`), which is not known here.');
      at += 2;
    }
    depth += 1;
    if (depth > deepestGroup) throw new PatternError('Its groups stand too deep in each other.');
    const inner = parseChoice();
    depth -= 1;
    if (characters[at++] !== ')') throw new PatternError('A `(` is not closed.');
    return inner;
  };

  const parseAtom = (): Node => {
    const character = characters[at] ?? '';
    if (character === '(') return parseGroup();
    if (character === '[') return parseClass();
    if (character === '\\') {
      const next = escaped();
      if (next === 'b') return { kind: 'assert', what: 'boundary' };
      if (next === 'B') return { kind: 'assert', what: 'noBoundary' };
      const known = classes.get(next);
      if (known !== undefined) return { kind: 'character', test: known };
      return { kind: 'character', test: exactly(literal(next)) };
    }
    at += 1;
    if (character === '^') return { kind: 'assert', what: 'start' };
    if (character === '$') return { kind: 'assert', what: 'end' };
    if (character === '.') return { kind: 'character', test: (each) => each !== 10 };
    if (/[*+?{}\])]/.test(character))
      throw new PatternError(`\`${character}\` stands alone; write \`\\${character}\` for the sign.`);
    return { kind: 'character', test: exactly(character) };
  };

  const countsAt = (): readonly [least: number, most: number] | undefined => {
    const simple = new Map<string | undefined, readonly [number, number]>([
      ['?', [0, 1]],
      ['*', [0, Infinity]],
      ['+', [1, Infinity]],
    ]).get(characters[at]);
    if (simple !== undefined) {
      at += 1;
      return simple;
    }
    if (characters[at] !== '{') return undefined;
    const match = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(characters.slice(at, at + 12).join(''));
    if (match?.[1] === undefined) throw new PatternError('`{` needs numbers, such as `{1,3}`.');
    at += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === '' ? least : match[3] === '' ? Infinity : Number(match[3]);
    if (most < least) throw new PatternError('In `{n,m}` the second number is the smaller one.');
    return [least, most];
  };

  const parseRepeat = (): Node => {
    const part = parseAtom();
    const counts = countsAt();
    if (counts === undefined) return part;
    // Lazy or not, the same texts match.
    if (characters[at] === '?') at += 1;
    return { kind: 'repeat', part, least: counts[0], most: counts[1] };
  };

  const parseSequence = (): Node => {
    const parts: Node[] = [];
    while (at < characters.length && characters[at] !== '|' && characters[at] !== ')')
      parts.push(parseRepeat());
    return { kind: 'sequence', parts };
  };

  const parseChoice = (): Node => {
    const parts = [parseSequence()];
    while (characters[at] === '|') {
      at += 1;
      parts.push(parseSequence());
    }
    return { kind: 'choice', parts };
  };

  const whole = parseChoice();
  if (at < characters.length) throw new PatternError('A `)` closes nothing.');
  return whole;
};

const compile = (whole: Node): readonly Instruction[] => {
  const program: Instruction[] = [];
  const emit = (instruction: Instruction): number => {
    if (program.length >= longestProgram)
      throw new PatternError('It is too long once its repetitions are written out.');
    return program.push(instruction) - 1;
  };
  const patch = (at: number, targets: readonly number[]): void => {
    program[at] = { kind: 'split', targets };
  };
  const placeholder = (): number => emit({ kind: 'split', targets: [] });

  const add = (node: Node): void => {
    if (node.kind === 'character' || node.kind === 'assert') emit(node);
    else if (node.kind === 'sequence') node.parts.forEach(add);
    else if (node.kind === 'repeat') addRepeat(node.part, node.least, node.most);
    else addChoice(node.parts);
  };
  const addChoice = (parts: readonly Node[]): void => {
    if (parts.length === 1) {
      parts.forEach(add);
      return;
    }
    const split = placeholder();
    const starts: number[] = [];
    const ends: number[] = [];
    for (const part of parts) {
      starts.push(program.length);
      add(part);
      ends.push(placeholder());
    }
    patch(split, starts);
    for (const end of ends) patch(end, [program.length]);
  };
  const addRepeat = (part: Node, least: number, most: number): void => {
    for (let count = 0; count < least; count++) add(part);
    if (most === Infinity) {
      const split = placeholder();
      add(part);
      emit({ kind: 'split', targets: [split] });
      patch(split, [split + 1, program.length]);
      return;
    }
    const splits: number[] = [];
    for (let count = least; count < most; count++) {
      splits.push(placeholder());
      add(part);
    }
    for (const split of splits) patch(split, [split + 1, program.length]);
  };
  add(whole);
  emit({ kind: 'match' });
  return program;
};

/** What is left to spend, in steps of any pattern; several can share one. */
export interface StepBudget {
  left: number;
}

export interface LinearPattern {
  /**
   * The first match, and of those that begin there the longest one; undefined without one, or once the budget is spent.
   * @param characters code points
   */
  find(
    characters: readonly number[],
    budget: StepBudget,
  ): { readonly from: number; readonly to: number } | undefined;
}

const holds = (what: Assertion, characters: readonly number[], at: number): boolean => {
  if (what === 'start') return at === 0;
  if (what === 'end') return at === characters.length;
  const before = characters[at - 1];
  const after = characters[at];
  const isBoundary = (before !== undefined && isWord(before)) !== (after !== undefined && isWord(after));
  return isBoundary === (what === 'boundary');
};

const find = (
  program: readonly Instruction[],
  characters: readonly number[],
  budget: StepBudget,
): { from: number; to: number } | undefined => {
  /** Where each state that is reached began; states are in the order of that. */
  let states = new Map<number, number>();
  let best: { from: number; to: number } | undefined;
  for (let at = 0; at <= characters.length; at++) {
    const open = [...states];
    if (best === undefined) open.push([0, at]);
    const reached = new Map<number, number>();
    const next = new Map<number, number>();
    open.reverse();
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      const [index, from] = state;
      // Who came first began first.
      if (reached.has(index) || (best !== undefined && from > best.from)) continue;
      if (--budget.left < 0) return undefined;
      reached.set(index, from);
      const instruction = program[index];
      if (instruction === undefined) continue;
      if (instruction.kind === 'match') best = { from, to: at };
      else if (instruction.kind === 'split')
        for (const target of instruction.targets) open.push([target, from]);
      else if (instruction.kind === 'assert') {
        if (holds(instruction.what, characters, at)) open.push([index + 1, from]);
      } else {
        const character = characters[at];
        if (character !== undefined && instruction.test(character)) next.set(index + 1, from);
      }
    }
    states = next;
    if (states.size === 0 && best !== undefined) return best;
  }
  return best;
};

/** @param source what stands between the slashes @throws PatternError */
export const linearPattern = (source: string): LinearPattern => {
  if (source === '') throw new PatternError('It is empty.');
  if (source.length > longestPattern)
    throw new PatternError(`It is longer than ${longestPattern} characters.`);
  const program = compile(parsePattern(source));
  return { find: (characters, budget) => find(program, characters, budget) };
};
