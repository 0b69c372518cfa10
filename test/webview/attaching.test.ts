import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { McpResourceChoice } from '../../extension/shared/mcp.ts';
import {
  attachResource,
  mentionAt,
  promptMatches,
  removeAttached,
  stillFitting,
} from '../../webview/attaching.ts';
import { canSend, sendDraft, withoutSent } from '../../webview/compose.ts';
import { attachedCountLimit, draftFrom } from '../../webview/draft.ts';
import { draftOfMessage, joinDrafts } from '../../webview/editing.ts';
import { initialState, receive, type ViewState } from '../../webview/state.ts';
import { snapshot, user } from './samples.ts';

const choice: McpResourceChoice = { server: 'notes', uri: 'note://1', name: 'First note', isTemplate: false };
const chip = {
  ...{ id: 'a1', kind: 'resource' as const, server: 'notes', label: 'First note', uri: 'note://1' },
  images: 0,
};
const shown = (): ViewState => receive(initialState(), { ...snapshot([]), seq: 0 });

describe('attaching resources and prompts', () => {
  it('knows the mention that is being typed at the caret', () => {
    assert.deepEqual(mentionAt('look at @no', 11), { start: 8, query: 'no' });
    assert.deepEqual(mentionAt('@', 1), { start: 0, query: '' });
    assert.deepEqual(mentionAt('@one two', 4), { start: 0, query: 'one' });
    for (const [text, caret] of [
      ['ann@example.org', 15],
      ['@one two', 8],
      ['no', 2],
    ] as const) {
      assert.equal(mentionAt(text, caret), undefined, text);
    }
  });

  it('takes nothing but the mention out of the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z]{0,9}$/), fc.string(), (before, query, after) => {
        const start = `${before} `;
        const text = `${start}@${query} ${after}`;
        const found = mentionAt(text, start.length + 1 + query.length);
        assert.deepEqual(found, { start: start.length, query });
      }),
    );
  });

  it('waits for what is read, then sends it along, and keeps what came since', () => {
    const typed = { ...shown(), draft: { text: 'What does it say?', images: [] } };
    const { state, post } = attachResource(typed, choice, 'r1', 'What does it say?');
    assert.deepEqual(post, {
      type: 'attachResource',
      requestId: 'r1',
      server: 'notes',
      uri: 'note://1',
      isTemplate: false,
    });
    assert.equal(canSend(state), false);
    const there = receive(state, { type: 'attached', requestId: 'r1', chip, seq: 1 });
    assert.equal(canSend(there), true);
    const sent = sendDraft(there, 'q1');
    assert.deepEqual(sent.post.type === 'send' ? sent.post.attached : undefined, ['a1']);
    const later = { ...chip, id: 'a2' };
    const more = { ...sent.state, draft: { ...sent.state.draft, attached: [chip, later] } };
    assert.deepEqual(withoutSent(more).draft, { text: '', images: [], attached: [later] });
  });

  it('can be all of a message', () => {
    const state = { ...shown(), draft: { text: '', images: [], attached: [chip] } };
    assert.equal(canSend(state), true);
    assert.equal(canSend(removeAttached(state, 'a1')), false);
  });

  it('says why something was not attached, and not that the person gave up', () => {
    const { state } = attachResource(shown(), choice, 'r1', '');
    const failed = receive(state, { type: 'notAttached', requestId: 'r1', message: 'It is gone.', seq: 1 });
    assert.deepEqual([failed.attaching, failed.refusal?.message], [[], 'It is gone.']);
    const gaveUp = receive(state, { type: 'notAttached', requestId: 'r1', message: '', seq: 1 });
    assert.deepEqual([gaveUp.attaching, gaveUp.refusal], [[], undefined]);
  });

  it('does not attach what was taken away while it was read', () => {
    const { state } = attachResource(shown(), choice, 'r1', '');
    const removed = removeAttached(state, 'r1');
    const late = receive(removed, { type: 'attached', requestId: 'r1', chip, seq: 1 });
    assert.equal(late.draft.attached, undefined);
  });

  it('is kept over a reload, joined, and comes back with an edited message', () => {
    const draft = { text: 'x', images: [], attached: [chip] };
    assert.deepEqual(draftFrom(JSON.parse(JSON.stringify(draft))), draft);
    assert.deepEqual(draftFrom({ text: 'x', images: [], attached: [{ id: 1 }, null, chip] }), draft);
    assert.deepEqual(joinDrafts({ text: 'y', images: [] }, draft).attached, [chip]);
    assert.deepEqual(joinDrafts({ text: '', images: [] }, draft), draft);
    const item = user('u1', 'Hello');
    assert.ok(item.kind === 'user');
    const { images: _, ...context } = chip;
    const message = { ...item.message, attached: [{ ...context, text: 'The words' }] };
    const state = receive(initialState(), { ...snapshot([{ ...item, message }]), seq: 0 });
    assert.deepEqual(draftOfMessage(state.chat, item.id)?.attached, [chip]);
  });

  it('ends what the protocol does not take, and says which it was', () => {
    const { state } = attachResource(shown(), choice, 'r1', '');
    const message = 'Your message could not be sent.';
    const refused = receive(state, { type: 'refused', requestId: 'r1', message, seq: 1 });
    assert.deepEqual(refused.attaching, []);
    assert.match(refused.refusal?.message ?? '', /^First note cannot be attached/);
  });

  it('tells a screen reader that it reads, and that it is there', () => {
    const { state } = attachResource(shown(), choice, 'r1', '');
    assert.equal(state.announcer.text, 'Reading First note.');
    const there = receive(state, { type: 'attached', requestId: 'r1', chip, seq: 1 });
    assert.equal(there.announcer.text, 'Attached First note.');
    assert.equal(there.focusCount, state.focusCount);
  });

  it('does not send more than the host takes', () => {
    const many = Array.from({ length: attachedCountLimit + 1 }, (_, index) => ({ ...chip, id: `a${index}` }));
    const state = { ...shown(), draft: { text: 'x', images: [], attached: many } };
    assert.equal(canSend(state), false);
    assert.equal(canSend(removeAttached(state, 'a3')), true);
  });

  it('offers nothing that does not fit what was typed since', () => {
    const all = [choice, { ...choice, uri: 'note://2', name: 'Second note' }];
    assert.deepEqual(stillFitting(all, 'n', 'n'), all);
    assert.deepEqual(stillFitting(all, '', 'SEC'), all.slice(1));
    assert.deepEqual(stillFitting(all, '', 'notes:note://1'), all.slice(0, 1));
    assert.deepEqual(stillFitting(all, 'second', ''), []);
  });

  it('finds prompts by any part of their name while nothing else is typed', () => {
    const prompts = ['mcp.everything.simple-prompt', 'mcp.notes.summary'].map((id) => ({
      ...{ id, server: 's', name: id, description: '' },
    }));
    const ids = (text: string) => promptMatches(text, prompts).map(({ id }) => id);
    assert.deepEqual(
      ids('/'),
      prompts.map(({ id }) => id),
    );
    assert.deepEqual(ids('/SUM'), ['mcp.notes.summary']);
    for (const text of ['/sum ', 'sum', ' /sum', '/none']) assert.deepEqual(ids(text), [], text);
  });
});
