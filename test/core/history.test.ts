import assert from 'node:assert/strict';
import fc from 'fast-check';
import { endWithInput, estimateTokens, fitToContext, repairHistory } from '../../extension/core/history.ts';
import { type Message, textOf } from '../../extension/shared/message.ts';
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
const result = (id: string, text = 'result'): Message => ({
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

  it('takes out the largest old result first and leaves a request that fits alone', () => {
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
    assert.equal(texts[4]?.length, 7_000);
    assert.equal(texts[6]?.length, 70_000);
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
