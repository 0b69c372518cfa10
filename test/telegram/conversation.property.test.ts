import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TelegramEntry } from '../../extension/core/telegramStore.ts';
import { createConversations } from '../../extension/telegram/conversation.ts';
import type { ConversationContext } from '../../extension/telegram/conversationTools.ts';
import type { IncomingMessage, SendFailure } from '../../extension/telegram/types.ts';
import { createRig, type Rig } from './conversationRig.ts';
import { saidIn } from './conversationWorld.ts';

type Happening =
  | { readonly kind: 'say'; readonly isSoon: boolean }
  | { readonly kind: 'again'; readonly which: number }
  | { readonly kind: 'end'; readonly isFailure: boolean }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'failure'; readonly failure: SendFailure; readonly arrives: boolean };

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('say' as const), isSoon: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      isFailure: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      milliseconds: fc.integer({ min: 0, max: 4_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('failure' as const),
      failure: fc.constantFrom<SendFailure>('unsent', 'unsure'),
      arrives: fc.boolean(),
    }),
  },
);

/** A window dies at its nth call of a port: before the call has done anything, or after it has. */
const deaths = fc.array(fc.record({ atCall: fc.integer({ min: 1, max: 45 }), hasDone: fc.boolean() }), {
  minLength: 1,
  maxLength: 5,
  size: 'max',
});

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** The rig's ports as one window has them that may die at each call. */
const window = (rig: Rig, death: { readonly atCall: number; readonly hasDone: boolean } | undefined) => {
  const { context, store, courier, world } = { ...rig, context: rig.context };
  let calls = 0;
  const state = { isDead: false };
  const gate = async <T>(work: () => Promise<T>): Promise<T> => {
    if (state.isDead) return never();
    calls += 1;
    if (calls !== death?.atCall) {
      const done = await work();
      return state.isDead ? never() : done;
    }
    if (death.hasDone) {
      await work();
    }
    state.isDead = true;
    return never();
  };
  world.moment = () => gate(() => Promise.resolve());
  const { chats, history, jobs } = context;
  const mortal: ConversationContext = {
    ...context,
    store: {
      ...store,
      takeUpdate: (...given) => gate(() => store.takeUpdate(...given)),
      saveEntry: (...given) => gate(() => store.saveEntry(...given)),
      openEntries: (...given) => gate(() => store.openEntries(...given)),
      getBinding: (...given) => gate(() => store.getBinding(...given)),
      saveBinding: (...given) => gate(() => store.saveBinding(...given)),
    },
    courier: {
      ...courier,
      send: (...given) => gate(() => courier.send(...given)),
      edit: (...given) => gate(() => courier.edit(...given)),
      upload: (...given) => gate(() => courier.upload(...given)),
      delete: (...given) => gate(() => courier.delete(...given)),
    },
    history: { ...history, readAll: (...given) => gate(() => history.readAll(...given)) },
    chats: {
      ...chats,
      get: (...given) => gate(() => chats.get(...given)),
      send: async (request) => (state.isDead ? never() : chats.send(request)),
      goOn: async (...given) => (state.isDead ? never() : chats.goOn(...given)),
    },
    jobs: {
      ...jobs,
      // What is dead hears nothing any more, also before its jobs are found to be interrupted.
      onEvent: (listener) => jobs.onEvent((...given) => (state.isDead ? undefined : listener(...given))),
      cancel: (...given) => gate(() => jobs.cancel(...given)),
    },
  };
  const conversations = createConversations(mortal, (call, milliseconds) =>
    rig.clock.setTimer(() => (state.isDead ? undefined : call()), milliseconds),
  );
  return { conversations, state };
};

const answerTo = (text: string): string => `Answer: ${text}`;

/** Of one message: how often it was sent to the model, and how often its answer stands on the phone. */
const countsOf = (rig: Rig, token: string): { readonly said: number; readonly answered: number } => {
  const isIn = (text: string): boolean => text.split(/\s/).includes(token);
  const said = [...rig.world.sessions.values()].flatMap(({ state }) => saidIn(state));
  const answers = rig.texts().filter((text) => text.startsWith('Answer:'));
  return { said: said.filter(isIn).length, answered: answers.filter(isIn).length };
};

