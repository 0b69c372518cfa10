import assert from 'node:assert/strict';
import type { SessionSummary } from '../../extension/shared/session.ts';
import type { Shown } from './harness.ts';
import { session, sessionsOf, snapshot, user } from './samples.ts';
import { focused, settle, show, untilComposerFocused, untilSearchFocused } from './show.ts';

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
  await untilSearchFocused(shown);
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
    await shown.page.locator('.session-open', { hasText: 'Fix the flaky' }).click();
    await settle(shown);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 0);
    assert.equal((await shown.posts('openSession')).length, 0);
  });

  it('starts a new chat', async () => {
    const shown = await opened();
    await shown.page.getByRole('button', { name: 'New chat', exact: true }).click();
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
    await untilSearchFocused(shown);
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
    assert.deepEqual(seen, ['Fix the', 'Explain', 'Fix the', 'search']);
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

const rowOf = (shown: Shown, title: string) =>
  shown.page.locator('[data-test=session]', { hasText: title }).first();

/** What was asked to be changed, without what is the same in all of it. */
const changes = async (shown: Shown) =>
  (await shown.posts('changeSession')).map(({ sessionId, change }) => ({ sessionId, ...change }));

const bar = '[data-test=undo-bar]';

describe('list of chats: shelves', () => {
  it('shows pinned chats first, then the others of this folder', async () => {
    const [first, second, ...rest] = listed();
    assert.ok(first !== undefined && second !== undefined);
    const old = { ...second, isPinned: true, updatedAt: Date.now() - 9e9 };
    const shown = await opened([first, old, ...rest]);
    assert.deepEqual((await rows(shown)).slice(0, 2), [second.title, first.title]);
    assert.equal(await shown.page.locator('.sessions-groups h3').first().textContent(), 'Pinned');
  });

  it('asks for the shelf that was chosen, and ignores a list of another', async () => {
    const shown = await opened();
    await shown.clearPosts();
    await shown.page.getByRole('tab', { name: 'Chats' }).focus();
    await shown.page.keyboard.press('ArrowRight');
    assert.deepEqual(await shown.posted('listSessions'), {
      type: 'listSessions',
      shelf: 'archived',
      limit: 200,
    });
    assert.equal(await focused(shown), 'shelf-archived');
    await shown.push(sessionsOf(listed()));
    assert.deepEqual(await rows(shown), []);
    await shown.push(sessionsOf([session('a1', 'Put away', { shelf: 'archived' })], 'archived'));
    assert.deepEqual(await rows(shown), ['Put away']);
    await rowOf(shown, 'Put away').hover();
    await rowOf(shown, 'Put away').locator('[data-test=unarchive]').click();
    assert.deepEqual(await changes(shown), [{ sessionId: 'a1', shelf: 'active' }]);
    assert.equal(await shown.page.textContent(`${bar} span`), 'Moved Put away back to the chats.');
  });

  it('says how long deleted chats are kept, restores them, and purges them', async () => {
    const shown = await opened();
    await shown.page.click('[data-test=shelf-deleted]');
    const gone = ['d1', 'd2'].map((id) => session(id, `Gone ${id}`, { shelf: 'deleted' }));
    await shown.push(sessionsOf(gone, 'deleted'));
    assert.match((await shown.page.textContent('.sessions-groups')) ?? '', /Kept for 7 days/);
    await rowOf(shown, 'Gone d1').locator('[data-test=purge]').click();
    assert.deepEqual(await shown.posts('purgeSession'), [{ type: 'purgeSession', sessionId: 'd1' }]);
    // The host asks first: until it has answered the chat is there.
    assert.equal((await rows(shown)).length, 2);
    await rowOf(shown, 'Gone d2').locator('[data-test=restore]').click();
    assert.deepEqual(await changes(shown), [{ sessionId: 'd2', shelf: 'active' }]);
    assert.deepEqual(await rows(shown), ['Gone d1']);
    await shown.page.fill('[data-test=search]', 'nothing like it');
    await settle(shown, 120);
    assert.match((await shown.page.textContent('.sessions-groups')) ?? '', /No deleted chat has/);
    assert.equal((await shown.posts('search')).length, 0);
  });

  it('shows more when there is more', async () => {
    const shown = await opened();
    await shown.push(sessionsOf(listed(), 'active', true));
    await shown.clearPosts();
    await shown.page.getByRole('button', { name: 'Show more' }).click();
    assert.equal((await shown.posted('listSessions')).limit, 400);
    await shown.push(sessionsOf(listed()));
    assert.equal(await shown.page.getByRole('button', { name: 'Show more' }).count(), 0);
  });
});

describe('list of chats: what can be done with one', () => {
  it('deletes at once, and brings back, by keyboard alone', async () => {
    const shown = await opened();
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('Delete');
    await shown.page.waitForSelector(bar);
    assert.equal(await shown.page.textContent(`${bar} span`), 'Deleted Explain the calendar module.');
    assert.equal(await shown.page.getAttribute('.undo-region', 'role'), 'status');
    assert.deepEqual(await rows(shown), ['Fix the flaky date test', 'Rename everything', 'Elsewhere']);
    assert.match(await focused(shown), /^Rename everything/);
    // A list from before the change does not bring it back.
    await shown.push(sessionsOf(listed()));
    assert.equal((await rows(shown)).length, 3);
    for (let press = 0; press < 8 && (await focused(shown)) !== 'undo'; press += 1)
      await shown.page.keyboard.press('Tab');
    await shown.page.keyboard.press('Enter');
    await settle(shown);
    assert.deepEqual(await changes(shown), [
      { sessionId: 's2', shelf: 'deleted' },
      { sessionId: 's2', shelf: 'active' },
    ]);
    assert.equal(await shown.page.locator(bar).count(), 0);
    assert.equal((await rows(shown)).length, 4);
    assert.match(await focused(shown), /^Explain the calendar/);

    await shown.page.keyboard.press('Delete');
    await shown.page.waitForSelector(bar);
    await shown.page.keyboard.press('Control+z');
    await settle(shown);
    assert.equal((await rows(shown)).length, 4);
    assert.equal((await changes(shown)).at(-1)?.sessionId, 's2');
  });

  it('archives by its button, and the bar goes with the next action', async () => {
    const shown = await opened();
    await rowOf(shown, 'Rename everything').hover();
    await rowOf(shown, 'Rename everything').locator('[data-test=archive]').click();
    assert.equal(await shown.page.textContent(`${bar} span`), 'Archived Rename everything.');
    assert.equal((await rows(shown)).length, 3);
    await rowOf(shown, 'Explain').hover();
    await rowOf(shown, 'Explain').locator('[data-test=pin]').click();
    await settle(shown);
    assert.equal(await shown.page.locator(bar).count(), 0);
    assert.deepEqual(await changes(shown), [
      { sessionId: 's3', shelf: 'archived' },
      { sessionId: 's2', isPinned: true },
    ]);
  });

  it('keeps the focus on a chat that goes up among the pinned ones', async () => {
    const shown = await opened();
    for (let press = 0; press < 3; press += 1) await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('Tab');
    assert.equal(await focused(shown), 'pin');
    await shown.page.keyboard.press('Enter');
    await settle(shown);
    assert.equal((await rows(shown))[0], 'Rename everything');
    assert.match(await focused(shown), /^Rename everything/);
    assert.ok(await rowOf(shown, 'Rename everything').locator('[data-test=unpin]').isVisible());
  });

  it('shows again what the host did not do', async () => {
    const shown = await opened();
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('Delete');
    await settle(shown);
    assert.equal((await rows(shown)).length, 3);
    await shown.clearPosts();
    await settle(shown, 5_200);
    assert.equal((await shown.posts('listSessions')).length, 1);
    await shown.push(sessionsOf(listed()));
    assert.equal((await rows(shown)).length, 4);
  });

  it('is renamed in its place: Enter keeps, Escape does not', async () => {
    const shown = await opened();
    const field = shown.page.locator('[data-test=title-field]');
    await shown.page.keyboard.press('ArrowDown');
    await shown.page.keyboard.press('F2');
    await field.fill('Half a th');
    await shown.page.keyboard.press('Escape');
    await settle(shown);
    assert.equal(await field.count(), 0);
    assert.equal(await shown.page.locator('[data-test=sessions]').count(), 1);
    assert.match(await focused(shown), /^Fix the flaky/);
    await shown.page.keyboard.press('F2');
    assert.equal(await field.inputValue(), 'Fix the flaky date test');
    await shown.page.keyboard.type('  Months   with 31 days ');
    await shown.page.keyboard.press('Enter');
    await settle(shown);
    assert.deepEqual(await changes(shown), [{ sessionId: 's1', title: 'Months with 31 days' }]);
    assert.equal((await rows(shown))[0], 'Months with 31 days');
    assert.match(await focused(shown), /^Months with 31/);
    // Nothing is changed by an empty title, or by the same one.
    for (const text of ['   ', 'Months with 31 days']) {
      await shown.page.keyboard.press('F2');
      await field.fill(text);
      await shown.page.keyboard.press('Enter');
      await settle(shown);
    }
    assert.equal((await changes(shown)).length, 1);
  });

  it('opens the native menu with what the commands need to know', async () => {
    const shown = await opened();
    await shown.page.evaluate(() => {
      window.addEventListener('contextmenu', ({ target, clientX, clientY }) => {
        const element =
          target instanceof Element ? target.closest<HTMLElement>('[data-vscode-context]') : null;
        document.title = JSON.stringify([element?.dataset.vscodeContext, clientX > 0 && clientY > 0]);
      });
    });
    await rowOf(shown, 'Explain').hover();
    await rowOf(shown, 'Explain').locator('[data-test=more]').click();
    const [context, isPlaced] = JSON.parse(await shown.page.title());
    assert.deepEqual(JSON.parse(context), {
      webviewSection: 'session',
      sessionId: 's2',
      shelf: 'active',
      isPinned: false,
      preventDefaultContextMenuItems: true,
    });
    assert.equal(isPlaced, true);
  });
});
