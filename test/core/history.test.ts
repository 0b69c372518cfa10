import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  endWithInput,
  estimateTokens,
  fitToContext,
  messagesOf,
  repairHistory,
  undoneText,
} from '../../extension/core/history.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { type Message, type ToolMessage, textOf } from '../../extension/shared/message.ts';
import { call } from '../fakes/provider.ts';

const model = { provider: 'gemini', model: 'fake' } as const;
const user = (text: string): Message => ({
  role: 'user',
  id: 'u',
  content: [{ type: 'text', text }],
  createdAt: 1,
});
const asks = (...ids: string[]): Message => ({
  role: 'assistant',
  id: `m-${ids.join()}`,
  model,
  content: ids.map((id) => call(id, 'look')),
  stopReason: 'toolCalls',
  createdAt: 1,
});
const result = (id: string, text = 'result'): ToolMessage => ({
  role: 'tool',
  id: `r-${id}`,
  callId: id,
  toolName: 'look',
  content: [{ type: 'text', text }],
  outcome: 'completed',
  createdAt: 1,
});

describe('history', () => {
  it('answers a call without a result as interrupted', () => {
    const repaired = repairHistory([user('go'), asks('a', 'b'), result('a'), user('and now?')]);
    assert.deepEqual(
      repaired.map((message) => message.role),
      ['user', 'assistant', 'tool', 'tool', 'user'],
    );
    const second = repaired[3];
    assert.equal(second?.role === 'tool' && second.outcome, 'interrupted');
  });

  it('puts results into the order of the calls and drops strangers', () => {
    const repaired = repairHistory([
      asks('a', 'b'),
      result('b'),
      result('x'),
      result('a'),
      result('a', 'again'),
    ]);
    assert.deepEqual(
      repaired.map((message) => message.id),
      ['m-a,b', 'r-a', 'r-b'],
    );
  });

  it('adds something to answer only after a reply', () => {
    const reply: Message = { ...asks(), content: [{ type: 'text', text: 'so' }] } as Message;
    assert.equal(endWithInput([user('go'), reply]).at(-1)?.role, 'user');
    const open = [user('go'), asks('a'), result('a')];
    assert.equal(endWithInput(open), open);
  });

  const stepItem = (id: string, text: string, undoneAt?: number): ChatItem => ({
    id,
    jobId: 'j',
    kind: 'step',
    record: {
      step: {
        id,
        sessionId: 's',
        messageId: 'm',
        callId: id,
        tool: 'look',
        input: {},
        title: id,
        effect: 'write',
        targets: [],
      },
      status: 'completed',
      startedAt: 1,
      liveOutput: '',
      result: result(id, text),
      summary: '',
      diffs: [],
      undo: { files: 1, unknown: [], ...(undoneAt === undefined ? {} : { undoneAt }) },
    },
  });

  it('tells the model of a step that was undone, and changes nothing before it', () => {
    const before = messagesOf([stepItem('a', 'one'), stepItem('b', 'two')]);
    const after = messagesOf([stepItem('a', 'one'), stepItem('b', 'two', 7)]);
    assert.deepEqual(after[0], before[0]);
    assert.deepEqual(
      after[1]?.content.map((block) => block.type === 'text' && block.text),
      ['two', undoneText],
    );
    assert.match(undoneText, /undid this step.*as they were before it/);
  });

  it('still tells of it where the result is taken out', () => {
    const [message] = fitToContext(messagesOf([stepItem('a', 'x'.repeat(70_000), 7)]), 1_000);
    assert.match(textOf(message?.content ?? []), /^\[Removed to fit the context: 70000 characters\./);
    assert.ok(textOf(message?.content ?? []).endsWith(undoneText));
  });

  it('takes out the oldest results first and leaves a request that fits alone', () => {
    const messages = [
      user('go'),
      asks('a'),
      result('a', 'x'.repeat(70_000)),
      asks('b'),
      result('b', 'y'.repeat(7_000)),
      asks('c'),
      result('c', 'z'.repeat(70_000)),
    ];
    assert.equal(fitToContext(messages, 1_000_000), messages);
    const fitted = fitToContext(messages, 30_000);
    const texts = fitted.map((message) => textOf(message.content));
    assert.match(texts[2] ?? '', /Removed to fit the context: 70000 characters/);
    assert.match(texts[4] ?? '', /Removed to fit the context: 7000 characters/);
    assert.equal(texts[6]?.length, 70_000);
  });

  it('finds a result behind a message of the person', () => {
    const repaired = repairHistory([user('go'), asks('a'), user('and?'), result('a', 'real')]);
    assert.deepEqual(
      repaired.map((message) => textOf(message.content)),
      ['go', '', 'real', 'and?'],
    );
  });

  it('takes out what the model has not seen yet only if nothing else is left', () => {
    const large = 'x'.repeat(35_000);
    const messages = [
      user('go'),
      asks('a'),
      result('a', large),
      asks('b', 'c'),
      result('b', large),
      result('c', large),
    ];
    const isOut = (message: Message) => textOf(message.content).startsWith('[Removed');
    assert.deepEqual(fitToContext(messages, 25_000).map(isOut), [false, false, true, false, false, false]);
    assert.deepEqual(fitToContext(messages, 15_000).map(isOut), [false, false, true, false, true, false]);
  });

  it('leaves what earlier requests had as it was, so that prompt caches hit', () => {
    const sizes = fc.array(fc.nat(20_000), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2_000, max: 20_000 }), (lengths, budget) => {
        const messages: Message[] = [user('go')];
        let before: readonly Message[] = [];
        const outs = new Set<number>();
        for (const [index, length] of lengths.entries()) {
          messages.push(asks(`c${index}`), result(`c${index}`, 'x'.repeat(length)));
          const fitted = fitToContext(messages, budget);
          for (const [place, message] of fitted.entries()) {
            const isOut = textOf(message.content).startsWith('[Removed');
            assert.ok(isOut || !outs.has(place), 'what was taken out is back');
            if (isOut) outs.add(place);
          }
          before = fitted;
        }
        assert.equal(before.length, messages.length);
      }),
    );
  });

  it('changes earlier messages in few requests of a long chat', () => {
    const messages: Message[] = [user('go')];
    let before: readonly Message[] = [];
    let changes = 0;
    for (let index = 0; index < 100; index += 1) {
      messages.push(asks(`c${index}`), result(`c${index}`, 'x'.repeat(3_500)));
      const fitted = fitToContext(messages, 20_000);
      if (before.some((message, place) => textOf(message.content) !== textOf(fitted[place]?.content ?? [])))
        changes += 1;
      before = fitted;
    }
    assert.ok(changes > 3 && changes < 20, `${changes} requests lost the cache`);
  });

  it('only ever shrinks, keeps every message, and gives the same twice', () => {
    const messages = fc.array(
      fc
        .tuple(fc.nat(5_000), fc.boolean())
        .map(([size, isResult]) => (isResult ? result('a', 'x'.repeat(size)) : user('y'.repeat(size)))),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(messages, fc.nat(10_000), (given, budget) => {
        const fitted = fitToContext(given, budget);
        assert.equal(fitted.length, given.length);
        assert.ok(estimateTokens(fitted) <= estimateTokens(given));
        assert.deepEqual(fitToContext(given, budget), fitted);
      }),
    );
  });
});
