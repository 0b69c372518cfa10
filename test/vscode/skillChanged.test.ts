import assert from 'node:assert/strict';
import type { LoadedSkill, SkillState } from '../../extension/shared/skill.ts';
import { answers, messages, resetVscode, told } from '../fakes/vscode.ts';
import { listenIn } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { skill } from './skillRig.ts';

const { changedText, tellChangedSkills } = await loadWithVscode(
  () => import('../../extension/vscode/skillChanged.ts'),
);

beforeEach(resetVscode);

describe('skills that change', () => {
  const rig = async (given: Readonly<Record<string, SkillState>>) => {
    const listeners = new Set<() => void>();
    const reviewed: (string | undefined)[] = [];
    const errors: unknown[] = [];
    const state = { failure: undefined as unknown };
    let skills: readonly LoadedSkill[] = [];
    const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
    const set = (states: Readonly<Record<string, SkillState>>): void => {
      skills = Object.entries(states).map(([id, each]) => skill(id, { state: each }));
      for (const listener of listeners) listener();
    };
    set(given);
    const watching = tellChangedSkills({
      catalog: { list: async () => skills, onChange: listenIn(listeners) },
      review: async (id) => {
        reviewed.push(id);
        if (state.failure !== undefined) throw state.failure;
      },
      logError: (error) => errors.push(error),
      confirmMs: 0,
    });
    await settle();
    const change = async (states: Readonly<Record<string, SkillState>>): Promise<void> => {
      set(states);
      await settle();
    };
    return { change, set, settle, reviewed, listeners, watching, state, errors };
  };

  it('are told once for each change, with a way to look at it', async () => {
    const { change, reviewed } = await rig({ pdf: 'ready', mine: 'unreviewed' });
    answers.push('Review…');
    await change({ pdf: 'changed', mine: 'unreviewed' });
    assert.deepEqual(messages, [
      { text: changedText(['pdf']), detail: undefined, isModal: false, buttons: ['Review…'] },
    ]);
    assert.deepEqual(reviewed, ['pdf']);
    await change({ pdf: 'changed', mine: 'ready' });
    await change({ pdf: 'ready', mine: 'ready' });
    assert.equal(messages.length, 1);
    await change({ pdf: 'changed', mine: 'ready' });
    assert.equal(messages.length, 2);
    assert.equal(reviewed.length, 1);
  });

  it('together are one message, and the person chooses', async () => {
    const { change, reviewed } = await rig({ a: 'ready', b: 'ready' });
    answers.push('Review…');
    await change({ a: 'changed', b: 'changed' });
    assert.deepEqual(told, [changedText(['a', 'b'])]);
    assert.match(told[0] ?? '', /^2 skills have changed .*: a, b\.$/);
    assert.deepEqual(reviewed, [undefined]);
  });

  it('are not told about when they had changed before, or while they are only being replaced', async () => {
    const { change, set, settle } = await rig({ old: 'changed', pdf: 'ready' });
    await change({ old: 'changed', pdf: 'ready', other: 'ready' });
    set({ old: 'changed', pdf: 'changed', other: 'ready' });
    set({ old: 'changed', pdf: 'ready', other: 'ready' });
    await settle();
    assert.deepEqual(told, []);
  });

  it('say why they cannot be reviewed', async () => {
    const { change, state, errors } = await rig({ pdf: 'ready' });
    state.failure = new Error('It is gone.');
    answers.push('Review…');
    await change({ pdf: 'changed' });
    assert.deepEqual([told.at(-1), errors], ['AnyCowork: It is gone.', []]);
  });

  it('are nobody’s business once the window closes', async () => {
    const { set, settle, listeners, watching } = await rig({ pdf: 'ready' });
    set({ pdf: 'changed' });
    watching.dispose();
    await settle();
    assert.deepEqual([told, listeners.size], [[], 0]);
  });

  it('show nothing that hides, and not a hundred names', () => {
    assert.match(changedText(['a\u202eb']), /a\\u\{202e\}b/);
    assert.match(changedText(['1', '2', '3', '4', '5', '6', '7']), /: 1, 2, 3, 4, 5, and 2 more\.$/);
  });
});
