import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Lease, Leases } from '../../extension/telegram/lease.ts';
import { leaseWindows } from './leaseSupport.ts';

const bot = 7;

describe('leases of bots', () => {
  let folder: string;
  let windows: ReturnType<typeof leaseWindows>;

  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'lease-')), 'telegram');
    windows = leaseWindows(folder);
  });
  afterEach(async () => {
    assert.deepEqual(windows.errors, []);
    await rm(path.dirname(folder), { recursive: true, force: true });
  });

  const taken = async (leases: Leases, botId = bot): Promise<Lease> => {
    const answer = await leases.take(botId);
    assert.ok('lease' in answer, 'it is not free');
    return answer.lease;
  };
  const heldBy = async (leases: Leases): Promise<string | undefined> => {
    const answer = await leases.take(bot);
    return 'place' in answer ? answer.place : undefined;
  };
  const isLost = (lease: Lease): boolean => {
    let is = false;
    lease.onLost(() => {
      is = true;
    });
    return is;
  };

  it('are held by one window at a time, each bot its own', async () => {
    const [a, b] = [windows.open('a'), windows.open('b')];
    const lease = await taken(a);
    assert.equal(await heldBy(b), 'window a');
    assert.equal(await heldBy(a), 'window a');
    await taken(b, 8);
    await lease.release();
    await taken(b);
    assert.equal(await heldBy(a), 'window b');
  });

  it('are taken over at once from a process that is dead', async () => {
    await taken(windows.open('a'));
    windows.dead.add('a');
    await taken(windows.open('b'));
  });

  it('stay with a window that gives signs of life, whatever is known of its process', async () => {
    const lease = await taken(windows.open('unknown'));
    const b = windows.open('b');
    for (let second = 0; second < 40; second += 2) {
      await windows.pass(2_000);
      assert.equal(await heldBy(b), 'window unknown');
    }
    assert.equal(isLost(lease), false);
  });

  for (const owner of ['alive', 'unknown']) {
    it(`are taken over from a window that is silent for ten seconds (${owner}), and it gets to know`, async () => {
      const lease = await taken(windows.open(owner));
      const b = windows.open('b');
      windows.stalled.add(owner);
      for (let second = 0; second < 10; second += 2) {
        assert.equal(await heldBy(b), `window ${owner}`);
        await windows.pass(2_000);
      }
      await taken(b);
      windows.stalled.delete(owner);
      assert.equal(isLost(lease), false);
      await windows.pass(3_000);
      assert.equal(isLost(lease), true);
      await lease.release();
      assert.equal(await heldBy(windows.open('c')), 'window b');
    });
  }

  it('outlast the sleep of the machine', async () => {
    const lease = await taken(windows.open('unknown'));
    const b = windows.open('b');
    await heldBy(b);
    windows.stalled.add('unknown');
    await windows.pass(2_000);
    await heldBy(b);
    await windows.pass(3_600_000, true);
    // The watcher wakes first.
    assert.equal(await heldBy(b), 'window unknown');
    windows.stalled.delete('unknown');
    await windows.pass(0);
    assert.equal(isLost(lease), false);
    assert.equal(await heldBy(b), 'window unknown');
  });

  it('are lost with their file, and taken again by who asks', async () => {
    const a = windows.open('a');
    const lease = await taken(a);
    await rm(folder, { recursive: true });
    await windows.pass(3_000);
    assert.equal(isLost(lease), true);
    await taken(a);
  });

  it('are taken once where their maker died before it wrote anything', async () => {
    const a = windows.open('a');
    await (await taken(a)).release();
    await writeFile(path.join(folder, `${bot}.2.lease`), '');
    assert.equal(await heldBy(a), '');
    for (let second = 0; second < 10; second += 2) {
      await windows.pass(2_000);
      if (second < 8) assert.equal(await heldBy(a), '');
    }
    await taken(a);
  });

  it('are taken by one of many that ask at once', async () => {
    await taken(windows.open('old'));
    windows.dead.add('old');
    const all = Array.from({ length: 12 }, (_, number) => windows.open(`w${number}`));
    const answers = await Promise.all(all.flatMap((leases) => [leases.take(bot), leases.take(bot)]));
    assert.equal(answers.filter((answer) => 'lease' in answer).length, 1);
  });

  it('tell a holder that a person has stopped the bot, and keep that', async () => {
    const [a, b] = [windows.open('a'), windows.open('b')];
    let asked = 0;
    (await taken(a)).onStopRequested(() => {
      asked += 1;
    });
    await windows.pass(3_000);
    assert.equal(asked, 0);
    await b.setStopped(bot, true);
    await windows.pass(9_000);
    assert.equal(asked, 1);
    assert.deepEqual([await a.isStopped(bot), await a.isStopped(8)], [true, false]);
    await b.setStopped(bot, false);
    await b.setStopped(bot, false);
    assert.equal(await a.isStopped(bot), false);
  });

  it('tell who has one, without taking it', async () => {
    const [a, b] = [windows.open('a'), windows.open('b')];
    assert.equal(await b.holder(bot), undefined);
    const lease = await taken(a);
    assert.deepEqual([await a.holder(bot), await b.holder(bot)], [undefined, 'window a']);
    await lease.release();
    assert.equal(await b.holder(bot), undefined);
    await taken(a);
    windows.dead.add('a');
    assert.equal(await b.holder(bot), undefined);
  });

  it('are all given back at the end, and the timers with them', async () => {
    const a = windows.open('a');
    const leases = [await taken(a), await taken(a, 8)];
    await Promise.all(leases.map((lease) => lease.release()));
    await windows.pass(60_000);
    assert.ok(leases.every((lease) => !isLost(lease)));
    const b = windows.open('b');
    await taken(b);
    await taken(b, 8);
  });

  it('leave few files behind', async () => {
    const a = windows.open('a');
    for (let round = 0; round < 5; round += 1) await (await taken(a)).release();
    // Those of the last minute stay.
    assert.equal((await readdir(folder)).length, 5);
    const { utimes } = await import('node:fs/promises');
    for (const name of await readdir(folder)) await utimes(path.join(folder, name), 0, 0);
    await taken(a);
    assert.deepEqual((await readdir(folder)).sort(), [`${bot}.5.lease`, `${bot}.6.lease`]);
  });
});
