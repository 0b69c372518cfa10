import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toolPolicies } from '../../extension/core/ruleMatch.ts';
import { modelNames, type NamedTools } from '../../extension/mcp/modelNames.ts';
import { outsideServer } from '../../extension/shared/toolVerb.ts';

const server = (name: string, ...tools: string[]): NamedTools => ({
  name,
  tools: tools.map((tool) => ({ name: tool })),
});

const listOf = (...servers: readonly NamedTools[]): string[] => {
  const names = modelNames(servers);
  return servers.flatMap(({ name, tools }) => tools.map((tool) => names.get(name)?.get(tool.name) ?? ''));
};

const long = 'a-very-long-name-of-a-tool-that-nobody-can-remember-and-that-goes-on';

describe('names of MCP tools for models', () => {
  const cases: [string, NamedTools[], (string | RegExp)[]][] = [
    ['server and tool', [server('memory', 'read_graph')], ['memory__read_graph']],
    ['what models cannot take', [server('my server', 'a.b/c')], ['my_server__a_b_c']],
    ['letters with marks', [server('Café', 'größe')], ['Cafe__gro_e']],
    ['other scripts', [server('天气', '預報')], [/^server__tool$|^server___$/]],
    ['a digit in front', [server('1password', 'get')], ['_1password__get']],
    ['a dash in front', [server('-x', 'get')], ['_-x__get']],
    ['two underscores in a server', [server('a__b', 'c')], ['a_b__c']],
    ['underscores at the ends of a server', [server('_a_', '_c_')], ['a___c_']],
    ['the name of the editor', [server('vscode', 'c')], ['vscode_mcp__c']],
    ['a long tool', [server('memory', long)], [/^memory__a-very-long-name-.*_[0-9a-f]{8}$/]],
    [
      'a long server',
      [server(long, 'read_graph')],
      [/^a-very-long-name-of-a-tool-that-nobody-can-__read_graph_[0-9a-f]{8}$/],
    ],
    ['both long', [server(long, long)], [/^a-very-long-name-of-__a-very-long.*_[0-9a-f]{8}$/]],
    [
      'tools that would be called the same',
      [server('m', 'a.b', 'a/b', 'a_c')],
      [/^m__a_b_[0-9a-f]{8}$/, /^m__a_b_[0-9a-f]{8}$/, 'm__a_c'],
    ],
  ];
  for (const [name, servers, expected] of cases)
    it(`of ${name}`, () => {
      for (const [index, text] of listOf(...servers).entries()) {
        const want = expected[index];
        assert.ok(want instanceof RegExp ? want.test(text) : want === text, text);
      }
    });

  it('tell a server apart that would be called like another, which keeps its name', () => {
    const [exact, lossy] = listOf(server('memory', 'a'), server('memory!', 'b'));
    assert.equal(exact, 'memory__a');
    assert.match(lossy ?? '', /^memory_[0-9a-f]{6}__b$/);
  });

  it('are told apart also where a tool is called as another with its hash', () => {
    const [first = ''] = listOf(server('m', 'a.b', 'a/b'));
    const [one, two, three] = listOf(server('m', 'a.b', 'a/b', first.slice(3)));
    assert.equal(new Set([one, two, three]).size, 3);
  });

  const part = fc.oneof(
    fc.string({
      unit: fc.constantFrom('a', 'b', '_', '-', '.', '/', ' ', 'é', '1'),
      minLength: 1,
      maxLength: 8,
    }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('x', '_'), minLength: 58, maxLength: 72 }),
    fc.constantFrom('run_command', 'read_file', 'vscode', '__proto__', 'constructor', ''),
  );
  const servers = fc.uniqueArray(
    fc.tuple(part, fc.array(part, { maxLength: 8 })).map(([name, tools]) => server(name, ...tools)),
    { selector: ({ name }) => name, maxLength: 6 },
  );
  const pairs = (all: readonly NamedTools[]): Map<string, string> => {
    const names = modelNames(all);
    return new Map(
      [...names].flatMap(([name, tools]) =>
        [...tools].map(([tool, text]): [string, string] => [JSON.stringify([name, tool]), text]),
      ),
    );
  };

  it('are what every vendor takes, each only once, and none of a built-in tool', () => {
    fc.assert(
      fc.property(servers, (all) => {
        const named = pairs(all);
        assert.equal(
          named.size,
          all.reduce((sum, { tools }) => sum + new Set(tools.map(({ name }) => name)).size, 0),
        );
        assert.equal(new Set(named.values()).size, named.size);
        for (const text of named.values()) {
          assert.match(text, /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/);
          assert.ok(!Object.hasOwn(toolPolicies, text));
          assert.ok(outsideServer(text) !== undefined && outsideServer(text) !== 'vscode', text);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('do not depend on the order of servers and tools', () => {
    fc.assert(
      fc.property(servers, fc.integer(), (all, seed) => {
        const turned = all
          .map(({ name, tools }) => ({ name, tools: tools.toSorted(() => (seed % 3) - 1).toReversed() }))
          .toReversed();
        const [a, b] = [pairs(all), pairs(turned)];
        assert.equal(a.size, b.size);
        for (const [key, text] of a) assert.equal(b.get(key), text);
      }),
      { numRuns: 1_000 },
    );
  });
});
