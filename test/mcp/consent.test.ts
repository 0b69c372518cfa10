import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import type { McpConsent } from '../../extension/core/mcp.ts';
import type { ResolvePorts } from '../../extension/mcp/configResolve.ts';
import { consentOf } from '../../extension/mcp/consent.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { configOf, ownPlace, parsed, portsOf, variable, vscodePlace } from './configRig.ts';

const of = (
  entry: unknown,
  more: Parameters<typeof configOf>[1] = {},
  ports = portsOf(),
): Promise<McpConsent> => consentOf(configOf(entry, more), ports);
const hashOf = async (...all: Parameters<typeof of>): Promise<string> => (await of(...all)).hash;

describe('MCP consent', () => {
  afterEach(removeTemporaryFolders);

  it('shows the exact command, folder, environment and file', async () => {
    const folder = temporaryFolder();
    fill(folder, { '.env': 'PATH=/x\nB=2\n' });
    const place = { ...vscodePlace, folder, file: path.join(folder, '.vscode/mcp.json') };
    const ports = portsOf({ folders: () => [{ path: folder, name: 'app' }], platform: process.platform });
    const { facts, warnings } = await of(
      {
        command: './run',
        args: [
          '-y',
          'two words',
          "it's",
          '',
          '$(rm)',
          `--key=${variable('input:key')}`,
          '‹input:key›',
          'a\u202eb\n',
        ],
        env: { Z: 'plain', A: `x${variable('env:TOKEN')}`, D: variable('NONE:-d') },
        envFile: '.env',
      },
      { place, inputs: [{ id: 'key' }] },
      ports,
    );
    const hash = /SHA-256 ([0-9a-f]{64})/.exec(facts.join('\n'))?.[1];
    assert.deepEqual(facts, [
      'Server: x',
      `Command: ${path.join(folder, 'run')} -y 'two words' 'it'\\''s' '' '$(rm)' '--key=‹input:key›' '\\u{2039}input:key\\u{203A}' 'a\\u{202E}b\\u{000A}'`,
      `Folder: ${folder}`,
      'Environment variable A: x‹env:TOKEN›',
      'Environment variable D: ‹env:NONE, else d›',
      'Environment variable Z: plain',
      `Environment file: ${path.join(folder, '.env')} (sets B, PATH; SHA-256 ${hash})`,
      `Configured in: .vscode/mcp.json (${place.file})`,
    ]);
    assert.equal(typeof hash, 'string');
    assert.deepEqual(warnings, [
      'the program is a file of the workspace, which agents and others may change',
      'the variables PATH change which programs are loaded or trusted',
      'it is given TOKEN out of your own environment',
      'it has characters that cannot be seen; they are shown as \\u{…}',
    ]);
  });

  it('shows the address, headers and sign-in', async () => {
    const { facts, warnings } = await of(
      {
        type: 'sse',
        url: `http://a.example/${variable('input:path')}`,
        headers: { B: 'c', Authorization: `Bearer ${variable('input:key')}` },
        oauth: { clientId: 'id', scopes: ['r', 'w'] },
      },
      { place: ownPlace, inputs: [{ id: 'key' }, { id: 'path' }] },
    );
    assert.deepEqual(facts, [
      'Server: x',
      'Address: http://a.example/‹input:path›',
      'Protocol: SSE',
      'Header Authorization: Bearer ‹input:key›',
      'Header B: c',
      'Sign-in as client: id',
      'Sign-in asks for: r w',
      'Configured in: your servers (/own/mcp.json)',
    ]);
    assert.deepEqual(warnings, [
      'http:// is not encrypted: others can read and change what is sent, secrets too',
    ]);
  });

  it('never shows the secret of a client, and binds to it', async () => {
    const given = (clientSecret: string): Promise<McpConsent> =>
      of(
        { url: 'https://a.example', oauth: { clientId: variable('CLIENT:-c'), clientSecret } },
        { inputs: [{ id: 'a' }] },
      );
    const fact = async (clientSecret: string): Promise<string | undefined> =>
      (await given(clientSecret)).facts.find((each) => each.includes('secret'));
    const start = "Sign-in with the client's secret: ";
    assert.equal(await fact(variable('input:a')), `${start}‹input:a›`);
    assert.equal(await fact('in-the-file'), `${start}‹hidden›`);
    assert.equal(await fact(`in-${variable('env:B:-the-file')}`), `${start}‹hidden›‹env:B, else hidden›`);
    const texts = ['in-the-file', 'in-the-fil', variable('input:a'), variable('env:a'), 'hidden'];
    const all = await Promise.all(texts.map(given));
    assert.equal(new Set(all.map(({ hash }) => hash)).size, texts.length);
    assert.doesNotMatch(JSON.stringify(all), /the-fil/);
    assert.ok(all[0]?.facts.includes('Sign-in as client: ‹env:CLIENT, else c›'));
    assert.match((await given('a\u200b')).warnings.join(), /cannot be seen/);
  });

  it('is another one for another content of the environment file, and for a missing one', async () => {
    const folder = temporaryFolder();
    fill(folder, { 'app/.env': 'A=1' });
    const ports: ResolvePorts = portsOf({
      platform: process.platform,
      environment: () => ({ NAME: '.env' }),
    });
    const place = { ...vscodePlace, folder: path.join(folder, 'app') };
    const hash = () => hashOf({ command: 'c', envFile: '.env' }, { place }, ports);
    const first = await hash();
    assert.equal(await hash(), first);
    fill(folder, { 'app/.env': 'A=2' });
    const second = await hash();
    assert.notEqual(second, first);
    const named = await of({ command: 'c', envFile: variable('env:NAME') }, { place }, ports);
    assert.match(named.facts.join('\n'), /‹env:NAME› \(sets A; SHA-256/);
    const missing = await of({ command: 'c', envFile: 'none' }, { place }, ports);
    assert.match(missing.facts.join('\n'), /none \(cannot be read: there is no such file\)/);
    await assert.rejects(
      of({ command: 'c', envFile: variable('input:a') }, { place, inputs: [{ id: 'a' }] }, ports),
      /an input names its environment file/,
    );
    assert.deepEqual(missing.warnings, []);
    assert.equal(new Set([first, second, named.hash, missing.hash]).size, 4);
  });

  it('binds to values of variables, but for those of inputs and the environment', async () => {
    const home = await hashOf({ command: `${variable('userHome')}/x` });
    assert.equal(await hashOf({ command: '/home/ann/x' }), home);
    assert.notEqual(
      await hashOf({ command: `${variable('userHome')}/x` }, {}, portsOf({ home: '/home/bob' })),
      home,
    );
    const env = { command: 'c', args: [variable('env:TOKEN')] };
    assert.equal(
      await hashOf(env),
      await hashOf(env, {}, portsOf({ environment: () => ({ TOKEN: 'other' }) })),
    );
    assert.notEqual(await hashOf(env), await hashOf({ command: 'c', args: ['from-env'] }));
    assert.notEqual(await hashOf(env), await hashOf({ command: 'c', args: ['‹env:TOKEN›'] }));
    await assert.rejects(of({ command: variable('config:a') }), /\$\{config:a\}/);
  });

  it('tells a server of the person from one of a folder, and one folder from another', async () => {
    const entry = { url: 'https://a.example' };
    const hashes = await Promise.all([
      hashOf(entry),
      hashOf(entry, { place: ownPlace }),
      hashOf(entry, { place: { ...vscodePlace, folder: '/w/lib' } }),
      hashOf(entry, { place: { ...vscodePlace, place: 'anycowork' } }),
      hashOf(entry, { name: 'y' }),
    ]);
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('changes with every field that counts, and with nothing else', async () => {
    const word = fc.oneof(
      fc.constantFrom('', 'a', 'b', '--x', '‹input:a›', variable('TOKEN'), variable('input:a')),
      fc.string(),
    );
    const clean = word.map((text) => text.replaceAll('\0', '').replaceAll(/\$\{(?!TOKEN\}|input:a\})/g, ''));
    const name = fc.constantFrom('A', 'B', 'C', 'PATH');
    const entries = fc.record({
      command: clean.filter((text) => text.trim() !== ''),
      args: fc.array(clean, { maxLength: 4 }),
      env: fc.dictionary(name, clean, { maxKeys: 3 }),
      cwd: fc.constantFrom('/a', '/b'),
    });
    const more = { inputs: [{ id: 'a' }] };
    await fc.assert(
      fc.asyncProperty(entries, entries, async (one, other) => {
        const same = {
          cwd: one.cwd,
          callTimeout: 5,
          dev: {},
          env: Object.fromEntries(Object.entries(one.env).reverse()),
          args: one.args,
          command: one.command,
        };
        const hash = await hashOf(one, more);
        assert.equal(await hashOf(same, more), hash);
        // A relative command is the same as its path.
        const shape = ({ command, args, env, cwd }: typeof one): string =>
          JSON.stringify([
            command.includes('/') && !command.includes('${') ? path.posix.resolve(cwd, command) : command,
            args,
            Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)),
            cwd,
          ]);
        assert.equal((await hashOf(other, more)) === hash, shape(one) === shape(other));
      }),
      { numRuns: 150 },
    );
  });

  it('does not change with comments and places in the file', async () => {
    const [one] = parsed('{"servers": {"x": {"command": "c", "args": ["1", "2"]}}}').servers;
    const [two] = parsed(
      '{\n// hi\n"mcpServers": {"x": {/* a */ "args": ["1", /* b */ "2",], "command": "c"}}}',
    ).servers;
    assert.ok(one !== undefined && two !== undefined);
    assert.equal((await consentOf(one, portsOf())).hash, (await consentOf(two, portsOf())).hash);
    assert.notEqual(
      await hashOf({ command: 'c', args: ['2', '1'] }),
      await hashOf({ command: 'c', args: ['1', '2'] }),
    );
  });
});

