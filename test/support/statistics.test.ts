import assert from 'node:assert/strict';
import { median, quantile, summarise } from './statistics.ts';

describe('statistics', () => {
  it('takes the middle of the sorted samples, and leaves them as they were', () => {
    const samples = [30, 10, 20];
    assert.equal(median(samples), 20);
    assert.deepEqual(samples, [30, 10, 20]);
    assert.equal(median([1, 2, 3, 10]), 2.5);
  });

  it('sorts by value, not by spelling', () => {
    assert.equal(median([9, 10, 100]), 10);
  });

  it('interpolates between two samples', () => {
    const hundred = Array.from({ length: 101 }, (_, index) => index);
    assert.equal(quantile(hundred, 0.95), 95);
    assert.equal(quantile([0, 10], 0.25), 2.5);
    assert.equal(quantile([7], 0.95), 7);
  });

  it('summarises', () => {
    assert.deepEqual(summarise([4, 2, 3, 1, 5]), { count: 5, min: 1, p50: 3, p95: 4.8, max: 5 });
  });

  it('has no answer without samples', () => {
    assert.throws(() => summarise([]), RangeError);
  });
});
