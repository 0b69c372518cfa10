import assert from 'node:assert/strict';
import type { SessionSummary } from '../../extension/shared/session.ts';
import { session, snapshot, user } from './samples.ts';
import { settle, show } from './show.ts';

const sessions: readonly SessionSummary[] = [
  session('s1', 'Fix the flaky date test', { status: 'running', updatedAt: Date.now() - 90_000 }),
  session('s2', 'Explain the calendar module', { isPinned: true, updatedAt: Date.now() - 200_000 }),
  session('s3', 'Elsewhere', { folder: '/home/ada/website', updatedAt: Date.now() }),
];

/** Notes in the page whatever is drawn in the list, and each time the focus moves. */
const watch = (): void => {
  const noted: string[] = [];
  Reflect.set(globalThis, 'noted', noted);
  const list = document.querySelector('[data-test=sessions]');
  if (list === null) throw new Error('The list is not open');
  const observer = new MutationObserver((records) => {
    for (const { type, target } of records)
      noted.push(`${type} ${target.nodeName} in ${target.parentElement?.outerHTML.slice(0, 80)}`);
  });
  observer.observe(list, { subtree: true, childList: true, attributes: true, characterData: true });
  document.addEventListener('focusin', () => noted.push('focus'));
};

describe('list of chats that comes again', () => {
  const opened = async () => {
    const shown = await show([snapshot([user('u1', 'Hi')])]);
    const push = async (listed: readonly SessionSummary[]) => {
      await shown.push({ type: 'sessions', shelf: 'active', hasMore: false, sessions: listed });
      await settle(shown);
    };
    await shown.push({ type: 'showSessions' });
    await shown.posted('listSessions');
    await push(sessions);
    await shown.page.evaluate(watch);
    const noted = () => shown.page.evaluate((): unknown => Reflect.get(globalThis, 'noted'));
    return { shown, push, noted };
  };

  it('touches nothing where nothing has changed, so that an open menu stays', async () => {
    const { push, noted } = await opened();
    await push(structuredClone(sessions));
    assert.deepEqual(await noted(), []);
  });

  it('draws what has changed', async () => {
    const { push, noted } = await opened();
    await push(sessions.map((each) => (each.id === 's1' ? { ...each, title: 'Another' } : each)));
    assert.notDeepEqual(await noted(), []);
  });

  it('does not take the focus back while something outside of the view has it', async () => {
    const { shown, push, noted } = await opened();
    await shown.page.locator('[data-id=s1] .session-open').focus();
    // As while a native menu is open: the view's window has no focus, and nothing in it either.
    await shown.page.evaluate(() => {
      document.hasFocus = () => false;
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    });
    const before = await noted();
    await push(sessions.map((each) => (each.id === 's1' ? { ...each, status: 'idle' } : each)));
    const focuses = (all: unknown) =>
      Array.isArray(all) ? all.filter((each) => each === 'focus').length : 0;
    assert.equal(focuses(await noted()), focuses(before));
  });
});
