import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InputError } from '../../extension/core/agents.ts';
import { nextRuns } from '../../extension/core/scheduleTime.ts';
import type { Schedule } from '../../extension/shared/telegram.ts';
import {
  failedMessage,
  missedMessage,
  parseMissedData,
  scheduleEntry,
  schedulesText,
} from '../../extension/telegram/scheduleEntries.ts';
import { createSchedulePress } from '../../extension/telegram/schedulePress.ts';
import type { Press } from '../../extension/telegram/types.ts';
import { bot } from '../core/scheduleRig.ts';
import { createFakeCourier } from '../fakes/courier.ts';
import { createFakeTelegramStore } from '../fakes/telegramStore.ts';

const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
const at = (iso: string): number => Date.parse(iso);
const now = at('2026-11-26T12:00Z');

const schedule = (more: Partial<Schedule> = {}): Schedule => ({
  ...{ id, agentId: 'coder', folder: '/shop', cron: '0 9 * * 1-5', when: 'every weekday at 9:00' },
  ...{ prompt: 'Sum up <new> issues & pull requests', isEnabled: true, doneThrough: 0, createdAt: 0 },
  telegram: { configId: 'bot', chatId: 7 },
  ...more,
});

describe('the work of a schedule on the phone', () => {
  it('is a message of nobody in its chat', () => {
    const entry = scheduleEntry(schedule(), at('2026-11-26T09:00Z'), now);
    assert.ok(entry !== undefined && entry.updateId < 0 && Number.isSafeInteger(entry.updateId));
    const { updateId: _, ...rest } = entry;
    assert.deepEqual(rest, {
      ...{ configId: 'bot', chatId: 7, topicId: 0, messageId: 0, userId: 0, userName: 'a schedule' },
      ...{ text: 'Sum up <new> issues & pull requests', files: [], isForwarded: false },
      ...{ sentAt: now, receivedAt: now, state: 'waiting', attempts: 0, sentParts: 0, isSending: false },
    });
    const { telegram: _telegram, ...desk } = schedule();
    assert.equal(scheduleEntry(desk, now, now), undefined);
  });

  it('is known by its schedule and its time', async () => {
    const store = createFakeTelegramStore();
    const take = async (given: Schedule, dueAt: number, receivedAt: number): Promise<boolean> => {
      const entry = scheduleEntry(given, dueAt, receivedAt);
      assert.ok(entry !== undefined);
      return store.takeUpdate('bot', entry.updateId, receivedAt, entry);
    };
    assert.equal(await take(schedule(), 5, now), true);
    assert.equal(await take(schedule({ prompt: 'changed' }), 5, now + 1), false);
    assert.equal(await take(schedule(), 6, now), true);
    assert.equal(await take(schedule({ id: 'other' }), 5, now), true);
  });

  it('never has a number of Telegram’s', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(4e12), (other, dueAt) => {
        const { updateId = 0 } = scheduleEntry(schedule({ id: other }), dueAt, now) ?? {};
        assert.ok(updateId < 0 && Number.isSafeInteger(updateId));
      }),
    );
  });
});

