import assert from 'node:assert/strict';
import { portableId, turnsOf } from '../../extension/providers/turns.ts';
import type { AssistantBlock, Message, ModelRef } from '../../extension/shared/message.ts';
import { ask, say } from './wire.ts';

const model: ModelRef = { provider: 'gemini', model: 'gemini-3.8-flash' };
const other: ModelRef = { provider: 'gemini', model: 'gemini-4-argon' };

const reply = (...content: AssistantBlock[]): Message => ({
  role: 'assistant',
  id: 'a',
  model,
  createdAt: 0,
  content,
  stopReason: 'end',
});

const contentOf = (...content: AssistantBlock[]) =>
  turnsOf(ask(model, [say('hi'), reply(...content)]))[1]?.content;

describe('turns', () => {
  it('keeps replay data of the same model and takes that of another off', () => {
    const own: AssistantBlock = { type: 'text', text: 'a', replay: { model, data: 1 } };
    const foreign: AssistantBlock = { type: 'text', text: 'b', replay: { model: other, data: 2 } };
    assert.deepEqual(contentOf(own, foreign), [own, { type: 'text', text: 'b' }]);
  });

  it('drops thinking that cannot be sent back, and blank text', () => {
    assert.deepEqual(
      contentOf(
        { type: 'thinking', text: 'no signature' },
        { type: 'thinking', text: 'foreign', replay: { model: other, data: 1 } },
        { type: 'text', text: ' \n' },
        { type: 'text', text: 'kept' },
      ),
      [{ type: 'text', text: 'kept' }],
    );
  });

  it('merges neighbours, also across a reply of which nothing is left', () => {
    const turns = turnsOf(ask(model, [say('one'), reply({ type: 'thinking', text: 'hm' }), say('two')]));
    assert.deepEqual(turns, [
      {
        role: 'user',
        results: [],
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
    ]);
  });

  it('puts results and what was said after them into one turn', () => {
    const result: Message = {
      role: 'tool',
      id: 't',
      callId: 'c',
      toolName: 'x',
      content: [],
      outcome: 'failed',
      createdAt: 0,
    };
    const call: AssistantBlock = { type: 'toolCall', id: 'c', name: 'x', input: {} };
    const turns = turnsOf(ask(model, [say('one'), reply(call), result, say('and now')]));
    assert.deepEqual(turns.at(-1), {
      role: 'user',
      results: [result],
      content: [{ type: 'text', text: 'and now' }],
    });
  });

  it('makes ids of other providers portable without mixing them up', () => {
    assert.equal(portableId('toolu_01A-b'), 'toolu_01A-b');
    const kimi = portableId('functions.read_file:0');
    assert.match(kimi, /^[\w-]{1,64}$/);
    assert.notEqual(kimi, portableId('functions.read_file:1'));
    assert.notEqual(kimi, portableId('functions_read_file_0'));
    assert.notEqual(portableId(`${'x'.repeat(70)}1`), portableId(`${'x'.repeat(70)}2`));
    assert.ok(portableId('x'.repeat(300)).length <= 64);
  });
});
