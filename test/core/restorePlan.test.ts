import assert from 'node:assert/strict';
import {
  isSameState,
  missing,
  operationsOf,
  planRestore,
  type Standing,
} from '../../extension/core/restorePlan.ts';
import type { FileState, FileVersion } from '../../extension/shared/undo.ts';

const file = (hash: string, mode = 0o644): FileState => ({ kind: 'file', hash, size: 1, mode });
const [a, b, c] = [file('a'), file('b'), file('c')];

let steps = 0;
const version = (
  before: FileState,
  after: FileState | undefined,
  more: Partial<FileVersion> = {},
): FileVersion => {
  steps += 1;
  return {
    stepId: `s${steps}`,
    sessionId: 'chat',
    jobId: 'job',
    file: '/w/x',
    label: 'x',
    root: '/w',
    before,
    ...(after === undefined ? {} : { after }),
    at: steps,
    ...more,
  };
};

const planOf = (versions: readonly FileVersion[], now: FileState) => planRestore(versions, () => now);

describe('restore plan', () => {
  const undone = { undoneAt: 9 };
  const table: [
    name: string,
    versions: FileVersion[],
    now: FileState,
    standing: Standing,
    target: FileState,
  ][] = [
    ['an edit that stands', [version(a, b)], b, 'asLeft', a],
    ['an edit that was changed since', [version(a, b)], c, 'changedSince', a],
    ['an edit that is not there any more', [version(a, b)], a, 'nothing', a],
    ['a new file', [version(missing, b)], b, 'asLeft', missing],
    ['a deleted file', [version(a, missing)], missing, 'asLeft', a],
    ['a deleted file that somebody made anew', [version(a, missing)], c, 'changedSince', a],
    ['a mode', [version(a, file('a', 0o755))], file('a', 0o755), 'asLeft', a],
    ['two edits', [version(a, b), version(b, c)], c, 'asLeft', a],
    ['two edits, and the first text again by hand', [version(a, b), version(b, c)], b, 'changedSince', a],
    ['an edit of a person between two of the agent', [version(a, b), version(c, b)], b, 'changedSince', a],
    ['a step that never ended', [version(a, undefined)], b, 'changedSince', a],
    ['a step that never ended and did nothing', [version(a, undefined)], a, 'nothing', a],
    ['an undone step', [version(a, b), version(b, c, undone)], b, 'asLeft', a],
    ['an undone step that was done again', [version(a, b), version(b, c, undone)], c, 'asLeft', a],
    ['an edit after an undone one', [version(a, b), version(b, c, undone), version(b, a)], a, 'nothing', a],
    ['undone and worked on by the agent', [version(a, b, undone), version(a, c)], c, 'asLeft', a],
  ];
  for (const [name, versions, now, standing, target] of table) {
    it(`${name}: ${standing}`, () => {
      const [path, ...rest] = planOf(versions, now);
      assert.deepEqual(rest, []);
      assert.equal(path?.standing, standing);
      assert.deepEqual(path?.target, target);
    });
  }

  it('leaves out what steps looked at and did not change', () => {
    assert.deepEqual(planOf([version(a, a)], b), []);
    // Nor does such a step count as one that found another text.
    assert.equal(planOf([version(a, b), version(b, b), version(b, c)], c)[0]?.standing, 'asLeft');
  });

  it('says what cannot be had again', () => {
    const plan = (obstacle: 'forgotten' | 'outside', now: FileState) =>
      planRestore(
        [version(a, b)],
        () => now,
        () => obstacle,
      )[0]?.standing;
    assert.equal(plan('forgotten', b), 'forgotten');
    assert.equal(plan('forgotten', a), 'nothing');
    assert.equal(plan('outside', missing), 'outside');
  });

  it('gives a merge what was done and not undone', () => {
    const versions = [version(a, b), version(b, c, undone), version(b, file('d'))];
    assert.deepEqual(planOf(versions, file('e'))[0]?.changes, [
      { before: a, after: b },
      { before: b, after: file('d') },
    ]);
  });

  it('takes folders after what they hold, and makes them before it', () => {
    const folder: FileState = { kind: 'folder', mode: 0o755 };
    const at = (name: string, before: FileState, after: FileState) =>
      version(before, after, { file: `/w/${name}`, label: name });
    const versions = [
      at('new', missing, folder),
      at('new/deep', missing, folder),
      at('new/deep/f', missing, b),
      at('old', folder, missing),
      at('old/f', a, missing),
      at('swap', folder, b),
    ];
    const nowOf = (name: string): FileState => versions.find((each) => each.file === name)?.after ?? missing;
    const operations = operationsOf(planRestore(versions, nowOf));
    assert.deepEqual(
      operations.map(({ kind, path }) => `${kind} ${path.label}`),
      [
        'remove swap',
        'remove new/deep/f',
        'removeFolder new/deep',
        'removeFolder new',
        'makeFolder old',
        'makeFolder swap',
        'put old/f',
        'folderMode swap',
        'folderMode old',
      ],
    );
  });

  it('compares states by what a person would miss', () => {
    assert.ok(isSameState({ ...a }, a));
    assert.ok(!isSameState(a, { kind: 'folder', mode: 0o644 }));
    assert.ok(!isSameState({ kind: 'link', target: 'x' }, { kind: 'link', target: 'y' }));
    assert.ok(!isSameState({ kind: 'folder', mode: 0o755 }, { kind: 'folder', mode: 0o700 }));
  });
});
