import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { ToWebviewBody } from '../../extension/shared/protocol.ts';
import type { Shown } from './harness.ts';
import {
  assistant,
  at,
  event,
  jobStarted,
  reply,
  snapshot,
  step,
  stepItem,
  token,
  toolMessage,
  user,
} from './samples.ts';
import { composer, focused, settle, show, written } from './show.ts';

const paragraph = 'A paragraph that is long enough to take a few lines of a narrow sidebar, as most are. ';

/** Rows `from` to `from + count - 1` of a chat: questions and answers by turns. */
const talk = (from: number, count = 100): readonly ChatItem[] =>
  Array.from({ length: count }, (_, index) => {
    const row = from + index;
    return row % 2 === 0
      ? user(`i${row}`, `Question ${row}.`, row)
      : assistant(`i${row}`, paragraph.repeat(3), row);
  });

const middle = (from: number, focusRow?: number): ToWebviewBody => ({
  ...(snapshot(talk(from), { hasOlder: true, hasNewer: true }) as Extract<
    ToWebviewBody,
    { type: 'snapshot' }
  >),
  ...(focusRow === undefined ? {} : { focusRow }),
});

const end = (more: readonly ChatItem[] = []) => snapshot([...talk(9_900), ...more], { hasOlder: true });

const question = (shown: Shown, row: number) => shown.page.getByText(`Question ${row}.`, { exact: true });

/** From the top of the transcript, in pixels. */
const topOf = (shown: Shown, row: number): Promise<number> =>
  question(shown, row).evaluate((element) => {
    const view = element.closest('.transcript')?.getBoundingClientRect();
    return Math.round(element.getBoundingClientRect().top - (view?.top ?? 0));
  });

const fromEnd = (shown: Shown): Promise<number> =>
  shown.page.$eval('.transcript', (element) =>
    Math.round(element.scrollHeight - element.clientHeight - element.scrollTop),
  );

const assertInView = async (shown: Shown, row: number): Promise<void> => {
  const [top, height] = [
    await topOf(shown, row),
    await shown.page.$eval('.transcript', (e) => e.clientHeight),
  ];
  assert.ok(top > 0 && top < height - 40, `Question ${row} stands at ${top} of ${height}`);
};

const drawn = (shown: Shown) => shown.page.locator('[data-test=user], [data-test=assistant]').count();

const pill = '[data-test=new-messages]';

