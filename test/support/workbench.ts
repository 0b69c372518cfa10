import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Frame,
  type Locator,
  type Page,
} from 'playwright-core';
import type { CodeServer, PageOptions } from './codeServer.ts';
import { findChromium, root } from './setUp.mjs';

export type Theme = 'light' | 'dark' | 'highContrast' | 'highContrastLight';

const themeNames: Record<Theme, string> = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  highContrast: 'Dark High Contrast',
  highContrastLight: 'Light High Contrast',
};

export interface Modal {
  readonly title: string;
  readonly detail: string;
  /** As they stand, left to right; without the cross in the corner. */
  readonly buttons: readonly string[];
}

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const modalBox = '.monaco-dialog-box';
const quickInput = '.quick-input-widget:visible .quick-input-box input';
const patience = 30_000;

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium() ?? 'chromium', args: chromiumFlags });

/**
 * Runs in every frame before anything else; keeps what its listeners of messages are told. A listener of its own would
 * not do: VS Code writes a webview's document with document.open(), which drops the listeners of the window.
 */
const keepMessages = (): void => {
  const kept: string[] = [];
  Object.assign(window, { keptMessages: kept });
  const original = window.addEventListener.bind(window);
  const keeping = (type: string, listener: unknown, options?: boolean | AddEventListenerOptions): void => {
    if (type === 'message') {
      original('message', (event) => kept.push(JSON.stringify(event.data) ?? ''), options);
    }
    Reflect.apply(original, window, [type, listener, options]);
  };
  Object.assign(window, { addEventListener: keeping });
};

export const chromiumContext = (browser: Browser, width = 1280, height = 800): Promise<BrowserContext> =>
  browser.newContext({ viewport: { width, height } });

/** Asks again until the answer is neither undefined nor false. @throws after `timeout` ms, saying what was waited for. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeout = patience,
): Promise<T> => {
  const deadline = performance.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${timeout} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

/** One VS Code window in a browser page, and what a person does in it. */
export class Workbench {
  readonly page: Page;
  readonly server: CodeServer;
  private readonly console: string[] = [];

