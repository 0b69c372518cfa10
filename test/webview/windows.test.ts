import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { ToWebview, ToWebviewBody } from '../../extension/shared/protocol.ts';
import { beginEdit, cancelEdit, canSend, sendDraft, typeText } from '../../webview/compose.ts';
import { draftFromSaved } from '../../webview/draft.ts';
import { editingFromSaved, editingToSave } from '../../webview/editing.ts';
import { initialState, newerRequest, receive, type ViewState } from '../../webview/state.ts';
import { activityOf } from '../../webview/words.ts';
import { assistant, jobStarted, snapshot, token, user } from './samples.ts';

const received = (state: ViewState, ...messages: readonly ToWebviewBody[]): ViewState =>
  messages.reduce((now, message) => {
    const seq = message.type === 'snapshot' ? 0 : now.seq + 1;
    return receive(now, { ...message, seq } as ToWebview);
  }, state);

const rows = (from: number, to: number): readonly ChatItem[] =>
  Array.from({ length: to - from + 1 }, (_, index) => user(`i${from + index}`, 'Continue', from + index));

const window = (from: number, to: number, last = 1_000) =>
  snapshot(rows(from, to), { hasOlder: from > 1, hasNewer: to < last });

const at = (body: ToWebviewBody, focusRow: number) => ({ ...body, focusRow }) as ToWebviewBody;

const span = ({ chat: { items } }: ViewState) => [items[0]?.row, items.at(-1)?.row, items.length];

describe('webview state: windows of a chat', () => {
  const middle = received(initialState(), at(window(400, 499), 450));

  it('are replaced by one that does not overlap, whichever way it lies', () => {
    assert.deepEqual(span(received(middle, window(901, 1_000))), [901, 1_000, 100]);
    assert.deepEqual(span(received(middle, at(window(100, 199), 150))), [100, 199, 100]);
    // It ends in what was there: what follows is not known to be all there is.
    assert.deepEqual(span(received(middle, window(350, 449))), [350, 449, 100]);
  });

  it('are joined with one that begins within them, without a hole', () => {
    const joined = received(middle, window(450, 549));
    assert.deepEqual(span(joined), [400, 549, 150]);
    assert.equal(joined.chat.hasNewer, true);
    const toEnd = received(middle, window(480, 1_000));
    assert.deepEqual(span(toEnd), [400, 1_000, 601]);
    assert.equal(toEnd.chat.hasNewer, false);
    // From the end, with older pages, back into them.
    const back = received(received(initialState(), window(300, 1_000)), at(window(500, 599), 550));
    assert.deepEqual(span(back), [300, 599, 300]);
    assert.equal(back.chat.hasNewer, true);
  });

  it('keep nothing in front of the beginning of a chat', () => {
    const forged = received(middle, snapshot(rows(450, 460), { hasOlder: false }));
    assert.deepEqual(span(forged), [450, 460, 11]);
  });

  it('grow by newer pages, of the same chat only, each item once', () => {
    const page = (from: number, to: number, hasNewer: boolean, sessionId = 's1') =>
      ({ type: 'newer', sessionId, items: rows(from, to), hasNewer }) as const;
    assert.deepEqual(span(received(middle, page(495, 599, true))), [400, 599, 200]);
    assert.equal(received(middle, page(500, 599, true, 's9')).chat, middle.chat);
    const atEnd = received(middle, window(901, 1_000));
    assert.equal(received(atEnd, page(500, 599, true)).chat, atEnd.chat);
  });

  it('ask for the page behind their last row, once', () => {
    assert.deepEqual(newerRequest(middle), { type: 'loadNewer', sessionId: 's1', afterRow: 499 });
    assert.equal(newerRequest({ ...middle, loadingNewer: true }), undefined);
    assert.equal(newerRequest({ ...middle, sync: 'waiting' }), undefined);
    assert.equal(newerRequest(received(middle, window(901, 1_000))), undefined);
    const unread = received(
      { ...middle, loadingNewer: true },
      { type: 'newerUnread', sessionId: 's1', message: 'Damaged.' },
    );
    assert.deepEqual([unread.loadingNewer, unread.newerProblem], [false, 'Damaged.']);
  });

  it('name the item of a row, or the last one before a row that has none of its own', () => {
    assert.deepEqual(middle.focus, { itemId: 'i450', count: 1 });
    const gaps = snapshot([user('a', 'A', 10), assistant('b', 'B', 14)], { hasOlder: true });
    assert.equal(received(middle, at(gaps, 12)).focus.itemId, 'a');
    assert.equal(received(middle, at(gaps, 3)).focus.itemId, 'a');
    const again = received(middle, at(window(400, 499), 450));
    assert.deepEqual(again.focus, { itemId: 'i450', count: 2 });
    // Once: a later snapshot of the chat does not lead there again, and another chat knows nothing of it.
    assert.deepEqual(received(again, window(400, 499)).focus, again.focus);
    assert.equal(received(again, snapshot(rows(400, 499), { sessionId: 's2' })).focus.itemId, '');
  });

  it('lead to the end when it is shown, unless the reader came there by reading on', () => {
    assert.equal(received(middle, window(901, 1_000)).endCount, middle.endCount + 1);
    const reading = { ...middle, loadingNewer: true };
    assert.equal(received(reading, window(480, 1_000)).endCount, middle.endCount);
    assert.equal(received(middle, at(window(901, 1_000), 950)).endCount, middle.endCount);
    assert.equal(received(middle, window(400, 499)).endCount, middle.endCount);
  });

  it('take nothing up that happens at the end of the chat', () => {
    const after = received(middle, jobStarted('u9', 'Go'), token('Hello'));
    assert.deepEqual(span(after), span(middle));
    assert.equal(activityOf(after.chat)?.text, 'Working');
  });

  it('cannot tell by the end of the chat whether a message arrived that was sent from its middle', () => {
    const { state } = sendDraft({ ...middle, draft: { text: 'Continue', images: [] } }, 'q1');
    // The last message there says the same, but has been there before.
    const atEnd = received(state, window(901, 1_000));
    assert.equal(atEnd.draft.text, 'Continue');
    assert.equal(received(atEnd, { type: 'accepted', requestId: 'q1' }).draft.text, '');
  });
});