describe('a chat opened in its middle', () => {
  it('shows and marks the message, follows nothing, and answers fast, in a chat of 10,000', async () => {
    const shown = await show([end()]);
    const began = Date.now();
    await shown.push(middle(4_950, 5_000));
    await shown.page.waitForSelector('[data-item="i5000"][data-marked]');
    await assertInView(shown, 5_000);
    assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms`);
    assert.ok((await drawn(shown)) <= 100, `${await drawn(shown)} messages`);
    await settle(shown, 700);
    await assertInView(shown, 5_000);
    const typed = Date.now();
    await shown.page.fill(composer, 'Still here');
    assert.equal(await written(shown), 'Still here');
    assert.ok(Date.now() - typed < 1_000);
    // What goes on at the end of the chat moves nothing here.
    const before = await topOf(shown, 5_000);
    await shown.push(jobStarted('u1', 'Go'), token(paragraph.repeat(9)));
    assert.equal(await topOf(shown, 5_000), before);
    assert.match((await shown.page.textContent('[data-test=status]')) ?? '', /^Working/);
    await shown.page.waitForFunction(() => document.querySelector('[data-marked]') === null, undefined, {
      timeout: 4_000,
    });
  });

  it('opens there also from the start, and gives the message the focus', async () => {
    const shown = await show([middle(4_950, 5_000)]);
    await assertInView(shown, 5_000);
    assert.equal(await focused(shown), 'user');
    await settle(shown, 700);
    await assertInView(shown, 5_000);
  });

  it('goes to another message of the same chat, and to the same one again', async () => {
    const shown = await show([middle(4_950, 5_000)]);
    await settle(shown, 700);
    await shown.push(middle(2_000, 2_040));
    await assertInView(shown, 2_040);
    assert.equal(await question(shown, 5_000).count(), 0);
    await settle(shown, 700);
    await shown.page.mouse.move(100, 300);
    await shown.page.mouse.wheel(0, 1_500);
    await settle(shown, 100);
    await shown.push(middle(2_000, 2_040));
    await assertInView(shown, 2_040);
  });

  it('loads later messages at its bottom, and keeps the place of what is read', async () => {
    const shown = await show([middle(4_950, 5_000)]);
    await settle(shown, 700);
    await shown.page.mouse.move(100, 300);
    await shown.page.mouse.wheel(0, 30_000);
    await settle(shown, 150);
    const request = await shown.posted('loadNewer');
    assert.deepEqual(request, { type: 'loadNewer', sessionId: 's1', afterRow: 5_049 });
    const before = await topOf(shown, 5_048);
    await shown.push({ type: 'newer', sessionId: 's1', items: talk(5_050), hasNewer: true });
    assert.ok(Math.abs((await topOf(shown, 5_048)) - before) <= 1);
    assert.ok((await fromEnd(shown)) > 2_000);
    assert.equal((await shown.posts('loadNewer')).length, 1);
  });

  it('says that later messages could not be read, and asks again only when the reader wants it', async () => {
    const shown = await show([middle(4_950, 5_000)]);
    await settle(shown, 700);
    await shown.page.mouse.move(100, 300);
    await shown.page.mouse.wheel(0, 30_000);
    await shown.posted('loadNewer');
    await shown.clearPosts();
    await shown.push({ type: 'newerUnread', sessionId: 's1', message: 'Later messages could not be read.' });
    await shown.page.mouse.wheel(0, -200);
    await shown.page.mouse.wheel(0, 400);
    await settle(shown, 100);
    assert.equal((await shown.posts('loadNewer')).length, 0);
    assert.equal(
      await shown.page.getByRole('alert').textContent(),
      'Later messages could not be read. They are kept.',
    );
    await shown.page.getByRole('button', { name: 'Try again' }).click();
    await settle(shown);
    assert.equal((await shown.posts('loadNewer')).length, 1);
  });

  it('leads to the newest message, and follows it from there', async () => {
    const shown = await show([middle(4_950, 5_000)]);
    await settle(shown, 700);
    assert.equal((await shown.page.textContent(pill))?.trim(), 'Go to the newest message');
    await shown.page.click(pill);
    assert.equal((await shown.posts('showNewest')).length, 1);
    await shown.push(end());
    assert.equal(await fromEnd(shown), 0);
    assert.equal(await shown.page.locator(pill).count(), 0);
    await shown.push(jobStarted('u1', 'Go'), token(`${paragraph}\n\n`.repeat(9)));
    assert.equal(await fromEnd(shown), 0);
  });

  it('reaches the end by reading on, without a jump', async () => {
    const shown = await show([middle(9_870, 9_900)]);
    await settle(shown, 700);
    await shown.page.mouse.move(100, 300);
    await shown.page.mouse.wheel(0, 30_000);
    await settle(shown, 150);
    await shown.posted('loadNewer');
    const before = await topOf(shown, 9_968);
    await shown.push(end());
    assert.ok(Math.abs((await topOf(shown, 9_968)) - before) <= 1);
    assert.equal(await question(shown, 9_880).count(), 1, 'what was there before stays');
    await shown.page.mouse.wheel(0, 30_000);
    await settle(shown, 150);
    await shown.push(event({ ...at(1), type: 'TurnCompleted', message: reply('new', paragraph.repeat(5)) }));
    assert.equal(await fromEnd(shown), 0);
  });

  it('sends from there, and shows the answer at the end', async () => {
    const shown = await show([middle(4_950, 5_000)]);
    await shown.page.fill(composer, 'And then?');
    await shown.page.press(composer, 'Enter');
    const { requestId } = await shown.posted('send');
    await shown.push(end([user('new', 'And then?', 10_000)]), { type: 'accepted', requestId });
    assert.equal(await fromEnd(shown), 0);
    assert.equal(await written(shown), '');
  });

  it('holds nobody at the message who goes on at once', async () => {
    const shown = await show([middle(9_870, 9_960)]);
    await shown.page.$eval(pill, (element) => {
      if (element instanceof HTMLElement) element.click();
    });
    await shown.push(end());
    assert.equal(await question(shown, 9_960).count(), 1, 'the message is still there');
    for (let look = 0; look < 4; look += 1) {
      await settle(shown, 100);
      assert.equal(await fromEnd(shown), 0);
    }
  });

  it('unfolds the step, and the reads, that were found', async () => {
    const reads = ['r1', 'r2'].map((id, index) => ({
      ...stepItem(step(id, 'read_file', `src/${id}.ts`), { result: toolMessage(id, `needle in ${id}`) }),
      row: 3 + index,
    }));
    const items = [user('u1', 'Hi', 1), assistant('a1', paragraph.repeat(40), 2), ...reads, ...talk(6, 60)];
    const body = { ...snapshot(items, { hasOlder: true, hasNewer: true }), focusRow: 4 } as ToWebviewBody;
    const shown = await show([body]);
    await shown.page.waitForSelector('[data-item="r2"][data-marked]');
    assert.ok(await shown.page.getByText('needle in r2').isVisible());
    assert.match(await focused(shown), /Read/);
  });
});

describe('going to the end', () => {
  it('comes with sending, wherever the reader is', async () => {
    const shown = await show([end()]);
    await shown.page.mouse.move(100, 300);
    await shown.page.mouse.wheel(0, -900);
    await settle(shown, 150);
    assert.ok((await fromEnd(shown)) > 500);
    await shown.page.fill(composer, 'Go on');
    await shown.page.press(composer, 'Enter');
    await settle(shown);
    assert.equal(await fromEnd(shown), 0);
    await shown.push(jobStarted('u9', 'Go on'), token(`${paragraph}\n\n`.repeat(5)));
    assert.equal(await fromEnd(shown), 0);
  });
});
