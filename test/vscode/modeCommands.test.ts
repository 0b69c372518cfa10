import assert from 'node:assert/strict';
import type { ApprovalMode } from '../../extension/shared/rule.ts';
import { answers, messages, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createModeCommands } = await loadWithVscode(() => import('../../extension/vscode/modeCommands.ts'));

const rig = (mode: ApprovalMode = 'ask') => {
  const set: ApprovalMode[] = [];
  const { pickMode } = createModeCommands({
    current: { mode: async () => mode, setMode: async (wanted) => void set.push(wanted) },
  });
  return { pickMode, set };
};

beforeEach(resetVscode);

describe('the mode of a chat', () => {
  it('is chosen from a list', async () => {
    answers.push('Smart');
    const { pickMode, set } = rig();
    assert.equal(await pickMode(), 'smart');
    assert.deepEqual(set, ['smart']);
    assert.deepEqual(messages, []);
  });

  for (const [button, result] of [
    ['Turn On Autopilot', 'autopilot'],
    [undefined, 'ask'],
  ] as const) {
    it(`asks once before autopilot: ${button ?? 'Esc'}`, async () => {
      answers.push('Autopilot', button);
      const { pickMode, set } = rig();
      assert.equal(await pickMode(), result);
      assert.deepEqual(set, button === undefined ? [] : ['autopilot']);
      assert.equal(messages.length, 1);
      assert.equal(messages[0]?.isModal, true);
      assert.match(
        messages[0]?.detail ?? '',
        /every command inside the sandbox.*\n\nProtected files, secrets/,
      );
    });
  }

  it('is set by code, where autopilot is asked about too', async () => {
    const { pickMode, set } = rig();
    await pickMode('smart');
    await pickMode('autopilot');
    assert.deepEqual(set, ['smart']);
    await assert.rejects(pickMode('everything'), /arguments are not right/);
  });

  it('stays when it is chosen again, or nothing is', async () => {
    const { pickMode, set } = rig('autopilot');
    answers.push('Autopilot', undefined);
    assert.equal(await pickMode(), 'autopilot');
    assert.equal(await pickMode(), 'autopilot');
    assert.deepEqual(set, []);
    assert.deepEqual(messages, []);
  });
});
