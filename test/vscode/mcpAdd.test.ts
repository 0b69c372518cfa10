import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'jsonc-parser';
import { answers, executed, inputBoxes, messages, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { folder, mcpInput, mcpRig, server } from './mcpRig.ts';

const { addressMessage, argumentsMessage, valueMessage } = await loadWithVscode(
  () => import('../../extension/vscode/mcpForm.ts'),
);

const settled = () => new Promise(setImmediate);

/** What a field says of a text while it is typed: a message of severity, or a problem that stops. */
const said = (message: ReturnType<typeof addressMessage>): string => {
  if (message === undefined) return '';
  return typeof message === 'string' ? message : `${message.severity}: ${message.message}`;
};

const validate = (index: number, text: string): string => {
  const validator: unknown = Reflect.get(inputBoxes[index] ?? {}, 'validateInput');
  assert.ok(typeof validator === 'function');
  return said(validator(text));
};

beforeEach(resetVscode);

describe('adding an MCP server', () => {
  it('that is a command goes step by step, and starts nothing', async () => {
    const { commands, saved, kept, calls } = mcpRig([server('memory')]);
    answers.push(
      '$(terminal) Command',
      'npx -y "@modelcontextprotocol/server-memory"',
      '-y @modelcontextprotocol/server-memory "a b"',
      'API_TOKEN=abc',
      'MODE=fast',
      'LATER',
      '',
      ['API_TOKEN'],
      'This folder: shop',
      'memory-2',
    );
    assert.equal(await commands.addMcpServer(), 'memory-2');
    assert.deepEqual(saved, [
      {
        target: { place: 'anycowork', folder },
        name: 'memory-2',
        entry: {
          type: 'stdio',
          command: 'npx',
          args: ['-y', '@modelcontextprotocol/server-memory', 'a b'],
          env: {
            API_TOKEN: `\${input:memory-2.API_TOKEN}`,
            MODE: 'fast',
            LATER: `\${input:memory-2.LATER}`,
          },
        },
        inputs: [
          {
            type: 'promptString',
            id: 'memory-2.API_TOKEN',
            description: 'API_TOKEN of memory-2',
            password: true,
          },
          { type: 'promptString', id: 'memory-2.LATER', description: 'LATER of memory-2', password: true },
        ],
      },
    ]);
    assert.deepEqual(kept, [[{ place: 'anycowork', folder }, 'memory-2.API_TOKEN', 'abc']]);
    const fields = inputBoxes.map((box) => [Reflect.get(box, 'title'), Reflect.get(box, 'value')]);
    assert.deepEqual(fields[1], [
      'Add MCP server (2/5): arguments',
      '-y @modelcontextprotocol/server-memory',
    ]);
    assert.deepEqual(fields.at(-1), ['Add MCP server (5/5): name', 'memory-2']);
    assert.match(validate(fields.length - 1, 'memory'), /^2: your servers has a server of this name/);
    assert.equal(validate(fields.length - 1, 'new'), '');
    await settled();
    assert.deepEqual(calls, []);
    assert.match(told[0] ?? '', /was added\. It is not started until you have approved/);
  });

  it('that is an address takes headers, and starts it where the person says so', async () => {
    const { commands, saved, kept, calls } = mcpRig([], { isTrusted: false });
    answers.push(
      '$(globe) Address',
      ' https://mcp.linear.app/mcp ',
      'Authorization=Bearer xyz',
      '',
      ['Authorization'],
      'linear',
      'Start…',
    );
    assert.equal(await commands.addMcpServer(), 'linear');
    assert.deepEqual(
      saved.map(({ target, entry }) => [target, entry]),
      [
        [
          { place: 'user' },
          {
            type: 'http',
            url: 'https://mcp.linear.app/mcp',
            headers: { Authorization: `Bearer \${input:linear.Authorization}` },
          },
        ],
      ],
    );
    assert.deepEqual(kept, [[{ place: 'user' }, 'linear.Authorization', 'xyz']]);
    await settled();
    assert.deepEqual(calls, [['start', 'linear']]);
  });

  for (const [name, given] of [
    ['the kind', []],
    ['the program', ['$(terminal) Command']],
    ['an open quote', ['$(terminal) Command', 'npx "']],
    ['the arguments', ['$(terminal) Command', 'npx']],
    ['the environment', ['$(terminal) Command', 'npx', '']],
    ['which are secrets', ['$(terminal) Command', 'npx', '', 'A=b', '']],
    ['where', ['$(terminal) Command', 'npx', '', '']],
    ['the name', ['$(terminal) Command', 'npx', '', '', 'My servers']],
    ['a name that is there', ['$(terminal) Command', 'npx', '', '', 'My servers', 'memory']],
    ['the address', ['$(globe) Address']],
    ['a wrong address', ['$(globe) Address', 'ftp://x']],
    ['the headers', ['$(globe) Address', 'https://x.example']],
    ['the template', ['$(library) From a Template…']],
  ] as const) {
    it(`writes nothing when it ends at ${name}`, async () => {
      const { commands, saved, kept } = mcpRig([server('memory')]);
      answers.push(...given);
      assert.equal(await commands.addMcpServer(), undefined);
      assert.deepEqual([saved, kept, messages], [[], [], []]);
    });
  }

  it('from a template asks for its values at the first start', async () => {
    const taken = { ...mcpInput, id: 'key' };
    const { commands, saved, kept } = mcpRig([server('memory', { inputs: [taken] })]);
    answers.push('$(library) From a Template…', 'Memory', 'My servers', 'memory-2');
    assert.equal(await commands.addMcpServer(), 'memory-2');
    assert.deepEqual(
      saved.map(({ entry, inputs }) => [entry.env, inputs.map(({ id }) => id)]),
      [[{ KEY: `\${input:key-2}` }, ['key-2']]],
    );
    assert.deepEqual(kept, []);
    await assert.rejects(commands.addMcpTemplate('none'), /There is no template none\. There are: memory/);
    answers.push('My servers', 'other');
    assert.equal(await commands.addMcpTemplate('memory'), 'other');
  });

  it('from another program is another command', async () => {
    answers.push('$(cloud-download) Import…');
    assert.equal(await mcpRig().commands.addMcpServer(), undefined);
    assert.deepEqual(executed, [['anycowork.importMcpServers']]);
  });

  it('by code writes the entry as it is given, over nothing', async () => {
    const { commands, saved } = mcpRig([server('memory')]);
    const entry = { command: 'node', args: ['x.mjs'] };
    assert.equal(await commands.addMcpServer({ name: 'x', entry, folder }), 'x');
    assert.deepEqual(saved, [{ target: { place: 'anycowork', folder }, name: 'x', entry, inputs: [] }]);
    for (const [wrong, reason] of [
      [{ name: 'memory', entry }, /There is an MCP server memory in that file already/],
      [{ name: 'y', entry, folder: '/etc' }, /not open/],
      [{ name: '\u202e', entry }, /arguments are not right/],
      [{ name: 'y' }, /arguments are not right/],
      ['memory', /arguments are not right/],
    ] as const)
      await assert.rejects(commands.addMcpServer(wrong), reason);
    await assert.rejects(
      mcpRig([], { isTrusted: false }).commands.addMcpServer({ name: 'x', entry, folder }),
      /not trusted/,
    );
    assert.equal(saved.length, 1);
  });

  it('says what went wrong with the file', async () => {
    const { commands, kept } = mcpRig([], { unsavable: ['npx'] });
    answers.push('$(terminal) Command', 'npx', '', 'TOKEN=x', '', ['TOKEN'], 'My servers', 'npx');
    await assert.rejects(commands.addMcpServer(), /The file is not valid JSON/);
    assert.deepEqual(kept, [], 'no secret without an entry that names it');
  });
});

describe('what the form says while one types', () => {
  for (const [text, expected] of [
    ['', ''],
    ['npx -y "a b"', '1: Program ‹npx›, 2 arguments: ‹-y› ‹a b›'],
    ['npx', '1: Program ‹npx›'],
    ['a\u202e', '1: Program ‹a\\u{202e}›'],
    ['a | b', '2: Program ‹a›, 2 arguments: ‹|› ‹b›. No shell reads this: | is passed on as it stands.'],
    ['a "', 'A quote " is open: close it.'],
  ] as const) {
    it(`of a command ${JSON.stringify(text)}`, () => {
      assert.equal(said(argumentsMessage(text, false, true)), expected);
    });
  }

  it('of arguments, an address, and values', () => {
    assert.equal(said(argumentsMessage('C:\\a b', true, false)), '1: 2 arguments: ‹C:\\a› ‹b›');
    assert.match(said(argumentsMessage('x'.repeat(5_000), false, false)), /^.{300,500}…$/);
    assert.match(said(addressMessage('http://example.com')), /^2: Without https/);
    assert.equal(said(addressMessage('http://localhost:1/')), '');
    assert.equal(said(addressMessage('https://example.com')), '');
    assert.match(said(addressMessage('example.com')), /begins with https/);
    assert.match(said(valueMessage('TOKEN=x', 'env')), /^1: It looks like a secret/);
    assert.match(said(valueMessage('TOKEN', 'env')), /^1: Without =: TOKEN is asked for/);
    assert.equal(said(valueMessage('MODE=x', 'env')), '');
    assert.match(said(valueMessage('=', 'header')), /Type NAME=value/);
  });
});

describe('opening a configuration of MCP servers', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'mcp-files-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const rig = (isTrusted = true) =>
    mcpRig([], {
      userFile: path.join(home, 'own', 'mcp.json'),
      folders: [{ name: 'shop', path: path.join(home, 'shop') }],
      isTrusted,
    });

  const opened = (): unknown => Reflect.get(executed.at(-1)?.[1] as object, 'fsPath');

  it('makes the own file, for its owner only, with comments that say how', async () => {
    const file = path.join(home, 'own', 'mcp.json');
    answers.push('My servers');
    assert.equal(await rig().commands.openMcpConfig(), file);
    const text = await readFile(file, 'utf8');
    assert.deepEqual(parse(text), { inputs: [], servers: {} });
    assert.match(text, /\/\/ "memory": \{/);
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(opened(), file);
  });

  it('makes that of a folder, and writes over nothing', async () => {
    const file = path.join(home, 'shop', '.anycowork', 'mcp.json');
    const { commands } = rig();
    answers.push('shop: .anycowork/mcp.json', 'shop: .anycowork/mcp.json');
    await commands.openMcpConfig();
    const before = await readFile(file, 'utf8');
    await commands.openMcpConfig();
    assert.equal(await readFile(file, 'utf8'), before);
    assert.equal(opened(), file);
  });

  it('offers the files of others only where they are, and writes nothing where nobody is trusted', async () => {
    const { commands } = rig(false);
    answers.push('shop: .anycowork/mcp.json');
    await assert.rejects(commands.openMcpConfig(), /There is no shop: \.anycowork/);
    answers.push('shop: .vscode/mcp.json');
    await assert.rejects(commands.openMcpConfig(), /There is no shop: \.vscode/);
    assert.equal(await commands.openMcpConfig(), undefined);
    await assert.rejects(stat(path.join(home, 'shop')), { code: 'ENOENT' });
  });
});
