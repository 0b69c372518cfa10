import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addressProblem,
  fillValues,
  isSameEntry,
  looksSecret,
  nameClash,
  nameOfAddress,
  nameOfCommand,
  nameProblem,
  readValue,
  usedInputIds,
  valueProblem,
  withFreeInputs,
} from '../../extension/vscode/mcpEntry.ts';
import { folder, mcpInput, server } from './mcpRig.ts';

describe('names for servers', () => {
  for (const [words, name] of [
    [['npx', '-y', '@modelcontextprotocol/server-memory@1.2.3'], 'memory'],
    [['uvx', 'mcp-server-fetch'], 'fetch'],
    [['npx', '@playwright/mcp@latest'], 'playwright'],
    [['node', '/srv/tickets-mcp.mjs'], 'tickets'],
    [['C:\\tools\\mcp-files.exe'], 'files'],
    [['docker'], 'docker'],
    [['./run me.sh', '--all'], 'run-me'],
    [['-'], 'server'],
  ] as const) {
    it(`come from what is started: ${words.join(' ')}`, () => {
      assert.equal(nameOfCommand(words), name);
    });
  }

  for (const [url, name] of [
    ['https://api.githubcopilot.com/mcp/', 'githubcopilot'],
    ['https://mcp.linear.app/sse', 'linear'],
    ['http://localhost:3000/mcp', 'localhost'],
    ['http://127.0.0.1:3000/mcp', '127.0.0.1'],
  ] as const) {
    it(`come from where it is: ${url}`, () => {
      assert.equal(nameOfAddress(url), name);
    });
  }

  it('are a line in which nothing hides', () => {
    assert.equal(nameProblem('my server'), undefined);
    for (const wrong of ['', '  ', 'a\u202eb', 'a\nb', 'x'.repeat(101)])
      assert.ok(nameProblem(wrong) !== undefined, JSON.stringify(wrong));
  });
});

describe('addresses of servers', () => {
  for (const [text, isRight] of [
    ['https://example.com/mcp', true],
    ['  http://localhost:3000/mcp ', true],
    [`https://\${input:host}/mcp`, true],
    ['example.com', false],
    ['ftp://example.com', false],
    ['javascript:alert(1)', false],
    ['https://', false],
    ['https://me:secret@example.com/mcp', false],
  ] as const) {
    it(`${isRight ? 'can' : 'cannot'} be ${text}`, () => {
      assert.equal(addressProblem(text) === undefined, isRight);
    });
  }
});

