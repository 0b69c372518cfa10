import assert from 'node:assert/strict';
import type { FoundSession } from '../../extension/shared/session.ts';
import type { Shown } from './harness.ts';
import { assistant, foundIn, hit, session, sessionsOf, snapshot, user } from './samples.ts';
import { focused, settle, show, untilComposerFocused, untilSearchFocused } from './show.ts';

const flaky = session('s2', 'Fix the flaky date test', { updatedAt: Date.now() });
const other = session('s3', 'Explain the calendar', { updatedAt: Date.now() - 60_000 });
const dates = [
  foundIn(
    flaky,
    [
      hit(12, 'user', 'The date test fails.', 'date'),
      hit(15, 'step', 'src/date.ts has a date in it', 'date'),
    ],
    { titleRanges: [[14, 18]], moreHits: 2 },
  ),
];

const opened = async (): Promise<Shown> => {
  const shown = await show([snapshot([user('u1', 'Hi', 1), assistant('a1', 'Hello.', 2)])]);
  await shown.push({ type: 'showSessions' }, sessionsOf([flaky, other]));
  await untilSearchFocused(shown);
  return shown;
};

const search = (shown: Shown, text: string) => shown.page.fill('[data-test=search]', text);

/** The request of the last search. */
const asked = async (shown: Shown, text: string): Promise<string> => {
  await shown.page.waitForFunction(
    (wanted) => window.posts.some((post) => post.type === 'search' && post.text === wanted),
    text,
  );
  return (await shown.posts('search')).findLast((post) => post.text === text)?.requestId ?? '';
};

const answer = (
  shown: Shown,
  requestId: string,
  sessions: readonly FoundSession[],
  more: { isFirst?: boolean; isDone?: boolean; hasMore?: boolean } = {},
) => shown.push({ type: 'found', requestId, isFirst: true, isDone: true, hasMore: false, sessions, ...more });

const texts = (shown: Shown, selector: string) => shown.page.locator(selector).allTextContents();
const status = (shown: Shown) => shown.page.textContent('[data-test=search-status]');

