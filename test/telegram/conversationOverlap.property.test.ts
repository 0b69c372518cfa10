import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JobOrigin } from '../../extension/core/jobOrigin.ts';
import { type BotConversations, createConversations } from '../../extension/telegram/conversation.ts';
import { createRig, type Rig } from './conversationRig.ts';
import { saidIn } from './conversationWorld.ts';

const tick = fc.nat({ max: 1_500 });

/** A message, who hears of it, and what happens then. */
const step = fc.record({
  isToldOld: fc.boolean(),
  isRepeated: fc.boolean(),
  before: tick,
  ends: fc.boolean(),
  after: tick,
  isTakenOver: fc.boolean(),
});

/** A window of its own: it hears only of jobs that it has begun. */
const openWindow = ({ context, clock }: Rig): BotConversations => {
  const own = new Set<string>();
  const { jobs, chats } = context;
  const marked = (origin: JobOrigin): JobOrigin => ({
    ...origin,
    onStart: async (jobId) => {
      own.add(jobId);
      await origin.onStart(jobId);
    },
  });
  const parts: Pick<Rig['context'], 'jobs' | 'chats'> = {
    jobs: {
      ...jobs,
      runningIn: (sessionId) => {
        const jobId = jobs.runningIn(sessionId);
        return jobId !== undefined && own.has(jobId) ? jobId : undefined;
      },
      onEvent: (listener) =>
        jobs.onEvent((event, sessionId) => {
          if (own.has(event.jobId)) listener(event, sessionId);
        }),
    },
    chats: {
      ...chats,
      send: ({ origin, ...request }) =>
        chats.send(origin === undefined ? request : { ...request, origin: marked(origin) }),
      goOn: (id, origin) => chats.goOn(id, origin === undefined ? undefined : marked(origin)),
    },
  };
  return createConversations({ ...context, ...parts }, clock.setTimer);
};

const endJobs = ({ world }: Rig): void => {
  for (const { jobId, sessionId } of world.jobs.running()) {
    const items = world.sessions.get(sessionId)?.state.items ?? [];
    const asked = items.findLast((item) => item.kind === 'user' && item.jobId === jobId);
    const [block] = asked?.kind === 'user' ? asked.message.content : [];
    world.complete(jobId, `answer ${block?.type === 'text' ? block.text : ''}`);
  }
};

describe('a bot that goes over to another window which does not wait for the first one', function () {
  this.timeout(60_000);

  it('works on each message once, and answers it once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
        const rig = createRig();
        rig.conversations = openWindow(rig);
        let old: BotConversations | undefined;
        const closeOld = async (): Promise<void> => {
          await Promise.all([old?.close(), rig.clock.advance(3_000)]);
          old = undefined;
        };
        for (const [index, { isToldOld, isRepeated, before, ends, after, isTakenOver }] of steps.entries()) {
          const message = rig.message(`m${index}`, { sentAt: rig.clock.now() + index * 10_000 });
          await (isToldOld ? (old ?? rig.conversations) : rig.conversations).receive(message);
          if (isRepeated) await rig.conversations.receive(message);
          await rig.clock.advance(before);
          if (ends) endJobs(rig);
          await rig.clock.advance(after);
          if (old !== undefined) await closeOld();
          if (!isTakenOver) continue;
          old = rig.conversations;
          rig.conversations = openWindow(rig);
          await rig.conversations.recover();
        }
        await closeOld();
        for (let times = 0; times < 40; times += 1) {
          await rig.clock.advance(4_000);
          endJobs(rig);
        }
        const said = [...rig.world.sessions.values()].flatMap(({ state }) => saidIn(state));
        assert.deepEqual(
          [...said].sort(),
          steps.map((_, index) => `m${index}`),
        );
        const answers = rig.texts().filter((text) => text.startsWith('answer m'));
        assert.deepEqual(
          [...answers].sort(),
          steps.map((_, index) => `answer m${index}`),
        );
      }),
      { numRuns: 150 },
    );
  });
});
