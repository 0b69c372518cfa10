import assert from 'node:assert/strict';
import type { SearchQuery, SearchResult } from '../../extension/core/store.ts';
import type { FoundSession, SessionSummary } from '../../extension/shared/session.ts';
import { quickPicks, resetVscode } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createSearchCommand } = await loadWithVscode(() => import('../../extension/vscode/searchCommand.ts'));

const at = new Date(2026, 10, 24, 12).getTime();
const time = new Date(at).toLocaleTimeString(undefined, { timeStyle: 'short' });

const session = (id: string, title = id): SessionSummary => ({
  id,
  title,
  titleBy: 'message',
  agentId: 'coder',
  model: { provider: 'gemini', model: 'm' },
  folder: '/home/me/site',
  createdAt: at,
  updatedAt: at,
  status: 'waiting',
  shelf: 'active',
  isPinned: false,
});

const found = (id: string, rows: readonly number[] = []): FoundSession => ({
  session: session(id),
  titleRanges: [],
  hits: rows.map((row) => ({ row, kind: 'user', snippet: `snippet ${row}`, ranges: [], at })),
  moreHits: rows.length > 1 ? 3 : 0,
});

const result = (sessions: readonly FoundSession[], unsearched: readonly string[] = []): SearchResult => ({
  sessions,
  hasMore: false,
  unsearched,
});

const tick = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
/** Longer than the pause after which it is searched. */
const typed = () => tick(90);

/** A palette in which every search waits until the test answers it. */
const palette = () => {
  const asked: { query: SearchQuery; answer(result: SearchResult): void; fail(error: Error): void }[] = [];
  const opened: unknown[] = [];
  const { searchSessions } = createSearchCommand({
    chats: {
      search: (query: SearchQuery) =>
        new Promise<SearchResult>((resolve, reject) => {
          asked.push({ query, answer: resolve, fail: reject });
        }),
      list: async () => ({ sessions: [session('recent')], hasMore: false }),
      // These tests use nothing else.
    } as never,
    folder: () => '/home/me/site',
    now: () => at,
    openAt: async (...place) => void opened.push(place),
  });
  const done = searchSessions();
  const picker = quickPicks.at(-1);
  assert.ok(picker);
  return { asked, opened, picker, done, searchSessions };
};

