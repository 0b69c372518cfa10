import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyEdits, type TextEdit } from '../../extension/tools/applyEdits.ts';
import { cpuTime } from '../support/clocks.ts';
import { toolError } from './rig.ts';

const edit = (oldText: string, newText: string, replaceAll = false): TextEdit => ({
  oldText,
  newText,
  replaceAll,
});

describe('applyEdits', () => {
  it('replaces in order, each on the result of the one before', () => {
    assert.equal(applyEdits('a b c', [edit('a', 'b2'), edit('b2 b', 'x')]), 'x c');
  });

  it('does not read the replacement as a pattern', () => {
    assert.equal(applyEdits('price', [edit('price', "$& $1 $$ $'")]), "$& $1 $$ $'");
  });

  it('names the lines of an ambiguous match, overlapping ones included', () => {
    assert.throws(
      () => applyEdits('x\ny\nx\n', [edit('x', 'z')]),
      toolError(/there 2 times, at lines 1, 3\. .*replace_all/),
    );
    assert.throws(() => applyEdits('aaa', [edit('aa', 'b')]), toolError(/there 2 times/));
    assert.equal(applyEdits('aaa', [edit('aa', 'b', true)]), 'ba');
    assert.equal(applyEdits('x\ny\nx\n', [edit('x', 'z', true)]), 'z\ny\nz\n');
  });

  it('says which edit failed', () => {
    assert.throws(
      () => applyEdits('one', [edit('one', 'two'), edit('one', 'x')]),
      toolError(/^Edit 2 failed/),
    );
    assert.throws(() => applyEdits('one', [edit('', 'x')]), toolError(/old_text is empty/));
    assert.throws(() => applyEdits('one', [edit('one', 'one')]), toolError(/the same/));
  });

  describe('in files with \\r\\n', () => {
    it('matches either way and keeps the file as it is', () => {
      const text = 'one\r\ntwo\r\nthree\r\n';
      assert.equal(applyEdits(text, [edit('one\ntwo', '1\n1.5\n2')]), '1\r\n1.5\r\n2\r\nthree\r\n');
      assert.equal(applyEdits(text, [edit('two\r\nthree', '2')]), 'one\r\n2\r\n');
      assert.equal(applyEdits(text, [edit('\nthree\n', '\n')]), 'one\r\ntwo\r\n');
    });

    it('leaves mixed endings elsewhere alone', () => {
      assert.equal(applyEdits('a\r\nb\nc\r\nd\r\n', [edit('c', 'x\ny')]), 'a\r\nb\nx\r\ny\r\nd\r\n');
      assert.equal(applyEdits('a\nb\nc\r\n', [edit('a', 'x\r\ny')]), 'x\ny\nb\nc\r\n');
    });
  });

  describe('when nothing matches', () => {
    const source = [
      'export const add = (a: number, b: number): number => {',
      '  const sum = a + b;',
      '  return sum;',
      '};',
      '',
      'export const subtract = (a: number, b: number): number => {',
      '  return a - b;',
      '};',
    ].join('\n');

    it('quotes the nearest lines', () => {
      assert.throws(
        () =>
          applyEdits(source, [
            edit('export const subtract = (a: number, b: number) => {\n  return a + b;', 'x'),
          ]),
        toolError(
          /nearest lines are, lines 6-7, exactly so:\nexport const subtract = \(a: number, b: number\): number => \{\n {2}return a - b;$/,
        ),
      );
    });

    it('sees that only the indentation differs', () => {
      assert.throws(
        () => applyEdits(source, [edit('const sum = a + b;\nreturn sum;', 'x')]),
        toolError(/same text is there with other spaces.*lines 2-3, exactly so:\n {2}const sum = a \+ b;/),
      );
    });

    it('sees copied line numbers', () => {
      assert.throws(
        () => applyEdits(source, [edit('2\t  const sum = a + b;', 'x')]),
        toolError(/line numbers/),
      );
    });

    it('does not mislead where nothing is alike', () => {
      assert.throws(
        () => applyEdits(source, [edit('SELECT * FROM users', 'x')]),
        toolError(/Nothing in the file/),
      );
      assert.throws(() => applyEdits('', [edit('x', 'y')]), toolError(/Nothing in the file/));
    });

    it('is quick on a long file', () => {
      const long = Array.from(
        { length: 20_000 },
        (_, index) => `  const value${index} = compute(${index});`,
      ).join('\n');
      const began = cpuTime();
      const wanted = 'const value777 = compute(778);\n  const value778 = compute(779);';
      assert.throws(() => applyEdits(long, [edit(wanted, 'x')]), toolError(/lines 77[789]-7/));
      const took = cpuTime() - began;
      assert.ok(took < 2_000, `${took} ms`);
    });
  });

  it('is what a plain replacement gives, or changes nothing', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', '\n', '\r\n', 'x y', '$&', '', 'é', '😀');
    const pieces = fc.array(piece, { maxLength: 12 });
    const text = pieces.map((parts) => parts.join(''));
    // A part of the original, or anything: chance alone hardly ever finds a text that is there.
    const someEdits = pieces.chain((parts) => {
      const place = fc.nat(parts.length);
      const part = fc
        .tuple(place, place)
        .map(([a, b]) => parts.slice(Math.min(a, b), Math.max(a, b) + 1).join(''));
      const someEdit = fc.record({
        oldText: fc.oneof({ weight: 3, arbitrary: part }, text),
        newText: text,
        replaceAll: fc.boolean(),
      });
      return fc.tuple(fc.constant(parts.join('')), fc.array(someEdit, { minLength: 1, maxLength: 3 }));
    });
    let applied = 0;
    fc.assert(
      fc.property(someEdits, ([original, edits]) => {
        const expected = reference(original, edits);
        let actual: string | undefined;
        try {
          actual = applyEdits(original, edits);
          applied += 1;
        } catch (error) {
          toolError(/changed|empty/)(error);
        }
        assert.equal(actual === undefined ? undefined : lf(actual), expected);
      }),
      { numRuns: 2_000 },
    );
    assert.ok(applied > 300, `${applied} applied`);
  });

  it('touches no byte outside of what it replaces, whatever the line endings', () => {
    const line = fc.constantFrom('one', 'two', '', '  three', 'one two');
    const ending = fc.constantFrom('\n', '\r\n');
    const side = fc.array(fc.tuple(line, ending), { maxLength: 6 }).map((lines) => lines.flat().join(''));
    fc.assert(
      fc.property(side, side, ending, (before, after, own) => {
        const original = `${before}UNIQUE${own}MARK${after}`;
        const changed = applyEdits(original, [edit('UNIQUE\nMARK', 'new')]);
        assert.equal(changed, `${before}new${after}`);
      }),
    );
  });
});

const lf = (text: string): string => text.replaceAll('\r\n', '\n');

/** The plain way, in line feeds only; undefined where it must fail. */
const reference = (original: string, edits: readonly TextEdit[]): string | undefined => {
  let text = lf(original);
  for (const { oldText, newText, replaceAll } of edits) {
    const [from, to] = [lf(oldText), lf(newText)];
    if (from === '' || from === to) return undefined;
    const first = text.indexOf(from);
    if (first === -1) return undefined;
    if (!replaceAll && text.indexOf(from, first + 1) !== -1) return undefined;
    text = replaceAll
      ? text.split(from).join(to)
      : text.slice(0, first) + to + text.slice(first + from.length);
  }
  return text;
};
