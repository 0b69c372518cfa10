import assert from 'node:assert/strict';
import { manyToolNames } from '../../extension/core/ruleMatch.ts';
import { type Tool, ToolError, type ToolOutput } from '../../extension/core/tool.ts';
import { limitTools, rankTools, specTokens, wordsOf } from '../../extension/mcp/manyTools.ts';
import type { McpTool } from '../../extension/mcp/mcpTool.ts';
import type { McpToolDefinition } from '../../extension/shared/mcp.ts';
import { type JsonObject, textOf } from '../../extension/shared/message.ts';
import { definition, toolOf } from './toolParts.ts';

const never = new AbortController().signal;
const named = (server: string, name: string, more: Partial<McpToolDefinition> = {}): McpTool =>
  toolOf({ server, modelName: `${server}__${name}`, definition: definition({ name, ...more }) });

const tools = [
  named('files', 'listDirectory', { description: 'Lists what is in a folder.' }),
  named('files', 'read_file', {
    description: 'Reads a file.',
    inputSchema: { type: 'object', properties: { encoding: { type: 'string' } } },
  }),
  named('github', 'create_issue', { title: 'New ticket', description: 'Makes an issue of a repository.' }),
  named('github', 'list_issues', { description: 'Lists issues; each has a file of its own.' }),
  named('memory', 'read_graph', { description: 'Reads the graph.' }),
];

const found = (query: string): string[] => rankTools(tools, query).map(({ spec }) => spec.name);

const standIns = (all: readonly McpTool[] = tools): { find: Tool; call: Tool } => {
  const [find, call] = limitTools(all, 1);
  assert.ok(find !== undefined && call !== undefined);
  return { find, call };
};

const finding = async (input: JsonObject, all?: readonly McpTool[]): Promise<ToolOutput> =>
  (await standIns(all).find.prepare(input, never)).run(never, () => undefined);

describe('many MCP tools', () => {
  it('are given as they are while they take little of the context', () => {
    const tokens = specTokens(tools);
    assert.ok(tokens > 50 && tokens < 1_000, `${tokens}`);
    assert.equal(limitTools(tools, tokens * 20), tools);
    assert.deepEqual(limitTools([], 0), []);
  });

  it('are stood for by two beyond a twentieth of it', () => {
    const two = limitTools(tools, specTokens(tools) * 20 - 1);
    assert.deepEqual(
      two.map(({ spec }) => spec.name),
      [...manyToolNames],
    );
    assert.match(
      two[0]?.spec.description ?? '',
      /files \(2 tools: listDirectory, read_file\); github \(2 tools/,
    );
    for (const { spec } of two) assert.equal(spec.inputSchema.type, 'object');
  });

  it('name their servers at a bounded length', () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      named(`server${index}`, `${'x'.repeat(90)}${index}`),
    );
    assert.ok(standIns(many).find.spec.description.length < 4_000);
  });

  const wordCases: [string, string[]][] = [
    ['readFile_list-of issues', ['read', 'file', 'list', 'of', 'issue']],
    ['HTTPServer pass class', ['httpserver', 'pass', 'class']],
    ['Größe 天气', ['größe', '天气']],
    ['', []],
  ];
  for (const [text, words] of wordCases) {
    it(`have the words ${words.join(', ')} in “${text}”`, () => assert.deepEqual(wordsOf(text), words));
  }

  const rankCases: [string, string[]][] = [
    [
      'read a file',
      ['files__read_file', 'memory__read_graph', 'files__listDirectory', 'github__list_issues'],
    ],
    ['issues', ['github__create_issue', 'github__list_issues']],
    ['ticket', ['github__create_issue']],
    ['encoding', ['files__read_file']],
    ['github', ['github__create_issue', 'github__list_issues']],
    ['dir', ['files__listDirectory']],
    ['memory__read_graph', ['memory__read_graph']],
    ['weather', []],
  ];
  for (const [query, names] of rankCases) {
    it(`are found by “${query}”: ${names.join(', ') || 'none'}`, () => {
      const first = found(query);
      assert.deepEqual(first.slice(0, names.length), names);
      if (names.length < 2) assert.deepEqual(first.slice(0, 1), names);
    });
  }

  it('are all found without words, in their order', () => {
    assert.deepEqual(
      found(' … '),
      tools.map(({ spec }) => spec.name),
    );
  });

  it('are told with name, description and schema, the best ten', async () => {
    const { content, summary } = await finding({ query: 'graph' });
    assert.equal(summary, '1 tool');
    assert.deepEqual(JSON.parse(textOf(content)), [
      {
        name: 'memory__read_graph',
        server: 'memory',
        description: 'Reads the graph.',
        inputSchema: definition().inputSchema,
      },
    ]);
    const many = Array.from({ length: 30 }, (_, index) => named('s', `tool_${index}`));
    const ten = await finding({ query: 'tool' }, many);
    assert.equal(ten.summary, '10 tools');
    assert.match(textOf(ten.content), /\[20 more tools fit less well\]$/);
  });

  it('are told at a bounded length', async () => {
    const long = Array.from({ length: 30 }, (_, index) =>
      named('s', `tool_${index}`, {
        description: 'x'.repeat(8_000),
        inputSchema: { type: 'object', properties: { a: { type: 'string', enum: ['y'.repeat(50_000)] } } },
      }),
    );
    const { content, summary } = await finding({ query: 'tool' }, long);
    assert.equal(summary, '1 tool');
    assert.ok(textOf(content).length < 130_000);
  });

  it('can be looked for in one server', async () => {
    assert.match(
      textOf((await finding({ query: 'list', server: 'files' })).content),
      /^\[[\s\S]*listDirectory[\s\S]*\]$/,
    );
    assert.equal((await finding({ query: 'weather', server: 'files' })).summary, 'no tool');
    await assert.rejects(
      finding({ query: 'x', server: 'nothing' }),
      (error) => error instanceof ToolError && /The servers are: files, github, memory\./.test(error.message),
    );
  });

  it('are found without being asked', async () => {
    const step = await standIns().find.prepare({ query: 'list', server: 'files' }, never);
    assert.deepEqual([step.effect, step.title, step.approval], ['read', 'list (files)', undefined]);
  });

  it('are called by their names', () => {
    const { call } = standIns();
    const target = call.redirect?.({ name: ' memory__read_graph ', input: { text: 'x' } });
    assert.equal(target?.tool, tools[4]);
    assert.deepEqual(target?.input, { text: 'x' });
    for (const input of [undefined, null, '', {}]) {
      const given = input === undefined ? {} : { input };
      assert.deepEqual(call.redirect?.({ name: 'memory__read_graph', ...given }).input, {});
    }
    assert.deepEqual(call.redirect?.({ name: 'memory__read_graph', input: '{"a": 1}' }).input, { a: 1 });
  });

  it('are not called by other names or with other inputs', async () => {
    const { call } = standIns();
    const refused = (input: JsonObject, message: RegExp) =>
      assert.throws(
        () => call.redirect?.(input),
        (error) => error instanceof ToolError && message.test(error.message),
      );
    refused({ name: 'read_graph' }, /no such tool.*called alike: memory__read_graph/);
    refused({ name: 'find_mcp_tools' }, /no such tool/);
    refused({}, /no such tool of an MCP server\. find_mcp_tools tells/);
    refused({ name: 'memory__read_graph', input: [1] }, /has to be a JSON object/);
    refused({ name: 'memory__read_graph', input: '{' }, /has to be a JSON object/);
    await assert.rejects(call.prepare({}, never), ToolError);
  });
});
