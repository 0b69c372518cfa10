import assert from 'node:assert/strict';
import { createStatusMessage, type StatusMessageOptions } from '../../extension/telegram/statusMessage.ts';
import type { Outgoing } from '../../extension/telegram/types.ts';
import { createFakeCourier, type FakeCourier } from '../fakes/courier.ts';

const say = (text: string): Outgoing => ({ html: text, plain: text });

describe('telegram status message', () => {
  let courier: FakeCourier;
  let clock: number;
  let timers: { call: () => void; at: number }[];

  beforeEach(() => {
    courier = createFakeCourier();
    [clock, timers] = [0, []];
  });

  const statusOf = (chatId = 7, more: Partial<StatusMessageOptions> = {}) =>
    createStatusMessage({
      courier,
      place: { chatId, topicId: 0 },
      now: () => clock,
      setTimer: (call, milliseconds) => {
        const timer = { call, at: clock + milliseconds };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
      ...more,
    });

  /** Lets what was begun come to its end. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (milliseconds: number): Promise<void> => {
    await settle();
    clock += milliseconds;
    const due = timers.filter(({ at }) => at <= clock);
    timers = timers.filter(({ at }) => at > clock);
    for (const { call } of due) call();
    await settle();
  };
  const textsOf = (chatId = 7): string[][] =>
    courier.inChat(chatId).map(({ texts }) => texts.map(({ plain }) => plain));

  it('sends once, then edits, and only the newest', async () => {
    const ids: number[] = [];
    const status = statusOf(7, { onSent: (id) => ids.push(id) });
    for (const text of ['1', '2', '3']) status.show(say(text));
    await pass(1_400);
    assert.deepEqual(textsOf(), [['1']]);
    await pass(100);
    assert.deepEqual(textsOf(), [['1', '3']]);
    assert.deepEqual(ids, [status.id()]);
    status.show(say('3'));
    await pass(10_000);
    assert.deepEqual(textsOf(), [['1', '3']]);
    assert.ok(courier.arrived[0]?.isSilent);
  });

  it('is slower in groups', async () => {
    const status = statusOf(-7);
    status.show(say('1'));
    status.show(say('2'));
    await pass(3_900);
    assert.deepEqual(textsOf(-7), [['1']]);
    await pass(100);
    assert.deepEqual(textsOf(-7), [['1', '2']]);
  });

  it('ends with the end, at once, and shows nothing behind it', async () => {
    const status = statusOf();
    status.show(say('1'));
    await settle();
    status.show(say('2'));
    await status.finish(say('end'));
    status.show(say('3'));
    await pass(10_000);
    assert.deepEqual(textsOf(), [['1', 'end']]);
    assert.deepEqual(timers, []);
  });

  it('waits for a first message that is on its way, and for an edit', async () => {
    let release = (): void => undefined;
    courier.before = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const status = statusOf();
    status.show(say('1'));
    await settle();
    const over = status.finish(say('end'));
    await settle();
    assert.deepEqual(textsOf(), []);
    courier.before = () => undefined;
    release();
    await over;
    assert.deepEqual(textsOf(), [['1', 'end']]);
  });

  it('tries again what has not arrived', async () => {
    courier.failNext('send', 'unsent');
    const errors: unknown[] = [];
    const status = statusOf(7, { onError: (error) => errors.push(error) });
    status.show(say('1'));
    await pass(0);
    status.show(say('2'));
    await pass(1_500);
    assert.deepEqual([textsOf(), errors.length], [[['2']], 1]);
  });

  it('sends only its end anew where it may have arrived, or is gone', async () => {
    courier.failNext('send', 'unsure');
    const status = statusOf();
    status.show(say('1'));
    await pass(0);
    status.show(say('2'));
    await pass(5_000);
    assert.deepEqual(textsOf(), []);
    await status.finish(say('end'));
    assert.deepEqual(textsOf(), [['end']]);

    const other = statusOf(8);
    other.show(say('1'));
    await pass(0);
    const [message] = courier.inChat(8);
    if (message !== undefined) message.isDeleted = true;
    await other.finish(say('end'));
    assert.deepEqual(textsOf(8), [['end']]);
  });

  it('goes on with one that is there', async () => {
    const { messageId } = await courier.send({ chatId: 7, topicId: 0 }, say('0'));
    const status = statusOf(7, { messageId });
    await status.finish(say('end'));
    assert.deepEqual(textsOf(), [['0', 'end']]);
  });

  it('stays as it is when it is closed', async () => {
    const status = statusOf();
    status.show(say('1'));
    await settle();
    status.show(say('2'));
    status.close();
    await pass(5_000);
    assert.deepEqual([textsOf(), timers], [[['1']], []]);
  });

  it('tells that its end did not arrive', async () => {
    const status = statusOf();
    status.show(say('1'));
    await settle();
    courier.failNext('edit', 'unsent');
    await assert.rejects(status.finish(say('end')), { failure: 'unsent' });
  });

  it('lets an edit arrive that is on its way when it is closed right after its end', async () => {
    const status = statusOf();
    status.show(say('1'));
    await pass(2_000);
    const { edit } = courier;
    const held = Promise.withResolvers<void>();
    const signals: (AbortSignal | undefined)[] = [];
    courier.edit = async (message, text, signal) => {
      signals.push(signal);
      if (signals.length === 1) await held.promise;
      await edit(message, text, signal);
    };
    status.show(say('2'));
    await pass(2_000);
    const finishing = status.finish(say('end'));
    status.close();
    assert.equal(signals[0]?.aborted, false);
    held.resolve();
    await finishing;
    assert.deepEqual(textsOf(), [['1', '2', 'end']]);
  });
});
