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
      { name: 'website', uri: { scheme: 'file', fsPath: '/work/b/website' } },
      { name: 'api', uri: { scheme: 'file', fsPath: '/work/b/api' } },
    ];
    const { folder, folderName } = await newChat().surroundings();
    assert.equal(folder, '/work/b/website');
    assert.equal(folderName, 'Shop (Workspace)');
  });

  it('has neither without a folder', async () => {
    const { folder, folderName } = await newChat().surroundings();
    assert.equal(folder, '');
    assert.equal(folderName, undefined);
  });
});
