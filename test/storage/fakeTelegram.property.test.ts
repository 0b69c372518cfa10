import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EntryState, TelegramStore } from '../../extension/core/telegramStore.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { createFakeTelegramStore } from '../fakes/telegramStore.ts';
import { reportBriefly } from './arbitraryEvents.ts';
import { jobEvents } from './chatEvents.ts';
import { openService, quickDisk, session, temporaryFolder, uniqueName } from './support.ts';
import { bot, card, entry, schedule, telegramOf } from './telegramSupport.ts';

const dayMs = 24 * 60 * 60 * 1_000;
const configIds = ['a', 'b'] as const;
const chats = [100, -50, -1_001_234_567_890] as const;
const sessions = ['chat-0', 'chat-1'] as const;
const states: readonly EntryState[] = ['waiting', 'asked', 'working', 'answering', 'unsure', 'done'];

const deed = fc.record({
  kind: fc.constantFrom(
    ...(['bot', 'unbot', 'take', 'take', 'take', 'entry', 'bind', 'bind', 'move', 'card', 'uncard'] as const),
    ...(['job', 'usage', 'schedule', 'schedule', 'unschedule', 'claim', 'claim', 'forget'] as const),
  ),
  configId: fc.constantFrom(...configIds),
  chat: fc.constantFrom(...chats),
  to: fc.constantFrom(...chats),
  sessionId: fc.constantFrom(...sessions),
  state: fc.constantFrom(...states),
  number: fc.nat(6),
  at: fc.nat(20).map((days) => days * dayMs),
  has: fc.boolean(),
});
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never;

interface Subject {
  readonly telegram: TelegramStore;
  readonly record: (event: AgentEvent) => Promise<void>;
  readonly deleteSession: (id: string) => Promise<void>;
}

const jobOf = (number: number): string => `job-${number % 3}`;

const perform = async ({ telegram, record, deleteSession }: Subject, act: Deed): Promise<unknown> => {
  const { configId, chat, to, sessionId, state, number, at, has } = act;
  const id = `${number % 3}`;
  const one = entry(configId, number - 1, {
    ...{ chatId: chat, state, receivedAt: at, userId: 100 + (number % 2) },
    ...(has ? { sessionId } : {}),
  });
  switch (act.kind) {
    case 'bot': {
      const allowed = chats.filter((each) => has || each !== to);
      const allowedChats = allowed.map((chatId) => ({ chatId, kind: 'group', title: '' }) as const);
      return telegram.saveBot(bot(configId, { createdAt: number, allowedChats }));
    }
    case 'unbot':
      // Seldom: little is left afterwards.
      return number === 0 ? telegram.deleteBot(configId) : undefined;
    case 'take':
      return telegram.takeUpdate(configId, number - 1, at, has ? one : undefined);
    case 'entry':
      return telegram.saveEntry(one);
    case 'bind':
      return telegram.saveBinding({
        ...{ configId, chatId: chat, topicId: number % 2 },
        ...(has ? { sessionId } : { agentId: 'other' }),
      });
    case 'move':
      return telegram.moveChat(configId, chat, to);
    case 'card':
      return telegram.saveCard(card(id, configId, { chatId: chat, expiresAt: at }));
    case 'uncard':
      return telegram.deleteCard(id);
    case 'job':
      return telegram.countJob(configId, jobOf(number), at);
    case 'usage':
      return record({
        ...{ type: 'Usage', jobId: jobOf(number), at },
        usage: { input: number, output: 1, cachedInput: 0, cacheWrite: 0, reasoning: 0 },
        ...(has ? { costUsd: 0.25, workMs: 60_000 } : { isAside: true }),
      } as const);
    case 'schedule':
      return telegram.saveSchedule(
        schedule(id, {
          ...{ doneThrough: at, createdAt: number, isEnabled: has },
          ...(has ? { telegram: { configId, chatId: chat } } : {}),
        }),
      );
    case 'unschedule':
      return telegram.deleteSchedule(id);
    case 'claim': {
      const known = (await telegram.listSchedules()).find((each) => each.id === id);
      const from = has ? (known?.doneThrough ?? 0) : at;
      // Some of them before what is done already.
      return telegram.claimSchedule(id, from, number === 0 ? at : from + dayMs);
    }
    case 'forget':
      return deleteSession(sessionId);
  }
};

const look = async (telegram: TelegramStore) => {
  const seen: unknown[] = [await telegram.listBots(), await telegram.listSchedules()];
  for (const id of sessions) seen.push(await telegram.bindingsOf(id));
  for (const configId of configIds) {
    seen.push(await telegram.openEntries(configId), await telegram.listCards(configId));
    seen.push(await telegram.botSpending(configId, 0), await telegram.botSpending(configId, 9 * dayMs));
    for (const userId of [100, 101]) seen.push(await telegram.countEntries(configId, userId, 9 * dayMs));
    for (const chatId of chats) {
      for (const topicId of [0, 1]) seen.push(await telegram.getBinding({ configId, chatId, topicId }));
    }
  }
  return seen;
};

describe('what bots keep in other tests', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('is kept as the real store does it', async () => {
    const answers = new Set<unknown>();
    await fc.assert(
      // Long ones: what is looked for below needs several deeds that fit each other.
      fc.asyncProperty(fc.array(deed, { maxLength: 40, size: 'max' }), async (deeds) => {
        const { service, record } = await openService(folder(), { disk: quickDisk, now: () => 20 * dayMs });
        const fake = createFakeTelegramStore();
        // What is spent is told of jobs of a chat that stays.
        await service.saveSession(uniqueName(), session('work'));
        for (const jobId of [0, 1, 2].map(jobOf)) {
          await record(jobEvents('work', jobId).started());
          await record(jobEvents('work', jobId).completed());
        }
        for (const id of sessions) await service.saveSession(uniqueName(), session(id));
        const real: Subject = {
          telegram: telegramOf(service),
          record,
          deleteSession: (id) => service.deleteSession(uniqueName(), id),
        };
        const other: Subject = {
          telegram: fake,
          record: async (event) => fake.record(event),
          deleteSession: async (id) => fake.forgetSession(id),
        };
        for (const [index, act] of deeds.entries()) {
          const answer = await perform(real, act);
          assert.deepEqual(await perform(other, act), answer, act.kind);
          answers.add(typeof answer === 'boolean' ? `${act.kind} ${answer}` : act.kind);
          if (index % 8 === 7) assert.deepEqual(await look(fake), await look(real.telegram));
        }
        assert.deepEqual(await look(fake), await look(real.telegram));
        await service.close('');
      }),
      { numRuns: 40, reporter: reportBriefly },
    );
    for (const seen of ['take true', 'take false', 'claim true', 'claim false', 'move', 'usage']) {
      assert.ok(answers.has(seen), seen);
    }
  });
});
