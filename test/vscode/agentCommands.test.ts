import assert from 'node:assert/strict';
import { house } from '../core/house.ts';
import { answers, messages, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createAgentCommands } = await loadWithVscode(() => import('../../extension/vscode/agentCommands.ts'));

const rig = () => {
  const { agents } = house([]);
  let refreshed = 0;
  const commands = createAgentCommands({
    agents,
    refresh: async () => {
      refreshed += 1;
    },
    // These tests change neither chats nor models.
  } as never);
  return { agents, commands, refreshed: () => refreshed };
};

const label = 'Approval mode of its new chats';

beforeEach(resetVscode);

describe('the mode of an agent', () => {
  it('is one of the parts that can be edited', async () => {
    const { agents, commands, refreshed } = rig();
    const { execution } = await agents.get();
    answers.push('Coder', label, 'Smart');
    await commands.updateAgent();
    assert.deepEqual((await agents.get()).execution, { ...execution, mode: 'smart' });
    assert.equal(refreshed(), 1);
    assert.deepEqual(messages, []);
  });

  for (const [button, mode] of [
    ['Turn On Autopilot', 'autopilot'],
    [undefined, 'ask'],
  ] as const) {
    it(`becomes autopilot only after a question: ${button ?? 'Esc'}`, async () => {
      const { agents, commands } = rig();
      await agents.get();
      answers.push('Coder', label, 'Autopilot', button);
      await commands.updateAgent();
      assert.equal((await agents.get()).execution.mode, mode);
      assert.equal(messages[0]?.isModal, true);
    });
  }
});