describe('a conversation, whatever happens', () => {
  it('answers every message once, or asks about it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happenings, { minLength: 4, maxLength: 25, size: 'max' }),
        deaths,
        async (events, plan) => {
          const rig = createRig();
          const dying = [...plan];
          const updates: IncomingMessage[] = [];
          const taken = new Set<number>();
          const failed = new Set<string>();
          let current = window(rig, dying.shift());

          const deliver = async (message: IncomingMessage): Promise<void> => {
            // Telegram gives it again until the bot has said that it is kept.
            current.conversations.receive(message).then(
              () => taken.add(message.updateId),
              () => undefined,
            );
            await rig.clock.advance(0);
          };
          const reopen = async (): Promise<void> => {
            while (current.state.isDead) {
              rig.world.kill();
              current = window(rig, dying.shift());
              let isReady = false;
              void current.conversations.recover().then(() => {
                isReady = true;
              });
              await rig.clock.advance(0);
              if (!isReady) continue;
              for (const message of updates) if (!taken.has(message.updateId)) await deliver(message);
            }
          };
          const end = (isFailure: boolean): void => {
            const [running] = rig.world.jobs.running();
            if (running === undefined) return;
            const session = rig.world.sessions.get(running.sessionId);
            // Begun, but its message is not kept yet.
            if (session?.state.job?.id !== running.jobId) return;
            const text = saidIn(session.state).at(-1) ?? '';
            if (!isFailure) rig.world.complete(running.jobId, answerTo(text));
            else {
              for (const token of text.split(/\s/)) failed.add(token);
              rig.world.fail(running.jobId, 'It failed.');
            }
          };
          const happen = async (event: Happening): Promise<void> => {
            switch (event.kind) {
              case 'say': {
                const sentAt = rig.clock.now() + (event.isSoon ? 0 : updates.length * 10_000);
                const message = rig.message(`m${updates.length}`, { sentAt });
                updates.push(message);
                return deliver(message);
              }
              case 'again': {
                const message = updates[event.which];
                return message === undefined ? undefined : deliver(message);
              }
              case 'end':
                return end(event.isFailure);
              case 'wait':
                return rig.clock.advance(event.milliseconds);
              case 'failure':
                return rig.courier.failNext('send', event.failure, { arrives: event.arrives });
            }
          };

          for (const event of events) {
            await happen(event);
            await rig.clock.advance(0);
            await reopen();
          }
          for (let times = 0; times < 40; times += 1) {
            await rig.clock.advance(20_000);
            await reopen();
            end(false);
            await rig.clock.advance(0);
            await reopen();
          }
          await rig.clock.advance(60 * 60_000);

          assert.equal(current.state.isDead, false);
          assert.deepEqual(taken.size, updates.length);
          const open = await rig.store.openEntries('bot');
          const buttonsInChat = rig.courier
            .inChat(5)
            .flatMap((message) => rig.courier.buttonsOf(message).map(({ data }) => data));
          const asksAbout = (token: string): boolean => {
            const isOf = ({ text, joined = [] }: TelegramEntry): boolean =>
              [text, ...joined.map((each) => each.text)].includes(token);
            const entry = open.find(isOf);
            if (entry?.state === 'unsure') return buttonsInChat.includes(`q1:show:${entry.updateId}`);
            return entry?.state === 'asked' && buttonsInChat.includes(`q1:on:${entry.updateId}`);
          };
          for (const { text: token } of updates) {
            const { said, answered } = countsOf(rig, token);
            assert.equal(said, 1, `${token} was sent to the model ${said} times`);
            assert.ok(answered <= 1, `${token} was answered ${answered} times`);
            const isSettled = answered === 1 || asksAbout(token) || failed.has(token);
            assert.ok(
              isSettled,
              `${token} has no answer: ${JSON.stringify(open)}\n${rig.texts().join('\n')}`,
            );
          }
          // Nothing but questions is left.
          assert.deepEqual(
            open.filter(({ state }) => state !== 'unsure' && state !== 'asked'),
            [],
          );
        },
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);
});
