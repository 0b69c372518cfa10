/**
 * The built webview in a real Chromium, as VS Code would show it: the same Content-Security-Policy, the theme's
 * variables, VS Code's own default styles, and a fake host on the other side of acquireVsCodeApi.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { ToHost, ToWebviewBody } from '../../extension/shared/protocol.ts';
import { dark, type Theme } from './themes.ts';

const root = path.resolve(import.meta.dirname, '../..');
const origin = 'https://webview.test';
const nonce = 'bm9uY2U';

/** Bundles the view alone, into a folder of its own. */
export const buildWebview = async (): Promise<string> => {
  const outdir = await mkdtemp(path.join(tmpdir(), 'anycowork-webview-'));
  await build({
    absWorkingDir: root,
    entryPoints: { webview: 'webview/main.tsx', styles: 'webview/styles.css' },
    outdir,
    bundle: true,
    format: 'esm',
    minify: true,
    platform: 'browser',
    target: 'chrome130',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'warning',
  });
  return outdir;
};

const policy = [
  `default-src 'none'`,
  `script-src 'nonce-${nonce}' 'strict-dynamic' ${origin}`,
  `style-src ${origin} 'nonce-${nonce}'`,
  `font-src ${origin}`,
  `img-src ${origin} data: blob:`,
].join('; ');

/** What VS Code puts into every webview, in a layer of its own. */
const defaultStyles = `@layer vscode-default {
  html { scrollbar-color: #79797966 transparent; }
  body { overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
    font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size);
    margin: 0; padding: 0 20px; }
  img, video { max-width: 100%; max-height: 100%; }
  a, a code { color: var(--vscode-textLink-foreground); }
  a:focus, input:focus, select:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
  code { font-family: var(--monaco-monospace-font); color: var(--vscode-textPreformat-foreground);
    background-color: var(--vscode-textPreformat-background); padding: 1px 3px; border-radius: 4px; }
  pre code { padding: 0; }
  blockquote { background: var(--vscode-textBlockQuote-background); border-color: var(--vscode-textBlockQuote-border); }
}`;

const pageHtml = (theme: Theme): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<style nonce="${nonce}">${defaultStyles} html { background: var(--vscode-sideBar-background); }</style>
<script nonce="${nonce}">
  for (const [name, value] of Object.entries(${JSON.stringify(theme.variables)})) {
    document.documentElement.style.setProperty('--vscode-' + name, value);
  }
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
  window.posts = [];
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => window.posts.push(structuredClone(message)),
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
  });
</script>
<link rel="stylesheet" href="${origin}/styles.css">
<title>Chat</title>
</head>
<body class="${theme.bodyClass}" data-vscode-theme-kind="${theme.bodyClass}">
<div id="root"></div>
<script type="module" nonce="${nonce}" src="${origin}/webview.js"></script>
</body>
</html>`;

const mediaTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

declare global {
  interface Window {
    posts: ToHost[];
    violations: string[];
  }
}

/** One shown webview, and the host's end of it. */
export interface Shown {
  readonly page: Page;
  /** Sends messages, numbered as the host numbers them, and waits for the frame after them. */
  readonly push: (...messages: readonly ToWebviewBody[]) => Promise<void>;
  /** What the view has posted, of one type or all. */
  readonly posts: <T extends ToHost['type']>(type: T) => Promise<readonly Extract<ToHost, { type: T }>[]>;
  /** Resolves with the first post of that type. */
  readonly posted: <T extends ToHost['type']>(type: T) => Promise<Extract<ToHost, { type: T }>>;
  readonly clearPosts: () => Promise<void>;
  /** Errors of the page and everything its policy refused. */
  readonly problems: () => Promise<readonly string[]>;
}

export interface ShowOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
}

/** Chromium with the built view; close it after the tests. */
export class Harness {
  readonly #browser: Browser;
  readonly #outdir: string;

  private constructor(browser: Browser, outdir: string) {
    this.#browser = browser;
    this.#outdir = outdir;
  }

  static async start(): Promise<Harness> {
    const [browser, outdir] = await Promise.all([
      chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      }),
      buildWebview(),
    ]);
    return new Harness(browser, outdir);
  }

  get outdir(): string {
    return this.#outdir;
  }

  async show({ theme = dark, width = 340, height = 700 }: ShowOptions = {}): Promise<Shown> {
    const context = await this.#browser.newContext({ viewport: { width, height } });
    const page = await context.newPage();
    const errors: string[] = [];
    let seq = 0;
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.route(`${origin}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: pageHtml(theme) });
      const body = await readFile(path.join(this.#outdir, pathname)).catch(() => undefined);
      return body === undefined
        ? route.fulfill({ status: 404 })
        : route.fulfill({
            contentType: mediaTypes[path.extname(pathname)] ?? '',
            headers: { 'access-control-allow-origin': '*' },
            body,
          });
    });
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => window.posts.some((post) => post.type === 'ready'));
    await page.waitForFunction(() => customElements.get('vscode-button') !== undefined);

    const push: Shown['push'] = async (...messages) => {
      const numbered = messages.map((message) => {
        seq = message.type === 'snapshot' ? 0 : seq + 1;
        return { ...message, seq };
      });
      await page.evaluate(
        // As text: the types of a message are too deep for Playwright's own.
        (all) => {
          for (const message of JSON.parse(all)) window.postMessage(message, '*');
          return new Promise<void>((resolve) => {
            // Once for the messages, once for the drawing.
            setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve())), 0);
          });
        },
        JSON.stringify(numbered),
      );
    };
    return {
      page,
      push,
      posts: (type) =>
        page.evaluate((wanted) => window.posts.filter((post) => post.type === wanted), type) as never, // Filtered by its discriminant, in the page.
      posted: async (type) => {
        const handle = await page.waitForFunction(
          (wanted) => window.posts.find((post) => post.type === wanted),
          type,
        );
        return (await handle.jsonValue()) as never; // As above.
      },
      clearPosts: () =>
        page.evaluate(() => {
          window.posts.length = 0;
        }),
      problems: async () => [...errors, ...(await page.evaluate(() => window.violations))],
    };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.#outdir, { recursive: true, force: true });
  }
}
