import { randomOf } from '../stress/random.ts';

const syllables = 'ba co di fa ge hi jo ka le mi no pu ra se ti vo we xu ya zo'.split(' ');

/** A made-up word, the same for each number; the lower the number, the shorter. */
const wordOf = (number: number): string => {
  let rest = number;
  let word = '';
  do {
    word += syllables[rest % syllables.length] ?? '';
    rest = Math.floor(rest / syllables.length);
  } while (rest > 0);
  return word;
};

/** Texts of words that occur as often as in a language (Zipf), with some names as in code. The same for each seed. */
export const textsOf = (seed: number): ((words: number) => string) => {
  const random = randomOf(seed);
  const vocabulary = 30_000;
  const word = (): string => {
    // A number drawn so that its logarithm is even: word n comes about 1/n of the time.
    const common = wordOf(Math.floor(vocabulary ** random()));
    const kind = random();
    if (kind < 0.04)
      return `${common}${wordOf(Math.floor(random() * vocabulary)).replace(/^./, (letter) => letter.toUpperCase())}`;
    if (kind < 0.06) return `src/${common}.ts`;
    return common;
  };
  return (words) => Array.from({ length: words }, word).join(' ');
};
