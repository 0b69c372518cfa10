import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type ModelEvent, ProviderError } from '../../extension/core/provider.ts';
import { cleanTitle, createTitles } from '../../extension/core/titles.ts';
import type { JobError } from '../../extension/shared/event.ts';
import { textOf } from '../../extension/shared/message.ts';
import { fakeProvider, type ScriptedReply, textReply } from '../fakes/provider.ts';
import { held, house } from './house.ts';

/** A window that names its chats with these replies, and answers in them with those. */
const window = (titleReplies: readonly ScriptedReply[], replies: readonly ScriptedReply[] = []) => {
  const core = house(replies);
  const naming = fakeProvider(titleReplies);
  const titled: string[] = [];
  const setting = { isOn: true };
  const limit: { reached: JobError | undefined } = { reached: undefined };
  const titles = createTitles({
    ...core,
    budgets: {
      check: async () => limit.reached,
      costOf: (_, { input, output }) => (input + output) / 100,
    },
    provider: () => naming,
    isEnabled: () => setting.isOn && core.folder.isTrusted,
    onTitled: (_, title) => titled.push(title),
    logError: (error) => core.errors.push(error),
  });
  const { chats, ended } = core;
  /** Sends, waits for the answer and for what comes after it. */
  const say = async (text: string, sessionId?: string): Promise<string> => {
    const started = await chats.send({ text, ...(sessionId === undefined ? {} : { sessionId }) });
    await ended(started.jobId);
    await pause(5);
    return started.sessionId;
  };
  const title = async (sessionId: string) => {
    const session = await chats.get(sessionId);
    return [session?.title, session?.titleBy];
  };
  return { ...core, naming, titled, setting, limit, titles, say, title };
};

