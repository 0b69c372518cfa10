import assert from 'node:assert/strict';
import { durationOf, inWords, retryAfterOf } from '../../extension/providers/retryAfter.ts';

const now = Date.parse('2026-11-22T10:00:00Z');

describe('retryAfter', () => {
  const cases: [Record<string, string>, number | undefined][] = [
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Sun, 22 Nov 2026 10:01:30 GMT' }, 90_000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ];
  for (const [headers, expected] of cases) {
    it(`reads ${JSON.stringify(headers)}`, () => {
      assert.equal(retryAfterOf(new Headers(headers), now), expected);
    });
  }

  it('reads durations of Google', () => {
    assert.equal(durationOf('36s'), 36_000);
    assert.equal(durationOf('0.25s'), 250);
    assert.equal(durationOf('36'), undefined);
  });

  it('says a duration in words', () => {
    assert.deepEqual([1, 900, 45_000, 99_000, 130_000, 3_600_000, 7_200_000].map(inWords), [
      '1 second',
      '1 second',
      '45 seconds',
      '99 seconds',
      '3 minutes',
      '60 minutes',
      '2 hours',
    ]);
  });
});
