// Builds dist/: the extension host (ESM, SDKs in chunks that load on first use), the storage worker, the guard of MCP
// servers, the webview and SQLite's wasm. `node esbuild.mjs [--watch] [--dev]`.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { context } from 'esbuild';

const watch = process.argv.includes('--watch');
const dev = watch || process.argv.includes('--dev');

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  format: 'esm',
  minify: !dev,
  sourcemap: dev ? 'linked' : false,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
};

/**
 * The client of container engines can also speak SSH and BuildKit's protocol, with large packages that read files beside
 * them at run time, and that of Telegram brings an HTTP client, in the place of which it is given another one. None of
 * them is used: what asks for them gets an error.
 * @type {import('esbuild').Plugin}
 */
const withoutUnused = {
  name: 'without-unused',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(\.\/session|\.\/ssh)$/ }, ({ path, importer }) =>
      /[\\/]node_modules[\\/](dockerode|docker-modem)[\\/]/.test(importer)
        ? { path, namespace: 'left-out' }
        : undefined,
    );
    onResolve({ filter: /^node-fetch$/ }, ({ path, importer }) =>
      /[\\/]node_modules[\\/]grammy[\\/]/.test(importer) ? { path, namespace: 'left-out' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `module.exports = () => { throw new Error('${path} is left out of this build.'); };`,
      loader: 'js',
    }));
  },
};

/** @type {import('esbuild').BuildOptions} */
const host = {
  ...common,
  entryPoints: {
    extension: 'extension/main.ts',
    storageWorker: 'extension/storage/worker.ts',
    mcpGuard: 'extension/mcp/guardProcess.ts',
  },
  outdir: 'dist',
  platform: 'node',
  target: 'node22',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  external: ['vscode'],
  plugins: [withoutUnused],
  loader: { '.node': 'empty' },
  // Its main file for Node looks for its parts at run time.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  // CommonJS packages inside an ES module bundle still call require().
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/** @type {import('esbuild').BuildOptions} */
const webview = {
  ...common,
  entryPoints: { webview: 'webview/main.tsx', styles: 'webview/styles.css' },
  outdir: 'dist/webview',
  platform: 'browser',
  target: 'chrome130',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
  define: { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' },
};

await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });
await cp('node_modules/sql.js/dist/sql-wasm.wasm', 'dist/sql-wasm.wasm');

const contexts = await Promise.all([host, webview].map((options) => context(options)));
if (watch) {
  await Promise.all(contexts.map((each) => each.watch()));
} else {
  const [hostResult, webviewResult] = await Promise.all(contexts.map((each) => each.rebuild()));
  await writeFile(
    'dist/meta.json',
    JSON.stringify({ host: hostResult?.metafile, webview: webviewResult?.metafile }),
  );
  await Promise.all(contexts.map((each) => each.dispose()));
}
