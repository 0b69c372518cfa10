import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { Lease } from '../../extension/telegram/lease.ts';
import { leaseWindows } from './leaseSupport.ts';

const names = ['a', 'b', 'c'];
const bot = 7;

/** What may happen to some windows at once. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('take'), who: fc.subarray(names, { minLength: 1 }) }),
  },
  fc.record({
    kind: fc.constantFrom('release', 'kill', 'stall', 'goOn'),
    who: fc.subarray(names, { minLength: 1, maxLength: 1 }),
  }),
  fc.record({ kind: fc.constantFrom('pass', 'sleep'), who: fc.constant<string[]>([]) }),
);

describe('leases of bots, whatever happens', () => {
  it('never have two holders that live and have looked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const folder = await mkdtemp(path.join(tmpdir(), 'lease-'));
        const windows = leaseWindows(folder);
        const processes = new Map(names.map((name) => [name, { owner: name, leases: windows.open(name) }]));
        const holders = new Map<string, Lease>();
        let born = 0;
        try {
          for (const { kind, who } of steps) {
            await Promise.all(
              who.map(async (name) => {
                const own = processes.get(name);
                assert.ok(own !== undefined);
                const isStalled = windows.stalled.has(own.owner);
                if (kind === 'kill') {
                  windows.dead.add(own.owner);
                  holders.delete(own.owner);
                  born += 1;
                  const owner = `${name}${born}`;
                  processes.set(name, { owner, leases: windows.open(owner) });
                } else if (kind === 'stall') windows.stalled.add(own.owner);
                else if (kind === 'goOn') {
                  windows.stalled.delete(own.owner);
                  await windows.pass(3_000);
                } else if (kind === 'release' && !isStalled) {
                  await holders.get(own.owner)?.release();
                  holders.delete(own.owner);
                } else if (kind === 'take' && !isStalled) {
                  const answer = await own.leases.take(bot);
                  if (!('lease' in answer)) return;
                  holders.set(own.owner, answer.lease);
                  answer.lease.onLost(() => {
                    if (holders.get(own.owner) === answer.lease) holders.delete(own.owner);
                  });
                }
              }),
            );
            if (kind === 'pass') await windows.pass(2_000);
            if (kind === 'sleep') await windows.pass(60_000, true);
            const holding = [...holders.keys()].filter((owner) => !windows.stalled.has(owner));
            assert.ok(holding.length <= 1, `${holding.join(' and ')} hold it after ${kind}`);
            assert.deepEqual(windows.errors, []);
          }
          // Nobody is kept out for ever.
          for (const owner of windows.stalled) windows.dead.add(owner);
          const last = windows.open('last');
          for (const lease of holders.values()) await lease.release();
          assert.ok('lease' in (await last.take(bot)));
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});
