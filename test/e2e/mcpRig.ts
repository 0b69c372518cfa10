import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { root } from '../support/setUp.mjs';
import { until } from '../support/workbench.ts';
import type { Rig } from './rig.ts';

const packages = path.join(root, 'node_modules', '@modelcontextprotocol');

/** The reference server that has one of everything, over stdio. */
export const everything: readonly string[] = [
  process.execPath,
  path.join(packages, 'server-everything', 'dist', 'index.js'),
  'stdio',
];

/** A file of servers, as it stands in a workspace or at home. */
export const writeJson = (file: string, value: unknown): void => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value, undefined, 2));
};

/** A row of the view of servers, by a part of its text. */
export const serverRow = ({ workbench }: Rig, text: string | RegExp): Locator =>
  workbench.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();

/** Opens the menu of a row, and takes an entry of it. */
export const rowMenu = async (rig: Rig, text: string, entry: string): Promise<void> => {
  const { page } = rig.workbench;
  const item = page.locator('.context-view .action-label', { hasText: entry }).first();
  await until(`the menu with ${entry}`, async () => {
    await serverRow(rig, text).click({ button: 'right' });
    return await item.waitFor({ timeout: 2_000 }).then(
      () => true,
      () => page.keyboard.press('Escape').then(() => false),
    );
  });
  await item.click();
};

/** The last step of a tool. */
export const lastStep = (frame: Frame, tool: string): Locator =>
  frame.locator(`[data-test=step][data-tool="${tool}"]`).last();

/** Processes whose command line has this in it, their ids as a set of texts. */
export const processesWith = (text: string): readonly string[] =>
  globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      return readFileSync(file, 'utf8').replaceAll('\0', ' ').includes(text)
        ? [file.split('/')[2] ?? '']
        : [];
    } catch {
      return [];
    }
  });

/** Where a browser that stands elsewhere reaches a port of this computer, as the server of the editor says. */
const proxied = /^(?:https?:\/\/[^/]+)?\/proxy\/(\d+)(\/.*)$/;
const behindProxy = (url: string): string => {
  const [, port, rest] = proxied.exec(url) ?? [];
  return port === undefined ? url : `http://127.0.0.1:${port}${rest}`;
};

/**
 * The editor's server names addresses of a proxy for ports of this computer (`asExternalUri`), which whoever hosts it has
 * to provide. Here the browser is that proxy, redirects included.
 */
export const proxyPorts = async ({ workbench }: Rig): Promise<void> => {
  await workbench.page.context().route(proxied, async (route) => {
    const request = route.request();
    let url = behindProxy(request.url());
    let method = request.method();
    let body = request.postData();
    for (let hops = 0; hops < 10; hops += 1) {
      const response = await fetch(url, { method, body, redirect: 'manual' });
      const location = response.headers.get('location');
      if (location === null) {
        const contentType = response.headers.get('content-type') ?? 'text/html';
        await route.fulfill({ status: response.status, contentType, body: await response.text() });
        return;
      }
      url = behindProxy(new URL(location, url).href);
      [method, body] = ['GET', null];
    }
    await route.abort();
  });
};
