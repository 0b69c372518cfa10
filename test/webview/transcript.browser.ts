import assert from 'node:assert/strict';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { Shown } from './harness.ts';
import {
  assistant,
  at,
  commandPrompt,
  event,
  jobStarted,
  reply,
  snapshot,
  step,
  stepItem,
  token,
  user,
} from './samples.ts';
import { composer, settle, show, written } from './show.ts';

const paragraph =
  'A paragraph that is long enough to take a few lines of a narrow sidebar, as most of them are. ';

const talk = (count: number, from = 0): readonly ChatItem[] =>
  Array.from({ length: count }, (_, index) => {
    const id = `i${from + index}`;
    return index % 2 === 0
      ? user(id, `Question ${from + index}`, from + index + 1)
      : assistant(id, paragraph.repeat(3), from + index + 1);
  });

/** How far the reader is from the end, in pixels. */
const fromEnd = (shown: Shown): Promise<number> =>
  shown.page.$eval('.transcript', (element) =>
    Math.round(element.scrollHeight - element.clientHeight - element.scrollTop),
  );

const wheel = async (shown: Shown, pixels: number): Promise<void> => {
  await shown.page.mouse.move(100, 300);
  await shown.page.mouse.wheel(0, pixels);
  await settle(shown, 150);
};

/** Where a message stands on the screen. */
const topOf = (shown: Shown, text: string): Promise<number> =>
  shown.page
    .locator('[data-test=user]', { hasText: text })
    .first()
    .evaluate((element) => Math.round(element.getBoundingClientRect().top));

const pill = '[data-test=new-messages]';

describe('transcript: following', () => {
  it('stays at the end while an answer streams', async () => {
    const shown = await show([snapshot(talk(20)), jobStarted('u1', 'Tell me')]);
    for (let index = 0; index < 10; index += 1) await shown.push(token(`${paragraph}\n\n`));
    assert.equal(await fromEnd(shown), 0);
    assert.equal(await shown.page.locator(pill).count(), 0);
  });

  it('stops when the reader scrolls up, counts what comes, and goes back with one press', async () => {
    const shown = await show([snapshot(talk(20)), jobStarted('u1', 'Tell me'), token(paragraph)]);
    await wheel(shown, -500);
    const before = await topOf(shown, 'Question 14');
    for (let index = 0; index < 5; index += 1) await shown.push(token(`${paragraph}\n\n`));
    await shown.push(
      event({ ...at(2), type: 'TurnCompleted', message: reply('r1', paragraph) }),
      event({ ...at(3), type: 'TurnCompleted', message: reply('r2', 'And one more.') }),
    );
    assert.ok((await fromEnd(shown)) > 400);
    assert.equal(await topOf(shown, 'Question 14'), before);
    assert.match((await shown.page.textContent(pill)) ?? '', /^New messages\s*1$/);
    await shown.page.click(pill);
    assert.equal(await fromEnd(shown), 0);
    await shown.push(token(`${paragraph}\n\n`.repeat(5)));
    assert.equal(await fromEnd(shown), 0);
    assert.equal(await shown.page.locator(pill).count(), 0);
  });

  it('follows again when the reader comes back by themselves', async () => {
    const shown = await show([snapshot(talk(20)), jobStarted('u1', 'Tell me'), token(paragraph)]);
    await wheel(shown, -300);
    await wheel(shown, 2_000);
    await shown.push(token(`${paragraph}\n\n`.repeat(3)));
    assert.equal(await fromEnd(shown), 0);
  });

  it('says above the composer when an approval waits further down', async () => {
    const shown = await show([snapshot(talk(20)), jobStarted('u1', 'Run it')]);
    await wheel(shown, -500);
    await shown.push(
      event({
        ...at(1),
        type: 'ApprovalRequired',
        step: step('w1', 'run_command', 'npm test'),
        prompt: commandPrompt,
      }),
    );
    assert.equal((await shown.page.textContent(pill))?.trim(), 'Approval needed');
    await shown.page.click(pill);
    assert.ok(await shown.page.locator('[data-test=approve]').isVisible());
  });

  it('moves nothing under a reader who scrolled up while many messages come', async () => {
    const shown = await show([snapshot(talk(60)), jobStarted('u1', 'Tell me')]);
    await wheel(shown, -900);
    const before = await topOf(shown, 'Question 50');
    for (let index = 0; index < 90; index += 1) {
      await shown.push(
        event({ ...at(index), type: 'TurnCompleted', message: reply(`r${index}`, paragraph) }),
      );
    }
    assert.equal(await topOf(shown, 'Question 50'), before);
  });

  it('keeps the element of a reply when its final text comes', async () => {
    const shown = await show([snapshot(talk(2)), jobStarted('u1', 'Tell me'), token('Half an ans')]);
    const element = await shown.page.locator('[data-test=assistant]').last().elementHandle();
    await shown.push(event({ ...at(9), type: 'TurnCompleted', message: reply('r1', 'Half an answer.') }));
    assert.equal(await element?.evaluate((node) => node.isConnected), true);
    assert.match((await element?.textContent()) ?? '', /Half an answer\./);
  });

  it('starts another chat at its own end', async () => {
    const shown = await show([snapshot(talk(20))]);
    await wheel(shown, -800);
    await shown.push(snapshot(talk(30), { sessionId: 's2' }));
    assert.equal(await fromEnd(shown), 0);
  });
});

