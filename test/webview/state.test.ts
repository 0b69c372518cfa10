import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { messageTextLimit } from '../../extension/shared/message.ts';
import type { ToWebview, ToWebviewBody } from '../../extension/shared/protocol.ts';
import { canSend, composeText, sendDraft } from '../../webview/compose.ts';
import { initialState, olderRequest, receive, sentTexts, type ViewState } from '../../webview/state.ts';
import { assistant, at, diff, event, reply, snapshot, step, token, toolMessage, user } from './samples.ts';

/** Numbers the messages as the host does, from the state's own number on. */
const received = (state: ViewState, ...messages: readonly ToWebviewBody[]): ViewState =>
  messages.reduce((now, message) => {
    const seq = message.type === 'snapshot' ? 0 : now.seq + 1;
    return receive(now, { ...message, seq } as ToWebview);
  }, state);

const numbered = (seq: number, message: ToWebviewBody) => ({ ...message, seq }) as ToWebview;

const typed = (state: ViewState, text: string): ViewState => ({ ...state, draft: { text, images: [] } });

const image = { id: 'p1', mediaType: 'image/png', data: 'AAAA', name: 'shot.png' } as const;

const textOfLast = (state: ViewState): string => {
  const last = state.chat.items.at(-1);
  const block = last?.kind === 'assistant' ? last.message.content.at(-1) : undefined;
  return block?.type === 'text' ? block.text : '';
};

describe('webview state: order of messages', () => {
  it('shows nothing but what follows a snapshot', () => {
    const state = receive(initialState(), numbered(1, token('lost')));
    assert.equal(state.sync, 'waiting');
    assert.equal(state.loaded, false);
    assert.equal(state.chat.items.length, 0);
  });

  it('follows events in their order', () => {
    const state = received(initialState(), snapshot([user('u1', 'Hi')]), token('Hel'), token('lo'));
    assert.equal(state.sync, 'synced');
    assert.equal(state.seq, 2);
    assert.equal(textOfLast(state), 'Hello');
  });

  for (const [name, seq] of [
    ['lost', 3],
    ['doubled', 1],
    ['overtaken', 0],
    ['far ahead', 100],
  ] as const) {
    it(`asks for a snapshot when a message was ${name}, and takes nothing before it`, () => {
      const synced = received(initialState(), snapshot([user('u1', 'Hi')]), token('Hel'));
      const gap = receive(synced, numbered(seq, token('lo')));
      assert.equal(gap.sync, 'waiting');
      assert.equal(textOfLast(gap), 'Hel');
      const later = receive(gap, numbered(2, token('lo')));
      assert.equal(textOfLast(later), 'Hel');
      const whole = received(later, snapshot([user('u1', 'Hi'), assistant('a1', 'Hello')]), token(' you', 5));
      assert.equal(whole.sync, 'synced');
      assert.equal(whole.chat.items.length, 3);
    });
  }

  it('takes an acceptance across a gap, and asks for a snapshot all the same', () => {
    const synced = received(initialState(), snapshot([user('u1', 'Hi')]));
    const { state } = sendDraft(typed(synced, 'Next'), 'q1');
    const accepted = receive(state, numbered(7, { type: 'accepted', requestId: 'q1' }));
    assert.equal(accepted.draft.text, '');
    assert.equal(accepted.sync, 'waiting');
  });

  it('counts an acceptance in its place', () => {
    const { state } = sendDraft(typed(received(initialState(), snapshot()), 'Next'), 'q1');
    const next = received(state, { type: 'accepted', requestId: 'q1' }, token('Yes'));
    assert.equal(next.sync, 'synced');
    assert.equal(next.seq, 2);
  });
});

