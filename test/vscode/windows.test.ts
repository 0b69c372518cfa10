import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { AnswerResult } from '../../extension/core/approvals.ts';
import type { Decision } from '../../extension/core/approver.ts';
import type { EventListener } from '../../extension/core/jobs.ts';
import type { AskResult } from '../../extension/core/relay.ts';
import { told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createAnswers } = await loadWithVscode(() => import('../../extension/vscode/answers.ts'));
const { keepInStep } = await loadWithVscode(() => import('../../extension/vscode/inStep.ts'));

const decision: Decision = { approved: true, scope: 'once', by: 'user', surface: 'chat' };

describe('answers to agents', () => {
  const answers = (here: AnswerResult, there: AskResult, isOwn = false) => {
    const asked: string[] = [];
    const made = createAnswers({
      jobs: { cancel: async () => isOwn },
      approvals: { answer: () => here, pending: () => [] },
      elsewhere: {
        stop: async (jobId) => {
          asked.push(jobId);
          return there;
        },
        decide: async (stepId) => {
          asked.push(stepId);
          return there;
        },
      },
      review: {
        accepted: () => undefined,
        leavesNothing: () => false,
        activeSteps: () => [],
        open: async () => undefined,
      },
    });
    return { ...made, asked };
  };
  beforeEach(() => {
    told.length = 0;
  });

  for (const [name, here, there, isAsked, says] of [
    ['counts here', 'accepted', 'unknown', false, undefined],
    ['counts in another window', 'unknown', 'accepted', true, undefined],
    ['comes too late here', 'alreadyAnswered', 'accepted', false, /already been answered/],
    ['comes too late in another window', 'unknown', 'alreadyAnswered', true, /already been answered/],
    ['is to nothing', 'unknown', 'unknown', true, /not waiting any more/],
    [
      'reaches a window that hangs',
      'unknown',
      'silent',
      true,
      /did not answer within 5 seconds.*Nothing was changed/,
    ],
  ] as const) {
    it(`to a step: one that ${name}`, async () => {
      const { decide, asked } = answers(here, there);
      assert.equal(await decide('step', decision), here === 'accepted' || (there === 'accepted' && isAsked));
      assert.deepEqual(asked, isAsked ? ['step'] : []);
      if (says === undefined) assert.deepEqual(told, []);
      else assert.match(told.join(), says);
    });
  }

  it('stop a job here, in another window, or not at all', async () => {
    const own = answers('unknown', 'unknown', true);
    assert.deepEqual([await own.stop('job'), own.asked], [true, []]);
    assert.equal(await answers('unknown', 'accepted').stop('job'), true);
    assert.equal(await answers('unknown', 'unknown').stop('job'), false);
    assert.deepEqual(told, []);
    assert.equal(await answers('unknown', 'silent').stop('job'), false);
    assert.match(told.join(), /may hang/);
  });
});

describe('a view in step with other windows', () => {
  const inStep = (
    changes: { isOwn?: boolean; isFollowed?: boolean; isInMiddle?: boolean; shown?: string } = {},
  ) => {
    const did: string[] = [];
    const items: unknown[] = [];
    let onChange = (): void => undefined;
    let onEvent: EventListener = () => undefined;
    let onStale: (sessionId: string) => void = () => undefined;
    const step = keepInStep({
      store: {
        onExternalChange: (listener) => {
          onChange = listener;
          return () => undefined;
        },
      },
      elsewhere: {
        isFollowed: () => changes.isFollowed === true,
        onEvent: (listener) => {
          onEvent = listener;
          return () => undefined;
        },
        onStale: (listener) => {
          onStale = listener;
          return () => undefined;
        },
      },
      jobs: { runningIn: () => (changes.isOwn === true ? 'job' : undefined) },
      // What is used of a session.
      chats: {
        get: async (id) => ({ id, title: 'New title' }) as never,
        page: async () => ({ items: [...items] as never, hasOlder: false, hasNewer: false }),
      },
      current: { sessionId: () => changes.shown ?? 'chat', isInMiddle: () => changes.isInMiddle === true },
      view: {
        reload: async () => void did.push('reload'),
        refreshSurroundings: async () => void did.push('surroundings'),
        sessionsChanged: () => did.push('list'),
      },
      titleChanged: (_, title) => did.push(title),
      logError: assert.fail,
    });
    return {
      did,
      /** Another window adds to the chat. */
      add: (item: unknown) => void items.push(item),
      dispose: () => step.dispose(),
      change: () => onChange(),
      tell: (...of: Parameters<EventListener>) => onEvent(...of),
      lose: (sessionId: string) => onStale(sessionId),
    };
  };

  it('reads its chat anew, once for many changes', async () => {
    const { did, change, dispose } = inStep();
    for (let index = 0; index < 20; index += 1) change();
    await pause(300);
    assert.deepEqual(did, ['list', 'reload']);
    change();
    dispose();
    await pause(300);
    assert.deepEqual(did, ['list', 'reload']);
  });

  it('reads its chat anew only where another window wrote into this one', async () => {
    const { did, change, add } = inStep();
    change();
    await pause(300);
    assert.deepEqual(did.splice(0), ['list', 'reload']);
    change();
    await pause(300);
    assert.deepEqual(did.splice(0), ['list', 'surroundings', 'New title']);
    add({ id: 'a2' });
    change();
    await pause(300);
    assert.deepEqual(did.splice(0), ['list', 'reload']);
  });

  for (const [name, changes] of [
    ['works here', { isOwn: true }],
    ['is followed', { isFollowed: true }],
    ['is looked at in its middle', { isInMiddle: true }],
  ] as const) {
    it(`takes over only what is around a chat that ${name}`, async () => {
      const { did, change } = inStep(changes);
      change();
      await pause(300);
      assert.deepEqual(did, ['list', 'surroundings', 'New title']);
    });
  }

  it('reads what it followed once more at the end, and at once when that broke off', async () => {
    const { did, tell, lose } = inStep();
    tell({ type: 'Token', jobId: 'job', at: 1, text: 'a' }, 'chat');
    await pause(300);
    assert.deepEqual(did, []);
    tell({ type: 'JobCompleted', jobId: 'job', at: 2, message: 'a' }, 'chat');
    await pause(300);
    assert.deepEqual(did.splice(0), ['list', 'reload']);
    lose('another chat');
    assert.deepEqual(did.splice(0), ['list']);
    lose('chat');
    assert.deepEqual(did, ['list', 'reload']);
  });
});
