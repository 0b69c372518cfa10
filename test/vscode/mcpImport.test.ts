import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { McpImportable, McpImportSource } from '../../extension/core/mcp.ts';
import { answers, executed, messages, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { folder, mcpInput, mcpRig, server } from './mcpRig.ts';

const { namesFor } = await loadWithVscode(() => import('../../extension/vscode/mcpImport.ts'));

const importable = (name: string, more: Partial<McpImportable> = {}): McpImportable => ({
  name,
  entry: { command: 'npx', args: ['-y', name] },
  inputs: [],
  secrets: {},
  summary: `npx -y ${name}`,
  ...more,
});

const withSecret = importable('github', {
  entry: { command: 'docker', env: { TOKEN: `\${input:github.TOKEN}` } },
  inputs: [{ type: 'promptString', id: 'github.TOKEN', password: true }],
  secrets: { 'github.TOKEN': 'ghp_secret' },
});

const source = (program: string, ...servers: readonly McpImportable[]): McpImportSource => ({
  program,
  file: `/home/me/${program}.json`,
  servers,
});

beforeEach(resetVscode);

describe('importing MCP servers', () => {
  it('takes those that the person chose, with secrets in secret storage', async () => {
    const imports = [source('Cursor', importable('fetch'), withSecret), source('Cline', importable('x'))];
    const { commands, saved, kept, calls } = mcpRig([], { imports });
    answers.push('Cursor', ['fetch', 'github'], 'This folder: shop');
    assert.deepEqual(await commands.importMcpServers(), ['fetch', 'github']);
    const target = { place: 'anycowork', folder };
    assert.deepEqual(
      saved.map((each) => [each.target, each.name, each.entry]),
      [
        [target, 'fetch', { command: 'npx', args: ['-y', 'fetch'] }],
        [target, 'github', withSecret.entry],
      ],
    );
    assert.deepEqual(kept, [[target, 'github.TOKEN', 'ghp_secret']]);
    assert.deepEqual(calls, [], 'nothing is started');
    assert.deepEqual(executed, [['anycowork.mcp.focus']]);
    assert.match(told[0] ?? '', /2 MCP servers were imported from Cursor\. None is started until/);
    assert.ok(!JSON.stringify([saved, messages]).includes('ghp_secret'));
  });

  it('gives those whose names are taken other names, after a question', async () => {
    const imports = [source('Cursor', withSecret)];
    const there = server('github', { inputs: [{ ...mcpInput, id: 'github.TOKEN' }] });
    const { commands, saved, kept } = mcpRig([there], { imports });
    answers.push('Cursor', ['github'], 'Import With These Names', 'My servers');
    assert.deepEqual(await commands.importMcpServers(), ['github-2']);
    assert.match(messages[0]?.detail ?? '', /github → github-2/);
    assert.deepEqual(saved[0]?.entry.env, { TOKEN: `\${input:github.TOKEN-2}` });
    assert.deepEqual(saved[0]?.inputs[0]?.id, 'github.TOKEN-2');
    assert.deepEqual(kept, [[{ place: 'user' }, 'github.TOKEN-2', 'ghp_secret']], 'not over the other one');
  });

  it('leaves out those whose names are taken where the person wants that', async () => {
    const imports = [source('Cursor', importable('a'), importable('b'))];
    const { commands, saved } = mcpRig([server('a')], { imports });
    answers.push('Cursor', ['a', 'b'], 'Leave Them Out', 'My servers');
    assert.deepEqual(await commands.importMcpServers(), ['b']);
    assert.deepEqual(
      saved.map(({ name }) => name),
      ['b'],
    );
  });

  for (const [name, given] of [
    ['the program', []],
    ['the servers', ['Cursor']],
    ['no servers', ['Cursor', []]],
    ['the names', ['Cursor', ['a']]],
    ['where', ['Cursor', ['b']]],
  ] as const) {
    it(`writes nothing when it ends at ${name}`, async () => {
      const imports = [source('Cursor', importable('a'), importable('b'))];
      const { commands, saved } = mcpRig([server('a')], { imports });
      answers.push(...given);
      assert.equal(await commands.importMcpServers(), undefined);
      assert.deepEqual([saved, executed], [[], []]);
    });
  }

  it('says where there is nothing, or what cannot be read', async () => {
    await assert.rejects(mcpRig().commands.importMcpServers(), /No MCP servers were found/);
    const broken = { program: 'Cline', file: '/home/me/c.json', servers: [], problem: 'It is not JSON.' };
    answers.push('Cline');
    await assert.rejects(
      mcpRig([], { imports: [broken] }).commands.importMcpServers(),
      /\/home\/me\/c\.json: It is not JSON\. Nothing was imported/,
    );
  });

  it('says what was imported and what was not', async () => {
    const imports = [source('Cursor', importable('a'), withSecret, importable('c'))];
    const { commands, saved, kept } = mcpRig([], { imports, unsavable: ['github'] });
    answers.push('Cursor', ['a', 'github', 'c'], 'My servers');
    await assert.rejects(
      commands.importMcpServers(),
      /Imported: a, c\. Not imported: github: The file is not valid JSON/,
    );
    assert.deepEqual([saved.length, kept.length], [2, 0]);
  });

  it('goes by the program that code names', async () => {
    const imports = [source('Cursor', importable('a')), source('Cline', importable('b'))];
    const { commands } = mcpRig([], { imports, folders: [] });
    answers.push(['b']);
    assert.deepEqual(await commands.importMcpServers('Cline'), ['b']);
  });

  it('never gives two servers one name', () => {
    const names = fc.array(fc.constantFrom('a', 'a-2', 'b', 'a-3', 'b-2'));
    fc.assert(
      fc.property(names, names, (chosen, taken) => {
        const found = namesFor(
          chosen.map((name) => ({ name })),
          new Set(taken),
        );
        assert.equal(new Set([...found, ...taken]).size, found.length + new Set(taken).size);
      }),
    );
  });
});
