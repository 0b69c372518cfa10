import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  fold,
  indexed,
  matchExpression,
  parseSearch,
  rangesIn,
  rangesInTitle,
  wordsOf,
} from '../../extension/storage/searchWords.ts';
import { snippetOf } from '../../extension/storage/snippet.ts';

const folded = (text: string): readonly string[] => wordsOf(text).map((word) => word.folded);

const marked = (text: string, search: string): string => {
  let end = 0;
  let result = '';
  for (const [from, to] of rangesIn(text, parseSearch(search))) {
    result += `${text.slice(end, from)}[${text.slice(from, to)}]`;
    end = to;
  }
  return result + text.slice(end);
};

/** Letters of many kinds, and what stands between words. */
const letters = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'aAbBcC019éÉüßİıſςΣ한글 \n.,_-"*():') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '会',
      '議',
      'が',
      'か\u3099',
      'ー',
      'ส',
      'วั',
      'e\u0301',
      '\u0301',
      'ﬁ',
      'Ａ',
      '½',
      '⑴',
      '𝐀',
      '𐐀',
      '1\ufe0f\u20e3',
      '❤\ufe0f',
      '\ud83d',
      '\0',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }) },
);
const anyText = fc.array(letters, { maxLength: 60 }).map((all) => all.join(''));

