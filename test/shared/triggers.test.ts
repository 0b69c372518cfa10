import assert from 'node:assert/strict';
import fc from 'fast-check';
import { linearPattern, PatternError } from '../../extension/shared/linearPattern.ts';
import type { SkillChoice } from '../../extension/shared/skill.ts';
import { matchTriggers, triggerProblem } from '../../extension/shared/triggers.ts';

const choice = (id: string, triggers: readonly string[], isReviewed = true): SkillChoice => ({
  id,
  description: '',
  triggers,
  isReviewed,
});

const phraseFor = (text: string, trigger: string, files: readonly string[] = []): string | undefined =>
  matchTriggers(text, files, [choice('skill', [trigger])])[0]?.phrase;

const codes = (text: string): number[] => Array.from(text, (each) => each.codePointAt(0) ?? 0);

const findIn = (source: string, text: string): string | undefined => {
  const characters = codes(text);
  const found = linearPattern(source).find(characters, { left: 1_000_000 });
  return found && String.fromCodePoint(...characters.slice(found.from, found.to));
};

describe('triggers', () => {
  const matching: [trigger: string, text: string, phrase: string][] = [
    ['extract table', 'Please EXTRACT  Table 3', 'extract table'],
    ['Extract Table', 'extract\ntable', 'extract table'],
    ['pdf', 'a ｐｄｆ here', 'pdf'],
    ['pdf', 'my-pdf.', 'pdf'],
    ['c++', 'in C++11 code', 'c++'],
    ['.net', 'asp.net', '.net'],
    ['straße', 'die STRAßE', 'straße'],
    ['翻译', '请翻译这个', '翻译'],
    ['pdf', '把pdf转成文本', 'pdf'],
    ['표로', '이것을 표로만', '표로'],
    ['*.pdf', 'look at docs/Report.PDF.', 'report.pdf'],
    ['*.pdf', 'see "my report.pdf", please', 'report.pdf'],
    ['*.pdf', 'C:\\files\\a.pdf', 'a.pdf'],
    ['*.pdf', '请把报告.pdf转成文本', '请把报告.pdf'],
    ['*.tar.gz', 'unpack a.tar.gz', 'a.tar.gz'],
    ['report-*.csv', 'report-2025.csv?', 'report-2025.csv'],
    ['/extract .* tables?/', 'Extract the big Table now', 'extract the big table'],
    ['/\\binvoices?\\b/i', 'two Invoices', 'invoices'],
  ];
  for (const [trigger, text, phrase] of matching) {
    it(`finds ${trigger} in ${JSON.stringify(text)}`, () => assert.equal(phraseFor(text, trigger), phrase));
  }

  const missing: [trigger: string, text: string][] = [
    ['table', 'vegetables'],
    ['pdf', 'pdfs'],
    ['pdf', 'épdf'],
    ['cafe', 'cafe\u0323'],
    ['extract table', 'extract the table'],
    ['*.pdf', 'a pdf'],
    ['*.pdf', 'a.pdfx'],
    ['a*.pdf', 'b.pdf'],
    ['ab', 'ab ab'],
    ['/a|bc/', 'a bc'],
    ['/(a+)\\1/', 'aaaa'],
    ['*', 'a.pdf'],
  ];
  for (const [trigger, text] of missing) {
    it(`does not find ${trigger} in ${JSON.stringify(text)}`, () =>
      assert.equal(phraseFor(text, trigger), undefined));
  }

  it('looks at attached files too', () => {
    assert.equal(phraseFor('', '*.pdf', ['/home/me/Report.pdf']), 'report.pdf');
    assert.equal(phraseFor('', '*.pdf', ['report.txt']), undefined);
  });

  it('offers the two longest phrases, and never a file before a phrase', () => {
    const choices = [
      choice('files', ['*.extraordinary']),
      choice('b', ['table']),
      choice('a', ['table']),
      choice('long', ['pdf', 'extract table'], false),
    ];
    const found = matchTriggers('extract table a.extraordinary', [], choices);
    assert.deepEqual(found, [
      { id: 'long', phrase: 'extract table', isReviewed: false },
      { id: 'a', phrase: 'table', isReviewed: true },
    ]);
    assert.deepEqual(matchTriggers('extract table a.extraordinary', [], choices.toReversed()), found);
  });

  it('does not let a pattern win by finding much', () => {
    const choices = [choice('greedy', ['/a.*z/']), choice('plain', ['make a quiz'])];
    const [best] = matchTriggers(`make a quiz ${'x'.repeat(100)} z`, [], choices);
    assert.equal(best?.id, 'plain');
  });

  it('shows no more of a match than a chip can hold', () => {
    assert.equal(phraseFor(`a${'x'.repeat(500)}z`, '/a.*z/')?.length, 61);
  });

  it('says what is wrong with a trigger', () => {
    assert.match(triggerProblem('ab') ?? '', /fewer than 3/);
    assert.match(triggerProblem('*.{xls,xlsx}') ?? '', /one file name/);
    assert.match(triggerProblem('/(?=a)b/') ?? '', /looks ahead/);
    assert.match(triggerProblem('/(a/') ?? '', /not closed/);
    assert.match(triggerProblem('x'.repeat(300)) ?? '', /longer than 200/);
    assert.match(triggerProblem(`/${'(a{100}){100}'}/`) ?? '', /repetitions/);
    assert.equal(triggerProblem('extract table'), undefined);
  });

  it('finds a phrase at the end of a long message, and none across its cut', () => {
    assert.equal(phraseFor(`${'word '.repeat(50_000)}extract table`, 'extract table'), 'extract table');
    assert.equal(phraseFor(`${'x'.repeat(9_992)} extract${'y'.repeat(9_999)} table`, 'extract y'), undefined);
  });

  it('looks only so often for a phrase inside of words', () => {
    const choices = Array.from({ length: 100 }, (_, skill) =>
      choice(
        `s${skill}`,
        Array.from({ length: 50 }, (_, index) => 'a'.repeat(3 + index)),
      ),
    );
    assert.deepEqual(matchTriggers('a'.repeat(20_000), [], choices), []);
    assert.equal(phraseFor(`${'party '.repeat(300)}art`, 'art'), 'art');
  });

  it('finds every phrase between other words, for any words', () => {
    const word = fc.stringMatching(/^[a-zäöü]{3,8}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), word, word, (phrase, before, after) => {
        const text = phrase.join(' ');
        assert.equal(phraseFor(`${before} ${text.toUpperCase()}, ${after}`, text), text);
      }),
    );
  });
});

