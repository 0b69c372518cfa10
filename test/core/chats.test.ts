import assert from 'node:assert/strict';
import { createChats } from '../../extension/core/chats.ts';
import { JobBusyError } from '../../extension/core/jobs.ts';
import type { ChatItem, ChatState } from '../../extension/shared/chat.ts';
import { user } from '../webview/samples.ts';
import { held, house, snapshotOf } from './house.ts';

/** A chat of 300 messages in which the agent is just saying something. */
const busyChat = async () => {
  const { reply, release } = held();
  const core = house([reply]);
  const agent = await core.agents.get();
  const items = Array.from({ length: 300 }, (_, index): ChatItem => user(`m${index}`, `Message ${index}`));
  const { model, id: agentId } = agent;
  const times = { createdAt: 1, updatedAt: 1 };
  await core.store.importSession(
    { id: 'long', title: 'Long', titleBy: 'person', agentId, model, folder: '', ...times },
    items,
  );
  const { jobId } = await core.chats.send({ sessionId: 'long', text: 'Go' });
  while (core.events.at(-1)?.type !== 'Token') await new Promise((resolve) => setImmediate(resolve));
  const around = async (row: number): Promise<ChatState | undefined> => {
    const taken: ChatState[] = [];
    await core.chats.snapshot('long', 100, (state) => taken.push(state), row);
    return taken[0];
  };
  return { ...core, jobId, release, around };
};

describe('chats: a part of the middle', () => {
  it('has what stands there, and knows of the job without what it says at the end', async () => {
    const { around, store, jobId, release } = await busyChat();
    const row = (await store.readAll('long'))[100]?.row ?? 0;
    const middle = await around(row);
    assert.equal(middle?.items.length, 100);
    assert.ok(middle.items.some((item) => item.row === row));
    assert.deepEqual([middle.hasOlder, middle.hasNewer, middle.job?.id], [true, true, jobId]);
    assert.ok(middle.items.every((item) => item.kind === 'user'));
    release();
  });

  it('is the end, with what is being said, where the row is near it', async () => {
    const { around, store, chats, release } = await busyChat();
    const near = await around((await store.readAll('long'))[290]?.row ?? 0);
    assert.deepEqual(near, await snapshotOf(chats, 'long'));
    const last = near?.items.at(-1);
    assert.equal(last?.kind === 'assistant' && last.streaming, true);
    release();
  });
});

describe('chats: where a job may start', () => {
  it('is in a chat that is there, not deleted, and idle, in a trusted folder', async () => {
    const { chats, folder, release, ended, jobId } = await busyChat();
    await assert.rejects(chats.ready('long'), JobBusyError);
    release();
    await ended(jobId);
    assert.equal((await chats.ready('long')).id, 'long');
    await assert.rejects(chats.ready('nowhere'), /not there any more/);
    folder.isTrusted = false;
    await assert.rejects(chats.ready('long'), /not trusted/);
    folder.isTrusted = true;
    await chats.change('long', { shelf: 'deleted' });
    for (const start of [() => chats.goOn('long'), () => chats.send({ sessionId: 'long', text: 'Hi' })]) {
      await assert.rejects(start(), /This chat is deleted\. Restore it first/);
    }
  });

  it('is not where another window works; one that died does not hold a chat', async () => {
    const { chats, release, ended, jobId, store, places } = await busyChat();
    release();
    await ended(jobId);
    await store.record({ type: 'JobStarted', jobId: 'other', at: 1, sessionId: 'long', agentId: 'a' });
    assert.equal((await chats.get('long'))?.status, 'running');
    places.set('long', 'another window (site)');
    await assert.rejects(chats.ready('long'), /another window \(site\)/);
    await assert.rejects(
      chats.change('long', { shelf: 'deleted' }),
      /another window \(site\)\. Stop it first/,
    );
    places.clear();
    assert.equal((await chats.ready('long')).id, 'long');
    await chats.change('long', { shelf: 'deleted' });
    assert.equal((await chats.get('long'))?.shelf, 'deleted');
  });

  it('is in an archived chat too, which comes back with the message', async () => {
    const { chats, release, ended, jobId } = await busyChat();
    release();
    await ended(jobId);
    await chats.change('long', { shelf: 'archived' });
    await ended((await chats.send({ sessionId: 'long', text: 'Hi' })).jobId);
    assert.equal((await chats.get('long'))?.shelf, 'active');
  });
});

describe('chats: how steps are approved', () => {
  it('is the agent’s until the person chooses for the chat, which is on record before it counts', async () => {
    const { chats, store, ended } = house([]);
    const { jobId, sessionId } = await chats.send({ text: 'Hi' });
    await ended(jobId);
    assert.equal((await chats.get(sessionId))?.mode, undefined);
    const { audit } = store;
    store.audit = () => Promise.reject(new Error('The disk is full.'));
    await assert.rejects(chats.setMode(sessionId, 'autopilot'), /The disk is full/);
    assert.equal((await chats.get(sessionId))?.mode, undefined);
    store.audit = audit;
    await chats.setMode(sessionId, 'autopilot');
    await chats.setMode(sessionId, 'autopilot');
    assert.equal((await chats.get(sessionId))?.mode, 'autopilot');
    assert.deepEqual(
      (await store.readAudit(0, 100)).map(({ title, detail, outcome }) => [title, detail, outcome]),
      [['Approval mode of the chat: autopilot', 'from ask to autopilot', 'changed']],
    );
    await assert.rejects(chats.setMode('nowhere', 'ask'), /not there any more/);
  });

  it('can be chosen before the first message', async () => {
    const { chats, ended, store } = house([]);
    const { jobId, sessionId } = await chats.send({ text: 'Hi', mode: 'smart' });
    await ended(jobId);
    assert.equal((await chats.get(sessionId))?.mode, 'smart');
    const [entry] = (await store.readAudit(0, 9)).filter(({ kind }) => kind === 'mode');
    assert.deepEqual(
      [entry?.sessionId, entry?.detail, entry?.reason],
      [sessionId, 'from ask to smart', 'chosen for a new chat'],
    );
    store.audit = () => Promise.reject(new Error('The disk is full.'));
    await assert.rejects(chats.send({ text: 'Hi', mode: 'smart' }), /The disk is full/);
  });

  it('is in another folder no wider than the agent’s', async () => {
    const { chats, store, agents, ended, jobs } = house([]);
    const { jobId, sessionId } = await chats.send({ text: 'Hi', mode: 'autopilot' });
    await ended(jobId);
    const elsewhere = createChats({
      ...{ store, agents, jobs, newId: () => 'id', now: () => 1 },
      folder: () => '/another',
      isTrusted: () => true,
    });
    const agent = await agents.get();
    const modes = async () => {
      const session = (await chats.get(sessionId)) ?? assert.fail();
      const now = await agents.get(agent.id);
      return [chats.modeOf(session, now), elsewhere.modeOf(session, now)];
    };
    assert.deepEqual(await modes(), ['autopilot', 'ask']);
    await assert.rejects(elsewhere.setMode(sessionId, 'smart'), /begun in another folder \(\/folder\)/);
    await agents.update(agent.id, { execution: { mode: 'smart' } });
    assert.deepEqual(await modes(), ['autopilot', 'smart']);
    await elsewhere.setMode(sessionId, 'ask');
    assert.deepEqual(await modes(), ['ask', 'ask']);
  });
});
