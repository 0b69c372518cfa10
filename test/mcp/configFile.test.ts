import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseConfigFile } from '../../extension/mcp/configFile.ts';
import { serverNameProblem } from '../../extension/mcp/serverNames.ts';
import { configOf, parsed, variable, vscodePlace } from './configRig.ts';

const problemsOf = (content: unknown): readonly string[] =>
  parsed(content).problems.map(({ problem }) => problem);
const problemOf = (entry: unknown): string => problemsOf({ servers: { x: entry } }).join('\n');

describe('MCP configuration file', () => {
  it('reads the shape of VS Code, with comments and trailing commas', () => {
    const text = `\ufeff// ours
{
  "inputs": [
    { "type": "promptString", "id": "key", "description": "The key", "password": true },
    { "type": "pickString", "id": "zone", "options": ["a", { "label": "B", "value": "b" }], "default": "a" },
    { "id": "unused" },
    { "id": "client" },
  ],
  "servers": {
    /* the first */
    "one": {
      "type": "stdio", "command": "node", "args": ["s.js", "${variable('input:zone')}"],
      "env": { "KEY": "${variable('input:key')}", "N": 1, "ON": true, "OFF": null },
      "envFile": ".env", "cwd": "sub", "dev": { "watch": "x" }, "sandboxEnabled": true, "sandbox": {},
    },
    "two": { "type": "http", "url": "https://a.example/mcp", "headers": { "X-A": "b" },
      "oauth": { "clientId": "c", "clientSecret": "${variable('input:client')}", "scopes": ["r", "w"], "x": 1 } },
    "three": { "type": "sse", "url": "http://127.0.0.1:1/sse", "protocol": "2025", "callTimeout": 5 },
  },
}`;
    const { servers, problems } = parseConfigFile(text, vscodePlace);
    assert.deepEqual(problems, []);
    assert.deepEqual(servers, [
      {
        name: 'one',
        source: { ...vscodePlace, line: 11 },
        transport: {
          type: 'stdio',
          command: 'node',
          args: ['s.js', variable('input:zone')],
          env: { KEY: variable('input:key'), N: '1', ON: 'true' },
          envFile: '.env',
          cwd: 'sub',
        },
        protocol: '2025',
        callTimeoutMs: 600_000,
        inputs: [
          { id: 'zone', description: 'zone', isSecret: false, default: 'a', options: ['a', 'b'] },
          { id: 'key', description: 'The key', isSecret: true },
        ],
      },
      {
        name: 'two',
        source: { ...vscodePlace, line: 16 },
        transport: {
          type: 'http',
          url: 'https://a.example/mcp',
          headers: { 'X-A': 'b' },
          oauth: { clientId: 'c', clientSecret: variable('input:client'), scopes: ['r', 'w'] },
        },
        protocol: 'auto',
        callTimeoutMs: 600_000,
        inputs: [{ id: 'client', description: 'client', isSecret: false }],
      },
      {
        name: 'three',
        source: { ...vscodePlace, line: 18 },
        transport: { type: 'sse', url: 'http://127.0.0.1:1/sse', headers: {} },
        protocol: '2025',
        callTimeoutMs: 5_000,
        inputs: [],
      },
    ]);
  });

  it('reads mcpServers, and infers the type by whatever words are in use', () => {
    const { servers, problems } = parsed({
      servers: { own: { command: 'a' } },
      mcpServers: {
        plain: { command: 'a' },
        url: { url: 'https://a.example' },
        windsurf: { serverUrl: 'https://a.example' },
        streamable: { type: 'streamable-http', url: 'https://a.example' },
        cline: { type: 'streamableHttp', url: 'https://a.example', autoApprove: ['x'], timeout: 60 },
        legacy: { transportType: 'sse', url: 'https://a.example' },
        transport: { transport: 'SSE', url: 'https://a.example' },
        copilot: { type: 'local', command: 'a', tools: ['*'] },
        object: { transport: { type: 'odd' }, url: 'https://a.example' },
        scopes: { url: 'https://a.example', oauth: { scopes: 'r  w' } },
      },
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      servers.map(({ name, transport }) => `${name} ${transport.type}`),
      [
        'own stdio',
        'plain stdio',
        'url http',
        'windsurf http',
        'streamable http',
        'cline http',
        'legacy sse',
        'transport sse',
        'copilot stdio',
        'object http',
        'scopes http',
      ],
    );
    const last = servers.at(-1)?.transport;
    assert.deepEqual(last?.type === 'http' ? last.oauth : undefined, { scopes: ['r', 'w'] });
  });

  it('says what is wrong, where, and spoils no other entry', () => {
    const text = `{
  "servers": {
    "good": { "command": "a" },
    "bad": {
      "command": "a",
      "args": ["x",
        1]
    },
    "fine": { "url": "https://a.example" }
  }
}`;
    const { servers, problems } = parsed(text);
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['good', 'fine'],
    );
    assert.deepEqual(problems, [
      {
        source: { ...vscodePlace, line: 4 },
        name: 'bad',
        problem: '`args` has to be a list of strings: .vscode/mcp.json line 7',
      },
    ]);
  });

  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{}, /neither a `command` to start nor a `url`/],
    [[], /has to be an object/],
    [{ type: 'stdio' }, /type is stdio, but it has no `command`/],
    [{ type: 'http', command: 'a' }, /type is http, but it has no `url`/],
    [{ type: 'ws', url: 'wss://a' }, /`type` is "ws", which is not supported/],
    [{ command: '' }, /`command` must not be empty/],
    [{ command: ['a'] }, /`command` has to be a text/],
    [{ command: 'a\0b' }, /NUL/],
    [{ command: 'a', args: 'x' }, /`args` has to be a list of strings/],
    [{ command: 'a', env: ['A=b'] }, /`env` has to be an object/],
    [{ command: 'a', env: { A: {} } }, /`A` in `env` has to be a text/],
    [{ command: 'a', env: { 'A=': '' } }, /name of a variable/],
    [{ url: 'ftp://a.example' }, /has to begin with https/],
    [{ url: 'https://' }, /not a valid address/],
    [{ url: 'https://a.example', headers: { 'A B': 'c' } }, /cannot be the name of a header/],
    [{ url: 'https://a.example', headers: { A: 'b\r\nC: d' } }, /header A has a line break/],
    [{ url: 'https://a.example', headers: { A: '…' } }, /header A has a character that no header can have/],
    [{ url: 'https://a.example', oauth: 'x' }, /`oauth` has to be an object/],
    [{ url: 'https://a.example', oauth: { clientSecret: 's' } }, /a `clientSecret`, but no `clientId`/],
    [{ url: 'https://a.example', oauth: { clientId: 'c', clientSecret: '' } }, /`clientSecret` must not be/],
    [
      { url: 'https://a.example', oauth: { clientId: 'c', clientSecret: variable('input:none') } },
      /names \$\{input:none\}/,
    ],
    [{ type: 'x'.repeat(5_000) }, /^`type` is "x{400,500}…: \.vscode/],
    [{ command: 'a', protocol: '2024' }, /"auto" or "2025"/],
    [{ command: 'a', callTimeout: 0 }, /`callTimeout` has to be a number from 1 to 86,400/],
    [{ command: 'a', callTimeout: '5' }, /`callTimeout` has to be a number/],
    [{ command: 'a', disabled: true }, /its file turns it off: take `disabled` out/],
    [{ command: 'a', enabled: false }, /its file turns it off: take `enabled` out/],
    [{ command: variable('input:none') }, /names \$\{input:none\}, but `inputs`/],
  ];
  for (const [entry, words] of wrong) {
    it(`does not take ${JSON.stringify(entry)}`, () => assert.match(problemOf(entry), words));
  }

  it('does not take inputs that cannot be asked for, nor what names them', () => {
    const inputs = [
      { id: 'a', type: 'command', command: 'x' },
      { type: 'promptString' },
      1,
      { id: 'p', type: 'pickString' },
    ];
    const found = problemsOf({ inputs, servers: { x: { command: variable('input:a') } } });
    assert.equal(found.length, 5);
    assert.match(found[0] ?? '', /input "a" is of the type "command", which is not supported/);
    assert.match(found[1] ?? '', /needs an `id`/);
    assert.match(found[2] ?? '', /each of `inputs` has to be an object/);
    assert.match(found[3] ?? '', /needs `options`/);
    assert.match(found[4] ?? '', /names \$\{input:a\}/);
  });

  it('takes inputs for secrets by their ids, too', () => {
    const secret = (id: string): boolean | undefined =>
      configOf({ command: variable(`input:${id}`) }, { inputs: [{ id, type: 'promptString' }] }).inputs[0]
        ?.isSecret;
    for (const id of ['api-token', 'openaiKey', 'DB_PASSWORD', 'clientSecret', 'apikey', 'github.token']) {
      assert.equal(secret(id), true, id);
    }
    for (const id of ['zone', 'monkey', 'folder', 'keyboard', 'author']) assert.equal(secret(id), false, id);
  });

  it('has one problem for a file that is no JSON, with its line', () => {
    assert.deepEqual(problemsOf('{\n "servers": {\n  "a" {}\n'), [
      'it is not valid JSON: a colon is missing: .vscode/mcp.json line 3',
    ]);
    assert.match(problemsOf('[]')[0] ?? '', /has to be an object with `servers`/);
    assert.match(problemsOf('{"servers": []}')[0] ?? '', /`servers` has to be an object/);
    assert.match(problemsOf('['.repeat(400_000))[0] ?? '', /nested too deeply|not valid JSON/);
    const deep = `{"servers": {"a": {"command": "b", "x": ${'['.repeat(300)}${']'.repeat(300)}}}}`;
    assert.match(problemsOf(deep)[0] ?? '', /nested too deeply/);
  });

  it('has none for a file with nothing in it', () => {
    for (const text of ['', ' \n', '// later\n', '{}', '{"servers": {}, "mcpServers": null, "inputs": []}']) {
      assert.deepEqual(parsed(text), { servers: [], problems: [] }, JSON.stringify(text));
    }
  });

  it('takes the later one of doubles, as every reader of JSON does, and says so', () => {
    const text =
      '{"servers": {"a": {"command": "1"}, "a": {"command": "2"}}, "mcpServers": {"a": {"command": "3"}}}';
    const { servers, problems } = parsed(text);
    assert.deepEqual(
      servers.map(({ transport }) => (transport.type === 'stdio' ? transport.command : '')),
      ['2'],
    );
    assert.equal(problems.length, 2);
    assert.match(problems[0]?.problem ?? '', /another server of this name/);
  });

  it('keeps names that would spoil an object to themselves', () => {
    const text =
      '{"__proto__": {"command": "p"}, "servers": {"__proto__": {"command": "a"}, "constructor": {"command": "b", "env": {"__proto__": "x"}}}}';
    const { servers, problems } = parsed(text);
    assert.deepEqual(
      servers.map(({ name }) => name),
      ['constructor'],
    );
    assert.equal(problems.length, 1);
    const transport = servers[0]?.transport;
    assert.deepEqual(transport?.type === 'stdio' ? Object.entries(transport.env) : [], [['__proto__', 'x']]);
    assert.equal(Object.hasOwn(Object.prototype, 'command'), false);
  });

  it('takes any name that can be seen', () => {
    for (const name of ['a', 'My Server', 'Ärger', '数据', 'a/b.c@d', 'x'.repeat(100)]) {
      assert.equal(serverNameProblem(name), undefined, name);
    }
    for (const name of [
      '',
      ' a',
      'a\n',
      'a\u200bb',
      'a\u202eb',
      'a\u{e0041}',
      'a\u00a0b',
      '\ud800',
      '__proto__',
      'x'.repeat(101),
    ]) {
      assert.equal(typeof serverNameProblem(name), 'string', JSON.stringify(name));
    }
  });

  it('reads `timeout` of other programs in their unit', () => {
    const time = (timeout: unknown, timeoutUnit: 'seconds' | 'milliseconds'): number | undefined =>
      parseConfigFile(JSON.stringify({ mcpServers: { a: { command: 'a', timeout } } }), vscodePlace, {
        timeoutUnit,
      }).servers[0]?.callTimeoutMs;
    assert.equal(time(90, 'seconds'), 90_000);
    assert.equal(time(90_000, 'milliseconds'), 90_000);
    assert.equal(time(500, 'milliseconds'), 600_000);
    assert.equal(time(1e9, 'seconds'), 86_400_000);
    assert.equal(time('x', 'seconds'), 600_000);
  });

  it('does not take long, whatever the text', () => {
    const entry = (value: unknown): string => JSON.stringify({ servers: { x: value } });
    const texts = [
      entry({ command: '${'.repeat(400_000) }),
      entry({ command: 'a', args: Array.from({ length: 200_000 }, () => '') }),
      JSON.stringify({ servers: Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [at, 1])) }),
      '{'.repeat(900_000),
      `// ${'*/'.repeat(400_000)}`,
    ];
    const began = performance.now();
    for (const text of texts) {
      const { servers, problems } = parseConfigFile(text, vscodePlace);
      assert.ok(servers.length + problems.length <= 201);
    }
    // Minutes, where the time grows with the square of the length.
    assert.ok(performance.now() - began < 20_000);
  });

  it('never throws, whatever the JSON', () => {
    const key = fc.constantFrom(
      'servers',
      'mcpServers',
      'inputs',
      'x',
      '__proto__',
      'command',
      'args',
      'env',
      'url',
      'type',
      'id',
      'oauth',
    );
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, 0, '', 'stdio', 'https://a.example', variable('input:x'), variable('')),
        fc.string(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, fc.nat(300), (value, cut) => {
        const text = JSON.stringify(value);
        for (const each of [text, text.slice(0, cut), `{"servers": {"x": ${text}}, "inputs": ${text}}`]) {
          const { servers, problems } = parseConfigFile(each, vscodePlace);
          for (const { source } of [...servers, ...problems]) assert.ok(source.line >= 1);
        }
      }),
      { numRuns: 200 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseConfigFile(text, vscodePlace)));
  });
});