  private constructor(page: Page, server: CodeServer) {
    this.page = page;
    this.server = server;
    page.setDefaultTimeout(patience);
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`page error: ${error.message}`));
  }

  /** Opens a window in a page of its own and waits until its extension host is there. */
  static async open(
    browser: Browser,
    server: CodeServer,
    options: PageOptions & {
      readonly width?: number;
      readonly height?: number;
      /** A window of the same person: it has the same secrets, which the browser keeps. */
      readonly beside?: Workbench;
    } = {},
  ): Promise<Workbench> {
    const shared = options.beside?.page.context();
    const context = shared ?? (await chromiumContext(browser, options.width, options.height));
    if (shared === undefined) {
      await context.addInitScript(keepMessages);
      // The server half of the key that secrets are kept with in the browser; the bare server has none to give.
      await context.route(/\/mint-key$/, (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    }
    const workbench = new Workbench(await context.newPage(), server);
    await workbench.page.goto(server.url(options));
    await workbench.ready();
    return workbench;
  }

  private async ready(): Promise<void> {
    await this.page.waitForSelector('.monaco-workbench');
    await this.page.waitForSelector('.activitybar .action-label[aria-label*="AnyCowork"]');
  }

  /** Presses the AnyCowork icon unless the view is showing, and waits for its composer. */
  async openView(selector = '[data-test=composer]'): Promise<Frame> {
    const icon = this.page.locator('.activitybar .action-item', {
      has: this.page.locator('.action-label[aria-label*="AnyCowork"]'),
    });
    const checked = async () => (await icon.getAttribute('class'))?.split(' ').includes('checked') === true;
    // A window that restores its view has not drawn the mark yet, and a press would then close the view again.
    for (const wait of [2_000, 5_000, patience]) {
      if (!(await checked())) {
        await icon.click();
        // Away from the icon, whose tooltip would stand in every picture.
        await this.page.mouse.move(900, 400);
      }
      // A view that VS Code makes anew meanwhile, as after a change of trust, takes its frame with it.
      const frame = await this.loadedFrame(selector, wait).catch(() => undefined);
      if (frame !== undefined) return frame;
    }
    throw new Error(`The AnyCowork view did not show ${selector}.`);
  }

  private async loadedFrame(selector: string, timeout: number): Promise<Frame> {
    const frame = await this.frameWith(selector, timeout);
    // Until then the composer keeps what is typed but does not send it.
    await frame.locator('[data-test=loading]').waitFor({ state: 'hidden' });
    return frame;
  }

  /** The document of a webview, two iframes down, that holds a visible element; a reloaded view is a new frame. */
  async frameWith(selector: string, timeout = patience): Promise<Frame> {
    return await until(
      `a webview with ${selector}`,
      async () => {
        for (const frame of this.page.frames()) {
          if (frame === this.page.mainFrame()) continue;
          const found = frame.locator(selector).first();
          if (await found.isVisible().catch(() => false)) return frame;
        }
        return undefined;
      },
      timeout,
    );
  }

  /** Runs a command by its title in the palette, as `AnyCowork: New Chat`. */
  async runCommand(title: string): Promise<void> {
    const input = this.page.locator(quickInput);
    await until(`the palette with ${title}`, async () => {
      // A window that has just loaded does not listen to keys yet, and an editor that opens takes the focus, which
      // closes the palette.
      await this.page.keyboard.press('F1');
      try {
        await input.fill(`>${title}`, { timeout: 2_000 });
        await this.quickRow(title).click({ timeout: 2_000 });
        return true;
      } catch {
        return false;
      }
    });
    // What a command asks next must not be looked for among the palette's rows.
    await this.quickRow(title).waitFor({ state: 'hidden' });
  }

  private quickRow(label: string): Locator {
    const rows = this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
    const exact = this.page.locator('.label-name', { hasText: new RegExp(`^\\s*${escapeRegExp(label)}$`) });
    return rows.filter({ has: exact }).first();
  }

  /** Presses an entry of the open quick pick by its label. */
  async pick(label: string): Promise<void> {
    // Filtered first: rows further down a long list do not exist until they are scrolled to.
    await this.page.locator(quickInput).fill(label);
    await this.quickRow(label).click();
  }

  /** The labels of the open quick pick. */
  async picks(): Promise<string[]> {
    const labels = this.page.locator('.quick-input-widget:visible .quick-input-list .label-name');
    await labels.first().waitFor();
    return await labels.allInnerTexts();
  }

  /** Types into the open input box and presses Enter. */
  async enterText(text: string): Promise<void> {
    const input = this.page.locator(quickInput);
    await input.fill(text);
    await input.press('Enter');
  }

  /** Types an absolute path into the open file dialog and presses Enter. */
  async enterPath(file: string): Promise<void> {
    const input = this.page.locator(quickInput);
    // The dialog completes what is typed, and writes its own folder into the field once it has read it.
    await until(`the dialog with ${file}`, async () => {
      await input.fill(file);
      await this.page.waitForTimeout(500);
      return (await input.inputValue()) === file;
    });
    await input.press('Enter');
  }

  /** Waits for VS Code's own modal message and reads it. */
  async modal(): Promise<Modal> {
    const box = this.page.locator(modalBox);
    await box.waitFor();
    const detail = box.locator('.dialog-message-detail');
    return {
      title: (await box.locator('.dialog-message-text').textContent()) ?? '',
      detail: (await detail.count()) === 0 ? '' : ((await detail.textContent()) ?? ''),
      buttons: await box.locator('.dialog-buttons .monaco-button').allInnerTexts(),
    };
  }

  /** Presses a button of the modal and waits for it to close; `Escape` and `Enter` press the key. */
  async answerModal(button: string): Promise<Modal> {
    const modal = await this.modal();
    const box = this.page.locator(modalBox);
    // The next modal may open at once, so this very box is watched.
    const handle = await box.elementHandle();
    if (button === 'Escape' || button === 'Enter') {
      await this.page.locator(`${modalBox} .monaco-button:focus`).waitFor();
      await this.page.keyboard.press(button);
    } else {
      const name = new RegExp(`^${escapeRegExp(button)}$`);
      await box.locator('.dialog-buttons .monaco-button').filter({ hasText: name }).click();
    }
    await handle?.waitForElementState('hidden');
    return modal;
  }

  async hasModal(): Promise<boolean> {
    return await this.page.locator(modalBox).isVisible();
  }

  /**
   * Waits for a notification that holds this text. One that comes while another closes may go straight to the list of
   * them: there it is looked for then.
   */
  async notification(text: string | RegExp): Promise<Locator> {
    const toast = this.page.locator('.notification-toast', { hasText: text }).first();
    const isShown = await toast.waitFor({ timeout: 8_000 }).then(
      () => true,
      () => false,
    );
    if (isShown) return toast;
    await this.runCommand('Notifications: Show Notifications');
    const listed = this.page.locator('.notifications-center .notification-list-item', { hasText: text });
    await listed.first().waitFor();
    return listed.first();
  }

  /** Loads the window anew, as "Developer: Reload Window" does: a new extension host, a new webview. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  async setTheme(theme: Theme): Promise<void> {
    await this.runCommand('Preferences: Color Theme');
    await this.pick(themeNames[theme]);
    const mark = { light: 'vs', dark: 'vs-dark', highContrast: 'hc-black', highContrastLight: 'hc-light' }[
      theme
    ];
    await this.page.locator(`.monaco-workbench.${mark}`).waitFor();
  }

  /** A PNG under test-results/. @returns its path. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(root, 'test-results', `${name.replaceAll(/[^\w.-]+/g, '-')}.png`);
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
    return file;
  }

  /** Every message posted to any frame since the window was loaded, as JSON, one a line. */
  async postedMessages(): Promise<string> {
    const read = () => ('keptMessages' in window ? JSON.stringify(window.keptMessages) : '');
    const kept = await Promise.all(this.page.frames().map((frame) => frame.evaluate(read).catch(() => '')));
    return kept.join('\n');
  }

  /** What the page's console said, oldest first, without what every such window says. */
  consoleText(): string {
    return this.console.filter((line) => !harmless.some((each) => each.test(line))).join('\n');
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Said by the browser workbench itself on a machine without a network. */
const harmless = [
  /%c INFO/,
  /service ?worker/i,
  /status of 404/,
  /vscode-sqlite3/,
  /open-vsx\.org/,
  /authentication provider/,
  /ERR_NAME_NOT_RESOLVED/,
  /allow-scripts and allow-same-origin/,
  /web worker extension host is started/,
  /bad HTTP response code \(404\)/,
  /Long running operations during shutdown/,
];

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
