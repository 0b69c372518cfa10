import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InputError } from '../../extension/core/agents.ts';
import { missedLimit, nextRuns } from '../../extension/core/scheduleTime.ts';
import { bot, scheduleRig } from './scheduleRig.ts';

const hourly = { when: 'every hour', prompt: 'hourly' };

describe('schedules that are due', () => {
  it('run at their times, once each', async () => {
    const rig = scheduleRig();
    const { schedules, told, errors } = rig.createWindow();
    await schedules.create(hourly);
    await schedules.create({ when: 'every day at 9:30', prompt: 'half' });
    schedules.start();
    await rig.pass(29.9);
    assert.deepEqual(told, []);
    await rig.pass(0.1);
    assert.deepEqual(told, ['run hourly 09:00']);
    await rig.pass(60);
    assert.deepEqual(told, ['run hourly 09:00', 'run half 09:30', 'run hourly 10:00']);
    assert.deepEqual(errors, []);
  });

  it('run to the millisecond, and are looked at each minute at least', async () => {
    const rig = scheduleRig('2026-06-01T08:59:59.250Z');
    const { schedules, told } = rig.createWindow();
    await schedules.create(hourly);
    schedules.start();
    await rig.settle();
    const [first] = rig.timers;
    assert.equal(first?.at, Date.parse('2026-06-01T09:00Z'));
    await rig.pass(0.5);
    assert.deepEqual(told, ['run hourly 09:00']);
    const [second] = rig.timers;
    assert.equal(rig.timers.size, 1);
    assert.ok((second?.at ?? Infinity) - rig.clock.at <= 60_000);
  });

  it('do nothing before they are started, and nothing after the end', async () => {
    const rig = scheduleRig();
    const [other, { schedules, told }] = [rig.createWindow(), rig.createWindow()];
    await other.schedules.create(hourly);
    await other.schedules.close();
    assert.equal((await schedules.list()).length, 1);
    await rig.pass(120);
    assert.deepEqual([...told, ...other.told], []);
    assert.equal(rig.timers.size, 0);
    schedules.start();
    await schedules.close();
    assert.equal(rig.timers.size, 0);
    schedules.wake();
    await rig.sleep(60);
    assert.deepEqual(told, []);
  });

  it('run in a window that was not started when one is made there, or a bot wakes it', async () => {
    const rig = scheduleRig();
    const { schedules, told } = rig.createWindow();
    await schedules.create(hourly);
    await rig.pass(31);
    assert.deepEqual(told, ['run hourly 09:00']);
    await schedules.close();
    const later = rig.createWindow();
    later.schedules.wake();
    await rig.pass(60);
    assert.deepEqual(later.told, ['run hourly 10:00']);
  });

  it('run in one of the windows that have their folder open', async () => {
    const rig = scheduleRig();
    const windows = [rig.createWindow(), rig.createWindow(), rig.createWindow()];
    const [first, , third] = windows;
    assert.ok(first !== undefined && third !== undefined);
    await first.schedules.create(hourly);
    third.now.folder = '/home/me/other';
    for (const { schedules } of windows) schedules.start();
    await rig.pass(240);
    const all = windows.flatMap(({ told }) => told).sort();
    assert.deepEqual(all, ['run hourly 09:00', 'run hourly 10:00', 'run hourly 11:00', 'run hourly 12:00']);
    assert.deepEqual(third.told, []);
  });

  it('are told once when they were missed, with the last time, and not run in a burst', async () => {
    const rig = scheduleRig();
    const { schedules, told } = rig.createWindow();
    await schedules.create(hourly);
    schedules.start();
    await rig.sleep(5 * 60);
    assert.deepEqual(told, ['missed hourly 5 13:00']);
    await rig.pass(29);
    assert.equal(told.length, 1);
    await rig.pass(1);
    assert.deepEqual(told.slice(1), ['run hourly 14:00']);
  });

  it('run though they are ten minutes late, and not later', async () => {
    for (const [minutes, expected] of [
      [40, 'run hourly 09:00'],
      [40.01, 'missed hourly 1 09:00'],
    ] as const) {
      const rig = scheduleRig();
      const { schedules, told } = rig.createWindow();
      await schedules.create(hourly);
      schedules.start();
      await rig.settle();
      await rig.sleep(minutes);
      assert.deepEqual(told, [expected]);
    }
  });

  it('run the last time only, and tell the ones before it', async () => {
    const rig = scheduleRig();
    const { schedules, told } = rig.createWindow();
    await schedules.create({ when: 'every 5 minutes', prompt: 'often' });
    schedules.start();
    await rig.settle();
    await rig.sleep(62);
    assert.deepEqual(told, ['missed often 11 09:25', 'run often 09:30']);
  });

  it('stay within bounds after two years asleep', async () => {
    const rig = scheduleRig();
    const { schedules, told } = rig.createWindow();
    await schedules.create({ when: 'every 5 minutes', prompt: 'often' });
    schedules.start();
    await rig.settle();
    await rig.sleep(2 * 365 * 24 * 60);
    assert.deepEqual(told, [`missed often ${missedLimit} 08:25`, 'run often 08:30']);
  });

  it('are passed over while they are off, and what was missed then is nobody’s concern', async () => {
    const rig = scheduleRig();
    const { schedules, told } = rig.createWindow();
    const { id } = await schedules.create(hourly);
    schedules.start();
    await schedules.update(id, { isEnabled: false });
    await rig.pass(180);
    assert.deepEqual(told, []);
    await schedules.update(id, { isEnabled: true });
    await rig.pass(31);
    assert.deepEqual(told, ['run hourly 12:00']);
  });

  it('wait for trust, and for the bot whose chat they answer in', async () => {
    const rig = scheduleRig();
    await rig.store.saveBot(bot);
    const { schedules, told, now } = rig.createWindow();
    now.mayRun = false;
    now.isTrusted = false;
    await schedules.create({ ...hourly, telegram: { configId: 'bot', chatId: 7 } });
    schedules.start();
    await rig.pass(35);
    now.isTrusted = true;
    schedules.wake();
    await rig.settle();
    assert.deepEqual(told, []);
    now.mayRun = true;
    schedules.wake();
    await rig.settle();
    assert.deepEqual(told, ['run hourly 09:00']);
    now.mayRun = false;
    await rig.pass(90);
    now.mayRun = true;
    schedules.wake();
    await rig.settle();
    assert.deepEqual(told.slice(1), ['missed hourly 1 10:00']);
  });

  it('do not write into a chat that the bot was shut out of, and say so', async () => {
    const rig = scheduleRig();
    await rig.store.saveBot(bot);
    const { schedules, told } = rig.createWindow();
    const { id } = await schedules.create({ ...hourly, telegram: { configId: 'bot', chatId: 7 } });
    schedules.start();
    await rig.store.saveBot({ ...bot, allowedChats: [] });
    await rig.pass(31);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^failed hourly: The bot Helper does not talk in the chat/);
    await assert.rejects(schedules.runNow(id), InputError);
  });

  it('do not stop each other when one fails, and say why it did', async () => {
    const rig = scheduleRig();
    const { schedules, told, errors } = rig.createWindow({
      run: async ({ prompt }) => {
        if (prompt === 'bad') throw new Error('no key');
        told.push(`run ${prompt}`);
      },
      tellMissed: async () => {
        throw new Error('cannot tell');
      },
    });
    await schedules.create({ ...hourly, prompt: 'bad' });
    await schedules.create({ ...hourly, prompt: 'good' });
    schedules.start();
    await rig.pass(31);
    assert.deepEqual(told.toSorted(), ['failed bad: no key', 'run good']);
    await rig.sleep(120);
    // The run that failed again, and what could not be told of the one before it: of both.
    assert.equal(errors.length, 4);
    assert.deepEqual(told.slice(2).toSorted(), ['failed bad: no key', 'run good']);
  });

  it('do not wait for one that takes long to begin', async () => {
    const rig = scheduleRig();
    const { schedules } = rig.createWindow({
      run: async ({ prompt }) => {
        begun.push(prompt);
        await new Promise(() => undefined);
      },
    });
    const begun: string[] = [];
    await schedules.create({ ...hourly, prompt: 'one' });
    await schedules.create({ ...hourly, prompt: 'two' });
    await rig.pass(91);
    assert.deepEqual(begun, ['one', 'two', 'one', 'two']);
    await schedules.close();
  });

  it('go on after the store could not be read', async () => {
    const rig = scheduleRig();
    const window = rig.createWindow();
    await window.schedules.create(hourly);
    const { listSchedules } = rig.store;
    Object.assign(rig.store, { listSchedules: () => Promise.reject(new Error('disk')) });
    window.schedules.start();
    await rig.pass(31);
    assert.ok(window.errors.length > 5);
    Object.assign(rig.store, { listSchedules });
    await rig.pass(2);
    assert.deepEqual(window.told, ['run hourly 09:00']);
  });

  it('account for each due time once, whatever windows sleep, come and go', async () => {
    const step = fc.record({
      minutes: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 400 })),
      isAsleep: fc.boolean(),
      mayRun: fc.tuple(fc.boolean(), fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const rig = scheduleRig();
        await rig.store.saveBot(bot);
        const windows = [rig.createWindow(), rig.createWindow()];
        const made = rig.clock.at;
        const telegram = { configId: 'bot', chatId: 7 };
        await windows[0]?.schedules.create({ when: 'every 20 minutes', prompt: 'x', telegram });
        for (const { schedules } of windows) schedules.start();
        for (const { minutes, isAsleep, mayRun } of [
          ...steps,
          { minutes: 1, isAsleep: false, mayRun: [true, true] },
        ]) {
          windows.forEach(({ now }, index) => {
            now.mayRun = mayRun[index] === true;
          });
          await (isAsleep ? rig.sleep(minutes) : rig.pass(minutes));
        }
        await rig.pass(1);
        const told = windows.flatMap(({ told: lines }) => lines);
        const runs = told.filter((line) => line.startsWith('run'));
        const missed = told.flatMap((line) =>
          line.startsWith('missed') ? [Number(line.split(' ')[2])] : [],
        );
        const due = nextRuns('*/20 * * * *', made, 1_000, 'UTC').filter(
          (each) => each <= rig.clock.at,
        ).length;
        assert.equal(runs.length + missed.reduce((sum, count) => sum + count, 0), due, told.join('\n'));
      }),
      { numRuns: 40 },
    );
  });
});
