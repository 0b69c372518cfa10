import assert from 'node:assert/strict';
import path from 'node:path';
import type { McpImportSource } from '../../extension/core/mcp.ts';
import { parseConfigFile } from '../../extension/mcp/configFile.ts';
import { importEntry } from '../../extension/mcp/importEntry.ts';
import { type ImportPlacePorts, importPlaces } from '../../extension/mcp/importPlaces.ts';
import { findImports } from '../../extension/mcp/importSources.ts';
import { isSecretForm, isSecretName } from '../../extension/mcp/secretNames.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { configOf, ownPlace, variable } from './configRig.ts';

describe('places of other programs', () => {
  const places = (ports: Partial<ImportPlacePorts>): readonly string[] =>
    importPlaces({
      home: '/home/ann',
      environment: {},
      platform: 'linux',
      storageFolder: '/home/ann/.config/Code/User/globalStorage/our.own',
      folders: [],
      ...ports,
    }).map(({ program, file }) => `${program}: ${file}`);

  it('on Linux', () => {
    assert.deepEqual(places({ folders: [{ path: '/w/app', name: 'app' }] }), [
      'Claude Desktop: /home/ann/.config/Claude/claude_desktop_config.json',
      'Claude Code: /home/ann/.claude.json',
      'Cursor: /home/ann/.cursor/mcp.json',
      'Cursor (this folder): /w/app/.cursor/mcp.json',
      'Cline: /home/ann/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      'Cline: /home/ann/.config/Code - Insiders/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      'Cline: /home/ann/.cline/data/settings/cline_mcp_settings.json',
      'Windsurf: /home/ann/.codeium/windsurf/mcp_config.json',
      'VS Code: /home/ann/.config/Code/User/mcp.json',
      'VS Code (settings): /home/ann/.config/Code/User/settings.json',
      'VS Code Insiders: /home/ann/.config/Code - Insiders/User/mcp.json',
      'VS Code Insiders (settings): /home/ann/.config/Code - Insiders/User/settings.json',
    ]);
  });

  it('on macOS', () => {
    const found = places({
      home: '/Users/ann',
      platform: 'darwin',
      storageFolder: '/Users/ann/Library/Application Support/Code/User/globalStorage/our.own',
    });
    for (const each of [
      'Claude Desktop: /Users/ann/Library/Application Support/Claude/claude_desktop_config.json',
      'Cline: /Users/ann/Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      'VS Code: /Users/ann/Library/Application Support/Code/User/mcp.json',
    ]) {
      assert.ok(found.includes(each), each);
    }
  });

  it('on Windows, with the folder of the store package', () => {
    const found = places({
      home: 'C:\\Users\\ann',
      environment: { APPDATA: 'D:\\Roaming' },
      platform: 'win32',
      storageFolder: 'D:\\Roaming\\Code\\User\\globalStorage\\our.own',
    });
    for (const each of [
      'Claude Desktop: D:\\Roaming\\Claude\\claude_desktop_config.json',
      'Claude Desktop: C:\\Users\\ann\\AppData\\Local\\Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json',
      'Cursor: C:\\Users\\ann\\.cursor\\mcp.json',
      'VS Code: D:\\Roaming\\Code\\User\\mcp.json',
    ]) {
      assert.ok(found.includes(each), each);
    }
  });

  it('where variables and other editors put them', () => {
    const found = places({
      environment: { XDG_CONFIG_HOME: '/x', CLAUDE_CONFIG_DIR: '/c', CLINE_DIR: '/l' },
      storageFolder: '/srv/code/User/globalStorage/our.own',
    });
    for (const each of [
      'Claude Desktop: /x/Claude/claude_desktop_config.json',
      'Claude Code: /c/.claude.json',
      'Cline: /srv/code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      'Cline: /l/data/settings/cline_mcp_settings.json',
      'VS Code: /srv/code/User/mcp.json',
      'VS Code: /x/Code/User/mcp.json',
    ]) {
      assert.ok(found.includes(each), each);
    }
  });
});