describe('patterns of linear cost', () => {
  /** What both engines understand alike. */
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '\\s', '\\b', '^', '$', '\\.');
  const pattern = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      atom,
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(tie('node'), fc.constantFrom('?', '*', '+', '{2}', '{1,2}', '{1,}'))
        .map(([a, count]) => `(?:${a})${count}`),
    ),
  })).node;

  it('begins its match where the expressions of JavaScript do', () => {
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab1 .]{0,8}$/), (source, text) => {
        fc.pre(source.length <= 60);
        const expected = new RegExp(source, 'iu').exec(text);
        const found = linearPattern(source).find(codes(text), { left: 1_000_000 });
        assert.equal(found?.from, expected?.index);
        // The longest, where theirs is the preferred one.
        if (found && expected) assert.ok(found.to - found.from >= expected[0].length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds the longest', () => {
    assert.equal(findIn('a|ab', 'xab'), 'ab');
    assert.equal(findIn('b+', 'abbbc'), 'bbb');
    assert.equal(findIn('[0-9]{2,3}', '12345'), '123');
    assert.equal(findIn('É', 'é'), 'é');
    assert.equal(findIn('[A-Z]+', 'abc'), 'abc');
  });

  const hostile = [
    '(a+)+$',
    '(a|a)*b',
    '(a|aa)+$',
    '(.*)*x',
    `${'a?'.repeat(50)}${'a'.repeat(50)}b`,
    '(\\w+\\s?)+$',
  ];
  for (const source of [...hostile, '.*.*.*.*.*.*x', '(((a*)*)*)*b', '([a-z]+)+=']) {
    it(`takes no more steps than characters times length: ${source.slice(0, 20)}`, () => {
      const text = codes('a'.repeat(4_000));
      const budget = { left: 4_001 * 1_000 };
      linearPattern(source).find(text, budget);
      assert.ok(budget.left > 0, 'the budget was spent');
    });
  }

  it('spends no more than it is given, for any pattern and text', () => {
    const any = fc.oneof(pattern, fc.string({ maxLength: 60 }), fc.constantFrom(...hostile));
    fc.assert(
      fc.property(any, fc.stringMatching(/^[ab1 ]{0,50}$/), fc.nat(200), (source, text, steps) => {
        const budget = { left: steps };
        try {
          linearPattern(source).find(codes(text), budget);
        } catch (error) {
          if (!(error instanceof PatternError)) throw error;
        }
        assert.ok(budget.left >= -1);
      }),
    );
  });

  it('shares one budget between all skills', () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      choice(
        `s${index}`,
        Array.from({ length: 50 }, () => '/(((a*)*)*)*b/'),
      ),
    );
    const last = choice('words', ['hello there']);
    const found = matchTriggers(`${'a'.repeat(5_000)} hello there`, [], [...many, last]);
    assert.deepEqual(
      found.map(({ id }) => id),
      ['words'],
    );
  });
});