describe('words of a search', () => {
  it('are letters and digits, without case and accents', () => {
    const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
      ['Hello, World! snake_case x-1', ['hello', 'world', 'snake', 'case', 'x', '1']],
      ['Crème BRÛLÉE cre\u0300me', ['creme', 'brulee', 'creme']],
      ['ΟΔΟΣ οδός İstanbul ﬁle Ｆｕｌｌ', ['οδοσ', 'οδοσ', 'istanbul', 'file', 'full']],
      // What the accents of other scripts spell is kept.
      ['हिन्दी が', ['हिन्दी', 'が']],
      ['会議は3時', ['会', '議', 'は', '3', '時']],
      ['한국어 слово', ['한국어', 'слово']],
      ['❤\ufe0f … — "" () 🎉', []],
      ['', []],
      [`${'a'.repeat(100)} b`, ['a'.repeat(64), 'b']],
    ];
    for (const [text, words] of cases) assert.deepEqual(folded(text), words, text);
  });

  it('are the same to SQLite, to whom only letters and digits are shown', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const seen = indexed(text)
          .split(' ')
          .filter((word) => word !== '');
        assert.deepEqual(seen, folded(text));
        for (const word of seen) {
          assert.equal(fold(word), word);
          assert.match(word, /^[^\0-\x2f\x3a-\x60\x7b-\x7f]+$/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('are read out of what a person typed', () => {
    const cases: readonly (readonly [typed: string, expression: string])[] = [
      ['foo', '"foo*"'],
      ['Foo  bar ', '"foo" "bar*"'],
      ['"foo bar" baz', '"foo bar" "baz*"'],
      ['baz "foo bar"', '"baz" "foo bar"'],
      ['baz "foo ba', '"baz" "foo ba*"'],
      ['„foo bar“ x', '"foo bar" "x*"'],
      ['src/date.ts', '"src date ts*"'],
      ['会議', '"会 議*"'],
      ['foo AND bar OR NOT x NEAR/2 y', '"foo" "and" "bar" "or" "not" "x" "near 2" "y*"'],
      ['-foo text:bar b*r* (baz) ^', '"foo" "text bar" "b r" "baz*"'],
      ['""', ''],
      [' "*" - ( ', ''],
      ["Robert'); DROP TABLE search;--", '"robert" "drop" "table" "search*"'],
    ];
    for (const [typed, expression] of cases)
      assert.equal(matchExpression(parseSearch(typed)), expression, typed);
  });

  it('are highlighted where they stand, the last one as far as it was typed', () => {
    assert.equal(marked('The Catalogue of cats', 'cat'), 'The [Cat]alogue of [cat]s');
    assert.equal(marked('concat cat', 'cat x'), 'concat [cat]');
    assert.equal(marked('Crème brûlée', 'cre bru'), 'Crème [brû]lée');
    assert.equal(marked('cre\u0300me', 'cre'), '[cre\u0300]me');
    assert.equal(marked('src/date.ts and src/other.ts', 'src/date.t'), '[src]/[date].[t]s and src/other.ts');
    assert.equal(marked('来週の会議室', '会議'), '来週の[会][議]室');
    assert.equal(marked('a b a c', '"a c"'), 'a b [a] [c]');
    assert.equal(marked('one two', '...'), 'one two');
    assert.deepEqual(rangesInTitle('one two', parseSearch('one three')), []);
    assert.deepEqual(rangesInTitle('one two', parseSearch('one tw')), [
      [0, 3],
      [4, 6],
    ]);
  });

  it('stand in every range that is highlighted, in any text', () => {
    let found = 0;
    fc.assert(
      fc.property(
        anyText,
        fc.nat(),
        fc.nat(6),
        anyText,
        fc.boolean(),
        (text, from, length, other, isOther) => {
          const at = text.length === 0 ? 0 : from % text.length;
          const typed = isOther ? other : text.slice(at, at + length);
          const terms = parseSearch(typed);
          const typedWords = terms.flatMap(({ words }) => words);
          const ranges = rangesIn(text, terms);
          let last = 0;
          for (const [start, end] of ranges) {
            assert.ok(start >= last && end > start && end <= text.length);
            const word = fold(text.slice(start, end));
            assert.ok(
              typedWords.some((each) => word.startsWith(each)),
              `${JSON.stringify(word)} of ${JSON.stringify(typed)}`,
            );
            last = end;
          }
          found += ranges.length;
        },
      ),
      { numRuns: 3_000 },
    );
    assert.ok(found > 500, `only ${found} ranges`);
  });
});

describe('the snippet of a hit', () => {
  const snippet = (text: string, search: string) => snippetOf(text, parseSearch(search));

  it('is one line around the words, where most of them stand together', () => {
    const filler = 'lorem ipsum dolor '.repeat(40);
    const text = `alpha first ${filler}\n\n\tthen alpha\r\nand beta meet ${filler}beta`;
    const { snippet: line, ranges } = snippet(text, 'beta alph') ?? assert.fail();
    assert.match(line, /^….*then alpha and beta meet lorem .*…$/);
    assert.ok(line.length < 260, `${line.length}`);
    assert.deepEqual(
      ranges.map(([start, end]) => line.slice(start, end)),
      ['alph', 'beta'],
    );
  });

  it('is around the longest word where they stand far apart', () => {
    const text = `react ${'lorem ipsum dolor '.repeat(40)} a promise`;
    assert.match(snippet(text, 'promise re')?.snippet ?? '', /promise$/);
  });

  it('is the whole text where that is short, and nothing where a word is missing', () => {
    assert.deepEqual(snippet('Say hello', 'hel'), { snippet: 'Say hello', ranges: [[4, 7]] });
    assert.equal(snippet('Say hello', 'hello world'), undefined);
    assert.equal(snippet('', 'x'), undefined);
  });

  it('never cuts a word so that it looks like another', () => {
    const text = `${'x'.repeat(100)}${' needle '}${'concatenate '.repeat(60)}`;
    for (const search of ['needle cat', 'needle con']) {
      const found = snippet(text, search);
      assert.equal(found !== undefined, search.endsWith('con'));
      for (const [start, end] of found?.ranges ?? [])
        assert.match(found?.snippet.slice(start, end) ?? '', /^(needle|con)$/);
    }
  });

  it('is found also in letters that stand apart from their accents, and in encoded bytes', () => {
    assert.equal(snippet('un cafe\u0301 noir', 'café n')?.snippet, 'un cafe\u0301 noir');
    const bytes = `data:${'QUJDRA'.repeat(20_000)} end`;
    const found = snippet(bytes, 'qujdra') ?? assert.fail();
    assert.ok(found.snippet.length <= 500);
    assert.equal(found.ranges.length, 1);
  });

  it('exists exactly where all words occur, and shows one of them, in any text', () => {
    let hits = 0;
    const padded = fc
      .tuple(anyText, fc.constantFrom(0, 1, 30), anyText)
      .map(([a, times, b]) => `${a} ${'pad ding 会'.repeat(times)} ${b}`);
    fc.assert(
      fc.property(padded, fc.nat(), fc.nat(8), (text, from, length) => {
        const at = from % text.length;
        const terms = parseSearch(text.slice(at, at + length));
        if (terms.length === 0) return;
        const found = snippetOf(text, terms);
        assert.equal(found !== undefined, rangesInTitle(text, terms).length > 0);
        if (found === undefined) return;
        hits += 1;
        assert.doesNotMatch(found.snippet, /[\n\r\t]/);
        assert.ok(found.ranges.length > 0, JSON.stringify(found.snippet));
      }),
      { numRuns: 3_000 },
    );
    assert.ok(hits > 1_000, `only ${hits} hits`);
  });
});