describe('titles', () => {
  it('come from the model after the first answer, with one small request', async () => {
    const { say, title, titled, naming, store, provider } = window(
      [textReply('“Fix the flaky date test.”')],
      [textReply('a'.repeat(5_000))],
    );
    const sessionId = await say(`The date test fails. ${'x'.repeat(5_000)}`);
    assert.deepEqual(await title(sessionId), ['Fix the flaky date test', 'model']);
    assert.deepEqual(titled, ['Fix the flaky date test']);
    assert.equal(naming.requests.length, 1);
    const [request] = naming.requests;
    assert.deepEqual(request?.tools, []);
    assert.deepEqual(request?.model, provider.requests[0]?.model);
    assert.notEqual(request?.sessionId, provider.requests[0]?.sessionId);
    const shown = textOf(request?.messages[0]?.content ?? []);
    assert.match(shown, /^Message:\nThe date test fails\. x{1979}\n\nAnswer:\na{1000}$/);
    // Nothing of it is in the chat.
    assert.equal((await store.readAll(sessionId)).length, 2);
    const { total, lastRequest } = await store.sessionUsage(sessionId);
    assert.deepEqual(
      [total.input, lastRequest.input],
      [20, 10],
      'it counts, and is not what the chat is about',
    );
  });

  it('count for the chat, the agent and the day, whatever becomes of them', async () => {
    const half = { type: 'text', text: 'A title that' } as const;
    const cases: [ScriptedReply, requests: number][] = [
      [textReply('A good title'), 1],
      [textReply('bad\ntitle'), 1],
      [[half, { type: 'done', content: [half], stopReason: 'end' }], 1],
      [[half, new ProviderError('network', 'Lost.')], 1],
      [[new ProviderError('rateLimit', 'Busy.')], 0],
      [[{ type: 'retrying', attempt: 1, delayMs: 9, reason: 'busy' }], 0],
    ];
    for (const [reply, requests] of cases) {
      const { say, store, events } = window([reply]);
      const sessionId = await say('One');
      const { agentId, jobId } = events.find((event) => event.type === 'JobStarted') ?? assert.fail();
      const { job, chat, agent, day } = await store.spent({ jobId, sessionId, agentId, since: 0 });
      assert.equal(job.spending.requests, 1);
      for (const { spending } of [chat, agent, day]) {
        assert.equal(spending.requests, 1 + requests);
        assert.equal(spending.tokens > job.spending.tokens, requests > 0);
        assert.equal(spending.usd > 0, requests > 0);
      }
    }
  });

  it('count too when they are given up because the chat goes on', async () => {
    const { reply } = held();
    const { say, store } = window([reply]);
    const sessionId = await say('One');
    await say('Two', sessionId);
    assert.equal((await store.sessionUsage(sessionId)).unpriced, 2, 'the two answers');
    const query = { jobId: '', sessionId, agentId: '', since: 0 };
    assert.equal((await store.spent(query)).chat.spending.requests, 3);
  });

  it('are not asked for at a limit', async () => {
    const { say, limit, naming, title } = window([textReply('A title')]);
    limit.reached = { kind: 'budget', message: 'Used up.', actions: [] };
    assert.deepEqual(await title(await say('One')), ['One', 'message']);
    assert.equal(naming.requests.length, 0);
  });

  it('are asked for once: a chat that goes on keeps the one it has', async () => {
    for (const reply of [textReply('A good title'), textReply('bad\ntitle'), [new Error('down')]]) {
      const { say, naming } = window([reply]);
      const sessionId = await say('One');
      await say('Two', sessionId);
      assert.equal(naming.requests.length, 1);
    }
  });

  it('wait for the first job that ends well', async () => {
    const { say, chats, ended, naming, title } = window(
      [textReply('Named at last')],
      [[new Error('bug')], textReply('Better')],
    );
    const sessionId = await say('One');
    assert.equal(naming.requests.length, 0);
    await ended((await chats.goOn(sessionId)).jobId);
    await pause(5);
    assert.deepEqual(await title(sessionId), ['Named at last', 'model']);
  });

  it('never take the place of one that the person gave, also while the model thinks', async () => {
    const { reply, release } = held();
    const { say, chats, title, titled } = window([reply]);
    const sessionId = await say('One');
    await chats.change(sessionId, { title: { text: 'Mine', by: 'person' } });
    release();
    await pause(5);
    assert.deepEqual(await title(sessionId), ['Mine', 'person']);
    assert.deepEqual(titled, []);
  });

  it('are not asked for when the setting is off, in an untrusted folder, or for a deleted chat', async () => {
    for (const prevent of [
      (at: ReturnType<typeof window>) => {
        at.setting.isOn = false;
      },
      (at: ReturnType<typeof window>) => {
        at.jobs.onEvent((event) => {
          if (event.type === 'TurnCompleted') at.folder.isTrusted = false;
        });
      },
      (at: ReturnType<typeof window>) => {
        at.jobs.onEvent((event, sessionId) => {
          if (event.type === 'TurnCompleted') void at.store.updateSession(sessionId, { shelf: 'deleted' }, 1);
        });
      },
    ]) {
      const at = window([textReply('A title')]);
      prevent(at);
      const sessionId = await at.say('One');
      assert.equal(at.naming.requests.length, 0);
      assert.deepEqual(await at.title(sessionId), ['One', 'message']);
    }
  });

  it('end with the window, and when the next message is sent, which waits for nothing', async () => {
    for (const end of ['close', 'send'] as const) {
      const seen: AbortSignal[] = [];
      const hanging: ScriptedReply = async function* (_request, signal): AsyncGenerator<ModelEvent> {
        seen.push(signal);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      };
      const { say, titles, title, errors } = window([hanging]);
      const sessionId = await say('One');
      assert.equal(seen[0]?.aborted, false);
      if (end === 'close') titles.close();
      else await say('Two', sessionId);
      await pause(5);
      assert.equal(seen[0]?.aborted, true);
      assert.deepEqual(await title(sessionId), ['One', 'message']);
      assert.deepEqual(errors, []);
    }
  });

  it('are not tried again when the provider is busy, and cost a chat nothing when they fail', async () => {
    let wasTriedAgain = false;
    const busy: ScriptedReply = async function* (): AsyncGenerator<ModelEvent> {
      yield { type: 'retrying', attempt: 1, delayMs: 1, reason: 'Busy.' };
      wasTriedAgain = true;
      yield* textReply('Too late');
    };
    const { say, title, events, errors } = window([busy, [new Error('down')]]);
    assert.deepEqual(await title(await say('One')), ['One', 'message']);
    assert.equal(wasTriedAgain, false);
    assert.equal(errors.length, 0);
    assert.deepEqual(await title(await say('Two')), ['Two', 'message']);
    assert.deepEqual(
      errors.map((error) => error instanceof Error && error.message),
      ['down'],
    );
    assert.equal(events.filter(({ type }) => type === 'JobCompleted').length, 2);
    assert.equal(events.filter(({ type }) => type === 'JobFailed').length, 0);
  });

  it('are left to the window in which the job runs', async () => {
    for (const isElsewhere of [true, false]) {
      const core = house([textReply('Answer')]);
      const naming = fakeProvider([textReply('A title')]);
      const { jobs } = core;
      createTitles({
        ...core,
        jobs: {
          onEvent: (listener) =>
            jobs.onEvent((event, id) =>
              listener(
                event.type === 'JobStarted' && isElsewhere ? { ...event, isElsewhere: true } : event,
                id,
              ),
            ),
        },
        provider: () => naming,
        isEnabled: () => true,
        onTitled: () => undefined,
        logError: (error) => core.errors.push(error),
      });
      await core.ended((await core.chats.send({ text: 'One' })).jobId);
      await pause(5);
      assert.equal(naming.requests.length, isElsewhere ? 0 : 1);
    }
  });
});

describe('titles: what the model says', () => {
  for (const [said, title] of [
    ['Fix the date test', 'Fix the date test'],
    ['  "Fix the date test."  ', 'Fix the date test'],
    ['**Fix the date test**', 'Fix the date test'],
    ['Title: Fix `date.ts`', 'Fix `date.ts`'],
    ['# Fix the   date test', 'Fix the date test'],
    ['修复日期测试。', '修复日期测试'],
    ['«Исправить тест даты»', 'Исправить тест даты'],
    ['Say "yes" or "no"', 'Say "yes" or "no"'],
    ['To be continued...', 'To be continued...'],
    ['x'.repeat(60), 'x'.repeat(60)],
    ['x'.repeat(61), undefined],
    ['Two\nlines', undefined],
    ['', undefined],
    ['...', undefined],
    ['<b>Bold</b>', undefined],
    ['{"title": "x"}', undefined],
    ['Hidden \u202e direction', undefined],
    ['Bell \u0007', undefined],
    ['Half a pair \ud83d', undefined],
  ] as const) {
    it(`makes ${JSON.stringify(title)} of ${JSON.stringify(said.slice(0, 30))}`, () => {
      assert.equal(cleanTitle(said), title);
    });
  }
});
