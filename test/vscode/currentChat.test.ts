import assert from 'node:assert/strict';
import { createBranches } from '../../extension/core/branches.ts';
import { type ChatItem, type ChatState, emptyChat } from '../../extension/shared/chat.ts';
import { house } from '../core/house.ts';
import { textReply } from '../fakes/provider.ts';
import { workspace } from '../fakes/vscode.ts';
import { user } from '../webview/samples.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createCurrentChat, pageSize } = await loadWithVscode(
  () => import('../../extension/vscode/currentChat.ts'),
);

/** The chat of a window whose view reads a snapshot whenever it is told to. */
const window = (core = house([textReply('Answer')])) => {
  const remembered: unknown[] = [];
  const shown: (ChatState & { readonly focusRow: number | undefined })[] = [];
  const isOpen = { now: true };
  const branches = createBranches({ ...core, onRewound: async () => undefined });
  const read = (): Promise<void> =>
    current.snapshot((chat, focusRow) => {
      if (isOpen.now) shown.push({ ...chat, focusRow });
      return isOpen.now;
    });
  const current = createCurrentChat({
    skillChoices: async () => [],
    promptChoices: async () => [],
    ...core,
    branches,
    models: { hasKey: async () => true },
    descriptions: { gemini: { name: 'Gemini' } },
    state: { get: () => undefined, update: async (_key: string, value: unknown) => remembered.push(value) },
    storageProblem: () => undefined,
    onChanged: read,
    // What it uses of the models and of VS Code's state.
  } as never);
  return { ...core, current, branches, remembered, shown, isOpen, read };
};

/** Such a window with a chat of 500 messages; the n-th is `m<n>`. */
const longChat = async () => {
  const at = window();
  const agent = await at.agents.get();
  const items = Array.from({ length: 500 }, (_, index): ChatItem => user(`m${index}`, `Message ${index}`));
  const session = {
    id: 'long',
    title: 'Long',
    titleBy: 'person' as const,
    agentId: agent.id,
    model: agent.model,
    folder: '',
    createdAt: 1,
    updatedAt: 1,
  };
  await at.store.importSession(session, items);
  const rows = new Map((await at.store.readAll('long')).map((item) => [item.id, item.row ?? 0]));
  const row = (index: number): number => rows.get(`m${index}`) ?? 0;
  const last = () => {
    const state = at.shown.at(-1);
    assert.ok(state);
    const { items: all, focusRow, hasNewer } = state;
    return { first: all[0]?.id, last: all.at(-1)?.id, count: all.length, focusRow, hasNewer };
  };
  return { ...at, row, last };
};

describe('current chat: what is around it', () => {
  afterEach(() => {
    workspace.name = undefined;
    workspace.workspaceFolders = undefined;
  });

  it('names the folder for people, and tells chats apart by its path', async () => {
    workspace.name = 'Shop (Workspace)';
    workspace.workspaceFolders = [
      { name: 'website', uri: { scheme: 'file', fsPath: '/home/me/b/website' } },
      { name: 'api', uri: { scheme: 'file', fsPath: '/home/me/b/api' } },
    ];
    const { folder, folderName } = await window().current.surroundings();
    assert.equal(folder, '/home/me/b/website');
    assert.equal(folderName, 'Shop (Workspace)');
  });

  it('has neither without a folder', async () => {
    const { folder, folderName } = await window().current.surroundings();
    assert.equal(folder, '');
    assert.equal(folderName, undefined);
  });

  it('says where the chat lies: a deleted one can be opened and read, and nothing is sent into it', async () => {
    const { current, chats, store, shown } = await longChat();
    assert.equal((await current.surroundings()).shelf, 'active');
    for (const shelf of ['archived', 'deleted'] as const) {
      await chats.change('long', { shelf });
      await current.open('long');
      assert.equal((await current.surroundings()).shelf, shelf);
      assert.equal(shown.at(-1)?.items.length, pageSize);
    }
    await assert.rejects(current.send({ text: 'Hello' }), /Restore it first/);
    await assert.rejects(current.goOn(), /Restore it first/);
    assert.equal(store.events.length, 0);
  });
});

