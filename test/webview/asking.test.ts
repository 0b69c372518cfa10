import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StepRecord } from '../../extension/shared/chat.ts';
import type { Effect } from '../../extension/shared/event.ts';
import { countSteps, expiryOf, factsOf, groupTitle, offerText, reasonText } from '../../webview/asking.ts';
import { restorableIds, unknownText } from '../../webview/undo.ts';
import { commandPrompt, diff, editPrompt, step, stepItem, user } from './samples.ts';

const minute = 60_000;

const recordOf = (effect: Effect): StepRecord => {
  const item = stepItem(step('x', 'tool', 'x', effect));
  if (item.kind !== 'step') throw new Error('not a step');
  return item.record;
};

describe('webview questions', () => {
  it('say why they ask', () => {
    assert.equal(reasonText(commandPrompt), 'Asks because no rule covers it');
    assert.equal(reasonText({ reason: '' }), '');
  });

  it('say of a step what its payload does not', () => {
    const facts = (effect: Effect, prompt = editPrompt('a.ts')) =>
      factsOf(step('x', 'x', 'x', effect), prompt);
    assert.deepEqual(facts('execute', commandPrompt), ['Not sandboxed']);
    assert.deepEqual(facts('execute', { ...commandPrompt, isSandboxed: false }), ['Not sandboxed']);
    assert.deepEqual(facts('execute', { ...commandPrompt, isSandboxed: true }), ['Sandboxed']);
    assert.deepEqual(facts('write'), ['Can be undone']);
    assert.deepEqual(facts('write', { ...editPrompt('a.ts'), diffs: [] }), []);
    assert.deepEqual(
      facts('write', { ...editPrompt('a.ts'), reason: 'it could not be undone: too large' }),
      [],
    );
    assert.deepEqual(facts('network'), []);
    assert.deepEqual(facts('read'), []);
  });

  it('name what an answer is widened to', () => {
    assert.deepEqual(offerText({ duration: 'session', matches: [], label: 'npm test in this chat' }), {
      title: 'Approve for this chat',
      covers: 'npm test in this chat',
    });
    assert.deepEqual(offerText({ duration: 'workspace', matches: [], label: 'npm test in this workspace' }), {
      title: 'Always allow: npm test in this workspace',
      covers: '',
    });
  });

  it('count what waits together by its kind', () => {
    const records = (...effects: readonly Effect[]) => effects.map(recordOf);
    assert.equal(groupTitle(records('write', 'write', 'write')), '3 edits wait together');
    assert.equal(groupTitle(records('execute', 'execute')), '2 commands wait together');
    assert.equal(groupTitle(records('network', 'network')), '2 requests wait together');
    assert.equal(groupTitle(records('write', 'execute')), '2 steps wait together');
    assert.equal(countSteps(records('read')), '1 read');
  });

  it('say how much time is left once it is little', () => {
    for (const [rest, text] of [
      [30 * minute, ''],
      [5 * minute, ''],
      [5 * minute - 1, 'expires in 4 min'],
      [4 * minute, 'expires in 4 min'],
      [4 * minute - 1, 'expires in 3 min'],
      [minute, 'expires in 1 min'],
      [minute - 1, 'expires in less than a minute'],
      [0, 'expired'],
      [-minute, 'expired'],
    ] as const)
      assert.equal(expiryOf(rest, 0).text, text, String(rest));
  });

  it('say something new exactly when they said they would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 * minute }), (rest) => {
        const { text, nextIn } = expiryOf(rest, 0);
        assert.ok(nextIn !== undefined && nextIn > 0);
        assert.notEqual(expiryOf(rest, nextIn).text, text);
        assert.equal(expiryOf(rest, nextIn - 1 > 0 ? nextIn - 1.5 : 0).text, text);
      }),
    );
  });
});

describe('webview undo', () => {
  it('tells what cannot be put back', () => {
    assert.equal(unknownText({ files: 1, unknown: [] }), '');
    assert.equal(
      unknownText({ files: 1, unknown: ['a', 'b'] }),
      'Also changed, and cannot be put back: a, b',
    );
    assert.equal(unknownText({ files: 0, unknown: ['a'] }), 'Changed, and cannot be put back: a');
    assert.match(unknownText({ files: 0, unknown: Array<string>(20).fill('a') }), /, and perhaps more$/);
  });

  it('knows the messages before which files can be restored, as one object while they are the same', () => {
    const edit = (id: string) =>
      stepItem(step(id, 'edit_file', id, 'write'), { diffs: [diff], undo: { files: 1, unknown: [] } });
    const items = [user('u1', 'a'), edit('e1'), user('u2', 'b')];
    const ids = restorableIds(new Set(), items);
    assert.deepEqual([...ids], ['u1']);
    assert.equal(restorableIds(ids, [...items, user('u3', 'c')]), ids);
    assert.deepEqual([...restorableIds(ids, [...items, edit('e2')])], ['u1', 'u2']);
    assert.deepEqual([...restorableIds(ids, [user('u0', 'older'), ...items])], ['u0', 'u1']);
    assert.equal(restorableIds(ids, [edit('e1'), user('u2', 'b')]).size, 0);
  });
});
