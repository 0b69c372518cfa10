import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergeOut, mergeTexts, readableText } from '../../extension/vscode/undoMerge.ts';

const lines = (...each: readonly string[]): string => each.map((line) => `${line}\n`).join('');

describe('merging undone steps out of a text', () => {
  it('takes out what the step did and leaves what the person did elsewhere', () => {
    const before = lines('a', 'b', 'c', 'd', 'e');
    const after = lines('a', 'B by the agent', 'c', 'd', 'e');
    const now = lines('a', 'B by the agent', 'c', 'd', 'E by me');
    assert.deepEqual(mergeOut(now, [{ before, after }]), {
      text: lines('a', 'b', 'c', 'd', 'E by me'),
      conflicts: 0,
    });
  });

  it('marks lines that both changed', () => {
    const now = lines('a', 'B by the agent and me', 'c');
    const change = { before: lines('a', 'b', 'c'), after: lines('a', 'B by the agent', 'c') };
    assert.deepEqual(mergeOut(now, [change]), {
      text: lines(
        'a',
        '<<<<<<< as it is now',
        'B by the agent and me',
        '=======',
        'b',
        '>>>>>>> as it was before',
        'c',
      ),
      conflicts: 1,
    });
  });

  it('puts markers on lines of their own behind a last line without an end', () => {
    const { text } = mergeTexts('x', 'mine', 'theirs');
    assert.equal(text, '<<<<<<< as it is now\nmine\n=======\ntheirs\n>>>>>>> as it was before\n');
  });

  it('keeps line endings and the missing end of the last line', () => {
    const change = { before: 'a\r\nb\r\nc\r\nd', after: 'X\r\nb\r\nc\r\nd' };
    assert.equal(mergeOut('X\r\nb\r\nc\r\nD', [change]).text, 'a\r\nb\r\nc\r\nD');
  });

  it('leaves a text of a person between two steps', () => {
    const [one, two] = [lines('1', 'x', '2', 'y', '3'), lines('1', 'X', '2', 'y', '3')];
    const mine = lines('1', 'X', '2', 'y', '3 mine');
    const last = lines('1', 'X', '2', 'Y', '3 mine');
    const merged = mergeOut(last, [
      { before: one, after: two },
      { before: mine, after: last },
    ]);
    assert.deepEqual(merged, { text: lines('1', 'x', '2', 'y', '3 mine'), conflicts: 0 });
  });

  it('gives the first text back where nobody else changed anything', () => {
    const text = fc
      .array(fc.constantFrom('a\n', 'b\n', 'c\r\n', 'd'), { maxLength: 8 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (texts) => {
        const changes = texts.slice(1).map((after, index) => ({ before: texts[index] ?? '', after }));
        assert.deepEqual(mergeOut(texts.at(-1) ?? '', changes), { text: texts[0], conflicts: 0 });
      }),
    );
  });

  it('reads text only', () => {
    assert.equal(readableText(Buffer.from('\ufeffä')), 'ä');
    assert.equal(readableText(Buffer.from([0xff, 0xfe])), undefined);
    assert.equal(readableText(Buffer.from('a\0b')), undefined);
    assert.equal(readableText(undefined), undefined);
  });
});
