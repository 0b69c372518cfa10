import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Token } from 'marked';
import type { ChatItem, StepRecord } from '../../extension/shared/chat.ts';
import { type Chunk, chunkItems } from '../../webview/chunks.ts';
import { type Lexed, lexMarkdown, nothingLexed } from '../../webview/markdown.ts';
import { rowsOf } from '../../webview/rows.ts';
import { assistant, editPrompt, reply, step, stepItem, user } from './samples.ts';

describe('webview chunks', () => {
  const items = (kinds: string, from = 0): readonly ChatItem[] =>
    [...kinds].map((kind, index) =>
      kind === 'u' ? user(`i${from + index}`, 'x') : assistant(`i${from + index}`, 'y'),
    );
  const flat = (chunks: readonly Chunk[]) => chunks.flatMap((chunk) => chunk.items);

  it('hold every item once, in order, under keys of their own, whatever comes before and after', () => {
    const kinds = fc.array(fc.constantFrom('u', 'a', 'a', 'a'), { maxLength: 200 });
    fc.assert(
      fc.property(kinds, kinds, kinds, (older, first, later) => {
        const all = items([...older, ...first, ...later].join(''));
        const start = all.slice(older.length, older.length + first.length);
        const appended = all.slice(older.length);
        let chunks = chunkItems([], start);
        for (const step of [start, appended, all]) {
          chunks = chunkItems(chunks, step);
          assert.deepEqual(flat(chunks), step);
          const keys = chunks.map((chunk) => chunk.key);
          assert.equal(new Set(keys).size, keys.length);
          assert.ok(chunks.every((chunk) => chunk.items.length > 0));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keep their identity while only the last item changes', () => {
    const before = items('u'.repeat(300));
    const chunks = chunkItems([], before);
    const after = chunkItems(chunks, [...before.slice(0, -1), assistant('i299', 'more')]);
    assert.ok(chunks.length > 3);
    assert.equal(after.length, chunks.length);
    assert.deepEqual(
      after.map((chunk, index) => chunk === chunks[index]),
      [...Array<boolean>(chunks.length - 1).fill(true), false],
    );
  });

  it('are bounded also where nobody writes in between', () => {
    const chunks = chunkItems([], items('a'.repeat(2_000)));
    assert.ok(chunks.every((chunk) => chunk.items.length <= 60));
  });
});

describe('webview rows', () => {
  const read = (id: string, tool = 'read_file') => stepItem(step(id, tool, `${id}.ts`));
  const thinking = {
    id: 't',
    jobId: 'j1',
    kind: 'assistant',
    streaming: false,
    message: reply('t', '', { content: [{ type: 'thinking', text: 'hm' }] }),
  } as const;
  const summary = (items: readonly ChatItem[]) =>
    rowsOf(items).map((row) => {
      if (row.kind === 'item') return row.item.id;
      return row.kind === 'reads'
        ? `${row.label} (${row.items.length})`
        : `together: ${row.items.map(({ id }) => id).join(' ')}`;
    });

  it('fold reads that follow each other, with the thinking between them', () => {
    assert.deepEqual(
      summary([
        user('u', 'x'),
        read('a'),
        thinking,
        read('b'),
        read('c', 'search_text'),
        read('d', 'mcp_x'),
        assistant('e', 'Done'),
      ]),
      ['u', 'Read 2 files, searched once, 1 other read (5)', 'e'],
    );
  });

  it('leave a single read, one that failed and one that still runs as they are', () => {
    const failed = stepItem(step('f', 'read_file', 'f.ts'), { status: 'failed' });
    const running = stepItem(step('r', 'read_file', 'r.ts'), { status: 'running' });
    assert.deepEqual(summary([read('a'), failed, read('b'), running]), ['a', 'f', 'b', 'r']);
  });

  it('keep together what was asked together, answered or not', () => {
    const asked = (id: string, groupId: string | undefined, more: Partial<StepRecord> = {}) =>
      stepItem(step(id, 'edit_file', `${id}.ts`, 'write'), {
        status: 'waiting',
        prompt: editPrompt(`${id}.ts`, groupId),
        ...more,
      });
    assert.deepEqual(
      summary([
        user('u', 'x'),
        asked('a', 'g1', { status: 'completed' }),
        asked('b', 'g1'),
        asked('c', 'g1'),
        asked('d', 'g2'),
        asked('e', undefined),
        asked('f', undefined),
      ]),
      ['u', 'together: a b c', 'd', 'e', 'f'],
    );
  });

  it('fold finished reads that were asked together as other reads', () => {
    const asked = (id: string, status: StepRecord['status']) =>
      stepItem(step(id, 'read_file', id), { status, prompt: editPrompt(id, 'g1') });
    assert.deepEqual(summary([asked('a', 'completed'), asked('b', 'waiting')]), ['together: a b']);
    assert.deepEqual(summary([asked('a', 'completed'), asked('b', 'completed')]), ['Read 2 files (2)']);
  });

  it('do not show a reply that is nothing but tool calls', () => {
    const calls = {
      id: 'c',
      jobId: 'j1',
      kind: 'assistant',
      streaming: false,
      message: reply('c', '', { content: [{ type: 'toolCall', id: 'x', name: 'read_file', input: {} }] }),
    } as const;
    assert.deepEqual(summary([read('a'), calls, read('b')]), ['Read 2 files (2)']);
  });
});

describe('webview Markdown', () => {
  const shape = (tokens: readonly Token[]) => tokens.map(({ type, raw }) => ({ type, raw }));
  const stream = (pieces: readonly string[]): Lexed => {
    let text = '';
    let lexed = nothingLexed;
    for (const piece of pieces) {
      text += piece;
      lexed = lexMarkdown(lexed, text, false);
    }
    return lexed;
  };

  it('is cut alike whether it streams or comes at once', () => {
    const fragment = fc.constantFrom(
      'Some *text*',
      '\n',
      '\n\n',
      '# Title',
      '- item',
      '  - nested',
      '1. one',
      '```ts\n',
      'const x = 1;',
      '```\n',
      '> quote',
      '| a | b |\n|---|---|\n| 1 | 2 |',
      '<div>html</div>',
      '---',
      '\r\n',
      '\t',
      '    code',
      '$x$',
      '**bo',
      'ld**',
      '[l](x)',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (pieces) => {
        const streamed = lexMarkdown(stream(pieces), pieces.join(''), true);
        const whole = lexMarkdown(nothingLexed, pieces.join(''), true);
        assert.deepEqual(shape(streamed.blocks), shape(whole.blocks));
        // Where a block begins is told by the length of those before it.
        const length = whole.blocks.reduce((sum, block) => sum + block.raw.length, 0);
        assert.equal(length, whole.text.length);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps finished blocks as the objects they were', () => {
    const first = lexMarkdown(nothingLexed, 'One.\n\n```ts\nlet a;\n```\n\nTwo', false);
    const next = lexMarkdown(first, `${first.text} and more.\n\nThree`, false);
    assert.ok(first.blocks[0] !== undefined && first.blocks[0] === next.blocks[0]);
    assert.ok(first.blocks[1] !== undefined && first.blocks[1] === next.blocks[1]);
    assert.ok(next.blocks.some((block) => block.raw.startsWith('Three')));
  });

  it('resolves a link whose address comes after it', () => {
    const text = 'See [the manual][1].\n\nMore.\n\n[1]: https://example.com/manual\n';
    const streamed = lexMarkdown(stream([...text]), text, true);
    const [paragraph] = streamed.blocks;
    const tokens = paragraph !== undefined && 'tokens' in paragraph ? (paragraph.tokens ?? []) : [];
    assert.deepEqual(
      tokens.map((token) => token.type),
      ['text', 'link', 'text'],
    );
  });
});
