import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { createEventPoster } from '../../extension/core/eventPoster.ts';
import { emptyChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type { Surroundings, ToWebview } from '../../extension/shared/protocol.ts';

const token = (text: string): AgentEvent => ({ type: 'Token', jobId: 'j', at: 1, text });
const done: AgentEvent = { type: 'JobCompleted', jobId: 'j', at: 2, message: 'x' };
const surroundings: Surroundings = {
  agentName: 'a',
  modelLabel: 'm',
  isDemo: false,
  mode: 'ask',
  hasKey: true,
  folder: '',
  providerName: 'p',
  isTrusted: true,
  suggestions: [],
  skills: [],
  prompts: [],
  shelf: 'active',
};
const snapshot = {
  type: 'snapshot' as const,
  chat: emptyChat('a', { provider: 'gemini', model: 'm' }),
  surroundings,
};

const set = () => {
  const sent: ToWebview[] = [];
  /** How many messages each post held. */
  const posts: number[] = [];
  const send = (messages: readonly ToWebview[]): void => {
    sent.push(...messages);
    posts.push(messages.length);
  };
  return { sent, posts, poster: createEventPoster({ send, interval: 5 }) };
};
const texts = (sent: readonly ToWebview[]) =>
  sent.map((message) =>
    message.type === 'event' && message.event.type === 'Token' ? message.event.text : message.type,
  );

describe('eventPoster', () => {
  it('joins tokens and numbers messages from the snapshot on', async () => {
    const { sent, poster } = set();
    poster.postSnapshot(snapshot);
    for (const text of ['a', 'b', 'c']) poster.postEvent(token(text));
    poster.postEvent(done);
    assert.deepEqual(texts(sent), ['snapshot']);
    await wait(20);
    assert.deepEqual(texts(sent), ['snapshot', 'abc', 'event']);
    assert.deepEqual(
      sent.map((message) => message.seq),
      [0, 1, 2],
    );
  });

  it('never lets another event overtake text', () => {
    const { sent, poster } = set();
    poster.postEvent(token('a'));
    poster.postEvent(done);
    poster.postEvent(token('b'));
    poster.post({ type: 'focusComposer' });
    assert.deepEqual(texts(sent), ['a', 'event', 'b', 'focusComposer']);
  });

  it('posts together what comes within the interval', async () => {
    const { posts, poster } = set();
    poster.postEvent(token('a'));
    poster.postEvent(done);
    poster.postEvent(token('b'));
    assert.deepEqual(posts, []);
    await wait(20);
    assert.deepEqual(posts, [3]);
    poster.postEvent(done);
    poster.post({ type: 'focusComposer' });
    assert.deepEqual(posts, [3, 2]);
    await wait(20);
    assert.deepEqual(posts, [3, 2]);
  });

  it('posts nothing while hidden, and drops what a snapshot will hold', async () => {
    const { sent, poster } = set();
    poster.postEvent(token('a'));
    poster.setVisible(false);
    poster.postEvent(done);
    await wait(20);
    assert.equal(sent.length, 0);
    poster.setVisible(true);
    poster.postEvent(token('before'));
    poster.postSnapshot(snapshot);
    await wait(20);
    assert.deepEqual(texts(sent), ['snapshot']);
  });

  it('joins live output only within one step', async () => {
    const { sent, poster } = set();
    const piece = (stepId: string): AgentEvent => ({
      type: 'StepProgress',
      jobId: 'j',
      at: 1,
      stepId,
      text: 'x',
    });
    for (const stepId of ['1', '1', '2']) poster.postEvent(piece(stepId));
    poster.post({ type: 'focusComposer' });
    const pieces = sent.map((message) =>
      message.type === 'event' && message.event.type === 'StepProgress'
        ? `${message.event.stepId} ${message.event.text}`
        : message.type,
    );
    assert.deepEqual(pieces, ['1 xx', '2 x', 'focusComposer']);
  });
});
