import assert from 'node:assert/strict';
import { createBranches } from '../../extension/core/branches.ts';
import { held, house } from '../core/house.ts';
import { type ScriptedReply, textReply } from '../fakes/provider.ts';
import { answers, env, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createChatActions } = await loadWithVscode(() => import('../../extension/vscode/chatActions.ts'));

/** A window that shows a chat of one question and its answer. */
const window = async (replies: readonly ScriptedReply[] = []) => {
  const core = house([textReply('An answer'), ...replies]);
  const { chats, ended } = core;
  const said: string[] = [];
  const branches = createBranches({ ...core, onRewound: async () => undefined });
  const { sessionId, jobId } = await chats.send({ text: 'A question' });
  await ended(jobId);
  const shown = { id: sessionId as string | undefined, isInMiddle: false };
  const actions = createChatActions({
    ...core,
    branches,
    current: {
      sessionId: () => shown.id,
      isInMiddle: () => shown.isInMiddle,
      showNewest: async () => void said.push('newest'),
      open: async (id: string) => {
        said.push('open');
        shown.id = id;
      },
      startNew: async () => {
        said.push('new chat');
        shown.id = undefined;
      },
    },
    agentName: async () => 'Coder',
    sessionsChanged: () => said.push('list'),
    titleChanged: (_: string, title: string) => said.push(`title ${title}`),
    refreshSurroundings: async () => void said.push('surroundings'),
    // What it uses of the chat that is shown.
  } as never);
  return { ...core, actions, said, sessionId, shown };
};

beforeEach(resetVscode);

describe('chat actions: what a person changes', () => {
  it('is the title, on one line', async () => {
    const { actions, said, chats, sessionId } = await window();
    await actions.rename(sessionId, '  Two\n words ');
    const session = await chats.get(sessionId);
    assert.deepEqual([session?.title, session?.titleBy], ['Two words', 'person']);
    assert.deepEqual(said, ['title Two words', 'list']);
    await assert.rejects(actions.rename(sessionId, ' \n'), /needs a title/);
    await assert.rejects(actions.rename('nowhere', 'x'), /not there any more/);
  });

  it('is whether it is pinned', async () => {
    const { actions, said, chats, sessionId } = await window();
    await actions.setPinned(sessionId, true);
    assert.equal((await chats.get(sessionId))?.isPinned, true);
    assert.deepEqual(said, ['list']);
  });

  it('is where it lies: the shown chat stays when it is archived, and makes room when it is deleted', async () => {
    const { actions, said, chats, sessionId } = await window();
    await actions.moveTo(sessionId, 'archived');
    assert.deepEqual(said.splice(0), ['list', 'surroundings']);
    await actions.moveTo(sessionId, 'deleted');
    assert.deepEqual(said.splice(0), ['list', 'new chat']);
    assert.equal((await chats.get(sessionId))?.shelf, 'deleted');
    // Undo brings it back into the list, and leaves what is shown meanwhile.
    await actions.moveTo(sessionId, 'active');
    assert.deepEqual(said, ['list']);
    assert.equal((await chats.get(sessionId))?.shelf, 'active');
  });
});

describe('chat actions: deleting', () => {
  it('stops what runs in the chat first', async () => {
    const { reply } = held();
    const { actions, chats, jobs, events, sessionId } = await window([reply]);
    await chats.send({ sessionId, text: 'Another' });
    await actions.moveTo(sessionId, 'deleted');
    assert.equal(events.at(-1)?.type, 'JobCancelled');
    assert.deepEqual(jobs.running(), []);
    const session = await chats.get(sessionId);
    assert.deepEqual([session?.shelf, session?.status], ['deleted', 'idle']);
  });

  it('leaves a chat alone in which another window works', async () => {
    const { actions, chats, store, said, sessionId, places } = await window();
    await store.record({ type: 'JobStarted', jobId: 'elsewhere', at: 1, sessionId, agentId: 'a' });
    places.set(sessionId, 'another window');
    await assert.rejects(actions.moveTo(sessionId, 'deleted'), /in another window\. Stop it first/);
    assert.equal((await chats.get(sessionId))?.shelf, 'active');
    assert.deepEqual(said, []);
  });

  it('for good is asked about, and only possible for what was deleted before', async () => {
    const { actions, chats, said, sessionId, shown } = await window();
    await assert.rejects(actions.purge(sessionId), /Only a deleted chat/);
    await assert.rejects(chats.purge(sessionId), /Only a deleted chat/);
    assert.deepEqual(told, []);
    await actions.moveTo(sessionId, 'deleted');
    shown.id = sessionId;
    said.length = 0;
    assert.equal(await actions.purge(sessionId), false);
    assert.deepEqual(told, ['Remove the chat “A question” for good?']);
    assert.notEqual(await chats.get(sessionId), undefined);
    answers.push('Remove for Good');
    assert.equal(await actions.purge(sessionId), true);
    assert.equal(await chats.get(sessionId), undefined);
    assert.deepEqual(said, ['list', 'new chat']);
  });
});

describe('chat actions: branches and copies', () => {
  it('opens a fork', async () => {
    const { actions, chats, said, sessionId, shown, store } = await window();
    const id = await actions.fork(sessionId, (await store.readAll(sessionId))[1]?.id);
    assert.equal(shown.id, id);
    assert.deepEqual(said, ['list', 'open']);
    assert.equal((await chats.get(id))?.title, 'Fork of A question');
  });

  it('shows the end of the chat where a new answer is made', async () => {
    for (const isInMiddle of [true, false]) {
      const { actions, said, sessionId, shown, store } = await window();
      shown.isInMiddle = isInMiddle;
      await actions.retry(sessionId, (await store.readAll(sessionId))[1]?.id ?? '');
      assert.deepEqual(said, isInMiddle ? ['newest'] : []);
    }
  });

  it('copies the whole chat as Markdown, and says so quietly', async () => {
    const { actions, sessionId } = await window();
    await actions.copy(sessionId);
    assert.match(env.clipboard.text, /^# A question\n.*\n> A question\n.*## Coder, .*\nAn answer\n$/s);
    assert.deepEqual(told, ['$(check) The chat was copied as Markdown.']);
    await assert.rejects(actions.copy('nowhere'), /not there any more/);
  });
});
