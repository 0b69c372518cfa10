import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import {
  isSameState,
  missing,
  operationsOf,
  type PlannedPath,
  planRestore,
} from '../../extension/core/restorePlan.ts';
import type { FileState, FileVersion } from '../../extension/shared/undo.ts';

/** A file system of paths below `/w`, as strict as a real one. */
type Disk = Map<string, FileState>;

const stateOf = (disk: Disk, file: string): FileState => disk.get(file) ?? missing;
const below = (disk: Disk, folder: string): string[] =>
  [...disk.keys()].filter((file) => file.startsWith(`${folder}/`));
const parentsOf = (file: string): string[] => {
  const parent = path.posix.dirname(file);
  return parent === '/w' ? [] : [...parentsOf(parent), parent];
};

const names = ['a', 'b', 'dir', 'dir/a', 'dir/b', 'dir/sub', 'dir/sub/a', 'top', 'top/a'];
const anyPath = fc.constantFrom(...names).map((name) => `/w/${name}`);
const anyLeaf: fc.Arbitrary<FileState> = fc.oneof(
  fc.record({
    kind: fc.constant('file' as const),
    hash: fc.constantFrom('1', '2', '3'),
    size: fc.constant(1),
    mode: fc.constantFrom(0o644, 0o755, 0o444),
  }),
  fc.record({ kind: fc.constant('link' as const), target: fc.constantFrom('a', '../x') }),
);

type Action =
  | { readonly type: 'write'; readonly file: string; readonly state: FileState }
  | { readonly type: 'delete' | 'deleteAll' | 'makeFolder'; readonly file: string }
  | { readonly type: 'move'; readonly file: string; readonly to: string }
  | { readonly type: 'mode'; readonly file: string; readonly mode: number };

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('write' as const), file: anyPath, state: anyLeaf }),
  fc.record({
    type: fc.constantFrom('delete' as const, 'deleteAll' as const, 'makeFolder' as const),
    file: anyPath,
  }),
  fc.record({ type: fc.constant('move' as const), file: anyPath, to: anyPath }),
  fc.record({
    type: fc.constant('mode' as const),
    file: anyPath,
    mode: fc.constantFrom(0o700, 0o755, 0o644),
  }),
);

const makeParents = (disk: Disk, file: string): boolean => {
  for (const parent of parentsOf(file)) {
    const { kind } = stateOf(disk, parent);
    if (kind !== 'missing' && kind !== 'folder') return false;
    if (kind === 'missing') disk.set(parent, { kind: 'folder', mode: 0o755 });
  }
  return true;
};

/** What tools and commands do; an action that a file system would refuse does nothing. */
const act = (before: Disk, action: Action): Disk => {
  const disk: Disk = new Map(before);
  const there = stateOf(disk, action.file);
  switch (action.type) {
    case 'write':
      if (there.kind === 'folder' || !makeParents(disk, action.file)) return before;
      return disk.set(action.file, { ...action.state });
    case 'makeFolder':
      if (there.kind !== 'missing' || !makeParents(disk, action.file)) return before;
      return disk.set(action.file, { kind: 'folder', mode: 0o755 });
    case 'delete':
    case 'deleteAll': {
      const held = below(disk, action.file);
      if (action.type === 'delete' && held.length > 0) return before;
      for (const file of [...held, action.file]) disk.delete(file);
      return disk;
    }
    case 'move': {
      const { file: from, to } = action;
      const isTaken = stateOf(disk, to).kind !== 'missing';
      if (there.kind === 'missing' || isTaken || `${to}/`.startsWith(`${from}/`)) return before;
      if (!makeParents(disk, to)) return before;
      for (const file of [from, ...below(disk, from)]) {
        disk.set(to + file.slice(from.length), stateOf(disk, file));
        disk.delete(file);
      }
      return disk;
    }
    case 'mode':
      if (there.kind !== 'file' && there.kind !== 'folder') return before;
      return disk.set(action.file, { ...there, mode: action.mode });
  }
};

