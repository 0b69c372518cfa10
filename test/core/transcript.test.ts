import assert from 'node:assert/strict';
import fc from 'fast-check';
import { marked, type Token } from 'marked';
import { markdownParts } from '../../extension/core/transcript.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { Session } from '../../extension/shared/session.ts';
import { anyEvents, chatsOf, reportBriefly } from '../storage/arbitraryEvents.ts';
import { assistant, diff, start, step, stepItem, toolMessage, user } from '../webview/samples.ts';

const session: Session = {
  id: 's1',
  title: 'Fix the *date* test',
  titleBy: 'model',
  agentId: 'coder',
  model: { provider: 'gemini', model: 'gemini-3-flash' },
  folder: '/home/ada/date-tools',
  createdAt: start,
  updatedAt: start,
};

/** As the transcript writes it, in the zone of whoever reads. */
const when = new Date(start - new Date(start).getTimezoneOffset() * 60_000)
  .toISOString()
  .slice(0, 16)
  .replace('T', ' ');

/** As one text. */
const toMarkdown = (...input: Parameters<typeof markdownParts>): string =>
  [...markdownParts(...input)].join('');

const markdown = (...items: readonly ChatItem[]): string => toMarkdown(session, items, 'Coder');

/** The headings of the second level that a Markdown reader sees. */
const headings = (text: string): readonly string[] =>
  marked.lexer(text).flatMap((token: Token) => (token.type === 'heading' ? [String(token.text)] : []));

const lookStep = (result: string, title = 'a.ts'): ChatItem =>
  stepItem(step('s1', 'read_file', title), {
    status: 'completed',
    summary: '12 lines',
    result: toolMessage('s1', result),
  });

describe('transcript', () => {
  it('reads well', () => {
    const text = markdown(
      user('u1', 'Why does it fail?\n\nLook at # 31'),
      lookStep('line 1\nline 2\n'),
      stepItem(step('s2', 'edit_file', 'src/date.ts'), {
        status: 'completed',
        summary: '+6 -2',
        result: toolMessage('s2', ''),
        diffs: [diff],
      }),
      assistant('a1', 'It adds a **month**.'),
      { id: 'n1', jobId: 'j1', kind: 'notice', notice: { kind: 'cancelled' }, at: start },
    );
    assert.equal(
      text,
      [
        '# Fix the \\*date\\* test',
        `${when} · Coder · gemini/gemini-3-flash · \`/home/ada/date-tools\``,
        `## You, ${when}`,
        '> Why does it fail?\n>\n> Look at # 31',
        '- **read\\_file** `a.ts` — 12 lines',
        '<details>\n<summary>Result</summary>\n\n```text\nline 1\nline 2\n```\n\n</details>',
        '- **edit\\_file** `src/date.ts` — +6 -2',
        `\`${diff.path}\` changed, +${diff.added} -${diff.removed}`,
        `\`\`\`diff\n${diff.patch}\n\`\`\``,
        `## Coder, ${when}`,
        'It adds a **month**.',
        '*Stopped.*',
        '',
      ]
        .join('\n\n')
        .replace(/\n\n$/, '\n'),
    );
  });

  it('says how a step ended', () => {
    const ends = (['failed', 'cancelled', 'interrupted', 'waiting', 'running'] as const).map((status) =>
      markdown(stepItem(step('s1', 'run_command', 'npm test'), { status, summary: 'exit 1' })),
    );
    const outcomes = ends.map((text) => /— (.*)/.exec(text)?.[1]);
    assert.deepEqual(outcomes, [
      'failed: exit 1',
      'cancelled',
      'interrupted',
      'waits for an answer',
      'running',
    ]);
    const rejected = markdown(
      stepItem(step('s1', 'run_command', 'npm test'), {
        status: 'rejected',
        decision: { approved: false, by: 'user', reason: 'Not now' },
      }),
    );
    assert.match(rejected, /— rejected: Not now\n/);
    const undo = { files: 1, unknown: [], undoneAt: start };
    const undone = { status: 'completed', summary: '+1 -1', undo } as const;
    assert.match(markdown(stepItem(step('s1', 'edit_file', 'a.ts'), undone)), /— \+1 -1, undone later\n/);
  });

  it('tells of pictures, and of lines of a diff that are not there', () => {
    const picture = {
      type: 'image' as const,
      mediaType: 'image/png' as const,
      data: 'A'.repeat(4_000),
      name: 'a_b.png',
    };
    const text = markdown(
      {
        id: 'u1',
        jobId: 'j1',
        kind: 'user',
        message: { role: 'user', id: 'u1', content: [picture], createdAt: start },
      },
      stepItem(step('s1', 'edit_file', 'a.ts'), { diffs: [{ ...diff, omittedLines: 7 }] }),
    );
    assert.match(text, /\*Picture a\\_b\.png \(image\/png, 3 kB\), not included\.\*/);
    assert.match(text, /\*7 more lines are not shown\.\*/);
    assert.doesNotMatch(text, /AAAA/);
  });

  it('leaves out what the model only thought, and replies that only call tools', () => {
    const said = assistant('a1', '');
    assert.ok(said.kind === 'assistant');
    const thought = {
      ...said,
      message: { ...said.message, content: [{ type: 'thinking' as const, text: 'Hmm' }] },
    };
    assert.doesNotMatch(markdown(thought), /Hmm|## Coder/);
  });

  it('lets no result, message or reply reach beyond its place', () => {
    const nasty = [
      '```',
      '~~~',
      '````\n## Not a heading\n```',
      '```js\nlet a;',
      '> x\n```',
      '</details>\n\n```',
    ];
    for (const text of nasty) {
      const whole = markdown(
        user('u1', text),
        lookStep(text, text),
        assistant('a1', text),
        user('u2', 'The end'),
      );
      assert.deepEqual(
        headings(whole).filter((heading) => heading !== 'Not a heading'),
        ['Fix the \\*date\\* test', `You, ${when}`, `Coder, ${when}`, `You, ${when}`],
        text,
      );
      assert.match(whole, /> The end\n$/);
    }
    // Within a fence of its own a result shows no heading at all.
    assert.deepEqual(headings(markdown(lookStep(nasty[2] ?? ''))).length, 1);
  });

  it('says who sent a message from elsewhere, whatever they are called', () => {
    const sent = (via: string): ChatItem => {
      const item = user('u1', 'Go on');
      return item.kind === 'user' ? { ...item, message: { ...item.message, via } } : item;
    };
    assert.deepEqual(headings(markdown(sent('Ann, on Telegram'))).at(1), `Ann, on Telegram, ${when}`);
    const nasty = markdown(sent('<b>Eve</b>\n\n# You\n[x](javascript:evil), on Telegram'));
    assert.equal(headings(nasty).length, 2);
    assert.doesNotMatch(marked.parse(nasty, { async: false }), /<b>|<a /);
  });

  it('is made of every chat', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        for (const { items } of chatsOf(events).values()) {
          const text = toMarkdown(session, items);
          const results = items.filter((item) => item.kind === 'step').length;
          assert.equal((text.match(/^- \*\*tool\*\*/gm) ?? []).length >= results, true);
        }
      }),
      { numRuns: 50, reporter: reportBriefly },
    );
  });
});
