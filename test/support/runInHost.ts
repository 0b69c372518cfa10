import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { CodeServer, type CodeServerOptions, type PageOptions } from './codeServer.ts';
import { linesFromHost } from './hostConsole.ts';
import { root } from './setUp.mjs';
import { chromiumContext, launchBrowser } from './workbench.ts';

export interface WindowRun extends Pick<PageOptions, 'folder'> {
  /** Names the files that a failure leaves in test-results/. */
  readonly name: string;
  /** A CommonJS bundle with `run(): Promise<void>`. */
  readonly testsPath: string;
  /** Each line that the bundle prints with printFromHost. */
  readonly onLine: (line: string) => void;
  /** Milliseconds until the run counts as failed. */
  readonly limit: number;
}

export interface HostRun
  extends Pick<CodeServerOptions, 'settings' | 'env' | 'extensions'>,
    Omit<WindowRun, 'folder'> {
  readonly folder: string;
}

/**
 * Opens a window of a server in mode `tests` whose extension host runs a bundle. The page may be used meanwhile.
 * @returns 0 when `run()` resolved, 1 when it rejected, 2 when it did not end in time; then the logs have been printed.
 */
export const runInWindow = async (page: Page, server: CodeServer, options: WindowRun): Promise<number> => {
  const { name, folder, testsPath, onLine, limit } = options;
  const console: string[] = [];
  page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`));
  const ended = new Promise<number>((resolve) => {
    const deadline = setTimeout(() => resolve(2), limit);
    void page.exposeFunction('codeAutomationExit', (code: number) => {
      clearTimeout(deadline);
      resolve(code);
    });
  });
  await page.exposeFunction('codeAutomationLog', (type: string, values: unknown[]) => {
    const text = values.map(String).join(' ');
    const lines = linesFromHost(text);
    if (lines === undefined) console.push(`${type}: ${text}`);
    else for (const line of lines) onLine(line);
  });
  await page.goto(server.url({ testsPath, ...(folder === undefined ? {} : { folder }) }));
  const code = await ended;
  if (code !== 0) {
    onLine(code === 2 ? `No end within ${limit / 1000} s.` : 'The run in the extension host failed.');
    const results = path.join(root, 'test-results');
    mkdirSync(results, { recursive: true });
    await page.screenshot({ path: path.join(results, `${name}.png`) });
    const logs = `--- page console\n${console.join('\n')}\n${server.logs()}`;
    writeFileSync(path.join(results, `${name}.log`), logs);
    onLine(
      `Logs and a screenshot: test-results/${name}.log and .png; the end of the logs:\n${logs.slice(-4_000)}`,
    );
  }
  return code;
};

/** The same in a browser and on a server of its own. */
export const runInHost = async (options: HostRun): Promise<number> => {
  const { name, testsPath, onLine, limit, ...serverOptions } = options;
  const server = await CodeServer.start({ ...serverOptions, mode: 'tests' });
  const browser = await launchBrowser();
  try {
    const page = await (await chromiumContext(browser)).newPage();
    return await runInWindow(page, server, { name, testsPath, onLine, limit });
  } finally {
    await browser.close();
    await server.stop();
  }
};
