import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AnyCoworkApi } from '../../../extension/main.ts';

const extension = (): vscode.Extension<AnyCoworkApi> => {
  const found = vscode.extensions.getExtension<AnyCoworkApi>('anycowork.anycowork');
  assert.ok(found, 'the extension is not installed');
  return found;
};

describe('activation', () => {
  it('does not happen before something is used', () => {
    assert.equal(extension().isActive, false);
  });

  it('returns the version and the event source', async () => {
    const api = await extension().activate();
    assert.equal(api.version, extension().packageJSON.version);
    const listening = api.onEvent(() => {});
    assert.equal(typeof listening.dispose, 'function');
    listening.dispose();
  });

  it('registers every contributed command', async () => {
    await extension().activate();
    const registered = new Set(await vscode.commands.getCommands(true));
    const contributed: { command: string }[] = extension().packageJSON.contributes.commands;
    assert.ok(contributed.length >= 10);
    assert.deepEqual(
      contributed.map((each) => each.command).filter((command) => !registered.has(command)),
      [],
    );
  });

  it('registers the commands that other code calls', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const wanted = [
      'chat',
      'createAgent',
      'getAgents',
      'updateAgent',
      'deleteAgent',
      'approveAction',
      'rejectAction',
    ]
      .concat(['cancelJob', 'getSessions', 'getMessages', 'setApiKey', 'newChat', 'openChat', 'showLog'])
      .map((name) => `anycowork.${name}`);
    assert.deepEqual(
      wanted.filter((command) => !registered.has(command)),
      [],
    );
  });
});
