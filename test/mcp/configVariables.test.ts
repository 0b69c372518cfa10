import assert from 'node:assert/strict';
import path from 'node:path';
import { McpError, type ResolvedTransport } from '../../extension/core/mcp.ts';
import { type ResolvePorts, resolveConfig } from '../../extension/mcp/configResolve.ts';
import { inputIdsOf } from '../../extension/mcp/variables.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { configOf, ownPlace, portsOf, variable, vscodePlace } from './configRig.ts';

const noAnswer = async (): Promise<undefined> => undefined;

describe('MCP configuration, resolved', () => {
  let folder: string;
  let ports: ResolvePorts;
  beforeEach(() => {
    folder = temporaryFolder();
    fill(folder, { 'app/a.txt': '', 'lib/b.txt': '', 'home/c.txt': '' });
    ports = portsOf({
      folders: () => [
        { path: path.join(folder, 'app'), name: 'app' },
        { path: path.join(folder, 'lib'), name: 'lib' },
      ],
      home: path.join(folder, 'home'),
      environment: () => ({ TOKEN: 'from-env', EMPTY: '', 'ProgramFiles(x86)': 'p' }),
      platform: process.platform,
    });
  });
  afterEach(removeTemporaryFolders);

  const app = () => ({ ...vscodePlace, folder: path.join(folder, 'app') });
  const stdio = async (
    entry: object,
    more: { inputs?: unknown[]; place?: typeof ownPlace } = {},
    answers: Record<string, string> = {},
  ): Promise<Extract<ResolvedTransport, { type: 'stdio' }>> => {
    const config = configOf(entry, { place: app(), ...more });
    const resolved = await resolveConfig(config, ports, async ({ id }) => answers[id]);
    assert.ok(resolved.type === 'stdio');
    return resolved;
  };
  const argument = async (text: string): Promise<string | undefined> =>
    (await stdio({ command: 'c', args: [text] })).args[0];

  it('replaces every variable that it knows', async () => {
    const table: readonly (readonly [string, string])[] = [
      ['plain $HOME $$ { }', 'plain $HOME $$ { }'],
      [`${variable('workspaceFolder')}/x`, `${path.join(folder, 'app')}/x`],
      [variable('workspaceFolder:lib'), path.join(folder, 'lib')],
      [variable('workspaceFolderBasename'), 'app'],
      [variable('userHome'), path.join(folder, 'home')],
      [variable('pathSeparator') + variable('/'), path.sep + path.sep],
      [`a${variable('env:TOKEN')}b${variable('TOKEN')}`, 'afrom-envbfrom-env'],
      [variable('env:ProgramFiles(x86)'), 'p'],
      [variable('EMPTY'), ''],
      [variable('EMPTY:-d'), 'd'],
      [variable('NONE:-d:e'), 'd:e'],
      [variable('NONE:-'), ''],
      ['${unclosed', '${unclosed'],
    ];
    for (const [text, expected] of table) assert.equal(await argument(text), expected, text);
  });

  it('replaces them everywhere, once', async () => {
    fill(folder, { 'app/sub/.env': 'FROM_FILE="1"\nBOTH=file\n' });
    const resolved = await stdio(
      {
        command: variable('input:a'),
        args: [variable('input:a'), variable('input:b')],
        env: { A: variable('input:b'), BOTH: 'entry' },
        envFile: `${variable('workspaceFolder')}/sub/.env`,
        cwd: variable('workspaceFolder:lib'),
      },
      { inputs: [{ id: 'a' }, { id: 'b' }] },
      { a: 'one', b: variable('env:TOKEN') },
    );
    assert.deepEqual(resolved, {
      type: 'stdio',
      command: 'one',
      args: ['one', variable('env:TOKEN')],
      env: { FROM_FILE: '1', BOTH: 'entry', A: variable('env:TOKEN') },
      cwd: path.join(folder, 'lib'),
    });
    const remote = configOf({
      url: `https://${variable('env:TOKEN')}.example/`,
      headers: { Authorization: `Bearer ${variable('TOKEN')}` },
    });
    assert.deepEqual(await resolveConfig(remote, ports, noAnswer), {
      type: 'http',
      url: 'https://from-env.example/',
      headers: { Authorization: 'Bearer from-env' },
    });
    const client = configOf(
      {
        url: 'https://a.example/',
        oauth: {
          clientId: variable('TOKEN'),
          clientSecret: `${variable('input:a')}-${variable('env:TOKEN')}`,
          scopes: ['r', variable('input:a')],
        },
      },
      { inputs: [{ id: 'a' }] },
    );
    assert.deepEqual(await resolveConfig(client, ports, async () => 'typed'), {
      type: 'http',
      url: 'https://a.example/',
      headers: {},
      oauth: { clientId: 'from-env', clientSecret: 'typed-from-env', scopes: ['r', 'typed'] },
    });
  });

  it('names what was typed as a secret, for what is logged', async () => {
    const inputs = [{ id: 'a', password: true }, { id: 'b' }, { id: 'my-token' }];
    const entry = { command: 'c', args: ['a', 'b', 'my-token'].map((id) => variable(`input:${id}`)) };
    const { secrets } = await stdio(entry, { inputs }, { a: 'one', b: 'two', 'my-token': 'three' });
    assert.deepEqual(secrets, ['one', 'three']);
  });

  it('takes the name of a folder as it is', async () => {
    const odd = path.join(folder, variable('input:x'));
    fill(folder, { [`${variable('input:x')}/a.txt`]: '' });
    assert.equal((await stdio({ command: 'c' }, { place: { ...vscodePlace, folder: odd } })).cwd, odd);
  });

  it('starts below the folder of its file; one of the person’s own below home, whatever is open', async () => {
    assert.equal((await stdio({ command: 'c' })).cwd, path.join(folder, 'app'));
    const lib = { ...vscodePlace, folder: path.join(folder, 'lib') };
    assert.equal((await stdio({ command: 'c' }, { place: lib })).cwd, path.join(folder, 'lib'));
    assert.equal((await stdio({ command: 'c' }, { place: ownPlace })).cwd, path.join(folder, 'home'));
    fill(folder, { 'app/deep/x': '' });
    const deep = await stdio({ command: './run', cwd: 'deep' });
    assert.deepEqual(
      [deep.cwd, deep.command],
      [path.join(folder, 'app/deep'), path.join(folder, 'app/deep/run')],
    );
  });

  it('asks for each input once, in the order of the entry', async () => {
    const asked: string[] = [];
    const config = configOf(
      { command: 'c', args: [variable('input:b'), variable('input:a'), variable('input:b')] },
      { inputs: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], place: app() },
    );
    assert.deepEqual(inputIdsOf(config.transport), ['b', 'a']);
    await resolveConfig(config, ports, async ({ id }) => {
      asked.push(id);
      return id;
    });
    assert.deepEqual(asked, ['b', 'a']);
  });

  const wrong: readonly (readonly [string, object, RegExp])[] = [
    [
      'an unknown variable',
      { command: variable('config:x') },
      /\$\{config:x\} is not a variable that AnyCowork knows/,
    ],
    [
      'what cannot be seen, and not all of it',
      { command: variable(`\n${'x'.repeat(9_000)}`) },
      /\$\{\\u\{000A\}x{50,100}…\} is not a variable/,
    ],
    ['an empty one', { command: variable('') }, /\$\{\} is not a variable/],
    ['one of VS Code commands', { command: variable('command:x.y') }, /\$\{command:x.y\} is not a variable/],
    ['a variable in another', { command: variable(`A:-${variable('B')}`) }, /another variable inside/],
    [
      'a folder that is not open',
      { command: variable('workspaceFolder:no') },
      /no folder with the name "no" is open/,
    ],
    [
      'a variable that is not set',
      { command: variable('env:NONE') },
      /environment variable NONE, .*is not set/,
    ],
    [
      'the same as Claude writes it',
      { command: variable('NONE') },
      /environment variable NONE, .*is not set/,
    ],
    ['a missing folder', { command: 'c', cwd: 'none' }, /its folder .*none does not exist/],
    [
      'a missing environment file',
      { command: 'c', envFile: 'none.env' },
      /environment file .*none.env cannot be read: there is no such file/,
    ],
    [
      'a folder for an environment file',
      { command: 'c', envFile: '.' },
      /cannot be read: (it is not a file|EISDIR)/,
    ],
    ['an empty command', { command: variable('EMPTY') }, /its command is empty/],
    ['another kind of address', { url: `${variable('env:TOKEN')}://a` }, /has to begin with https/],
  ];
  for (const [what, entry, words] of wrong) {
    it(`names ${what}, and the server`, async () => {
      await assert.rejects(resolveConfig(configOf(entry, { place: app() }), ports, noAnswer), (error) => {
        assert.ok(error instanceof McpError);
        assert.match(error.message, words);
        assert.match(error.message, /^The MCP server x \(.vscode\/mcp.json\) cannot be/);
        return true;
      });
    });
  }

  it('does not start without an answer, nor with one that would be another header', async () => {
    const config = configOf(
      { url: 'https://a.example', headers: { A: variable('input:a') } },
      { inputs: [{ id: 'a', description: 'The word' }] },
    );
    await assert.rejects(resolveConfig(config, ports, noAnswer), /needs a value for "The word"/);
    await assert.rejects(
      resolveConfig(config, ports, async () => 'b\nC: d'),
      /header A has a line break/,
    );
    await assert.rejects(
      resolveConfig(config, ports, async () => 'pass “word”'),
      /header A has a character that no header can have/,
    );
    await assert.rejects(
      resolveConfig(config, ports, async () => 'b\0'),
      /NUL/,
    );
    assert.equal((await resolveConfig(config, ports, async () => '')).type, 'http');
  });

  it('takes names of variables in any case on Windows', async () => {
    const entry = { url: `https://${variable('env:token')}.example` };
    const resolved = await resolveConfig(configOf(entry), { ...ports, platform: 'win32' }, noAnswer);
    assert.ok(resolved.type === 'http');
    assert.equal(resolved.url, 'https://from-env.example');
    await assert.rejects(resolveConfig(configOf(entry), { ...ports, platform: 'linux' }, noAnswer), /token/);
  });

  it('says where no folder is open that one is needed', async () => {
    const none = { ...ports, folders: () => [] };
    const config = configOf({ command: variable('workspaceFolder') }, { place: ownPlace });
    await assert.rejects(resolveConfig(config, none, noAnswer), /no folder is open/);
  });
});