describe('webview state: editing an earlier message', () => {
  const typed = { text: 'Half', images: [] };
  const chat = received(initialState(typed), snapshot([user('u1', 'One', 1), assistant('a1', 'Two', 2)]));
  const editing = beginEdit(chat, 'u1');

  it('begins with the message, and keeps the draft', () => {
    assert.equal(editing.draft.text, 'One');
    assert.deepEqual(editing.editing?.kept, typed);
    assert.deepEqual(cancelEdit(editing).draft, typed);
    assert.equal(cancelEdit(chat), chat);
    assert.equal(beginEdit(chat, 'a1'), chat);
    assert.equal(beginEdit(chat, 'gone'), chat);
  });

  it('is refused while a job runs, and for a deleted chat, with the reason', () => {
    const busy = received(chat, jobStarted('u2', 'Go'));
    assert.match(beginEdit(busy, 'u1').refusal?.message ?? '', /still working/);
    assert.equal(beginEdit(busy, 'u1').editing, undefined);
    assert.equal(canSend({ ...editing, chat: busy.chat }), false);
    const deleted = { ...chat, surroundings: { ...chat.surroundings, shelf: 'deleted' } } as const;
    assert.match(beginEdit(deleted, 'u1').refusal?.message ?? '', /Restore it first/);
    assert.equal(canSend(deleted), false);
    assert.equal(canSend(chat), true);
  });

  it('ends when it was accepted, and keeps what was typed since', () => {
    const { state, post } = sendDraft(editing, 'q1');
    assert.equal(post.type === 'send' && post.replaces, 'u1');
    const more = { ...state, draft: { text: 'One, and more', images: [] } };
    const done = received(more, { type: 'accepted', requestId: 'q1' });
    assert.equal(done.editing, undefined);
    assert.equal(done.draft.text, 'Half\n, and more');
  });

  it('stays whole in what VS Code keeps', () => {
    assert.ok(editing.editing !== undefined);
    const saved: unknown = JSON.parse(
      JSON.stringify({ draft: editing.draft, editing: editingToSave(editing.editing) }),
    );
    assert.deepEqual(editingFromSaved(saved), editing.editing);
    assert.deepEqual(draftFromSaved(saved), editing.draft);
    for (const bad of [undefined, {}, { editing: 1 }, { editing: { sessionId: 's' } }])
      assert.equal(editingFromSaved(bad), undefined);
  });

  it('begins from a menu before its chat is there, and in no other chat', () => {
    const wanted = received(chat, { type: 'editMessage', sessionId: 's2', itemId: 'u1' });
    assert.equal(wanted.editing, undefined);
    assert.equal(received(wanted, snapshot([user('u1', 'One', 1)])).editing, undefined);
    const there = received(wanted, snapshot([user('u1', 'Uno', 1)], { sessionId: 's2' }));
    assert.equal(there.draft.text, 'Uno');
    assert.equal(there.wantedEdit, undefined);
    const paged = received(chat, { type: 'editMessage', sessionId: 's1', itemId: 'u0' });
    const older = {
      type: 'older',
      sessionId: 's1',
      items: [user('u0', 'Nought', 0)],
      hasOlder: false,
    } as const;
    // Whoever writes meanwhile is not taken into the other message.
    assert.equal(received(typeText(paged, 'Mine'), older).draft.text, 'Mine');
    assert.equal(received(paged, older).draft.text, 'Nought');
  });
});
