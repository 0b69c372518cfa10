/**
 * The built webview in a real Chromium, as VS Code would show it: the same Content-Security-Policy, the theme's
 * variables, VS Code's own default styles, and a fake host on the other side of acquireVsCodeApi.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { ToHost, ToWebview, ToWebviewBody } from '../../extension/shared/protocol.ts';
import { ensureChromium } from '../support/setUp.mjs';
import { dark, type Theme, themes } from './themes.ts';

const root = path.resolve(import.meta.dirname, '../..');

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

/** The product's own document, out of a module that needs VS Code for one function only. */
const loadChatHtml = async (): Promise<typeof import('../../extension/vscode/chatHtml.ts').chatHtml> => {
  const fake = 'export const Uri = { joinPath: (folder, name) => folder + "/" + name };';
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'vscode'
        ? { url: `data:text/javascript,${encodeURIComponent(fake)}`, shortCircuit: true }
        : next(specifier, context),
  });
  try {
    return (await import('../../extension/vscode/chatHtml.ts')).chatHtml;
  } finally {
    hooks.deregister();
  }
};

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

/** VS Code's part of the page: styles, theme, and the end of the wire. */
const preload = (nonce: string): string => `
<style nonce="${nonce}">${defaultStyles} html { background: var(--vscode-sideBar-background); }</style>
<script nonce="${nonce}">
  window.useTheme = ({ variables, bodyClass }) => {
    const { style } = document.documentElement;
    for (const name of [...style]) style.removeProperty(name);
    for (const [name, value] of Object.entries(variables)) style.setProperty('--vscode-' + name, value);
    document.body.className = bodyClass;
    document.body.dataset.vscodeThemeKind = bodyClass;
  };
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
  window.posts = [];
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => window.posts.push(structuredClone(message)),
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
  });
</script>`;

const mediaTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

/** Serves the built view, and the page at `/?theme=NAME`. */
const serve = async (outdir: string): Promise<{ server: Server; origin: string }> => {
  const chatHtml = await loadChatHtml();
  let origin = '';
  const pageHtml = (name: string): string => {
    const theme = themes.find((each) => each.name === name) ?? dark;
    const webview = { cspSource: origin, asWebviewUri: (uri: unknown) => uri };
    // The two members it uses of what it takes.
    const html = chatHtml(webview as never, origin as never);
    const nonce = /'nonce-([^']+)'/.exec(html)?.[1] ?? '';
    return html
      .replace('<meta name="viewport"', `${preload(nonce)}<meta name="viewport"`)
      .replace('<body>', `<body><script nonce="${nonce}">useTheme(${JSON.stringify(theme)})</script>`);
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname === '/') {
      response.setHeader('content-type', 'text/html');
      response.end(pageHtml(url.searchParams.get('theme') ?? ''));
      return;
    }
    if (url.pathname === '/favicon.ico') {
      response.statusCode = 204;
      response.end();
      return;
    }
    const name = path.basename(url.pathname);
    const folder = url.pathname.startsWith('/chunks/') ? 'chunks' : '';
    const body = await readFile(path.join(outdir, folder, name)).catch(() => undefined);
    response.statusCode = body === undefined ? 404 : 200;
    response.setHeader('content-type', mediaTypes[path.extname(name)] ?? 'text/plain');
    response.setHeader('cache-control', 'max-age=3600');
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  origin = `http://127.0.0.1:${address.port}`;
  return { server, origin };
};

declare global {
  interface Window {
    posts: ToHost[];
    violations: string[];
    useTheme: (theme: Theme) => void;
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
  /** Sends messages as they are: for posts that were lost, doubled or overtaken. */
  readonly pushRaw: (...messages: readonly ToWebview[]) => Promise<void>;
  /** As VS Code does when the view was closed and is opened again: the page is new, its saved state is not. */
  readonly reload: () => Promise<void>;
  readonly useTheme: (theme: Theme) => Promise<void>;
  /** Errors of the page and everything its policy refused. */
  readonly problems: () => Promise<readonly string[]>;
  readonly forgetProblems: () => Promise<void>;
  /** Addresses outside the view that it tried to load. */
  readonly requests: () => readonly string[];
}

export interface ShowOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
}