/** One step of several actions, and what is kept of it. */
const runStep = (disk: Disk, actions: readonly Action[], id: number) => {
  const after = actions.reduce(act, disk);
  const files = [...new Set([...disk.keys(), ...after.keys()])];
  const versions = files.flatMap((file): FileVersion[] => {
    const states = { before: stateOf(disk, file), after: stateOf(after, file) };
    if (isSameState(states.before, states.after)) return [];
    const stepId = `s${id}`;
    return [{ stepId, sessionId: 'c', jobId: 'j', file, label: file, root: '/w', at: id, ...states }];
  });
  return { after, versions };
};

const apply = (disk: Disk, plan: readonly PlannedPath[]): void => {
  for (const { kind, path: planned, ...rest } of operationsOf(plan)) {
    const { file, target } = planned;
    const there = stateOf(disk, file);
    const parent = path.posix.dirname(file);
    if (kind !== 'folderMode')
      assert.ok(parent === '/w' || stateOf(disk, parent).kind === 'folder', `${kind} ${file}: no folder`);
    switch (kind) {
      case 'remove':
        assert.ok(there.kind === 'file' || there.kind === 'link');
        disk.delete(file);
        break;
      case 'removeFolder':
        assert.deepEqual([there.kind, below(disk, file)], ['folder', []]);
        disk.delete(file);
        break;
      case 'makeFolder':
        assert.equal(there.kind, 'missing');
        disk.set(file, { kind: 'folder', mode: 0o755 });
        break;
      case 'folderMode':
        assert.equal(there.kind, 'folder');
        assert.ok('mode' in rest);
        disk.set(file, { kind: 'folder', mode: rest.mode });
        break;
      case 'put':
        assert.notEqual(there.kind, 'folder');
        disk.set(file, target);
    }
  }
};

const sorted = (disk: Disk) => [...disk].sort(([a], [b]) => (a < b ? -1 : 1));
const anySteps = fc.array(fc.array(anyAction, { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 6,
});

describe('restore plan, any steps', () => {
  it('gives bytes, links, deletions, renames, folders and modes back, and touches nothing else', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 8 }), anySteps, fc.nat(), (first, steps, place) => {
        const from = place % steps.length;
        let disk: Disk = first.reduce(act, new Map());
        let expected: Disk = disk;
        const kept: FileVersion[] = [];
        for (const [index, actions] of steps.entries()) {
          if (index === from) expected = new Map(disk);
          const { after, versions } = runStep(disk, actions, index);
          if (index >= from) kept.push(...versions);
          disk = after;
        }
        const plan = planRestore(kept, (file) => stateOf(disk, file));
        for (const { standing } of plan) assert.ok(standing === 'asLeft' || standing === 'nothing');
        const result: Disk = new Map(disk);
        apply(result, plan);
        assert.deepEqual(sorted(result), sorted(expected));
      }),
      { numRuns: 500 },
    );
  });

  it('plans nothing silently for a file that somebody else changed between or after the steps', () => {
    const anyState = fc.constantFrom('1', '2', '3', '4').map(
      (hash): FileState => ({
        kind: 'file',
        hash,
        size: 1,
        mode: 0o644,
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyState, anyState), { minLength: 1, maxLength: 4 }),
        anyState,
        (pairs, now) => {
          const versions = pairs.map(
            ([before, after], index): FileVersion => ({
              stepId: `s${index}`,
              sessionId: 'c',
              jobId: 'j',
              file: '/w/a',
              label: 'a',
              root: '/w',
              at: index,
              before,
              after,
            }),
          );
          const changing = versions.filter(
            ({ before, after }) => after !== undefined && !isSameState(before, after),
          );
          const chain = [...changing.flatMap(({ before, after }) => [before, after ?? missing]), now];
          // before 0 | after 0, before 1 | after 1, now: each pair must be the same state.
          const isUntouched = chain
            .slice(1)
            .every((state, index) => index % 2 === 1 || isSameState(state, chain[index + 2] ?? state));
          const [planned] = planRestore(versions, () => now);
          if (planned?.standing === 'asLeft') assert.ok(isUntouched);
        },
      ),
    );
  });
});