describe('search in the palette', () => {
  beforeEach(resetVscode);

  it('begins with the newest chats', async () => {
    const { picker, asked } = palette();
    await tick();
    assert.deepEqual(picker.rows(), ['Today', `recent | waiting for you · site · ${time}`]);
    assert.equal(asked.length, 0);
    assert.equal(picker.busy, false);
    picker.hide();
  });

  it('searches what was typed last, once', async () => {
    const { picker, asked } = palette();
    picker.type('da');
    picker.type('date');
    assert.equal(picker.busy, true);
    await typed();
    assert.deepEqual(
      asked.map(({ query }) => query),
      [{ text: 'date', limit: 50 }],
    );
    picker.hide();
  });

  it('shows a row per hit, which opens there', async () => {
    const { picker, asked, opened, done } = palette();
    picker.type('date');
    await typed();
    asked[0]?.answer(result([found('title only'), found('b', [7, 5])]));
    await tick();
    assert.deepEqual(picker.rows(), [
      `title only | waiting for you · site · ${time}`,
      `b | waiting for you · site · ${time} · 3 more hits | snippet 7`,
      'b | snippet 5',
    ]);
    assert.equal(picker.busy, false);
    const [, , last] = picker.items;
    assert.ok(last);
    picker.accept(last);
    await done;
    assert.deepEqual(opened, [['b', 5]]);
    assert.equal(picker.isOpen, false);
  });

  it('forgets an answer that comes after the next key', async () => {
    const { picker, asked } = palette();
    picker.type('one');
    await typed();
    picker.type('two');
    asked[0]?.answer(result([found('late')], ['cold1']));
    await typed();
    assert.equal(asked[1]?.query.text, 'two');
    asked[1]?.answer(result([found('right')]));
    await tick();
    assert.deepEqual(
      picker.items.map((item) => Reflect.get(item, 'label')),
      ['right'],
    );
    // The file of old chats was the first search's.
    assert.equal(asked.length, 2);
    picker.hide();
  });

  it('searches files of old chats after the rest, one by one, and adds what they hold', async () => {
    const { picker, asked } = palette();
    picker.type('date');
    await typed();
    asked[0]?.answer(result([found('a')], ['cold1', 'cold2']));
    await tick();
    assert.deepEqual(asked[1]?.query, { text: 'date', limit: 49, coldFile: 'cold1' });
    assert.equal(picker.busy, true);
    asked[1]?.answer(result([found('b')]));
    await tick();
    assert.equal(asked[2]?.query.coldFile, 'cold2');
    asked[2]?.answer(result([]));
    await tick();
    assert.deepEqual(
      picker.items.map((item) => Reflect.get(item, 'label')),
      ['a', 'b'],
    );
    assert.equal(picker.busy, false);
    picker.hide();
  });

  it('leaves the files of old chats alone once another key was pressed, or the palette is closed', async () => {
    for (const end of ['key', 'close'] as const) {
      const { picker, asked } = palette();
      picker.type('date');
      await typed();
      asked[0]?.answer(result([found('a')], ['cold1', 'cold2']));
      await tick();
      if (end === 'key') picker.type('dates');
      else picker.hide();
      await tick();
      asked[1]?.answer(result([found('b')]));
      await tick();
      assert.equal(asked.length, 2);
      assert.deepEqual(
        picker.items.map((item) => Reflect.get(item, 'label')),
        ['a'],
      );
      picker.hide();
    }
  });

  it('says that nothing was found only when all has been searched, and what went wrong', async () => {
    const { picker, asked } = palette();
    picker.type('nowhere');
    await typed();
    asked[0]?.answer(result([], ['cold1']));
    await tick();
    assert.doesNotMatch(picker.rows().join(), /No chat/);
    asked[1]?.answer(result([]));
    await tick();
    assert.match(picker.rows().join(), /No chat holds all of these words/);
    picker.type('x');
    await typed();
    asked[2]?.fail(new Error('The storage thread stopped.'));
    await tick();
    assert.match(picker.rows().join(), /The storage thread stopped\./);
    assert.equal(picker.busy, false);
    // Neither is a chat that could be opened.
    const [note] = picker.items;
    assert.ok(note);
    picker.accept(note);
    assert.equal(picker.isOpen, true);
    picker.hide();
  });

  it('goes on behind a file of old chats that cannot be read, and says so below what was found', async () => {
    const { picker, asked } = palette();
    picker.type('date');
    await typed();
    asked[0]?.answer(result([found('a')], ['cold1', 'cold2']));
    await tick();
    asked[1]?.fail(new Error('The file is damaged.'));
    await tick();
    asked[2]?.answer(result([found('b')]));
    await tick();
    const labels = picker.items.map((item) => String(Reflect.get(item, 'label')));
    assert.deepEqual(labels.slice(0, 2), ['a', 'b']);
    assert.match(labels[2] ?? '', /Some of the older chats could not be searched\. The file is damaged\./);
    picker.hide();
  });

  it('finds for code, in files of old chats too, and opens a place', async () => {
    const { picker, asked, opened, searchSessions } = palette();
    picker.hide();
    const finding = searchSessions({ text: 'date' });
    await tick();
    asked[0]?.answer(result([found('a')], ['cold1']));
    await tick();
    asked[1]?.answer(result([found('b')]));
    assert.deepEqual(
      (await finding)?.map((each) => each.session.id),
      ['a', 'b'],
    );
    await searchSessions({ sessionId: 'a', row: 3 });
    assert.deepEqual(opened, [['a', 3]]);
    await assert.rejects(searchSessions({ text: '' }), /arguments are not right/);
  });
});