const isReady = (): boolean =>
  window.posts.some((post) => post.type === 'ready') && customElements.get('vscode-button') !== undefined;

/** Resolves when what was done so far is drawn: the view draws in the frame after a change, and its effects run after that. */
export const drawn = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => setTimeout(resolve, 0));
      }),
  );

/** What a person does with a page, by the objects of Playwright that offer it. */
const actionsOf = (page: Page): readonly (readonly [object, readonly string[]])[] => [
  [page, ['click', 'dblclick', 'fill', 'focus', 'hover', 'press']],
  [page.keyboard, ['down', 'insertText', 'press', 'type', 'up']],
  [page.mouse, ['click', 'dblclick', 'down', 'up']],
  [
    Object.getPrototypeOf(page.locator('body')),
    ['blur', 'click', 'dblclick', 'dispatchEvent', 'fill', 'focus', 'hover', 'press', 'selectOption'],
  ],
];

/** Lets each action end when it is drawn, so that a test that looks next sees what a person would see. */
const drawAfterActions = (page: Page): void => {
  for (const [target, names] of actionsOf(page)) {
    for (const name of names) {
      const act: unknown = Reflect.get(target, name);
      if (typeof act !== 'function') throw new Error(`Playwright has no ${name} any more`);
      const drawing = async function (this: unknown, ...parameters: readonly unknown[]): Promise<unknown> {
        const result: unknown = await Reflect.apply(act, this, parameters);
        await drawn(page);
        return result;
      };
      Reflect.set(target, name, drawing);
    }
  }
};

/** Chromium with the built view; close it after the tests. Shows one view at a time, in the same page. */
export class Harness {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #server: Server;
  readonly #origin: string;
  readonly #outdir: string;
  #errors: string[] = [];
  #requests: string[] = [];

  private constructor(browser: Browser, page: Page, server: Server, origin: string, outdir: string) {
    this.#browser = browser;
    this.#page = page;
    this.#server = server;
    this.#origin = origin;
    this.#outdir = outdir;
    page.on('pageerror', (error) => this.#errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#errors.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(?:data|blob):/.test(url) && !url.startsWith(`${origin}/`)) this.#requests.push(url);
    });
  }

  static async start(): Promise<Harness> {
    const [browser, outdir] = await Promise.all([
      chromium.launch({
        executablePath: await ensureChromium(),
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
    const { server, origin } = await serve(outdir);
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    drawAfterActions(page);
    return new Harness(browser, page, server, origin, outdir);
  }

  get outdir(): string {
    return this.#outdir;
  }

  async show({ theme = dark, width = 340, height = 700 }: ShowOptions = {}): Promise<Shown> {
    const page = this.#page;
    let seq = 0;
    await page.setViewportSize({ width, height });
    await page.mouse.move(0, 0);
    if (page.url().startsWith(this.#origin)) await page.evaluate(() => sessionStorage.clear());
    this.#errors = [];
    this.#requests = [];
    await page.goto(`${this.#origin}/?theme=${theme.name}`);
    await page.waitForFunction(isReady);

    const pushRaw: Shown['pushRaw'] = (...messages) =>
      page.evaluate(
        // As text: the types of a message are too deep for Playwright's own.
        (all) => {
          for (const message of JSON.parse(all)) window.postMessage(message, '*');
          return new Promise<void>((resolve) => {
            // Once for the messages, once for the drawing.
            setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve())), 0);
          });
        },
        JSON.stringify(messages),
      );
    return {
      page,
      pushRaw,
      push: (...messages) =>
        pushRaw(
          ...messages.map((message) => {
            seq = message.type === 'snapshot' ? 0 : seq + 1;
            return { ...message, seq } as ToWebview; // A body with its number is the message again.
          }),
        ),
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
      reload: async () => {
        await page.reload();
        await page.waitForFunction(isReady);
      },
      useTheme: (other) => page.evaluate((chosen) => window.useTheme(chosen), other),
      problems: async () => [...this.#errors, ...(await page.evaluate(() => window.violations))],
      forgetProblems: () => {
        this.#errors = [];
        this.#requests = [];
        return page.evaluate(() => {
          window.violations.length = 0;
        });
      },
      requests: () => this.#requests,
    };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#outdir, { recursive: true, force: true });
  }
}