describe('webview state: sending', () => {
  const loaded = received(initialState(), snapshot([user('u1', 'Hi')]));

  it('sends neither before it has loaded, nor blanks, nor twice', () => {
    assert.equal(canSend(typed(initialState(), 'Hi')), false);
    assert.equal(canSend(typed(loaded, ' \n ')), false);
    assert.equal(canSend(typed(loaded, 'Hi')), true);
    assert.equal(canSend({ ...loaded, draft: { text: '', images: [image] } }), true);
    assert.equal(canSend(sendDraft(typed(loaded, 'Hi'), 'q1').state), false);
  });

  it('sends no more than the host takes', () => {
    assert.equal(canSend(typed(loaded, 'x'.repeat(messageTextLimit))), true);
    assert.equal(canSend(typed(loaded, 'x'.repeat(messageTextLimit + 1))), false);
  });

  it('posts text and pictures, and keeps them until they were accepted', () => {
    const draft = { text: 'Look', images: [image] };
    const { state, post } = sendDraft(
      { ...loaded, refusal: { sessionId: 's1', message: 'Earlier' }, draft },
      'q1',
    );
    assert.deepEqual(post, {
      type: 'send',
      requestId: 'q1',
      sessionId: 's1',
      text: 'Look',
      images: [{ mediaType: 'image/png', data: 'AAAA', name: 'shot.png' }],
    });
    assert.deepEqual(state.draft, draft);
    assert.equal(state.refusal, undefined);
    assert.deepEqual(received(state, { type: 'accepted', requestId: 'q1' }).draft, { text: '', images: [] });
  });

  it('names no chat for the first message of a new one', () => {
    const fresh = received(initialState(), snapshot([], { sessionId: '' }));
    const { post } = sendDraft(typed(fresh, 'Hi'), 'q1');
    assert.equal(post.type === 'send' && post.sessionId, '');
  });

  it('keeps what was typed and attached while the message was under way', () => {
    const { state } = sendDraft(typed(loaded, 'First'), 'q1');
    const more = { ...state, draft: { text: 'First, and then', images: [image] } };
    assert.deepEqual(received(more, { type: 'accepted', requestId: 'q1' }).draft, {
      text: ', and then',
      images: [image],
    });
    const other = { ...state, draft: { text: 'Something else', images: [] } };
    assert.equal(received(other, { type: 'accepted', requestId: 'q1' }).draft.text, 'Something else');
  });

  it('keeps the text of a refused message and says why', () => {
    const { state } = sendDraft(typed(loaded, 'Hi'), 'q1');
    const refused = received(state, { type: 'refused', requestId: 'q1', message: 'Another window.' });
    assert.equal(refused.draft.text, 'Hi');
    assert.equal(refused.refusal?.message, 'Another window.');
    assert.equal(canSend(refused), true);
  });

  it('heeds no answer to another message', () => {
    const { state } = sendDraft(typed(loaded, 'Hi'), 'q2');
    const next = received(
      state,
      { type: 'accepted', requestId: 'q1' },
      { type: 'refused', requestId: 'q1', message: 'no' },
    );
    assert.equal(next.draft.text, 'Hi');
    assert.equal(next.refusal, undefined);
    assert.equal(canSend(next), false);
  });

  it('finds a sent message whose acceptance was lost in the next snapshot', () => {
    const { state } = sendDraft(typed(loaded, 'Next '), 'q1');
    const found = received(state, snapshot([user('u1', 'Hi'), user('u2', 'Next')]));
    assert.equal(found.draft.text, '');
    assert.equal(canSend(typed(found, 'More')), true);
  });

  it('takes the same words of an earlier message for no acceptance', () => {
    const again = received(initialState(), snapshot([user('u1', 'Continue')]));
    const { state } = sendDraft(typed(again, 'Continue'), 'q1');
    assert.equal(received(state, snapshot([user('u1', 'Continue')])).draft.text, 'Continue');
  });

  it('clears the draft when the acceptance comes after a snapshot from before the message', () => {
    const { state } = sendDraft(typed(loaded, 'Next'), 'q1');
    const between = received(state, snapshot([user('u1', 'Hi')]));
    assert.equal(between.draft.text, 'Next');
    assert.equal(received(between, { type: 'accepted', requestId: 'q1' }).draft.text, '');
  });

  for (const [name, about, shown, isTold] of [
    ['goes when another chat is shown', 's1', 's2', false],
    ['stays while its chat is drawn anew', 's1', 's1', true],
    ['that says that another chat is shown stands in that one', 's2', 's2', true],
  ] as const) {
    it(`a refusal ${name}`, () => {
      const { state } = sendDraft(typed(received(initialState(), snapshot([])), 'Hi'), 'q1');
      const next = received(
        state,
        { type: 'refused', requestId: 'q1', message: 'The agent is working.', sessionId: about },
        snapshot([], { sessionId: shown }),
      );
      assert.equal(next.refusal?.message, isTold ? 'The agent is working.' : undefined);
      assert.equal(next.draft.text, 'Hi');
    });
  }

  it('says why a message was refused after a snapshot from before it', () => {
    const { state } = sendDraft(typed(loaded, 'Next'), 'q1');
    const between = received(state, snapshot([user('u1', 'Hi')]));
    const refused = received(between, { type: 'refused', requestId: 'q1', message: 'Running elsewhere.' });
    assert.equal(refused.refusal?.message, 'Running elsewhere.');
    assert.equal(refused.draft.text, 'Next');
  });

  it('can send again when no answer ever comes', () => {
    const { state } = sendDraft(typed(loaded, 'Next'), 'q1');
    assert.equal(canSend(received(state, snapshot([user('u1', 'Hi')]))), true);
  });

  it('puts composed text behind what is there', () => {
    assert.equal(composeText(loaded, 'Explain').draft.text, 'Explain');
    assert.equal(composeText(typed(loaded, 'Please  '), 'Explain').draft.text, 'Please\nExplain');
    assert.equal(composeText(loaded, 'Explain').focusCount, loaded.focusCount + 1);
  });
});

