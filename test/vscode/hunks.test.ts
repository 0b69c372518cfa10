import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type HunkEdit, hunkFrom, hunksOf, isSameText, leaveOut } from '../../extension/vscode/hunks.ts';

/** As an editor does it: positions count lines without their endings. */
const apply = (text: string, edit: HunkEdit): string => {
  const lines = text.split('\n');
  const at = (line: number, character: number): number =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  assert.ok(edit.startLine < lines.length && edit.endLine < lines.length, 'the edit lies in the text');
  const start = at(edit.startLine, edit.startCharacter);
  return text.slice(0, start) + edit.text + text.slice(at(edit.endLine, edit.endCharacter));
};

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '', 'a longer line'), { maxLength: 12 })
  .map((lines) => lines.join('\n'));

describe('the changes of an edit', () => {
  for (const [name, left, right, hunks] of [
    ['none', 'a\nb\n', 'a\nb\n', []],
    ['none but line endings', 'a\nb\n', 'a\r\nb\r\n', []],
    ['a line', 'a\nb\nc', 'a\nB\nc', [[1, 2, 1, 2]]],
    [
      'two places',
      'a\nb\nc\nd\n',
      'A\nb\nc\n\nd\n',
      [
        [0, 1, 0, 1],
        [3, 3, 3, 4],
      ],
    ],
    ['lines gone', 'a\nb\nc\n', 'c\n', [[0, 2, 0, 0]]],
    ['a new file', '', 'a\nb\n', [[0, 0, 0, 2]]],
  ] as const) {
    it(`are found: ${name}`, () => {
      assert.deepEqual(
        hunksOf(left, right).map((hunk) => [hunk.leftStart, hunk.leftEnd, hunk.rightStart, hunk.rightEnd]),
        hunks,
      );
    });
  }

  it('are taken at the cursor, else behind it, else from the beginning', () => {
    const hunks = hunksOf('a\nb\nc\nd\ne\n', 'A\nb\nc\nd1\nd2\ne\n');
    const startAt = (line: number) => hunkFrom(hunks, line)?.rightStart;
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(startAt), [0, 3, 3, 3, 3, 0, 0]);
    assert.equal(hunkFrom([], 0), undefined);
  });

  it('left out one by one, in any order, give the left side; none left out, the right side', () => {
    let most = 0;
    fc.assert(
      fc.property(text, text, fc.array(fc.nat(20), { maxLength: 20 }), (left, right, cursors) => {
        let current = right;
        const count = hunksOf(left, right).length;
        most = Math.max(most, count);
        for (let round = 0; round < count; round += 1) {
          const before = hunksOf(left, current).length;
          const hunk = hunkFrom(hunksOf(left, current), cursors[round] ?? 0);
          assert.ok(hunk !== undefined || before === 0);
          if (hunk === undefined) break;
          current = apply(current, leaveOut(hunk, left, current));
          assert.ok(hunksOf(left, current).length < before, 'one is gone');
        }
        assert.equal(current, left);
        assert.equal(hunksOf(left, current).length, 0);
      }),
      { numRuns: 500 },
    );
    assert.ok(most > 2);
  });

  it('are those that rebuild the right side from the left', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        const [old, young] = [left.split('\n'), right.split('\n')];
        const rebuilt: string[] = [];
        let at = 0;
        for (const { leftStart, leftEnd, rightStart, rightEnd } of hunksOf(left, right)) {
          rebuilt.push(...old.slice(at, leftStart), ...young.slice(rightStart, rightEnd));
          at = leftEnd;
        }
        assert.deepEqual([...rebuilt, ...old.slice(at)], young);
      }),
    );
  });

  it('do not count what an editor makes of line endings', () => {
    assert.ok(isSameText('a\r\nb\rc\n', 'a\nb\nc\n'));
    assert.ok(!isSameText('a\n', 'a'));
  });

  it('are one coarse change where a finer look takes too long', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        const hunks = hunksOf(left, right, -1);
        assert.equal(hunks.length, left === right ? 0 : 1);
        const [hunk] = hunks;
        if (hunk !== undefined) assert.equal(apply(right, leaveOut(hunk, left, right)), left);
      }),
    );
    assert.deepEqual(hunksOf('a\nb\nc\nd\ne', 'a\nB\nc\nD\ne', -1), [
      { leftStart: 1, leftEnd: 4, rightStart: 1, rightEnd: 4 },
    ]);
  });
});
