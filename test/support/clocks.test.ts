import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuTime, stopwatch } from './clocks.ts';

const busyFor = (milliseconds: number): void => {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
};

describe('a clock for tests', () => {
  it('counts the work of this thread, and not what it waits', async () => {
    const began = cpuTime();
    // What thousands of tests have left is cleared away in between, on this thread.
    await delay(2_000);
    const waited = cpuTime() - began;
    assert.ok(waited < 1_000, `${waited} ms`);
    const working = cpuTime();
    while (cpuTime() - working < 200) busyFor(20);
  });

  it('counts what passes while the process is there to see it', async () => {
    const took = stopwatch();
    await delay(200);
    busyFor(1_000);
    await delay(0);
    const milliseconds = took();
    assert.ok(milliseconds >= 50 && milliseconds < 1_000, `${milliseconds} ms`);
  });
});
