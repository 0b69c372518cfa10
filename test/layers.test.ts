import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/**
 * What each folder may import: other folders of ours, and packages. `node:*` is a package here. A package stands under
 * one folder only (zod, the parser of everything untyped, picomatch, the one language of globs, marked, the reader of what models write, and diff are the exceptions).
 */
const allowed: Record<string, { folders: string[]; packages: string[] }> = {
  'extension/shared': { folders: [], packages: ['zod'] },
  'extension/core': { folders: ['extension/shared'], packages: ['zod', 'unbash', 'picomatch', 'croner'] },
  'extension/providers': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', '@anthropic-ai/sdk', 'openai', '@google/genai', 'node:*'],
  },
  'extension/tools': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', 'diff', 'ignore', 'picomatch', 'node:*'],
  },
  'extension/workspace': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['node:*'],
  },
  'extension/skills': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', 'yaml', 'yauzl', 'picomatch', 'node:*'],
  },
  'extension/sandbox': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', 'dockerode', 'node:*'],
  },
  'extension/telegram': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', 'grammy', 'marked', 'node:*'],
  },
  'extension/mcp': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', '@modelcontextprotocol/client', 'jsonc-parser', 'cross-spawn', 'node:*'],
  },
  'extension/storage': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', 'sql.js', 'node:*'],
  },
  'extension/vscode': {
    folders: ['extension/shared', 'extension/core'],
    packages: ['zod', 'vscode', 'diff', 'node-diff3', 'node:*'],
  },
  webview: {
    folders: ['extension/shared'],
    packages: ['preact', 'marked', 'dompurify', 'highlight.js', '@vscode/webview-ui-toolkit'],
  },
};

/** Packages that may stand in one file only. */
const oneFile: Record<string, string> = {
  '@vscode/webview-ui-toolkit': 'webview/toolkit.ts',
};

/** The composition root, its parts, and the entry point that loads it on first use: they see every folder. */
const roots = [
  'extension/main.ts',
  'extension/app.ts',
  'extension/work.ts',
  'extension/skillSet.ts',
  'extension/commandNames.ts',
  'extension/lazyMcp.ts',
  'extension/lazyPart.ts',
  'extension/lazySkills.ts',
  'extension/lazyTelegram.ts',
  'extension/mcpSet.ts',
  'extension/sandboxSetUp.ts',
  'extension/surfaces.ts',
  'extension/telegramSetUp.ts',
  'extension/windows.ts',
];

const sources = globSync('{extension,webview}/**/*.{ts,tsx}', { cwd: root }).map((file) =>
  file.split(path.sep).join('/'),
);

const folderOf = (file: string): string | undefined =>
  Object.keys(allowed).find((folder) => file.startsWith(`${folder}/`));

const importsOf = (file: string): string[] => {
  const text = readFileSync(path.join(root, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
};

const packageOf = (specifier: string): string => {
  if (specifier.startsWith('node:')) return 'node:*';
  const [scope, name] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : (scope ?? specifier);
};

describe('layers', () => {
  it('finds the sources', () => {
    assert.ok(sources.length > 10);
  });

  it('only imports what its folder may', () => {
    const wrong = sources.flatMap((file) => {
      if (roots.includes(file)) return [];
      const folder = folderOf(file);
      if (folder === undefined) return [`${file}: in no folder of the table`];
      const rule = allowed[folder];
      return importsOf(file).flatMap((specifier) => {
        if (!specifier.startsWith('.')) {
          const name = packageOf(specifier);
          const elsewhere = oneFile[name] !== undefined && oneFile[name] !== file;
          return rule?.packages.includes(name) === true && !elsewhere ? [] : [`${file}: ${specifier}`];
        }
        const target = path.posix.join(path.posix.dirname(file), specifier);
        const inside = target.startsWith(`${folder}/`);
        const permitted = rule?.folders.some((each) => target.startsWith(`${each}/`)) === true;
        return inside || permitted ? [] : [`${file}: ${specifier}`];
      });
    });
    assert.deepEqual(wrong, []);
  });

  it('imports every package it may', () => {
    const unused = Object.entries(allowed).flatMap(([folder, { packages }]) => {
      const files = sources.filter((file) => folderOf(file) === folder);
      const used = new Set(files.flatMap(importsOf).map(packageOf));
      return packages.filter((name) => !used.has(name)).map((name) => `${folder}: ${name}`);
    });
    assert.deepEqual(unused, []);
  });

  it('keeps every source file within 400 lines', () => {
    const every = [...sources, ...globSync('test/**/*.{ts,mjs}', { cwd: root }), 'esbuild.mjs'];
    const long = every.filter((file) => readFileSync(path.join(root, file), 'utf8').split('\n').length > 401);
    assert.deepEqual(long, []);
  });
});
