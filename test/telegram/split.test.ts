import assert from 'node:assert/strict';
import fc from 'fast-check';
import { markdownBlocks } from '../../extension/telegram/html.ts';
import { type RichText, type Tag, toHtml, toText } from '../../extension/telegram/richText.ts';
import { splitBlocks } from '../../extension/telegram/split.ts';
import { readTelegramHtml } from '../fakes/telegramHtml.ts';

const block = (text: string, ...tags: Tag[]): RichText => [{ text, tags }];
const texts = (blocks: readonly RichText[], limit: number): string[] =>
  splitBlocks(blocks, limit).map(toText);

describe('telegram split', () => {
  it('splits between blocks', () => {
    assert.deepEqual(texts([block('aaaa\n\n'), block('bbbb\n\n'), block('cc')], 10), [
      'aaaa\n\n',
      'bbbb\n\ncc',
    ]);
  });

  it('splits a block at lines, else at words, else anywhere', () => {
    assert.deepEqual(texts([block('aaaa bbb\nccc ddd')], 10), ['aaaa bbb\n', 'ccc ddd']);
    assert.deepEqual(texts([block('aaaa bbb cccc')], 10), ['aaaa bbb ', 'cccc']);
    assert.deepEqual(texts([block('aaaaaaaaaaaaa')], 10), ['aaaaaaaaaa', 'aaa']);
  });

  it('opens again what it had to close', () => {
    const code = block('line one\nline two', { name: 'pre', value: 'ts' });
    assert.deepEqual(splitBlocks([code], 10).map(toHtml), [
      '<pre><code class="language-ts">line one\n</code></pre>',
      '<pre><code class="language-ts">line two</code></pre>',
    ]);
  });

  it('tears no letter', () => {
    const family = '👨‍👩‍👧';
    assert.deepEqual(texts([block(`aaaa${family}`)], 10), ['aaaa', family]);
    assert.deepEqual(texts([block('aaaaaaaaae\u0301')], 10), ['aaaaaaaaa', 'e\u0301']);
    // Longer than a part: pairs stay whole.
    assert.ok(texts([block(family.repeat(3))], 3).every((text) => text.isWellFormed()));
  });

  it('keeps everything, within the limit, in parts that Telegram can read', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '**b** ',
        '`c<>&` ',
        '\n\n',
        '\n',
        '> q\n',
        '- l\n',
        '```js\nx\n```\n',
        '[t](https://a.b) ',
        '👨‍👩‍👧',
        'e\u0301',
      ),
      fc.string({ unit: 'grapheme', maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 2, max: 60 }), (pieces, limit) => {
        const blocks = markdownBlocks(pieces.join(''));
        const parts = splitBlocks(blocks, limit);
        assert.equal(parts.map(toText).join(''), blocks.map(toText).join(''));
        for (const part of parts) {
          const text = toText(part);
          assert.ok(text.length > 0 && text.length <= limit && text.isWellFormed(), JSON.stringify(text));
          assert.deepEqual(readTelegramHtml(toHtml(part)), { text });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