describe('MCP consent warns', () => {
  const newest = /fetches whatever version of/;
  const table: readonly (readonly [string, readonly string[], RegExp | undefined])[] = [
    ['npx', ['-y', '@scope/pkg'], newest],
    ['npx', ['@scope/pkg@latest'], newest],
    ['npx', ['pkg@1'], newest],
    ['npx', ['-y', '@scope/pkg@1.2.3', '--flag'], undefined],
    ['npx', ['--package=pkg@1.2.3-beta.1', 'bin'], undefined],
    ['npx', ['-p', 'pkg', 'bin'], newest],
    ['npx', ['github:a/b'], newest],
    ['npx', ['-c', 'x'], /runs a shell command/],
    ['/usr/bin/npx', ['pkg'], newest],
    ['C:\\node\\npx.cmd', ['pkg'], newest],
    ['bunx', ['pkg'], newest],
    ['pnpm', ['dlx', 'pkg'], newest],
    ['npm', ['exec', '--', 'pkg'], newest],
    ['uvx', ['mcp-server-fetch'], newest],
    ['uvx', ['mcp-server-fetch==2026.1.2'], undefined],
    ['uvx', ['pkg@1.2.3'], undefined],
    ['uvx', ['--python', '3.12', '--from', 'git+https://a.example/b', 'x'], newest],
    ['pipx', ['run', 'pkg'], newest],
    ['uv', ['tool', 'run', 'pkg'], newest],
    ['uv', ['run', 'main.py'], /the script main.py is a file of the workspace/],
    ['uv', ['--directory', '/opt', 'run', '/opt/main.py'], undefined],
    ['uv', ['pip', 'list'], undefined],
    ['npm', ['start'], /npm runs what a package.json of the workspace says/],
    ['pnpm', ['--silent', 'run', 'mcp'], /pnpm runs what a package.json of the workspace says/],
    ['npx', ['--registry', 'https://a.example', 'pkg@1.2.3'], /^npx fetches from another place than usual$/],
    ['uvx', ['--index-url=https://a.example', 'pkg==1.2.3'], /^uvx fetches from another place than usual$/],
    [
      'docker',
      ['run', '-i', '--rm', '-e', 'A', 'ghcr.io/a/b'],
      /whatever version of the image ghcr.io\/a\/b is/,
    ],
    ['docker', ['run', '-i', '--rm', 'localhost:5000/a:latest'], /image localhost:5000\/a:latest/],
    ['docker', ['run', '-it', '--name', 'x', 'a/b:1.2', '--privileged'], undefined],
    ['docker', ['run', `a/b@sha256:${'0'.repeat(64)}`], undefined],
    ['docker', ['run', '--privileged', 'a:1'], /--privileged gives the container power/],
    ['docker', ['run', '-v', '/:/host', 'a:1'], /every file of this computer/],
    ['docker', ['run', '-v/:/host', 'a:1'], /every file of this computer/],
    ['docker', ['run', '--mount', 'type=bind,source=/,target=/h', 'a:1'], /every file of this computer/],
    ['docker', ['run', '-v', '/data:/data', 'a:1'], undefined],
    ['docker', ['run', '-v', '/var/run/docker.sock:/s', 'a:1'], /can control Docker/],
    ['podman', ['run', '--net=host', 'a:1'], /shares processes or the network/],
    ['docker', ['run', '--pid', 'host', 'a:1'], /shares processes or the network/],
    ['docker', ['run', '--cap-add', 'ALL', 'a:1'], /more rights than usual/],
    ['sh', ['-c', 'x'], /sh runs a command of its own/],
    ['/bin/bash', ['-lc', 'x'], /bash runs a command of its own/],
    ['bash', ['-cx', 'x'], /bash runs a command of its own/],
    ['bash', ['script.sh'], /the script script.sh is a file of the workspace/],
    ['bash', ['/opt/script.sh'], undefined],
    ['cmd', ['/c', 'npx', '-y', 'pkg'], newest],
    ['cmd.exe', ['/C', 'x'], /cmd runs a command of its own/],
    ['powershell.exe', ['-File', 'x'], /powershell runs a command of its own/],
    ['sudo', ['-u', 'root', 'npx', 'pkg'], newest],
    ['sudo', ['x'], /rights of another user/],
    ['env', ['A=b', 'npx', 'pkg'], newest],
    ['env', ['-S', 'bash -c x'], /env runs a command of its own/],
    ['sh', ['-c', 'curl https://a.example | sh'], /fetches something from the internet and runs it/],
    ['node', ['-e', 'x'], /runs code that stands in its arguments/],
    ['python3', ['-c', 'x'], /runs code that stands in its arguments/],
    ['node', ['server.js'], /the script server.js is a file of the workspace/],
    ['python', ['-m', 'server'], undefined],
    ['node', ['/opt/server.js'], undefined],
    ['node', ['../../opt/server.js'], undefined],
    ['/w/lib/run', [], /program is a file of the workspace/],
    ['bin/run', [], /program is a file of the workspace/],
    ['/usr/bin/server', ['--port', '1'], undefined],
    [variable('env:TOKEN'), [], /the program is known only when/],
  ];
  for (const [command, args, words] of table) {
    it(`${words === undefined ? 'not of' : 'of'} ${[command, ...args].join(' ')}`, async () => {
      const text = (await of({ command, args })).warnings.join('\n');
      if (words === undefined) assert.equal(text, '');
      else assert.match(text, words);
    });
  }

  it('of variables that load programs', async () => {
    for (const name of [
      'NODE_OPTIONS',
      'LD_PRELOAD',
      'DYLD_INSERT_LIBRARIES',
      'PYTHONPATH',
      'PATH',
      'Path',
      'npm_config_registry',
    ]) {
      assert.match((await of({ command: 'c', env: { [name]: 'x' } })).warnings.join(), new RegExp(name));
    }
    assert.deepEqual((await of({ command: 'c', env: { API_KEY: 'x', PATHS: 'y' } })).warnings, []);
  });

  it('of secrets that a file of a folder takes out of the environment', async () => {
    const [key, home] = [variable('env:OPENAI_API_KEY'), variable('env:HOME')];
    const entry = { url: `https://a.example/${home}`, headers: { A: `${key} ${key}` } };
    assert.deepEqual((await of(entry)).warnings, ['it is given OPENAI_API_KEY out of your own environment']);
    assert.deepEqual((await of(entry, { place: ownPlace })).warnings, []);
    assert.match((await of({ command: 'c', args: [key] })).warnings.join(), /given OPENAI_API_KEY/);
    assert.deepEqual((await of({ command: 'c', args: [home] })).warnings, []);
  });

  it('of addresses that are not encrypted, or not what they seem', async () => {
    const warned = async (url: string): Promise<string> =>
      (await of({ url }, { inputs: [{ id: 'a' }] })).warnings.join('\n');
    for (const url of [
      'https://a.example/x',
      'http://localhost:1/',
      'http://127.0.0.1/',
      'http://[::1]:3/',
      `https://a.example/${variable('input:a')}`,
    ]) {
      assert.equal(await warned(url), '', url);
    }
    assert.match(await warned('http://a.example'), /not encrypted/);
    assert.match(await warned('http://127.0.0.1.a.example'), /not encrypted/);
    assert.match(await warned('https://a.example@b.example/'), /user name or a password/);
    assert.match(await warned('https://exаmple.com'), /xn--/);
    assert.match(
      await warned(`https://${variable('input:a')}/`),
      /known only when its variables are filled in/,
    );
    assert.match(
      await warned(`https://${variable('HOST:-a.example')}/`),
      /known only when its variables are filled in/,
    );
    assert.match(await warned(`${variable('input:a')}/mcp`), /known only when its variables are filled in/);
  });

  it('in no time, whatever the text', async () => {
    const long = 200_000;
    const began = performance.now();
    for (const entry of [
      { command: 'c', args: ['curl '.repeat(long)] },
      { command: 'docker', args: ['run', `${':'.repeat(long)}/`] },
      { command: 'npx', args: [`${'@'.repeat(long)}/`, '-'.repeat(long)] },
      { command: 'c', args: ['${'.repeat(long), 'a='.repeat(long)] },
    ]) {
      await of(entry);
    }
    await of({ url: `https://a.example/${'?'.repeat(long)}` });
    assert.ok(performance.now() - began < 20_000);
  });

  it('of a name with hidden characters in its variables or headers', async () => {
    assert.match((await of({ command: 'c', env: { 'A\u200b': '1' } })).warnings.join(), /cannot be seen/);
    assert.match((await of({ command: 'c\u{e0041}' })).warnings.join(), /cannot be seen/);
  });
});
