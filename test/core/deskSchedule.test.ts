import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import type { SendRequest } from '../../extension/core/chats.ts';
import { createDeskSchedule, scheduleOrigin } from '../../extension/core/deskSchedule.ts';
import type { EventListener } from '../../extension/core/jobs.ts';
import { stricterMode } from '../../extension/core/modes.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { approvalModes } from '../../extension/shared/rule.ts';
import type { Schedule } from '../../extension/shared/telegram.ts';

const schedule = (id: string): Schedule => ({
  ...{ id, agentId: 'writer', folder: '/shop', cron: '0 9 * * *', when: 'every day at 9:00' },
  ...{ prompt: 'Sum up', isEnabled: true, doneThrough: 0, createdAt: 0 },
});

const rig = () => {
  const listeners = new Set<EventListener>();
  const sent: SendRequest[] = [];
  const ended: string[] = [];
  const state = { failure: undefined as Error | undefined, endsAtOnce: false };
  let ids = 0;
  const tell = (event: AgentEvent, sessionId: string): void => {
    for (const listener of listeners) listener(event, sessionId);
  };
  const desk = createDeskSchedule({
    chats: {
      send: async (request) => {
        if (state.failure !== undefined) throw state.failure;
        sent.push(request);
        const sessionId = request.newSessionId ?? '';
        if (state.endsAtOnce) tell({ type: 'JobCompleted', jobId: 'job', at: 2, message: 'm' }, sessionId);
        return { jobId: 'job', sessionId };
      },
    },
    jobs: {
      onEvent: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    newId: () => {
      ids += 1;
      return `chat-${ids}`;
    },
    tellEnd: ({ id }, sessionId, { type }) => void ended.push(`${id} ${sessionId} ${type}`),
  });
  return { desk, sent, ended, state, tell, listeners };
};

describe('a schedule of the editor', () => {
  it('is a new chat with its agent, marked as from a schedule, within the agent’s own mode', async () => {
    const { desk, sent } = rig();
    await desk.run(schedule('a'));
    assert.deepEqual(sent, [
      { newSessionId: 'chat-1', agentId: 'writer', text: 'Sum up', origin: scheduleOrigin },
    ]);
    assert.equal(scheduleOrigin.via, 'a schedule');
    for (const mode of approvalModes) assert.equal(stricterMode(mode, scheduleOrigin.mode()), mode);
    assert.equal(await scheduleOrigin.checkBudget(), undefined);
  });

  it('tells its end once, also when that comes before the answer to sending', async () => {
    const { desk, ended, tell, state } = rig();
    await desk.run(schedule('a'));
    tell({ type: 'JobCompleted', jobId: 'x', at: 1, message: 'm' }, 'another chat');
    tell({ type: 'Token', jobId: 'job', at: 1, text: 'x' }, 'chat-1');
    assert.deepEqual(ended, []);
    tell({ type: 'JobCancelled', jobId: 'job', at: 1 }, 'chat-1');
    tell({ type: 'JobCompleted', jobId: 'later', at: 3, message: 'm' }, 'chat-1');
    state.endsAtOnce = true;
    await desk.run(schedule('b'));
    assert.deepEqual(ended, ['a chat-1 JobCancelled', 'b chat-2 JobCompleted']);
  });

  it('is left out while its last run is at work, but not after one that could not begin', async () => {
    const { desk, sent, tell, state } = rig();
    state.failure = new Error('no key');
    await assert.rejects(desk.run(schedule('a')), /no key/);
    state.failure = undefined;
    await desk.run(schedule('a'));
    await assert.rejects(desk.run(schedule('a')), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /still at work/);
      return true;
    });
    await desk.run(schedule('b'));
    tell({ type: 'JobCompleted', jobId: 'job', at: 1, message: 'm' }, sent[0]?.newSessionId ?? '');
    await desk.run(schedule('a'));
    assert.equal(sent.length, 3);
  });

  it('listens no longer after the end', async () => {
    const { desk, listeners } = rig();
    desk.close();
    assert.equal(listeners.size, 0);
  });
});
