import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const client = '@modelcontextprotocol/client';

/** Modules that are loaded with a file; types, and what is imported later, are not. */
const loadedBy = (file: string): readonly string[] => {
  const found = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type\b)(?:([^;]*?) from )?'([^']+)';/gm,
  );
  return [...found]
    .filter(([, what = '']) => !/^\{(?:\s*type [^,}]+,?)+\s*\}$/.test(what))
    .map(([, , name = '']) => name);
};

/** @returns packages, each with the files that lead to it */
const packagesOf = (entry: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const follow = (file: string, way: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const here = `${way} > ${path.relative(root, file)}`;
    for (const name of loadedBy(file)) {
      if (name.startsWith('.')) follow(path.resolve(path.dirname(file), name), here);
      else if (!found.has(name)) found.set(name, here);
    }
  };
  follow(path.join(root, entry), '');
  return found;
};

describe('MCP in a window without servers', () => {
  it('loads no client: it is large, and every job asks for tools', () => {
    const packages = packagesOf('extension/mcpSet.ts');
    assert.ok(packages.has('zod') && packages.has('vscode'), 'the imports were followed');
    assert.deepEqual(
      [...packages].filter(([name]) => name.startsWith(client) || name === 'cross-spawn'),
      [],
    );
    assert.ok(packagesOf('extension/mcp/connect.ts').has(client), 'it would have been found');
  });
});