describe('webview state: the chat', () => {
  it('keeps older pages when a newer snapshot begins within them', () => {
    const older = [user('u1', 'One', 1), assistant('a1', 'Two', 2)];
    const newer = [user('u2', 'Three', 3), assistant('a2', 'Four', 4)];
    const paged = received(initialState(), snapshot(newer, { hasOlder: true }), {
      type: 'older',
      sessionId: 's1',
      items: older,
      hasOlder: false,
    });
    assert.deepEqual(
      paged.chat.items.map((item) => item.id),
      ['u1', 'a1', 'u2', 'a2'],
    );
    const again = received(paged, snapshot([...newer, user('u3', 'Five', 5)], { hasOlder: true }));
    assert.deepEqual(
      again.chat.items.map((item) => item.id),
      ['u1', 'a1', 'u2', 'a2', 'u3'],
    );
    assert.equal(again.chat.hasOlder, false);
    const other = received(paged, snapshot(newer, { sessionId: 's2', hasOlder: true }));
    assert.equal(other.chat.items.length, 2);
    assert.equal(other.chat.hasOlder, true);
  });

  it('takes no page of another chat, and no item twice', () => {
    const state = received(initialState(), snapshot([user('u2', 'Two', 2)], { hasOlder: true }));
    const page = {
      type: 'older',
      items: [user('u1', 'One', 1), user('u2', 'Two', 2)],
      hasOlder: false,
    } as const;
    assert.equal(received(state, { ...page, sessionId: 's9' }).chat.items.length, 1);
    assert.equal(received(state, { ...page, sessionId: 's1' }).chat.items.length, 2);
  });

  it('asks for the page before its first row, once', () => {
    const state = received(initialState(), snapshot([user('u2', 'Two', 12)], { hasOlder: true }));
    assert.deepEqual(olderRequest(state), { type: 'loadOlder', sessionId: 's1', beforeRow: 12 });
    assert.equal(olderRequest({ ...state, loadingOlder: true }), undefined);
    assert.equal(olderRequest({ ...state, sync: 'waiting' }), undefined);
    assert.equal(olderRequest(received(initialState(), snapshot([user('u2', 'Two', 12)]))), undefined);
    // Nothing of it has been read back from the store: there is no row to ask from.
    assert.equal(
      olderRequest(received(initialState(), snapshot([user('u2', 'Two')], { hasOlder: true }))),
      undefined,
    );
  });

  it('keeps the id of a preview for the reply it becomes', () => {
    const state = received(
      initialState(),
      snapshot([user('u1', 'Hi')]),
      token('Hel', 3),
      event({ ...at(9), type: 'TurnCompleted', message: reply('a1', 'Hello') }),
    );
    const preview = `streaming-j1-${at(3).at}`;
    assert.equal(state.previewIds.get('a1'), preview);
  });

  it('adds up what completed steps changed, and nothing that failed', () => {
    const completed = (id: string, outcome: 'completed' | 'failed') =>
      event({
        ...at(2),
        type: 'StepCompleted',
        step: step(id, 'edit_file', 'src/date.ts', 'write'),
        result: toolMessage(id, '', outcome),
        summary: '',
        diffs: [diff],
      });
    const state = received(
      initialState(),
      snapshot([user('u1', 'Hi')]),
      completed('e1', 'completed'),
      completed('e2', 'failed'),
      completed('e3', 'completed'),
    );
    assert.deepEqual(
      [...state.changes.values()],
      [{ path: 'src/date.ts', added: 10, removed: 4, stepId: 'e3' }],
    );
  });

  it('recalls what was sent, oldest first, without repeats in a row or pictures without words', () => {
    const items = [
      user('1', 'a'),
      assistant('2', 'x'),
      user('3', 'a'),
      user('4', ''),
      user('5', 'b'),
      user('6', 'a'),
    ];
    assert.deepEqual(sentTexts(items), ['a', 'b', 'a']);
  });

  const fromPhone = (text: string): ChatItem => {
    const item = user('phone', text);
    return item.kind === 'user' ? { ...item, message: { ...item.message, via: 'Bob, on Telegram' } } : item;
  };

  it('recalls nothing that somebody else sent, from a phone', () => {
    assert.deepEqual(sentTexts([user('1', 'mine'), fromPhone('delete it all')]), ['mine']);
  });

  it('takes the same words from a phone for no answer to a message whose answer was lost', () => {
    const before = received(initialState(), snapshot([user('u1', 'Hi')]));
    const { state: sending } = sendDraft(typed(before, 'Go on'), 'r1');
    const items = [user('u1', 'Hi'), fromPhone('Go on')];
    assert.equal(received(sending, snapshot(items)).draft.text, 'Go on');
    assert.equal(received(sending, snapshot([...items, user('u2', 'Go on')])).draft.text, '');
  });
});
