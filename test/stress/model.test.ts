import assert from 'node:assert/strict';
import { apply, type Change, foundIn, leavesTrace, type Model, problemsOf, touchedBy } from './model.ts';

const changes: readonly Change[] = [
  { kind: 'begin', chat: 'a' },
  { kind: 'item', chat: 'a', id: 'one', hash: '1', isSent: true },
  { kind: 'item', chat: 'a', id: 'two', hash: '2', isSent: false },
  { kind: 'keep', chat: 'a', what: 'version', id: 'one' },
  { kind: 'keep', chat: 'a', what: 'version', id: 'two' },
  { kind: 'keep', chat: 'a', what: 'rule', id: 'rule' },
  { kind: 'copy', chat: 'b', title: 'Fork', items: [['one', '1']] },
  { kind: 'rewind', chat: 'a', earlier: 'c', gone: ['two'] },
  { kind: 'set', chat: 'b', shelf: 'archived' },
  { kind: 'item', chat: 'b', id: 'three', hash: '3', isSent: true },
  { kind: 'set', chat: 'c', title: 'Named', isPinned: true },
  { kind: 'unrule', chat: 'a', id: 'rule' },
  { kind: 'remove', chat: 'c' },
];

describe('the checker of the stress program', () => {
  it('finds nothing wrong in what was acknowledged, and more items are no fault', () => {
    let model: Model = new Map();
    for (const change of changes) {
      model = apply(model, change);
      for (const id of model.keys()) {
        const found = foundIn(model, id);
        assert.deepEqual(problemsOf(id, model.get(id), found), []);
        if (found === undefined) continue;
        const more = { ...found, items: new Map(found.items).set('unacknowledged', 'x') };
        assert.deepEqual(problemsOf(id, model.get(id), more), []);
      }
    }
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => model.get(id)?.shelf),
      ['active', 'active', undefined],
    );
  });

  it('finds every change that was acknowledged and is not there', () => {
    let model: Model = new Map();
    for (const change of changes) {
      const after = apply(model, change);
      for (const id of touchedBy(change)) {
        const problems = problemsOf(id, after.get(id), foundIn(model, id));
        assert.ok(problems.length > 0, `${change.kind} of ${id}`);
      }
      model = after;
    }
  });

  it('tells a change that happened from one that did not, unless it changes nothing', () => {
    let model: Model = new Map();
    for (const change of changes) {
      assert.ok(leavesTrace(model, change), change.kind);
      model = apply(model, change);
    }
    assert.ok(!leavesTrace(model, { kind: 'set', chat: 'b', title: 'Fork', shelf: 'active' }));
    assert.ok(!leavesTrace(model, { kind: 'unrule', chat: 'a', id: 'rule' }));
  });

  it('finds an item with another text', () => {
    const model = changes.slice(0, 3).reduce(apply, new Map());
    const found = foundIn(model, 'a');
    assert.ok(found !== undefined);
    const spoiled = { ...found, items: new Map(found.items).set('one', 'other') };
    assert.match(problemsOf('a', model.get('a'), spoiled).join(), /one in a is not what was acknowledged/);
  });
});
