/** The one browser of all tests of the view. Every test also fails on an error in the page and on anything its policy refused. */
import assert from 'node:assert/strict';
import type { ToWebviewBody } from '../../extension/shared/protocol.ts';
import { drawn, Harness, type Shown, type ShowOptions } from './harness.ts';
import { snapshot } from './samples.ts';

let harness: Promise<Harness> | undefined;
let current: Shown | undefined;

/** A view that has got these messages, or the snapshot of an empty chat. */
export const show = async (
  messages: readonly ToWebviewBody[] = [snapshot()],
  options: ShowOptions = {},
): Promise<Shown> => {
  harness ??= Harness.start();
  current = await (await harness).show(options);
  if (messages.length > 0) await current.push(...messages);
  await current.clearPosts();
  return current;
};

export const composer = '[data-test=composer]';

/** Text of the composer. */
export const written = (shown: Shown): Promise<string> => shown.page.inputValue(composer);

/** What has the focus: the value of its data-test, or its name, or its element. */
export const focused = (shown: Shown): Promise<string> =>
  shown.page.evaluate(() => {
    const element = document.activeElement;
    return (
      element?.getAttribute('data-test') ??
      element?.getAttribute('aria-label') ??
      element?.textContent?.slice(0, 60) ??
      ''
    );
  });

/** Waits until the composer has the focus: it comes after the drawing. */
export const untilComposerFocused = async (shown: Shown): Promise<void> => {
  await shown.page.waitForFunction(
    (selector) => document.activeElement?.matches(selector) === true,
    composer,
  );
};

/** Waits until the list of chats has the focus: it comes after the drawing, too. */
export const untilSearchFocused = async (shown: Shown): Promise<void> => {
  await shown.page.waitForFunction(() => document.activeElement?.matches('[data-test=search]') === true);
};

/** Waits until what was done is drawn, and for a while after it. */
export const settle = async (shown: Shown, milliseconds = 30): Promise<void> => {
  await drawn(shown.page);
  await shown.page.waitForTimeout(milliseconds);
};

afterEach(async function () {
  if (current === undefined || this.currentTest?.state === 'failed') return;
  assert.deepEqual(await current.problems(), []);
  assert.deepEqual(current.requests(), []);
});

after(async () => {
  await (await harness)?.close();
});
