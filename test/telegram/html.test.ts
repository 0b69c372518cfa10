import assert from 'node:assert/strict';
import fc from 'fast-check';
import { markdownToHtml, markdownToPlain } from '../../extension/telegram/html.ts';
import { readTelegramHtml } from '../fakes/telegramHtml.ts';
import { cpuTime } from '../support/clocks.ts';

const textOf = (markdown: string): string => {
  const read = readTelegramHtml(markdownToHtml(markdown));
  if ('error' in read) assert.fail(`${read.error} in ${markdownToHtml(markdown)}`);
  return read.text;
};

describe('telegram html', () => {
  const cases: readonly (readonly [what: string, markdown: string, html: string])[] = [
    ['marks', '**b** _i_ ~~s~~ `c`', '<b>b</b> <i>i</i> <s>s</s> <code>c</code>'],
    ['marks in marks', '**b _i_**', '<b>b <i>i</i></b>'],
    ['headings', '## Title *x*\ntext', '<b>Title <i>x</i></b>\n\ntext'],
    ['escapes', 'a < b & c > d &amp; &lt;b&gt;', 'a &lt; b &amp; c &gt; d &amp; &lt;b&gt;'],
    ['entities in code', '`&amp; <x>`', '<code>&amp;amp; &lt;x&gt;</code>'],
    ['html', '<b>x</b>', '&lt;b&gt;x&lt;/b&gt;'],
    ['html blocks', '<script>\nx\n</script>', '&lt;script&gt;\nx\n&lt;/script&gt;'],
    ['links', '[t](https://a.b/?x=1&y="z")', '<a href="https://a.b/?x=1&amp;y=%22z%22">t</a>'],
    ['links to people', '[t](tg://user?id=1)', '<a href="tg://user?id=1">t</a>'],
    ['links that run', '[t](javascript:alert)', 't (javascript:alert)'],
    ['links to files', '[t](src/a.ts#L3)', 't (src/a.ts#L3)'],
    ['marks in links', '[a **b** `c`](https://a.b/)', '<a href="https://a.b/">a <b>b</b> c</a>'],
    ['pictures', '![alt](https://a.b/i.png)', '<a href="https://a.b/i.png">alt</a>'],
    ['pictures of this computer', '![alt](file:///etc/passwd)', 'alt (file:///etc/passwd)'],
    ['lists', '- a\n- b\n  1. c\n  2. d', '• a\n• b\n   1. c\n   2. d'],
    ['lists that begin later', '3. a\n4. b', '3. a\n4. b'],
    ['task lists', '- [ ] a\n- [x] b', '☐ a\n☑ b'],
    ['fences', '```ts\na<b\n```', '<pre><code class="language-ts">a&lt;b</code></pre>'],
    ['hostile languages', '```"><b>\nx\n```', '<pre>x</pre>'],
    ['fences that are not closed yet', 'a\n```js\nx', 'a\n\n<pre><code class="language-js">x</code></pre>'],
    ['quotes in quotes', '> a\n>\n> > **b**', '<blockquote>a\n<b>b</b></blockquote>'],
    ['tables', '| a | bb |\n|--:|---|\n| 10 | **x** |', '<pre> a │ bb\n───┼───\n10 │ x</pre>'],
    ['wide letters', '| 日 |\n|-:|\n| abc |', '<pre> 日\n───\nabc</pre>'],
    ['controls', 'a\u0000b\u001b[31m', 'a\ufffdb\ufffd[31m'],
    ['half pairs', 'a\ud800b', 'a\ufffdb'],
    ['what turns text around', 'a\u202e**b**\u200b', 'a\u202e<b>b</b>\u200b'],
  ];
  for (const [what, markdown, html] of cases) {
    it(`writes ${what}`, () => {
      assert.equal(markdownToHtml(markdown), html);
      textOf(markdown);
    });
  }

  it('says the same without marks, with the addresses of links', () => {
    const markdown = '# T\n**b** [t](https://a.b/x) <https://a.b/y> `c`';
    assert.equal(markdownToPlain(markdown), 'T\n\nb t (https://a.b/x) https://a.b/y c');
  });

  it('shows what is nested too deeply, and does so soon', () => {
    const started = cpuTime();
    for (const piece of ['>', '- ', '[', '**a _b ', '![x](', '`', '<a ']) textOf(piece.repeat(8_000));
    const stairs = Array.from({ length: 400 }, (_, depth) => `${'  '.repeat(depth % 60)}- x`).join('\n');
    assert.match(textOf(stairs), /x/);
    assert.ok(cpuTime() - started < 5_000);
  });

  it('does not let one long cell stretch a table', () => {
    const rows = Array.from({ length: 500 }, () => '| a | b |').join('\n');
    const html = markdownToHtml(`| x | y |\n|---|---|\n| ${'z'.repeat(5_000)} | y |\n${rows}`);
    assert.ok(html.length < 40_000, `${html.length}`);
  });

  it('is read by Telegram, whatever was written', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          '**',
          '_',
          '`',
          '```',
          '~~',
          '> ',
          '- ',
          '1. ',
          '[',
          '](',
          ')',
          '<b>',
          '</b>',
          '&',
          '&lt;',
          '#',
          '|',
          '\n',
          '\n\n',
        ],
        ...[
          '|-|-|\n',
          '    ',
          '\u202e',
          '\ud83d',
          '\u0000',
          '![',
          'https://a.b',
          '"',
          '<',
          '>',
          '- [x] ',
          '\\',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        textOf(pieces.join(''));
      }),
      { numRuns: 1_000 },
    );
  });
});
