import assert from 'node:assert/strict';
import { workspace } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createCurrentChat } = await loadWithVscode(() => import('../../extension/vscode/currentChat.ts'));

/** In a window where nothing was chosen yet. */
const newChat = () =>
  createCurrentChat({
    agents: { get: async () => ({ id: 'coder', name: 'Coder', model: { provider: 'gemini', model: 'm' } }) },
    models: { hasKey: async () => true },
    descriptions: { gemini: { name: 'Gemini' } },
    state: { get: () => undefined },
    storageProblem: () => undefined,
    // What is around a new chat needs nothing else.
  } as never);

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
    const { folder, folderName } = await newChat().surroundings();
    assert.equal(folder, '/home/me/b/website');
    assert.equal(folderName, 'Shop (Workspace)');
  });

  it('has neither without a folder', async () => {
    const { folder, folderName } = await newChat().surroundings();
    assert.equal(folder, '');
    assert.equal(folderName, undefined);
  });
});

describe('current chat: a snapshot while a new chat is being kept', () => {
  it('waits for it, and does not take it for a chat that is gone', async () => {
    const kept = Promise.withResolvers<void>();
    const sessions = new Set<string>();
    const remembered: unknown[] = [];
    const model = { provider: 'gemini', model: 'm' };
    const current = createCurrentChat({
      agents: { get: async () => ({ id: 'coder', name: 'Coder', model }) },
      chats: {
        get: async (id: string) => (sessions.has(id) ? { id, agentId: 'coder', model } : undefined),
        send: async ({ newSessionId }: { newSessionId: string }) => {
          await kept.promise;
          sessions.add(newSessionId);
          return { jobId: 'job', sessionId: newSessionId };
        },
        snapshot: async (sessionId: string, _limit: number, taken: (chat: unknown) => void) =>
          taken({ sessionId }),
      },
      state: { get: () => undefined, update: async (_key: string, value: unknown) => remembered.push(value) },
      newId: () => 'new-chat',
    } as never);
    const sending = current.send('Hello', []);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(current.sessionId(), 'new-chat');
    const shown: unknown[] = [];
    const reading = current.snapshot((chat) => shown.push(chat.sessionId));
    await new Promise((resolve) => setTimeout(resolve, 5));
    kept.resolve();
    await Promise.all([sending, reading]);
    assert.deepEqual(shown, ['new-chat']);
    assert.deepEqual(remembered, ['new-chat']);
    assert.equal(current.sessionId(), 'new-chat');
  });
});
