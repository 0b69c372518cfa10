import assert from 'node:assert/strict';
import { samplingTarget } from '../../extension/core/samplingTarget.ts';
import type { SessionSummary } from '../../extension/shared/session.ts';

const session: SessionSummary = {
  id: 'chat',
  title: 'A chat',
  titleBy: 'message',
  agentId: 'agent',
  model: { provider: 'gemini', model: 'flash' },
  folder: '',
  createdAt: 1,
  updatedAt: 1,
  status: 'running',
  shelf: 'active',
  isPinned: false,
};

describe('whose model answers a server', () => {
  const running = new Map([
    ['chat', 'job'],
    ['gone', 'other'],
  ]);
  const targetOf = (sessionId: string | undefined, jobs: ReadonlyMap<string, string> = running) =>
    samplingTarget(
      {
        store: { getSession: async (id) => (id === session.id ? session : undefined) },
        jobs: { runningIn: (id) => jobs.get(id) },
      },
      sessionId,
    );

  it('is that of the chat, and its job pays', async () => {
    assert.deepEqual(await targetOf('chat'), {
      model: session.model,
      place: { jobId: 'job', sessionId: 'chat', agentId: 'agent' },
    });
  });

  it('is nobody’s where no job runs in that chat, or it is not known', async () => {
    assert.equal(await targetOf('chat', new Map()), undefined);
    assert.equal(await targetOf('gone'), undefined);
    assert.equal(await targetOf(undefined), undefined);
  });
});