describe('current chat: its middle', () => {
  it('is shown around the row, which is marked once', async () => {
    const { current, row, last, read } = await longChat();
    await current.open('long', row(200));
    const there = last();
    assert.deepEqual([there.focusRow, there.count, there.hasNewer], [row(200), pageSize, true]);
    assert.ok(row(200) > row(Number(there.first?.slice(1))) && row(200) < row(Number(there.last?.slice(1))));
    assert.equal(current.isInMiddle(), true);
    // Hidden and shown again, or drawn anew for another reason.
    await read();
    assert.deepEqual(last(), { ...there, focusRow: undefined });
  });

  it('is marked by the snapshot that reaches the view', async () => {
    const { current, row, shown, isOpen, read, last } = await longChat();
    isOpen.now = false;
    await current.open('long', row(200));
    assert.equal(shown.length, 0);
    isOpen.now = true;
    await read();
    assert.equal(last().focusRow, row(200));
  });

  for (const [name, leave] of [
    ['the person asks for it', (at) => at.current.showNewest()],
    ['a message is sent', (at) => at.current.send({ text: 'Hello' })],
    ['the last job is gone on with', (at) => at.current.goOn()],
    ['a message is edited', (at) => at.current.send({ text: 'Hello' }, 'm499')],
  ] as const satisfies readonly (readonly [
    string,
    (at: Awaited<ReturnType<typeof longChat>>) => Promise<unknown>,
  ])[]) {
    it(`is left for the end when ${name}`, async () => {
      const at = await longChat();
      await at.current.open('long', at.row(200));
      await leave(at);
      assert.equal(at.current.isInMiddle(), false);
      assert.equal(at.last().hasNewer, false);
      assert.equal(at.last().focusRow, undefined);
    });
  }

  it('is left when another chat is shown, and for the end when this one is opened without a row', async () => {
    const { current, row, last } = await longChat();
    await current.open('long', row(200));
    await current.startNew();
    assert.equal(current.isInMiddle(), false);
    await current.open('long', row(200));
    await current.open('long');
    assert.deepEqual([last().last, last().hasNewer], ['m499', false]);
  });

  it('stays when what is sent is refused', async () => {
    const { current, row, folder } = await longChat();
    await current.open('long', row(200));
    folder.isTrusted = false;
    await assert.rejects(current.send({ text: 'Hello' }), /not trusted/);
    assert.equal(current.isInMiddle(), true);
  });

  it('is the end where the row is near it: then the chat is followed', async () => {
    const { current, row, last } = await longChat();
    await current.open('long', row(490));
    assert.deepEqual([last().last, last().focusRow, last().hasNewer], ['m499', row(490), false]);
    assert.equal(current.isInMiddle(), false);
  });
});

describe('current chat: a message in the place of another', () => {
  it('is sent there, and a new chat has none to replace', async () => {
    const { current, store, chats, ended, provider } = await longChat();
    await current.open('long');
    await ended((await current.send({ text: 'Instead' }, 'm3')).jobId);
    const items = await store.readAll('long');
    assert.deepEqual(
      items.map((item) => item.kind),
      ['user', 'user', 'user', 'user', 'assistant'],
    );
    assert.equal(provider.requests.length, 1);
    assert.equal((await chats.list({ shelf: 'archived', limit: 9 })).sessions.length, 1);
  });

  it('leaves nothing to go on with in a new chat', async () => {
    await assert.rejects(window().current.goOn(), /nothing to go on with/);
  });
});

describe('current chat: a snapshot while a new chat is being kept', () => {
  it('waits for it, and does not take it for a chat that is gone', async () => {
    const core = house([textReply('Answer')]);
    const kept = Promise.withResolvers<void>();
    const { saveSession } = core.store;
    core.store.saveSession = async (session) => {
      await kept.promise;
      await saveSession(session);
    };
    const { current, shown, remembered, read } = window(core);
    const sending = current.send({ text: 'Hello' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const id = current.sessionId();
    assert.notEqual(id, undefined);
    const reading = read();
    await new Promise((resolve) => setTimeout(resolve, 5));
    kept.resolve();
    await Promise.all([sending, reading]);
    assert.deepEqual(
      shown.map(({ sessionId }) => sessionId),
      [id],
    );
    assert.deepEqual(remembered, [id]);
    assert.equal(current.sessionId(), id);
  });

  it('shows a new chat where the one that was shown is gone for good', async () => {
    const { current, shown, store, read, remembered } = await longChat();
    await current.open('long');
    await store.deleteSession('long');
    await read();
    const { agentId, model } = shown.at(-1) ?? emptyChat('', { provider: 'gemini', model: '' });
    assert.deepEqual(shown.at(-1), { ...emptyChat(agentId, model), focusRow: undefined });
    assert.equal(remembered.at(-1), undefined);
  });
});

describe('current chat: its mode', () => {
  it('is the agent’s until another one is chosen, which the first message takes along', async () => {
    const { current, agents, chats } = window();
    const agent = await agents.get();
    await agents.update(agent.id, { execution: { mode: 'smart' } });
    assert.equal((await current.surroundings()).mode, 'smart');
    await current.setMode('autopilot');
    assert.equal(await current.mode(), 'autopilot');
    const { sessionId } = await current.send({ text: 'Hello' });
    assert.equal((await chats.get(sessionId))?.mode, 'autopilot');
    await current.setMode('ask');
    assert.equal((await chats.get(sessionId))?.mode, 'ask');
    assert.equal((await current.surroundings()).mode, 'ask');
  });

  it('is chosen anew for every new chat', async () => {
    const { current, chats } = window(house([textReply('One'), textReply('Two')]));
    await current.setMode('autopilot');
    await current.startNew();
    assert.equal(await current.mode(), 'ask');
    await current.setMode('autopilot');
    await current.send({ text: 'Hello' });
    await current.startNew();
    assert.equal(await current.mode(), 'ask');
    const { sessionId } = await current.send({ text: 'Hello again' });
    assert.equal((await chats.get(sessionId))?.mode, undefined);
  });

  it('tells when another chat is shown, and not when the same is', async () => {
    const { current } = await longChat();
    let told = 0;
    const unlisten = current.onShown(() => {
      told += 1;
    });
    await current.open('long');
    await current.open('long');
    assert.equal(told, 1);
    await current.startNew();
    assert.equal(told, 2);
    await current.send({ text: 'Hello' });
    assert.equal(told, 3);
    unlisten();
    await current.open('long');
    assert.equal(told, 3);
  });
});
