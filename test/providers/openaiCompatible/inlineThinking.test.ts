import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inlineThinking } from '../../../extension/providers/openaiCompatible/inlineThinking.ts';

const read = (...deltas: string[]): { thinking: string; text: string } => {
  const inline = inlineThinking();
  const read = { thinking: '', text: '' };
  for (const { type, text } of [...deltas.flatMap((each) => inline.push(each)), ...inline.flush()]) {
    assert.notEqual(text, '');
    read[type] += text;
  }
  return read;
};

describe('inlineThinking', () => {
  for (const [name, reply, thinking, text] of [
    ['plain text', 'Hello', '', 'Hello'],
    ['white space before plain text', '\n Hello', '', '\n Hello'],
    ['thinking, then an answer', '<think>hm</think>\n\nHello\n', 'hm', 'Hello\n'],
    ['white space before thinking', ' \n<think>hm</think>Hello', 'hm', 'Hello'],
    ['empty thinking', '<think>\n\n</think>\n\nHello', '\n\n', 'Hello'],
    ['thinking that never ends', '<think>hm </thin', 'hm </thin', ''],
    ['a tag that never gets whole', '<thin', '', '<thin'],
    ['another tag', '<thinking>hm</thinking>', '', '<thinking>hm</thinking>'],
    ['a tag in the middle', 'Use <think>hm</think>', '', 'Use <think>hm</think>'],
    ['a second block', '<think>a</think>b<think>c</think>', 'a', 'b<think>c</think>'],
    ['signs that begin like the end', '<think>a < b <</ </t</think>c', 'a < b <</ </t', 'c'],
    ['nothing', '', '', ''],
  ] as const) {
    it(`tells apart ${name}, however it is cut`, () => {
      const expected = { thinking, text };
      assert.deepEqual(read(reply), expected);
      assert.deepEqual(read(...reply), expected);
      fc.assert(
        fc.property(fc.array(fc.nat(reply.length)), (places) => {
          const cuts = [0, ...places.sort((a, b) => a - b), reply.length];
          assert.deepEqual(
            read(...cuts.map((from, index) => reply.slice(from, cuts[index + 1] ?? from))),
            expected,
          );
        }),
      );
    });
  }

  it('holds nothing back that can be no tag', () => {
    const inline = inlineThinking();
    assert.deepEqual(inline.push('He'), [{ type: 'text', text: 'He' }]);
    const thinking = inlineThinking();
    assert.deepEqual(thinking.push('<think>h'), [{ type: 'thinking', text: 'h' }]);
  });
});
