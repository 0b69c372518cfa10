import assert from 'node:assert/strict';
import type { TelegramEntry } from '../../extension/core/telegramStore.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type { TelegramConfig } from '../../extension/shared/telegram.ts';
import { createNotices } from '../../extension/telegram/notices.ts';
import { createFakeCourier } from '../fakes/courier.ts';
import { createFakeTelegramStore } from '../fakes/telegramStore.ts';
import { ann, bob, botConfig, entryIn, groupId, settle, tom } from './cardHouse.ts';

const sessionId = '6a1a9a3e-3b0c-4b52-9d0e-0d5a8f3f5b11';

const setUp = (more: Partial<TelegramConfig> = {}) => {
  const courier = createFakeCourier();
  const store = createFakeTelegramStore();
  const entries = new Map<string, TelegramEntry>();
  const otherBots = new Set<string>();
  const errors: unknown[] = [];
  const listeners = new Set<(event: AgentEvent, sessionId: string) => void>();
  const config = botConfig({ notices: { approvals: false, completed: true, failed: true }, ...more });
  const notices = createNotices(
    {
      agents: {
        list: async () => [],
        get: async () => {
          throw new Error('It was deleted.');
        },
      },
      chats: {
        send: () => assert.fail(),
        goOn: () => assert.fail(),
        get: async () => undefined,
        list: () => assert.fail(),
        setAgent: () => assert.fail(),
        setModel: () => assert.fail(),
      },
      config: () => config,
      count: () => undefined,
      courier,
      jobs: {
        cancel: () => assert.fail(),
        runningIn: () => undefined,
        running: () => [],
        onEvent: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      logError: (error) => errors.push(error),
      store,
      entryOf: (jobId) => entries.get(jobId),
      isOfBot: (jobId) => otherBots.has(jobId),
    },
    { wait: () => Promise.resolve() },
  );
  const emit = (event: AgentEvent): void => {
    for (const listener of listeners) listener(event, sessionId);
  };
  return {
    courier,
    store,
    entries,
    otherBots,
    errors,
    notices,
    emit,
    /** A job at the desk that takes so many seconds. */
    work: async (
      seconds: number,
      end: 'completed' | 'failed' | 'cancelled' = 'completed',
      text = 'All green.',
    ) => {
      const at = seconds * 1_000;
      emit({ type: 'JobStarted', jobId: 'job', at: 0, sessionId, agentId: 'coder' });
      await settle();
      if (end === 'completed') emit({ type: 'JobCompleted', jobId: 'job', at, message: text });
      else if (end === 'cancelled') emit({ type: 'JobCancelled', jobId: 'job', at });
      else
        emit({ type: 'JobFailed', jobId: 'job', at, error: { kind: 'network', message: text, actions: [] } });
      await settle();
    },
  };
};

const chatsOf = ({ courier }: ReturnType<typeof setUp>): number[] =>
  courier.arrived.map(({ chatId }) => chatId);

describe('notices', () => {
  it('tells approvers in private how work at the desk ended, with a way to go on', async () => {
    const house = setUp();
    await house.work(30);
    assert.deepEqual(chatsOf(house), [ann.userId, bob.userId]);
    const message = house.courier.last(ann.userId);
    assert.match(message.text.plain, /Finished.*All green\./s);
    assert.deepEqual(house.courier.buttonsOf(message), [
      { text: 'Continue here', data: `c1:bind:${sessionId}` },
    ]);
    assert.deepEqual(house.errors, []);
  });

  it('tells of a failure with what is to be done', async () => {
    const house = setUp();
    await house.work(30, 'failed', 'The network is down. Everything was kept; press Retry.');
    assert.match(house.courier.last(bob.userId).text.plain, /Failed.*Everything was kept; press Retry\./s);
  });

  it('cuts a long answer', async () => {
    const house = setUp();
    await house.work(30, 'completed', 'word '.repeat(10_000));
    const { plain } = house.courier.last(ann.userId).text;
    assert.ok(plain.length < 2_000);
    assert.match(plain, /the rest is in the chat/);
  });

  it('says nothing of what is not wanted, was short, or was stopped by the person', async () => {
    const off = setUp({ notices: { approvals: true, completed: false, failed: false } });
    await off.work(30);
    await off.work(30, 'failed');
    const house = setUp();
    await house.work(19.9);
    await house.work(30, 'cancelled');
    assert.deepEqual([...chatsOf(off), ...chatsOf(house)], []);
  });

  it('says nothing of what bots do, also where that is only known while it runs', async () => {
    const house = setUp();
    house.otherBots.add('job');
    await house.work(30);
    house.otherBots.clear();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    await house.work(30);
    house.entries.clear();
    house.emit({ type: 'JobStarted', jobId: 'late', at: 0, sessionId, agentId: 'coder' });
    house.entries.set('late', entryIn(ann.userId, ann.userId));
    await settle();
    // Its bot does not know it any more by the time its end is told.
    house.entries.clear();
    house.emit({ type: 'JobCompleted', jobId: 'late', at: 30_000, message: 'x' });
    await settle();
    assert.deepEqual(chatsOf(house), []);
  });

  it('says nothing of a job that runs in another window', async () => {
    const house = setUp();
    house.emit({ type: 'JobStarted', jobId: 'job', at: 0, sessionId, agentId: 'coder', isElsewhere: true });
    house.emit({ type: 'JobCompleted', jobId: 'job', at: 1, message: 'x' });
    await settle();
    assert.deepEqual(chatsOf(house), []);
  });

  it('tells the threads in which the chat goes on, each chat once, and never one that is not allowed', async () => {
    const house = setUp();
    const thread = (configId: string, chatId: number, topicId: number) =>
      house.store.saveBinding({ configId, chatId, topicId, sessionId });
    await thread('bot', groupId, 4);
    await thread('bot', ann.userId, 0);
    await thread('bot', -777, 0);
    await thread('other', tom.userId, 0);
    await house.work(30);
    assert.deepEqual(
      house.courier.arrived.map(({ chatId, topicId }) => [chatId, topicId]),
      [
        [groupId, 4],
        [ann.userId, 0],
        [bob.userId, 0],
      ],
    );
    assert.deepEqual(house.courier.buttonsOf(house.courier.last(ann.userId)), []);
  });

  it('says nothing to whom may not talk any more, though their chat still stands in the config', async () => {
    const house = setUp({ allowedUsers: [ann] });
    for (const { userId } of [ann, tom]) {
      await house.store.saveBinding({ configId: 'bot', chatId: userId, topicId: 0, sessionId });
    }
    await house.work(30);
    assert.deepEqual(chatsOf(house), [ann.userId]);
  });

  it('goes on to the next where one cannot be told', async () => {
    const house = setUp();
    house.courier.failNext('send', 'refused');
    await house.work(30);
    assert.deepEqual(chatsOf(house), [bob.userId]);
    assert.equal(house.errors.length, 1);
  });

  it('is silent once it is closed', async () => {
    const house = setUp();
    house.notices.close();
    await house.work(30);
    assert.deepEqual(chatsOf(house), []);
  });
});