describe('imports of MCP servers', () => {
  let home: string;
  beforeEach(() => {
    home = temporaryFolder();
  });
  afterEach(removeTemporaryFolders);

  const find = (usedInputIds: readonly string[] = []): Promise<readonly McpImportSource[]> =>
    findImports({
      home,
      environment: {},
      platform: process.platform === 'win32' ? 'win32' : 'linux',
      storageFolder: path.join(home, '.config/Code/User/globalStorage/our.own'),
      folders: [{ path: path.join(home, 'app'), name: 'app' }],
      usedInputIds,
    });

  it('finds none where there are none', async () => {
    fill(home, { '.claude.json': '{"numStartups": 1}', '.cursor/mcp.json': '{"mcpServers": {}}' });
    assert.deepEqual(await find(), []);
  });

  it('takes servers of each program, those that are off too', async () => {
    const github = { command: 'npx', args: ['-y', 'gh'], env: { GITHUB_TOKEN: 'abc', MODE: 'fast' } };
    fill(home, {
      '.claude.json': JSON.stringify({
        mcpServers: { all: { type: 'stdio', command: 'all', timeout: 9_000 } },
        projects: {
          [path.join(home, 'app')]: {
            mcpServers: { here: { type: 'http', url: 'https://a.example' }, all: { command: 'no' } },
          },
          '/other': { mcpServers: { there: { command: 'no' } } },
        },
      }),
      '.cursor/mcp.json': JSON.stringify({ mcpServers: { github } }),
      'app/.cursor/mcp.json': JSON.stringify({
        mcpServers: { github: { ...github, env: { GITHUB_TOKEN: 'other' } } },
      }),
      '.cline/data/settings/cline_mcp_settings.json': JSON.stringify({
        mcpServers: { off: { command: 'off', disabled: true, timeout: 90 }, bad: { command: 1 } },
      }),
      '.config/Code/User/mcp.json': `{ // mine
        "inputs": [{ "id": "token", "type": "promptString", "description": "T", "password": true }],
        "servers": { "web": { "url": "https://b.example", "headers": { "X": "${variable('input:token')}" } } } }`,
      '.config/Code/User/settings.json':
        '{ "editor.x": 1, "mcp": { "servers": { "old": { "command": "old" } } }, }',
      '.codeium/windsurf/mcp_config.json': '{',
    });
    const found = await find();
    assert.deepEqual(
      found.map(({ program, servers }) => `${program}: ${servers.map(({ name }) => name).join(', ')}`),
      [
        'Claude Code: all, here',
        'Cursor: github',
        'Cursor (this folder): github',
        'Cline: off',
        'Windsurf: ',
        'VS Code: web',
        'VS Code (settings): old',
      ],
    );
    const entries = found.flatMap(({ servers }) => servers);
    assert.deepEqual(entries[0]?.entry, { type: 'stdio', command: 'all', args: [], callTimeout: 9 });
    assert.deepEqual(entries[2], {
      name: 'github',
      entry: {
        type: 'stdio',
        command: 'npx',
        args: ['-y', 'gh'],
        env: { GITHUB_TOKEN: variable('input:github.GITHUB_TOKEN'), MODE: 'fast' },
      },
      inputs: [
        {
          type: 'promptString',
          id: 'github.GITHUB_TOKEN',
          description: 'GITHUB_TOKEN of the MCP server github',
          password: true,
        },
      ],
      secrets: { 'github.GITHUB_TOKEN': 'abc' },
      summary: 'npx -y gh',
    });
    assert.deepEqual(entries[3]?.secrets, { 'github.GITHUB_TOKEN-2': 'other' });
    assert.deepEqual(entries[4]?.entry, { type: 'stdio', command: 'off', args: [], callTimeout: 90 });
    assert.match(
      found[3]?.problem ?? '',
      /^"bad": `command` has to be a text in double quotes: Cline line 1$/,
    );
    assert.match(found[4]?.problem ?? '', /not valid JSON/);
    assert.deepEqual(entries[5]?.entry, {
      type: 'http',
      url: 'https://b.example',
      headers: { X: variable('input:web.token') },
    });
    assert.deepEqual(entries[5]?.inputs, [
      { type: 'promptString', id: 'web.token', description: 'T', password: true },
    ]);
    assert.deepEqual(entries[5]?.secrets, {});
    const again = await find(['github.GITHUB_TOKEN']);
    assert.deepEqual(again[1]?.servers[0]?.secrets, { 'github.GITHUB_TOKEN-2': 'abc' });
  });

  const imported = (entry: unknown) =>
    importEntry(configOf(entry, { place: ownPlace, name: 'My server!' }), new Map());
  const key = 'sk-ant-REDACTED'.replace('REDACTED', 'x1y2z3a4b5c6d7e8');

  it('takes secrets out of the environment, headers, arguments and addresses', () => {
    const stdio = imported({
      command: 'run',
      args: [
        '--token',
        'abc',
        '--api-key=def',
        '--verbose',
        key,
        '--header',
        'Authorization: Bearer ghi',
        'postgres://u:pw@h/db',
        'x',
        '-e',
        'DB_PASSWORD=jkl',
        'MODE=fast',
        'https://a.example/mcp?token=mno',
        'http://localhost:3000/@scope/x',
      ],
      env: {
        PLAIN: 'x',
        RANDOM: 'aB3dE5fG7hI9jK1lM3nO5pQ7',
        URL: 'postgres://u:pw@h/db',
        SELF: variable('env:SELF'),
        API_KEY: '',
      },
    });
    assert.deepEqual(stdio.entry, {
      type: 'stdio',
      command: 'run',
      args: [
        '--token',
        variable('input:My-server.token'),
        `--api-key=${variable('input:My-server.api-key')}`,
        '--verbose',
        variable('input:My-server.argument'),
        '--header',
        `Authorization: Bearer ${variable('input:My-server.Authorization')}`,
        variable('input:My-server.argument-2'),
        'x',
        '-e',
        `DB_PASSWORD=${variable('input:My-server.DB_PASSWORD')}`,
        'MODE=fast',
        `https://a.example/mcp?token=${variable('input:My-server.token-2')}`,
        'http://localhost:3000/@scope/x',
      ],
      env: {
        PLAIN: 'x',
        RANDOM: variable('input:My-server.RANDOM'),
        URL: variable('input:My-server.URL'),
        SELF: variable('env:SELF'),
        API_KEY: '',
      },
    });
    assert.deepEqual(stdio.secrets, {
      'My-server.token': 'abc',
      'My-server.api-key': 'def',
      'My-server.argument': key,
      'My-server.Authorization': 'ghi',
      'My-server.argument-2': 'postgres://u:pw@h/db',
      'My-server.DB_PASSWORD': 'jkl',
      'My-server.token-2': 'mno',
      'My-server.RANDOM': 'aB3dE5fG7hI9jK1lM3nO5pQ7',
      'My-server.URL': 'postgres://u:pw@h/db',
    });
    const remote = imported({
      url: 'https://u:pw@a.example/mcp?api_key=abc&mode=x',
      headers: { Authorization: 'Bearer abc', 'X-Own': 'plain' },
      oauth: { clientId: 'c', clientSecret: 'pqr', scopes: ['r'] },
    });
    assert.deepEqual(remote.entry, {
      type: 'http',
      url: `https://u:${variable('input:My-server.password')}@a.example/mcp?api_key=${variable('input:My-server.api_key')}&mode=x`,
      headers: { Authorization: `Bearer ${variable('input:My-server.Authorization')}`, 'X-Own': 'plain' },
      oauth: { clientId: 'c', clientSecret: variable('input:My-server.clientSecret'), scopes: ['r'] },
    });
    assert.equal(remote.secrets['My-server.clientSecret'], 'pqr');
    const webhook = imported({ url: 'https://a.example/s/aB3dE5fG7hI9jK1lM3nO5pQ7/mcp?x=/y' });
    assert.equal(webhook.entry.url, `https://a.example/s/${variable('input:My-server.address')}/mcp?x=/y`);
    for (const url of ['https://a.example', 'https://a.example/', 'https://a.example//b/']) {
      assert.equal(imported({ url }).entry.url, url);
    }
    for (const { entry, secrets, summary } of [stdio, remote, webhook]) {
      const text = JSON.stringify(entry) + summary;
      for (const secret of Object.values(secrets))
        assert.ok(secret === 'abc' || !text.includes(secret), secret);
    }
  });

  it('takes no time, whatever the text', () => {
    const long = 200_000;
    const began = performance.now();
    for (const text of [
      '-'.repeat(long),
      '?'.repeat(long),
      '${input:'.repeat(long),
      'a:'.repeat(long),
      '--a='.repeat(long),
      'postgres://'.repeat(long),
    ]) {
      imported({
        command: 'c',
        args: [text, text],
        env: { A: text, [`${text.replaceAll('=', '')}x`]: 'Bearer x' },
      });
      imported({ url: `https://a.example/${text}`, headers: { A: text } });
    }
    assert.ok(performance.now() - began < 20_000);
  });

  it('gives entries that can be read back, with their inputs', () => {
    const { name, entry, inputs, secrets } = imported({
      command: 'run',
      env: { A_TOKEN: 'x', B_KEY: 'y' },
      cwd: '/x',
    });
    const { servers, problems } = parseConfigFile(
      JSON.stringify({ servers: { [name]: entry }, inputs }),
      ownPlace,
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      servers[0]?.inputs.map(({ id, isSecret }) => [id, isSecret]),
      Object.keys(secrets).map((id) => [id, true]),
    );
  });

  it('knows secrets by name and by form', () => {
    for (const name of [
      'API_KEY',
      'apiKey',
      'X-Api-Key',
      'OPENAI_KEY',
      'token',
      'DB_PASSWORD',
      'clientSecret',
      'Authorization',
      'Cookie',
      'DATABASE_URL',
      'GITHUB_PAT',
      'DSN',
    ]) {
      assert.ok(isSecretName(name), name);
    }
    for (const name of [
      'PATH',
      'MODE',
      'keyboard',
      'MONKEY',
      'AUTHOR',
      'PATTERN',
      'HOST',
      'Content-Type',
      'LOG_LEVEL',
    ]) {
      assert.ok(!isSecretName(name), name);
    }
    const figures = 'a1B2c3D4e5F6g7H8i9J0';
    for (const value of [
      key,
      `ghp_${figures}`,
      `github_pat_${figures}`,
      `xoxb-${figures}`,
      `AIza${figures}${figures}`,
      `eyJhbGciOi.eyJzdWIiOi.${figures}`,
      `${figures}kL1m`,
    ]) {
      assert.ok(isSecretForm(value), value);
    }
    for (const value of [
      '',
      'plain',
      '@modelcontextprotocol/server-filesystem',
      'https://a.example/with/a/long/path/0123456789',
      '/home/ann/projects/2024-01-01-something',
      'my-long-package-name-2024.10.15-beta.3',
      'this-is-a-long-option-value-without-digits',
    ]) {
      assert.ok(!isSecretForm(value), value);
    }
  });
});
