import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { CodeServer } from '../support/codeServer.ts';
import { root } from '../support/setUp.mjs';
import { median } from '../support/statistics.ts';
import { launchBrowser, until, Workbench } from '../support/workbench.ts';
import { type Figure, milliseconds, sampled } from './figure.ts';
import { helloTitle, writeHelloExtension } from './floors.ts';

const windows = 4;
/** VS Code starts its own extensions in this time. */
const settleMs = 3_000;

/**
 * Runs in every frame: notes when it was last pressed, and in which animation frame the composer can first be used. The
 * time of day, because frames have no other clock in common.
 */
const watch = (): void => {
  const seen = { pressedAt: 0, usableAt: 0 };
  Object.assign(window, { benchSeen: seen });
  window.addEventListener('click', () => Object.assign(seen, { pressedAt: Date.now() }), true);
  const isDrawn = (element: Element | null): boolean => (element?.getBoundingClientRect().height ?? 0) > 0;
  const look = (): void => {
    const isUsable =
      isDrawn(document.querySelector('[data-test=composer]')) &&
      document.querySelector('[data-test=loading]') === null &&
      // VS Code loads a page in a hidden frame and then shows it.
      window.frameElement !== null &&
      getComputedStyle(window.frameElement).visibility === 'visible';
    if (isUsable) requestAnimationFrame(() => Object.assign(seen, { usableAt: Date.now() }));
    else setTimeout(look, 4);
  };
  // A timer, because a webview's document is replaced under this script, and its animation frames go with it.
  look();
};

/** Over all frames. */
const latest = async (page: Page, what: 'pressedAt' | 'usableAt'): Promise<number> => {
  const read = (name: string): number => {
    const seen: unknown = Reflect.get(window, 'benchSeen');
    return typeof seen === 'object' && seen !== null ? Number(Reflect.get(seen, name)) : 0;
  };
  const times = await Promise.all(page.frames().map((frame) => frame.evaluate(read, what).catch(() => 0)));
  return Math.max(0, ...times);
};

const press = async (page: Page, title: string): Promise<void> => {
  await page.locator(`.activitybar .action-label[aria-label*="${title}"]`).click();
};

/** Presses the icon of a view. @returns milliseconds until its composer could be used. */
const open = async (page: Page, title: string): Promise<number> => {
  await press(page, title);
  const pressedAt = await latest(page, 'pressedAt');
  return await until(`the view ${title}`, async () => {
    const usableAt = await latest(page, 'usableAt');
    return usableAt > pressedAt && usableAt - pressedAt;
  });
};

/** One fresh window: the view's first opening, and another after it was hidden. */
const measureWindow = async (
  browser: Browser,
  server: CodeServer,
  title: string,
): Promise<{ readonly first: number; readonly again: number }> => {
  const workbench = await Workbench.open(browser, server);
  const { page } = workbench;
  try {
    await page.addInitScript(watch);
    await page.evaluate(watch);
    await sleep(settleMs);
    const first = await open(page, title);
    await press(page, 'Explorer');
    await sleep(1_000);
    return { first, again: await open(page, title) };
  } finally {
    await workbench.close();
  }
};

export const measureView = async (): Promise<readonly Figure[]> => {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'anycowork-bench-'));
  const ours: { first: number; again: number }[] = [];
  const hello: { first: number; again: number }[] = [];
  const server = await CodeServer.start({
    folder: parent,
    extensions: [root, writeHelloExtension(parent)],
    env: { GEMINI_API_KEY: 'planted-key-bench' },
  });
  const browser = await launchBrowser();
  try {
    for (let window = 0; window < windows; window += 1) {
      ours.push(await measureWindow(browser, server, 'AnyCowork'));
      hello.push(await measureWindow(browser, server, helloTitle));
    }
  } finally {
    await browser.close();
    await server.stop();
    rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
  }
  const first = ours.map((each) => each.first);
  const floor = hello.map((each) => each.first);
  return [
    sampled('view focus to usable composer', first),
    milliseconds('  over an empty view', median(first) - median(floor)),
    sampled(
      'view shown again to usable composer',
      ours.map((each) => each.again),
    ),
    milliseconds(
      '  over an empty view',
      median(ours.map((each) => each.again)) - median(hello.map((each) => each.again)),
    ),
  ];
};