describe('what is told of schedules on the phone', () => {
  it('is what was missed, with a button that fits and is read back', () => {
    const last = at('2026-11-26T09:00Z');
    const { html, plain, buttons } = missedMessage(schedule(), 1, last, now, 'UTC');
    assert.match(plain, /“Sum up <new> issues & pull requests” was due today 9:00, .+ It was not run\.$/);
    assert.match(html, /“Sum up &lt;new&gt; issues &amp; pull requests”/);
    const [button] = buttons?.flat() ?? [];
    assert.ok(button !== undefined && Buffer.byteLength(button.data) <= 64);
    assert.deepEqual(parseMissedData(button.data), { id, dueAt: last });
    assert.match(
      missedMessage(schedule(), 3, last, now, 'UTC').plain,
      /was due 3 times, the last time today 9:00/,
    );
    assert.match(missedMessage(schedule(), 1_000, last, now, 'UTC').plain, /1000 times or more/);
  });

  it('reads no other buttons', () => {
    for (const data of [
      '',
      's1:',
      `a1:${id}:k`,
      `s1:${id}`,
      `s1:${id}:K`,
      `s1:${id}:k:k`,
      `s1:${'x'.repeat(51)}:k`,
    ]) {
      assert.equal(parseMissedData(data), undefined, data);
    }
  });

  it('is why one could not run', () => {
    const { html, plain } = failedMessage(schedule(), new InputError('The agent <x> is gone.'));
    assert.match(plain, /could not be run: The agent <x> is gone\.$/);
    assert.match(html, /The agent &lt;x&gt; is gone\.$/);
  });

  it('is a list of the bot’s own with their next runs', () => {
    const all = [
      schedule({ prompt: 'One' }),
      schedule({ prompt: 'Two', isEnabled: false }),
      schedule({ prompt: 'Other bot', telegram: { configId: 'other', chatId: 7 } }),
    ];
    assert.equal(
      schedulesText(all, 'bot', now, 'UTC'),
      '• “One”: every weekday at 9:00, next Fri 27 Nov 9:00\n• “Two”: every weekday at 9:00, off',
    );
    assert.match(schedulesText([], 'bot', now), /no schedules/);
    const many = Array.from({ length: 200 }, () => schedule({ prompt: 'x'.repeat(500) }));
    const text = schedulesText(many, 'bot', now, 'UTC');
    assert.match(text, /\nand 175 more$/);
    assert.ok(text.length < 3_900);
  });
});

describe('a press on “Run now”', () => {
  const day = 24 * 60 * 60_000;
  const lastBut = (count: number): number =>
    nextRuns(schedule().cron, now - 7 * day, 20, 'UTC')
      .filter((time) => time <= now)
      .at(-1 - count) ?? 0;
  const rig = () => {
    const done: string[] = [];
    const courier = createFakeCourier();
    const list = [
      schedule(),
      schedule({ id: 'off', isEnabled: false }),
      schedule({ id: 'elsewhere', telegram: { configId: 'bot', chatId: 8 } }),
    ];
    const { press } = createSchedulePress({
      config: () => bot,
      courier,
      now: () => now,
      zone: 'UTC',
      schedules: {
        list: async () => list,
        runNow: async (given, dueAt) => {
          if (dueAt === lastBut(1)) throw new InputError('The bot does not run.');
          done.push(`run ${given} ${dueAt}`);
        },
      },
    });
    const pressed = (data: string): Press => ({
      ...{ kind: 'press', updateId: 1, chatId: 7, chatKind: 'private', chatTitle: 'Ann', topicId: 0 },
      ...{ callbackId: 'c', from: { userId: 7, name: 'Ann' }, messageId: 1, data },
    });
    return { done, courier, press: (data: string) => press(pressed(data)) };
  };

  it('runs what was missed, with its time', async () => {
    const { done, courier, press } = rig();
    await press(`s1:${id}:${lastBut(0).toString(36)}`);
    assert.deepEqual(done, [`run ${id} ${lastBut(0)}`]);
    assert.deepEqual(courier.acknowledged, [{ callbackId: 'c', text: 'It runs now.', isAlert: false }]);
  });

  it('runs nothing that is of another chat, or gone, or cannot run', async () => {
    const { done, press } = rig();
    const last = lastBut(0).toString(36);
    const next = nextRuns(schedule().cron, now, 1, 'UTC')[0] ?? 0;
    for (const data of [
      ...[`s1:elsewhere:${last}`, `s1:gone:${last}`, 's1', `s1:${id}:${lastBut(1).toString(36)}`],
      // Times that a changed client makes up: none of its times, one to come, one of long ago.
      ...[now - 60_000, next, now - 60 * day].map((time) => `s1:${id}:${time.toString(36)}`),
      `s1:off:${last}`,
    ]) {
      await assert.rejects(press(data), InputError, data);
    }
    assert.deepEqual(done, []);
  });
});