describe('values of the environment and of headers', () => {
  it('are a name and what stands behind the first =', () => {
    assert.deepEqual(readValue(' A = b=c '), { name: 'A', value: 'b=c' });
    assert.deepEqual(readValue('TOKEN'), { name: 'TOKEN', value: undefined });
    assert.deepEqual(readValue('EMPTY='), { name: 'EMPTY', value: '' });
  });

  for (const [text, kind, isRight] of [
    ['A_1=x', 'env', true],
    ['ProgramFiles(x86)=x', 'env', true],
    ['1A=x', 'env', false],
    ['=x', 'env', false],
    ['A B=x', 'env', false],
    ['A=\u200b', 'env', false],
    ['X-Api-Key=x', 'header', true],
    ['X Key=x', 'header', false],
    ['Näme=x', 'header', false],
  ] as const) {
    it(`${isRight ? 'can' : 'cannot'} be ${JSON.stringify(text)} of ${kind}`, () => {
      assert.equal(valueProblem(text, kind) === undefined, isRight);
    });
  }

  for (const [text, isSecret] of [
    ['API_TOKEN=x', true],
    ['GITHUB_PAT=x', true],
    ['Authorization=Bearer x', true],
    ['DATABASE=x', false],
    ['PATHS=x', false],
    ['X=sk-0123456789abcdef0123', true],
    ['X=ghp_0123456789abcdef', true],
    [`TOKEN=\${env:TOKEN}`, false],
    ['ANYTHING', true],
  ] as const) {
    it(`${isSecret ? 'look' : 'do not look'} secret: ${text}`, () => {
      assert.equal(looksSecret(readValue(text)), isSecret);
    });
  }

  it('go to secret storage where they are secret, and the file names an input', () => {
    const typed = ['TOKEN=abc', 'MODE=fast', 'LATER', 'Authorization=Bearer xyz'].map(readValue);
    const filled = fillValues(
      'my server',
      typed,
      new Set(['TOKEN', 'LATER', 'Authorization']),
      new Set(['my-server.TOKEN']),
    );
    assert.deepEqual(filled.values, {
      TOKEN: `\${input:my-server.TOKEN-2}`,
      MODE: 'fast',
      LATER: `\${input:my-server.LATER}`,
      Authorization: `Bearer \${input:my-server.Authorization}`,
    });
    assert.deepEqual(filled.secrets, { 'my-server.TOKEN-2': 'abc', 'my-server.Authorization': 'xyz' });
    assert.deepEqual(
      filled.inputs.map(({ id, password }) => [id, password]),
      [
        ['my-server.TOKEN-2', true],
        ['my-server.LATER', true],
        ['my-server.Authorization', true],
      ],
    );
  });

  it('never leave a secret in the file', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 30 }), (value) => {
        const secret = `secret-${value.trim()}-end`;
        const { values, inputs } = fillValues('s', [{ name: 'X', value: secret }], new Set(['X']), new Set());
        assert.ok(!JSON.stringify([values, inputs]).includes(JSON.stringify(secret).slice(1, -1)));
      }),
    );
  });
});

describe('entries beside others', () => {
  const all = [
    server('memory', { inputs: [{ ...mcpInput, id: 'memory.TOKEN' }] }),
    server('shop', { place: 'anycowork', inputs: [mcpInput] }),
    server('other', { place: 'vscode' }),
  ];

  it('are told from those of the same file and of others', () => {
    const user = { place: 'user' } as const;
    const here = { place: 'anycowork', folder } as const;
    assert.deepEqual(nameClash('memory', all, user), { isSameFile: true, label: 'your servers' });
    assert.deepEqual(nameClash('memory', all, here), { isSameFile: false, label: 'your servers' });
    assert.deepEqual(nameClash('other', all, here), { isSameFile: false, label: '.vscode/mcp.json' });
    assert.equal(nameClash('shop', all, { place: 'anycowork', folder: '/else' })?.isSameFile, false);
    assert.equal(nameClash('new', all, user), undefined);
    assert.deepEqual([...usedInputIds(all, user)], ['memory.TOKEN']);
    assert.deepEqual([...usedInputIds(all, here)], ['token']);
  });

  it('do not share the values of inputs', () => {
    const free = withFreeInputs(
      {
        entry: { command: 'x', args: [`--t=\${input:a}`, `\${input:b}`], env: { A: `\${input:a}\${env:Y}` } },
        inputs: [{ id: 'a' }, { id: 'b' }, { type: 'odd' }],
        secrets: { a: '1', b: '2' },
      },
      new Set(['a']),
    );
    assert.deepEqual(free, {
      entry: {
        command: 'x',
        args: [`--t=\${input:a-2}`, `\${input:b}`],
        env: { A: `\${input:a-2}\${env:Y}` },
      },
      inputs: [{ id: 'a-2' }, { id: 'b' }, { type: 'odd' }],
      secrets: { 'a-2': '1', b: '2' },
    });
  });

  it('are the same where they start the same', () => {
    const memory = server('memory').config;
    assert.ok(memory !== undefined);
    assert.equal(isSameEntry({ command: 'npx', args: ['-y', 'memory'] }, memory), true);
    assert.equal(isSameEntry({ command: 'npx', args: ['memory', '-y'] }, memory), false);
    assert.equal(isSameEntry({ command: 'npx' }, memory), false);
    assert.equal(isSameEntry({ url: 'https://x.example' }, memory), false);
  });
});
