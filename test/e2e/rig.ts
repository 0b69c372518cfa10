import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Frame, Locator } from 'playwright-core';
import { CodeServer, type CodeServerOptions } from '../support/codeServer.ts';
import { root } from '../support/setUp.mjs';
import { launchBrowser, until, Workbench } from '../support/workbench.ts';

/** Planted in the extension host's environment; it must never be found anywhere else. */
export const plantedKey = 'planted-key-4c1f9a7e2b';

/** What the scenarios need of a model server; LLMock is one. */
export interface ModelServer {
  readonly url: string;
  stop(): Promise<unknown>;
}

export interface RigOptions
  extends Pick<CodeServerOptions, 'settings' | 'env' | 'restricted' | 'extensions'> {
  readonly model: ModelServer;
  /** A folder to copy; the sample folder by default. */
  readonly folder?: string;
  readonly width?: number;
  readonly height?: number;
}

/** One VS Code server with the extension, one window on a copy of a folder, and a local model behind Gemini's API. */
export interface Rig {
  readonly server: CodeServer;
  readonly workbench: Workbench;
  readonly browser: Browser;
  readonly folder: string;
  /** Reads a file of the folder from disk. */
  file(name: string): string;
  /** Types into the composer and presses Enter. */
  send(text: string): Promise<Frame>;
  /** Waits until the last answer holds this text. */
  answer(text: string | RegExp): Promise<Frame>;
  stop(): Promise<void>;
}

/**
 * Leaves this text in the field and nothing else: a view that is just being drawn may put the caret behind what stands
 * there, after it was selected and before it is replaced.
 */
export const fillWith = (field: Locator, text: string): Promise<unknown> =>
  until(`the field with ${text}`, async () => {
    await field.fill(text);
    return (await field.inputValue()) === text;
  });

export const startRig = async (options: RigOptions): Promise<Rig> => {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'anycowork-e2e-'));
  const folder = path.join(parent, 'team-calendar');
  cpSync(options.folder ?? path.join(root, 'test', 'sample'), folder, { recursive: true });
  const server = await CodeServer.start({
    folder,
    settings: { 'anycowork.gemini.baseUrl': options.model.url, ...options.settings },
    env: { GEMINI_API_KEY: plantedKey, ...options.env },
    ...(options.restricted === undefined ? {} : { restricted: options.restricted }),
    ...(options.extensions === undefined ? {} : { extensions: options.extensions }),
  });
  const browser = await launchBrowser();
  const { width, height } = options;
  const workbench = await Workbench.open(browser, server, {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  });
  return {
    server,
    workbench,
    browser,
    folder,
    file: (name) => readFileSync(path.join(folder, name), 'utf8'),
    send: async (text) => {
      const frame = await workbench.openView();
      const composer = frame.locator('[data-test=composer]');
      await fillWith(composer, text);
      await composer.press('Enter');
      return frame;
    },
    answer: (text) =>
      until(`an answer with ${text}`, async () => {
        const frame = await workbench.frameWith('[data-test=composer]');
        const found = frame.locator('[data-test=assistant]', { hasText: text }).last();
        return (await found.isVisible().catch(() => false)) ? frame : undefined;
      }),
    stop: async () => {
      await browser.close();
      await server.stop();
      await options.model.stop();
      rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** For suites whose tests go on from one another: after a failed one the rest is skipped. */
export const inSequence = (): void => {
  beforeEach(function () {
    if (this.currentTest?.parent?.tests.some((test) => test.state === 'failed')) this.skip();
  });
};

/** For `afterEach`: a failed test leaves a screenshot and the logs in test-results/ and prints the end of them. */
export const reportFailure = async (test: Mocha.Test | undefined, rig: Rig | undefined): Promise<void> => {
  if (test?.state !== 'failed' || rig === undefined) return;
  const name = `failed-${test.fullTitle()}`.replaceAll(/[^\w.-]+/g, '-');
  const page = rig.workbench.consoleText();
  const logs = rig.server.logs();
  mkdirSync(path.join(root, 'test-results'), { recursive: true });
  writeFileSync(path.join(root, 'test-results', `${name}.log`), `${logs}\n--- page console\n${page}`);
  const picture = await rig.workbench.screenshot(name).catch(() => 'no screenshot: the page is gone');
  console.log(
    `--- extension host log (end)\n${logs.slice(-3_000)}\n--- page console (end)\n${page.slice(-2_000)}`,
  );
  console.log(`--- saved: ${picture}, test-results/${name}.log`);
};