describe('search in the chats', () => {
  it('has the focus when the list opens, and asks once for what was typed in one go', async () => {
    const shown = await opened();
    assert.equal(await focused(shown), 'search');
    // In one go, however busy the machine is.
    await shown.page.$eval('[data-test=search]', (field) => {
      if (!(field instanceof HTMLInputElement)) return;
      for (const text of ['d', 'da', 'dat', 'date']) {
        field.value = text;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
      }
    });
    await asked(shown, 'date');
    await settle(shown, 150);
    assert.deepEqual(
      (await shown.posts('search')).map(({ text, limit }) => ({ text, limit })),
      [{ text: 'date', limit: 50 }],
    );
  });

  it('shows titles and hits with the words highlighted, as they come', async () => {
    const shown = await opened();
    await search(shown, 'date');
    const requestId = await asked(shown, 'date');
    // Until then the list stays.
    assert.equal((await texts(shown, '.session-title')).length, 2);
    await answer(shown, requestId, dates, { isDone: false });
    assert.deepEqual(await texts(shown, '.session-title'), ['Fix the flaky date test']);
    assert.deepEqual(await texts(shown, 'mark'), ['date', 'date', 'date', 'date']);
    assert.deepEqual(await texts(shown, '.hit-text'), [
      'The date test fails.',
      'src/date.ts has a date in it',
    ]);
    assert.deepEqual(await texts(shown, '.more-hits'), ['2 more places in this chat']);
    assert.equal(await status(shown), '1 chat found, searching older ones');
    const old = session('old', 'Up to date', { shelf: 'archived' });
    await answer(shown, requestId, [foundIn(old, [], { titleRanges: [[6, 10]] })], {
      isFirst: false,
      isDone: false,
    });
    await answer(shown, requestId, [foundIn(old, [hit(3, 'assistant', 'a date', 'date')])], {
      isFirst: false,
    });
    assert.deepEqual(await texts(shown, '.session-title'), ['Fix the flaky date test', 'Up to date']);
    assert.equal((await texts(shown, '.hit-text')).length, 3);
    assert.deepEqual(await texts(shown, '.session-tag'), ['Archived']);
    assert.equal(await status(shown), '2 chats');
  });

  it('opens the chat at a hit, by keyboard and by mouse', async () => {
    const shown = await opened();
    await search(shown, 'date');
    await answer(shown, await asked(shown, 'date'), dates);
    const seen: string[] = [];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) {
      await shown.page.keyboard.press(key);
      seen.push(await shown.page.evaluate(() => document.activeElement?.textContent?.slice(0, 9) ?? ''));
    }
    assert.deepEqual(seen, ['Fix the f', 'You: The ', 'Step: src', 'You: The ']);
    await shown.page.keyboard.press('Enter');
    assert.deepEqual(await shown.posted('openSession'), { type: 'openSession', sessionId: 's2', row: 12 });
    await settle(shown);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);

    const again = await opened();
    await search(again, 'date');
    await answer(again, await asked(again, 'date'), dates);
    await again.page.locator('[data-test=hit]').nth(1).click();
    assert.equal((await again.posted('openSession')).row, 15);
  });

  it('ignores the answer to an earlier search, and one to a search that was cleared', async () => {
    const shown = await opened();
    await search(shown, 'dat');
    const first = await asked(shown, 'dat');
    await search(shown, 'date');
    const second = await asked(shown, 'date');
    await answer(shown, second, dates);
    await answer(shown, first, [foundIn(other, [])]);
    await answer(shown, first, [foundIn(other, [])], { isFirst: false });
    assert.deepEqual(await texts(shown, '.session-title'), ['Fix the flaky date test']);
    await search(shown, '');
    await answer(shown, second, dates);
    assert.equal((await texts(shown, '.session-title')).length, 2);
    assert.equal((await texts(shown, '.hit-text')).length, 0);
  });

  it('says when nothing was found and what was searched', async () => {
    const shown = await opened();
    await search(shown, 'xylophone');
    const requestId = await asked(shown, 'xylophone');
    await answer(shown, requestId, [], { isDone: false });
    assert.equal(await status(shown), 'Searching older chats');
    await answer(shown, requestId, [], { isFirst: false });
    assert.match((await status(shown)) ?? '', /^Nothing found for “xylophone”. Titles, messages and/);
  });

  it('says why it failed, and searches again when wanted', async () => {
    const shown = await opened();
    await search(shown, 'date');
    const requestId = await asked(shown, 'date');
    await shown.push({ type: 'searchFailed', requestId, message: 'The history is damaged.' });
    assert.match((await shown.page.getByRole('alert').textContent()) ?? '', /^The history is damaged\./);
    await shown.page.getByRole('button', { name: 'Search again' }).click();
    await settle(shown);
    const posts = await shown.posts('search');
    assert.equal(posts.length, 2);
    assert.notEqual(posts[1]?.requestId, requestId);
    await answer(shown, posts[1]?.requestId ?? '', dates);
    assert.equal(await shown.page.getByRole('alert').count(), 0);
  });

  it('asks for more with a greater limit and keeps what is there meanwhile', async () => {
    const shown = await opened();
    await search(shown, 'date');
    await answer(shown, await asked(shown, 'date'), dates, { hasMore: true });
    await shown.page.getByRole('button', { name: 'Show more' }).click();
    await settle(shown);
    assert.equal((await shown.posts('search')).at(-1)?.limit, 100);
    assert.equal((await texts(shown, '.session-title')).length, 1);
  });

  it('is cleared by the first Escape and closed by the second', async () => {
    const shown = await opened();
    await search(shown, 'date');
    await answer(shown, await asked(shown, 'date'), dates);
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal(await shown.page.inputValue('[data-test=search]'), '');
    assert.equal(await focused(shown), 'search');
    await shown.page.keyboard.press('Escape');
    await untilComposerFocused(shown);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);
  });

  it('takes the focus from a row by Ctrl+F and by typing', async () => {
    const shown = await opened();
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('Control+f');
    assert.equal(await focused(shown), 'search');
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.type('cal');
    assert.equal(await shown.page.inputValue('[data-test=search]'), 'cal');
    assert.equal(await focused(shown), 'search');
  });

  it('takes a deleted chat out of what was found, and puts it back', async () => {
    const shown = await opened();
    await search(shown, 'date');
    await answer(shown, await asked(shown, 'date'), [...dates, foundIn(other, [])]);
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('Delete');
    await settle(shown);
    assert.deepEqual(await texts(shown, '.session-title'), ['Explain the calendar']);
    await shown.push({ type: 'sessionsChanged' }, sessionsOf([other]));
    assert.deepEqual(await texts(shown, '.session-title'), ['Explain the calendar']);
    await shown.page.keyboard.press('Control+z');
    await settle(shown);
    assert.equal((await texts(shown, '.session-title')).length, 2);
  });

  it('shows what was found as text, whatever it is, and whatever its ranges are', async () => {
    const shown = await opened();
    await search(shown, 'img');
    const evil = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
    const ranges = [
      [1, 4],
      [2, 9],
      [-5, 0],
      [60, 900],
    ] as const;
    await answer(shown, await asked(shown, 'img'), [
      {
        ...foundIn(session('e', evil), [{ row: 1, kind: 'step', snippet: evil, ranges, at: 0 }]),
        titleRanges: ranges,
      },
    ]);
    await settle(shown, 100);
    assert.deepEqual(await texts(shown, '.session-title'), [evil]);
    assert.deepEqual(await texts(shown, '.hit-text'), [evil]);
    assert.equal(await shown.page.locator('.sessions img, .sessions script').count(), 0);
    assert.equal(await shown.page.evaluate(() => 'pwned' in window), false);
  });
});
