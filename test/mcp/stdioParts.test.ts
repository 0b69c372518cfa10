import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { minimalEnvironment, pathOf, withVariables } from '../../extension/mcp/minimalEnvironment.ts';
import { membersOf, type ProcessRow } from '../../extension/mcp/processTable.ts';
import { SpawnFault, spawnProblem } from '../../extension/mcp/spawnProblem.ts';
import { createLineLog, createLineSplitter, plainLine, readLines } from '../../extension/mcp/stdioLines.ts';
import { secretsOf } from '../../extension/mcp/stdioSecrets.ts';

const linesOf = (chunks: readonly Buffer[], most: number) => {
  const splitter = createLineSplitter(most);
  return [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
};

const oddCharacter = fc.oneof(
  fc.constantFrom('a', '\u001b', '[', '3', 'm', '\r', '\u009b', '\u2028', '\u202e', '\u2066', '😀'),
  fc.nat(0xffff).map((code) => String.fromCharCode(code)),
);

describe('lines of a server', () => {
  it('are the same however they arrive', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', '', ' ', 'é', '😀', '\u2028', '{', '"'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 9 }),
        (lines, end, size) => {
          const bytes = Buffer.from(lines.map((each) => each + end).join(''));
          const count = Math.ceil(bytes.length / size);
          const chunks = Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
          assert.deepEqual(
            linesOf(chunks, 1_000).map(({ text }) => text),
            lines,
          );
        },
      ),
    );
  });

  it('are cut at a limit, as soon as they reach it', () => {
    const given = ['abc', 'def\nx', 'y\n', '0123456789\nlast'].map((text) => Buffer.from(text));
    assert.deepEqual(linesOf(given, 4), [
      { text: 'abcd', isCut: true },
      { text: 'xy', isCut: false },
      { text: '0123', isCut: true },
      { text: 'last', isCut: false },
    ]);
    assert.equal([...createLineSplitter(4).push(Buffer.from('abcde'))].length, 1);
  });

  it('are read until it is over, also from a pipe that breaks', async () => {
    const got: string[] = [];
    const broken = async function* () {
      yield Buffer.from('a\nb\n');
      throw new Error('broken');
    };
    await readLines(
      Readable.from(broken()),
      createLineSplitter(9),
      ({ text }) => got.push(text),
      () => false,
    );
    assert.deepEqual(got, ['a', 'b']);
    const isOver = () => got.length === 3;
    const endless = function* () {
      for (;;) yield Buffer.from('c\nd\n');
    };
    await readLines(Readable.from(endless()), createLineSplitter(9), ({ text }) => got.push(text), isOver);
    assert.deepEqual(got, ['a', 'b', 'c']);
  });

  it('let everything else have its turn', async () => {
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    const onLine = (): void => {
      for (const until = performance.now() + 1; performance.now() < until; );
    };
    const chunk = Buffer.from('x\n'.repeat(200));
    await readLines(Readable.from([chunk]), createLineSplitter(9), onLine, () => false);
    isDone = true;
    assert.ok(turns >= 20, String(turns));
  });

  it('are plain text in the log', () => {
    assert.equal(plainLine('\u001b[31mred\u001b[0m\u0007 \u202etxt\u{e0041} 10%\r 99%\r', []), ' 99%');
    assert.equal(plainLine('\u001b[31mred\u001b[0m\u0007 a\u202etxt\u{e0041}\tb  ', []), 'red atxt\tb');
    assert.equal(plainLine('my key is 12345678-abc', ['12345678-abc']), 'my key is [redacted]');
    assert.equal(plainLine('x'.repeat(5_000), []).length, 2_000);
    assert.equal(plainLine('\r\r', []), '');
    fc.assert(
      fc.property(fc.string({ unit: oddCharacter }), (text) => {
        assert.doesNotMatch(plainLine(text, []), /[^\P{Cc}\t]|[\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('take no time, whatever is in them', () => {
    const began = performance.now();
    for (const text of ['\r', ' \r', '\u200b']) {
      assert.equal(plainLine(`${text.repeat(100_000)}x`, []), 'x');
    }
    assert.ok(performance.now() - began < 5_000);
  });

  it('are written at most so many a second', () => {
    const written: string[] = [];
    let now = 0;
    const log = createLineLog((text) => void written.push(text), { perSecond: 2, now: () => now });
    for (const text of ['a', 'b', 'c', 'd']) log.write(text);
    now = 1_000;
    log.write('e');
    assert.deepEqual(written, ['a', 'b', '2 lines left out', 'e']);
    log.write('f');
    log.write('g');
    log.end();
    log.end();
    assert.deepEqual(written.slice(4), ['f', '1 line left out']);
  });
});

describe('secrets of a command', () => {
  it('are the values of what is called so', () => {
    const args = [
      '--api-key',
      'k1',
      '--token=t2',
      '--port',
      '80',
      '-y',
      'postgres://me:pw@host/db',
      '--secret',
    ];
    const env = { GITHUB_TOKEN: 'g', LANG: 'C', URL: 'https://a:b@c' };
    assert.deepEqual(secretsOf({ args, env }), ['g', 'k1', 't2', 'pw', 'b']);
  });

  it('are what was typed as one, what looks like one, and passwords of proxies', () => {
    const key = ['ghp', 'a1B2c3D4e5F6g7H8i9J0'].join('_');
    const env = { HTTPS_PROXY: 'me:pw1@proxy:80', http_proxy: 'http://me:pw2@proxy:80', PLAIN: `${key}x` };
    assert.deepEqual(secretsOf({ args: [key, 'repo:tag@x'], env, secrets: ['typed'] }), [
      ...['typed', `${key}x`, key, 'pw1', 'pw2'],
    ]);
  });
});

describe('the environment of a server', () => {
  it('has what programs need and nothing else', () => {
    const given = {
      ...{ HOME: '/h', PATH: '/p', LANG: 'C', TMPDIR: '/t', TERM: '() { :; }', USER: undefined },
      ...{ VSCODE_PID: '1', ELECTRON_RUN_AS_NODE: '1', OPENAI_API_KEY: 'k', Path: '/w', SystemRoot: 'C:\\W' },
    };
    assert.deepEqual(minimalEnvironment(given, 'linux'), { HOME: '/h', PATH: '/p', LANG: 'C', TMPDIR: '/t' });
    assert.deepEqual(minimalEnvironment({ Path: '/w', SystemRoot: 'C:\\W', HOME: 'x' }, 'win32'), {
      Path: '/w',
      SystemRoot: 'C:\\W',
    });
  });

  it('has what the network needs', () => {
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'];
    const all = [
      ...names,
      ...names.map((name) => name.toLowerCase()),
      'SSL_CERT_FILE',
      'NODE_EXTRA_CA_CERTS',
    ];
    const given = Object.fromEntries(all.map((name) => [name, 'x']));
    assert.deepEqual(minimalEnvironment(given, 'linux'), given);
    assert.deepEqual(minimalEnvironment(given, 'win32'), given);
  });

  it('has a variable once, by the rules of the system', () => {
    assert.deepEqual(withVariables({ Path: 'a', B: 'b' }, { PATH: 'c' }, 'win32'), { B: 'b', PATH: 'c' });
    assert.deepEqual(withVariables({ Path: 'a', B: 'b' }, { PATH: 'c' }, 'linux'), {
      Path: 'a',
      B: 'b',
      PATH: 'c',
    });
    assert.equal(pathOf({ Path: 'a' }, 'win32'), 'a');
    assert.equal(pathOf({ Path: 'a' }, 'linux'), undefined);
  });
});

describe('a process tree', () => {
  it('has the group, its descendants, and those that are known', () => {
    const row = (id: number, parent: number, group: number): ProcessRow => ({
      id,
      parent,
      group,
      started: `s${id}`,
    });
    const rows = [
      row(1, 0, 1),
      row(12, 11, 12),
      row(11, 10, 10),
      row(10, 1, 10),
      row(20, 1, 20),
      row(21, 20, 20),
    ];
    const ids = (...args: Parameters<typeof membersOf>) => membersOf(...args).map(({ id }) => id);
    assert.deepEqual(ids(10, rows).sort(), [10, 11, 12]);
    // The leader has gone; a child of the group has a group of its own.
    assert.deepEqual(
      ids(
        10,
        rows.filter(({ id }) => id !== 10),
      ).sort(),
      [11, 12],
    );
    assert.deepEqual(ids(99, rows, new Map([[20, 's20']])).sort(), [20, 21]);
    assert.deepEqual(ids(99, rows, new Map([[20, 'earlier']])), []);
    // It leads no group.
    assert.deepEqual(ids(21, rows), [21]);
  });
});

describe('why a process could not be started', () => {
  const error = (code: string) => Object.assign(new Error(`spawn secret ${code}`), { code });
  const of = (command: string, fault: unknown, searchPath = '/bin') =>
    spawnProblem(fault, { command, cwd: '/work' }, searchPath);
  const missing = new SpawnFault('NOPROGRAM');

  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'npx',
      missing,
      /“npx” was not found\. Searched was the PATH: \/bin\. Install Node\.js .*full path of npx.*dock/,
    ],
    ['npx.cmd', missing, /Install Node\.js/],
    ['node', error('ENOENT'), /Install Node\.js/],
    ['uvx', missing, /Install uv/],
    ['uv', missing, /Install uv/],
    ['python', missing, /Install Python/],
    ['docker', missing, /Install Docker/],
    ['my-server', missing, /Install it, or give the full path of my-server/],
    ['constructor', missing, /Install it, or/],
    ['npx -y server', missing, /belongs into "args"/],
    ['~/bin/server', missing, /Write \$\{userHome\} instead/],
    ['/opt/server', error('ENOENT'), /no program “\/opt\/server”/],
    ['/opt/server', new SpawnFault('NOINTERPRETER'), /first line/],
    ['x', new SpawnFault('NOFOLDER'), /folder \/work that it should start in does not exist/],
    ['x', new SpawnFault('NOTFOLDER'), /\/work, which it should start in, is no folder/],
    ['x', error('EACCES'), /chmod \+x/],
    ['x', error('ENOTDIR'), /is a file, not a folder/],
    ['x', error('ENOEXEC'), /no program for this computer/],
    ['x', error('E2BIG'), /longer than the system allows/],
    ['x', error('EMFILE'), /no room for another process/],
    ['x', error('ERR_INVALID_ARG_VALUE'), /NUL/],
    ['x', error('EODD'), /could not be started \(EODD\)/],
    ['x', 'odd', /could not be started\. Try/],
  ];
  for (const [command, fault, told] of cases) {
    it(`is told of ${command}: ${String(told).slice(1, 50)}`, () => {
      assert.match(of(command, fault), told);
      assert.doesNotMatch(of(command, fault), /secret/);
    });
  }

  it('names some of the folders that were searched', () => {
    const folders = Array.from({ length: 8 }, (_, index) => `/f${index}`).join(
      process.platform === 'win32' ? ';' : ':',
    );
    assert.match(of('x', missing, folders), /PATH: \/f0, \/f1, \/f2, \/f3, \/f4 and 3 more folders\./);
    assert.match(of('x', missing, ''), /PATH that was searched is empty/);
  });
});