describe('transcript: long chats', () => {
  it('draws the end of 2,000 items, and earlier ones as the reader goes there', async () => {
    const shown = await show([snapshot(talk(2_000))]);
    const drawn = () => shown.page.locator('[data-test=user], [data-test=assistant]').count();
    const first = await drawn();
    assert.ok(first > 20 && first <= 120, `${first} items`);
    assert.equal(await fromEnd(shown), 0);
    assert.equal(
      await shown.page.$eval('.chunk.settled', (element) => getComputedStyle(element).contentVisibility),
      'auto',
    );
    await wheel(shown, -20_000);
    await settle(shown, 200);
    const more = await drawn();
    assert.ok(more > first && more <= 300, `${more} items`);
    assert.equal((await shown.posts('loadOlder')).length, 0);
    // It stays usable: text goes in, and the way back is short.
    await shown.page.fill(composer, 'Still here');
    assert.equal(await written(shown), 'Still here');
    await shown.page.click(pill);
    await settle(shown);
    assert.equal(await fromEnd(shown), 0);
    assert.ok((await drawn()) <= 120, 'what is far above the end is let go');
  });

  it('fetches older pages from the host, and keeps the place of what is read', async () => {
    const shown = await show([snapshot(talk(20, 100), { hasOlder: true })]);
    await wheel(shown, -3_000);
    assert.deepEqual(await shown.posted('loadOlder'), { type: 'loadOlder', sessionId: 's1', beforeRow: 101 });
    const before = await topOf(shown, 'Question 100');
    await shown.push({ type: 'older', sessionId: 's1', items: talk(20, 80), hasOlder: false });
    assert.ok(Math.abs((await topOf(shown, 'Question 100')) - before) <= 1);
    assert.equal(await shown.page.locator('[data-test=user]').count(), 20);
    assert.equal(await shown.page.getByRole('button', { name: 'Show earlier messages' }).count(), 0);
  });

  it('says that older pages could not be read, and asks again only when the reader wants it', async () => {
    const shown = await show([snapshot(talk(20, 100), { hasOlder: true })]);
    await wheel(shown, -3_000);
    await shown.posted('loadOlder');
    await shown.clearPosts();
    await shown.push({
      type: 'olderUnread',
      sessionId: 's1',
      message: 'Earlier messages could not be read.',
    });
    const problem = shown.page.getByRole('alert');
    assert.equal(await problem.textContent(), 'Earlier messages could not be read. They are kept.');
    await wheel(shown, 300);
    await wheel(shown, -300);
    assert.equal((await shown.posts('loadOlder')).length, 0);
    await shown.page.getByRole('button', { name: 'Try again' }).click();
    await settle(shown);
    assert.equal((await shown.posts('loadOlder')).length, 1);
    assert.equal(await problem.count(), 0);
    await shown.push({ type: 'older', sessionId: 's1', items: talk(20, 80), hasOlder: false });
    assert.equal(await shown.page.locator('[data-test=user]').count(), 20);
  });
});

