import assert from 'node:assert/strict';
import type { SessionSummary } from '../../extension/shared/session.ts';
import type { Shown } from './harness.ts';
import { session, snapshot, user } from './samples.ts';
import { focused, settle, show, untilComposerFocused } from './show.ts';

const minute = 60_000;
/** Ages count from now, not from when this file was read. */
const listed = (): readonly SessionSummary[] => [
  session('s1', 'Fix the flaky date test', { status: 'waiting', updatedAt: Date.now() - 1.5 * minute }),
  session('s2', 'Explain the calendar module', { status: 'running', updatedAt: Date.now() - 2 * minute }),
  session('s3', 'Rename everything', { status: 'failed', updatedAt: Date.now() - 3 * minute }),
  session('s4', 'Elsewhere', { folder: '/home/ada/website', updatedAt: Date.now() }),
];

const opened = async (sessions: readonly SessionSummary[] = listed()): Promise<Shown> => {
  const shown = await show([snapshot([user('u1', 'Hi')])]);
  await shown.push({ type: 'showSessions' });
  await shown.posted('listSessions');
  await shown.push({ type: 'sessions', shelf: 'active', hasMore: false, sessions });
  return shown;
};

const rows = (shown: Shown): Promise<readonly string[]> =>
  shown.page.locator('[data-test=session] .session-title').allTextContents();

describe('list of chats', () => {
  it('loads, then shows this folder first, with what needs the person', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')])]);
    await shown.push({ type: 'showSessions' });
    assert.match((await shown.page.textContent('[data-test=sessions]')) ?? '', /Loading chats/);
    await shown.push({ type: 'sessions', shelf: 'active', hasMore: false, sessions: listed() });
    assert.deepEqual(await rows(shown), [
      'Fix the flaky date test',
      'Explain the calendar module',
      'Rename everything',
      'Elsewhere',
    ]);
    assert.deepEqual(await shown.page.locator('.session-status').allTextContents(), [
      'Waiting for you',
      'Running',
      'Failed',
    ]);
    assert.equal(
      await shown.page.locator('[aria-current=true]').textContent(),
      'Fix the flaky date testWaiting for you1 min',
    );
  });

  it('says when there is none', async () => {
    const shown = await opened([]);
    assert.match((await shown.page.textContent('[data-test=sessions]')) ?? '', /No chats yet/);
  });

  it('says that the chats could not be read, and asks for them again', async () => {
    const shown = await opened();
    await shown.clearPosts();
    const message = 'The list of chats could not be read.';
    await shown.push({ type: 'sessionsUnread', message });
    const problem = shown.page.getByRole('alert');
    assert.match(
      (await problem.textContent()) ?? '',
      /^The list of chats could not be read\. They are kept\./,
    );
    // What was read before still is of use.
    assert.equal((await rows(shown)).length, 4);
    await problem.getByRole('button', { name: 'Try again' }).click();
    assert.equal((await shown.posts('listSessions')).length, 1);
    await shown.push({ type: 'sessions', shelf: 'active', hasMore: false, sessions: listed() });
    assert.equal(await problem.count(), 0);

    const other = await show([snapshot([user('u1', 'Hi')]), { type: 'showSessions' }]);
    await other.push({ type: 'sessionsUnread', message });
    assert.doesNotMatch((await other.page.textContent('[data-test=sessions]')) ?? '', /Loading/);
  });

  it('opens a chat and gives the focus back to the composer', async () => {
    const shown = await opened();
    await shown.page.getByRole('button', { name: /^Explain the calendar/ }).click();
    await settle(shown);
    assert.deepEqual(await shown.posted('openSession'), { type: 'openSession', sessionId: 's2' });
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);
    await untilComposerFocused(shown);
  });

  it('only closes for the chat that is open already', async () => {
    const shown = await opened();
    await shown.page.getByRole('button', { name: /^Fix the flaky/ }).click();
    await settle(shown);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);
    assert.equal((await shown.posts('openSession')).length, 0);
  });

  it('starts a new chat', async () => {
    const shown = await opened();
    await shown.page.getByRole('button', { name: 'New chat' }).click();
    await settle(shown);
    assert.equal((await shown.posts('newChat')).length, 1);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);
  });

  it('closes with Escape, which stops no job', async () => {
    const shown = await show([
      snapshot([user('u1', 'Hi')], { job: { id: 'j1', startedAt: Date.now(), isElsewhere: false } }),
    ]);
    await shown.push(
      { type: 'showSessions' },
      { type: 'sessions', shelf: 'active', hasMore: false, sessions: listed() },
    );
    await shown.page.keyboard.press('Escape');
    await untilComposerFocused(shown);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);
    assert.equal((await shown.posts('stop')).length, 0);
  });

  it('is gone through with the arrows, and keeps the keyboard to itself', async () => {
    const shown = await opened();
    const seen: string[] = [];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp']) {
      await shown.page.keyboard.press(key);
      seen.push((await focused(shown)).slice(0, 7));
    }
    assert.deepEqual(seen, ['Fix the', 'Explain', 'Fix the', 'Fix the']);
    assert.equal(await shown.page.$eval('.app-body', (element) => element.hasAttribute('inert')), true);
  });

  it('follows the chats while it is open, and keeps the place of the reader', async () => {
    const shown = await opened();
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('ArrowDown');
    assert.match(await focused(shown), /^Explain/);
    await shown.clearPosts();
    await shown.push({ type: 'sessionsChanged' });
    await shown.posted('listSessions');
    const [first, second, ...rest] = listed();
    assert.ok(first !== undefined && second !== undefined);
    const working = { ...first, status: 'idle', updatedAt: Date.now() - 5 * minute } as const;
    const waiting = { ...second, status: 'waiting', updatedAt: Date.now() } as const;
    await shown.push({
      type: 'sessions',
      shelf: 'active',
      hasMore: false,
      sessions: [working, waiting, ...rest],
    });
    assert.deepEqual((await rows(shown)).slice(0, 3), [
      'Explain the calendar module',
      'Rename everything',
      'Fix the flaky date test',
    ]);
    assert.match(await focused(shown), /^Explain the calendar moduleWaiting for you/);
  });

  for (const from of [0, 3]) {
    it(`keeps the focus on a row that moves from place ${from + 1} to any other`, async () => {
      const shown = await opened();
      const all = listed().map((each) => ({ ...each, folder: '/home/ada/date-tools' }));
      await shown.push({ type: 'sessions', shelf: 'active', hasMore: false, sessions: all });
      const titles = await rows(shown);
      for (let press = 0; press <= from; press += 1) await shown.page.keyboard.press('ArrowDown');
      for (const to of [0, 1, 2, 3, 0]) {
        const others = titles.filter((_, index) => index !== from);
        const order = others.toSpliced(to, 0, titles[from] ?? '');
        const moved = all.map((each) => ({ ...each, updatedAt: Date.now() - order.indexOf(each.title) }));
        await shown.push({ type: 'sessions', shelf: 'active', hasMore: false, sessions: moved });
        assert.deepEqual(await rows(shown), order);
        assert.ok((await focused(shown)).startsWith(titles[from] ?? ''), `${await focused(shown)} at ${to}`);
      }
    });
  }

  it('asks for nothing while it is closed', async () => {
    const shown = await show([snapshot([user('u1', 'Hi')])]);
    await shown.push({ type: 'sessionsChanged' });
    await settle(shown);
    assert.equal((await shown.posts('listSessions')).length, 0);
  });
});
