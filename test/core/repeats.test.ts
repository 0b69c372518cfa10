import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type PastCall, repetitionNote, repetitionOf } from '../../extension/core/repeats.ts';
import type { JsonObject } from '../../extension/shared/message.ts';

const pastCall = (tool: string, input: JsonObject = {}, text = 'same'): PastCall => ({
  tool,
  input,
  content: [{ type: 'text', text }],
  label: tool,
});
const past = (letters: string): PastCall[] => [...letters].map((letter) => pastCall(letter));

describe('repetitionOf', () => {
  const cases: [string, PastCall[], number, string[]][] = [
    ['nothing', [], 1, []],
    ['one call', past('a'), 1, ['a']],
    ['the same call', past('baaa'), 3, ['a']],
    ['the same call, long ago', past('aaab'), 1, ['b']],
    ['two that take turns', past('cababab'), 3, ['a', 'b']],
    ['two that take turns, the next begun', past('ababa'), 2, ['b', 'a']],
    ['three that take turns', past('abcabcabc'), 1, ['c']],
    ['twice the same', past('aabb'), 2, ['b']],
    ['another input', [pastCall('a', { path: 'x' }), pastCall('a', { path: 'y' })], 1, ['a']],
    ['another result', [pastCall('a', {}, 'one'), pastCall('a', {}, 'two')], 1, ['a']],
    [
      'the same input in another order',
      [pastCall('a', { x: [1, { y: null }], z: 2 }), pastCall('a', { z: 2, x: [1, { y: null }] })],
      2,
      ['a'],
    ],
    ['a key less', [pastCall('a', { x: 1 }), pastCall('a', {})], 1, ['a']],
    ['an inherited name', [pastCall('a', { x: 1 }), pastCall('a', { toString: 1 })], 1, ['a']],
    ['a list and an object', [pastCall('a', { x: [] }), pastCall('a', { x: {} })], 1, ['a']],
  ];
  for (const [name, calls, times, labels] of cases) {
    it(`counts ${name}: ${times}`, () => {
      assert.deepEqual(repetitionOf(calls), { times, labels });
    });
  }

  it('counts what is repeated however often, behind whatever came before', () => {
    const letters = fc.string({ unit: fc.constantFrom('x', 'y', 'z'), maxLength: 6 });
    fc.assert(
      fc.property(
        letters,
        fc.constantFrom('a', 'ab'),
        fc.integer({ min: 1, max: 8 }),
        (before, what, times) => {
          assert.equal(repetitionOf(past(before + what.repeat(times))).times, times);
        },
      ),
    );
  });

  it('is told from the third time on', () => {
    assert.equal(repetitionNote({ times: 2, labels: ['a'] }), undefined);
    assert.match(repetitionNote({ times: 3, labels: ['a'] }) ?? '', /this call 3 times/);
    assert.match(repetitionNote({ times: 4, labels: ['a', 'b'] }) ?? '', /these two calls 4 times/);
  });
});