describe('transcript: messages', () => {
  it('folds a long message of the person', async () => {
    const shown = await show([
      snapshot([user('u1', Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n'))]),
    ]);
    const height = () => shown.page.$eval('.user-text', (element) => element.getBoundingClientRect().height);
    const folded = await height();
    await shown.page.getByRole('button', { name: 'Show all' }).click();
    await settle(shown);
    assert.ok((await height()) > 2 * folded);
    await shown.page.getByRole('button', { name: 'Show less' }).click();
    await settle(shown);
    assert.equal(await height(), folded);
  });

  it('copies a message and an answer as Markdown, and edits a message again', async () => {
    const shown = await show([snapshot([user('u1', 'What is *this*?'), assistant('a1', 'A **test**.')])]);
    await shown.page.hover('[data-test=user]');
    await shown.page.getByRole('button', { name: 'Copy message' }).click();
    await shown.page.getByRole('button', { name: 'Edit and send again' }).click();
    await shown.page.hover('[data-test=assistant]');
    await shown.page.getByRole('button', { name: 'Copy answer as Markdown' }).click();
    assert.deepEqual(
      (await shown.posts('copy')).map((post) => post.text),
      ['What is *this*?', 'A **test**.'],
    );
    await settle(shown);
    assert.equal(await written(shown), 'What is *this*?');
  });

  it('folds thinking into one line, which streams only while it is open', async () => {
    const shown = await show([snapshot(talk(2)), jobStarted('u1', 'Why?')]);
    await shown.push(event({ ...at(0), type: 'Thinking', text: 'Let me see. ' }));
    const line = shown.page.locator('button.thinking-line');
    assert.equal(await line.textContent(), 'Thinking');
    assert.equal(await line.getAttribute('aria-expanded'), 'false');
    assert.equal(await shown.page.getByText('Let me see.').count(), 0);
    await line.click();
    await shown.push(event({ ...at(4_200), type: 'Thinking', text: 'It overflows.' }));
    assert.equal(await shown.page.locator('.thinking-text').textContent(), 'Let me see. It overflows.');
    await shown.push(token('Because.', 4_300));
    assert.equal(await line.textContent(), 'Thought for 4.2 s');
    await line.click();
    await settle(shown);
    assert.equal(await shown.page.locator('.thinking-text').count(), 0);
  });

  it('keeps where the reader looks when something folds', async () => {
    const thinking = {
      ...assistant('t1', ''),
      message: reply('t1', '', { content: [{ type: 'thinking', text: `${paragraph}\n\n`.repeat(30) }] }),
    } as ChatItem;
    const shown = await show([snapshot([...talk(10), thinking])]);
    const line = shown.page.locator('button.thinking-line');
    const top = () => line.evaluate((element) => Math.round(element.getBoundingClientRect().top));
    const before = await top();
    await line.click();
    await settle(shown, 100);
    assert.equal(await top(), before);
    assert.ok((await fromEnd(shown)) > 300);
  });

  it('says where an answer ends before its end', async () => {
    const cut = {
      ...assistant('a1', 'Half'),
      message: reply('a1', 'Half', { stopReason: 'length' }),
    } as ChatItem;
    const shown = await show([snapshot([user('u1', 'Go'), cut])]);
    assert.match((await shown.page.textContent('[data-test=assistant]')) ?? '', /length limit of the model/);
  });

  it('shows the rest when one item cannot be drawn', async () => {
    const running = stepItem(step('b', 'run_command', 'x'), { status: 'running', liveOutput: null as never });
    const shown = await show([snapshot([user('u1', 'Before'), running, assistant('a2', 'After')])]);
    const text = (await shown.page.textContent('.transcript')) ?? '';
    assert.match(text, /Before/);
    assert.match(text, /This part of the chat could not be shown/);
    assert.match(text, /After/);
  });
});
