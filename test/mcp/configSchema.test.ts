import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { consentOf } from '../../extension/mcp/consent.ts';
import { mcpTemplates } from '../../extension/mcp/templates.ts';
import { ownPlace, parsed, portsOf, variable } from './configRig.ts';

const text = readFileSync(path.resolve(import.meta.dirname, '../../media/mcp.schema.json'), 'utf8');
const validator = z.fromJSONSchema(JSON.parse(text));
const described = z.object({
  properties: z.record(z.string(), z.looseObject({ description: z.string().min(1) })),
});
const schema = described
  .extend({ definitions: z.object({ server: described, input: described }) })
  .parse(JSON.parse(text));

const isValid = (content: unknown): boolean => validator.safeParse(content).success;
const isRead = (content: unknown): boolean => parsed(content).problems.length === 0;

describe('the schema of mcp.json', () => {
  it('describes every key', () => {
    assert.deepEqual(Object.keys(schema.properties), ['$schema', 'servers', 'mcpServers', 'inputs']);
    for (const name of [
      'command',
      'args',
      'env',
      'envFile',
      'cwd',
      'url',
      'headers',
      'oauth',
      'protocol',
      'callTimeout',
    ]) {
      assert.ok(name in schema.definitions.server.properties, name);
    }
    const { oauth } = schema.definitions.server.properties;
    assert.deepEqual(Object.keys(described.parse(oauth).properties), ['clientId', 'clientSecret', 'scopes']);
  });

  it('takes what the parser takes, and nothing that it does not', () => {
    const server = (entry: unknown): unknown => ({ servers: { x: entry } });
    const good = [
      {},
      server({
        command: 'c',
        args: ['a'],
        env: { A: 'b', N: 1, O: null },
        envFile: '.env',
        cwd: '.',
        dev: {},
      }),
      { mcpServers: { x: { type: 'streamableHttp', url: 'https://a.example', headers: { A: 'b' } } } },
      server({ serverUrl: 'https://a.example', oauth: { clientId: 'c', scopes: ['a'] }, protocol: '2025' }),
      server({ url: 'https://a.example', oauth: { clientId: 'c', clientSecret: 's' } }),
      server({ url: 'https://a.example', oauth: { scopes: 'a b' }, callTimeout: 86_400 }),
      { inputs: [{ id: 'a', type: 'pickString', options: ['x', { label: 'Y', value: 'y' }] }], servers: {} },
    ];
    for (const content of good) {
      assert.ok(isValid(content), JSON.stringify(content));
      assert.ok(isRead(content), JSON.stringify(content));
    }
    const bad = [
      [],
      { servers: [] },
      server({}),
      server({ command: '' }),
      server({ command: 'c', args: [1] }),
      server({ command: 'c', env: [] }),
      server({ command: 'c', callTimeout: 0 }),
      server({ url: 'https://a.example', oauth: { clientId: 'c', clientSecret: 1 } }),
      server({ command: 'c', protocol: 'x' }),
      server({ type: 'ws', url: 'wss://a.example' }),
      { inputs: [{}] },
      { inputs: [{ id: 'a', type: 'command' }] },
    ];
    for (const content of bad) {
      assert.ok(!isValid(content), JSON.stringify(content));
      assert.ok(!isRead(content), JSON.stringify(content));
    }
  });
});

describe('templates of MCP servers', () => {
  it('can be read, with all inputs, and say what they need', async () => {
    assert.deepEqual(
      mcpTemplates.map(({ id }) => id),
      ['filesystem', 'memory', 'fetch', 'github', 'postgres', 'browser'],
    );
    for (const { name, entry, inputs, label, description, needs } of mcpTemplates) {
      const content = { servers: { [name]: entry }, inputs };
      const { servers, problems } = parsed(content, ownPlace);
      assert.deepEqual(problems, []);
      assert.ok(isValid(content), name);
      const [config] = servers;
      assert.ok(config !== undefined);
      assert.deepEqual(
        config.inputs.map(({ id, isSecret }) => [id, isSecret]),
        inputs.map(({ id }) => [id, true]),
      );
      assert.ok(label !== '' && description.endsWith('.'));
      assert.equal(needs === undefined, config.transport.type !== 'stdio');
      const { warnings } = await consentOf(config, portsOf());
      assert.equal(warnings.length, config.transport.type === 'stdio' ? 1 : 0, name);
    }
    assert.deepEqual(mcpTemplates[0]?.entry.args, [
      '-y',
      '@modelcontextprotocol/server-filesystem',
      variable('workspaceFolder'),
    ]);
  });
});
