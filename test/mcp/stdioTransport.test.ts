import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { McpError } from '../../extension/core/mcp.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { bad, idsIn, isAlive } from './servers/bad.ts';
import { closeAll, endLimit, livingOf, together, transportOf, until } from './stdioRig.ts';

/** Longest wait between two turns of the event loop until it is stopped. */
const watchTurns = (): (() => number) => {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  return () => {
    clearInterval(timer);
    return longest;
  };
};

const closing = async (started: ReturnType<typeof transportOf>): Promise<number> => {
  const began = performance.now();
  await started.transport.close();
  return performance.now() - began;
};

describe('a server over standard input and output', function () {
  this.timeout(60_000);
  afterEach(async () => {
    await closeAll();
    removeTemporaryFolders();
  });

  it('answers, and ends with its input', async () => {
    const started = transportOf(bad('well'));
    await started.transport.start();
    assert.ok('result' in (await started.initialize()));
    const { pid } = started.transport;
    assert.ok(pid !== undefined && isAlive(pid));
    await closing(started);
    assert.ok(!isAlive(pid));
    assert.equal(await started.transport.ended, '');
    assert.equal(started.closes(), 1);
    await started.transport.close();
    assert.equal(started.closes(), 1);
    await assert.rejects(started.transport.send({ jsonrpc: '2.0', method: 'ping' }), McpError);
    await assert.rejects(started.transport.start(), McpError);
  });

  it('gets the minimal environment, the PATH of the login shell, and what is configured', async () => {
    const folder = path.dirname(process.execPath);
    const started = transportOf(
      {
        ...bad('environment'),
        env: { GIVEN: 'a', VISIBLE_TOKEN: 'hidden-value', TYPED: 'x typed-value' },
        secrets: ['typed-value'],
      },
      {
        environment: () => ({
          ...{ HOME: '/home/x', LANG: 'C', SECRET: 'no', AWS_PROFILE: 'no', PATH: '/editor' },
          https_proxy: 'http://me:long-password@proxy:80',
        }),
        loginPath: async () => `${folder}${path.delimiter}/opt/login`,
      },
    );
    await started.transport.start();
    await until(() => started.logText().includes('environment {'), 'its environment');
    const text = started.logText();
    assert.match(text, /"GIVEN":"a"/);
    assert.ok(text.includes(`${JSON.stringify(folder).slice(1, -1)}${path.delimiter}/opt/login`));
    assert.doesNotMatch(text, /SECRET|AWS_PROFILE|editor/);
    // Values of variables that are called as secrets are do not come into the log.
    assert.match(text, /"VISIBLE_TOKEN":"\[redacted\]"/);
    assert.match(text, /"TYPED":"x \[redacted\]"/);
    assert.match(text, /"https_proxy":"http:\/\/me:\[redacted\]@proxy:80"/);
  });

  it('takes a configured PATH as it is, without asking the shell', async () => {
    const started = transportOf(
      { ...bad('well'), env: { PATH: '/only/this' } },
      { loginPath: () => assert.fail('asked the shell') },
    );
    await started.transport.start();
    await started.initialize();
  });

  it('tells how it ended, with its last words', async () => {
    const started = transportOf(bad('die'));
    await started.transport.start();
    assert.equal(
      await started.transport.ended,
      'The process of the server ended with exit code 3 before it said anything in the protocol. ' +
        'Its last lines on standard error:\nError: no configuration found\n    set TOKEN and try again',
    );
    assert.equal(started.closes(), 1);
    assert.ok(started.log.includes('info: Error: no configuration found'));
  });

  it('tells how it ended in the middle of a call, with the last five lines', async () => {
    const started = transportOf(bad('dieInCall'));
    await started.transport.start();
    await started.initialize();
    await started.transport.send({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'die' } });
    assert.match(
      await started.transport.ended,
      /^The process of the server ended with exit code 7\. .*out of memory/s,
    );
  });

  it('tells by which signal it ended', async function () {
    if (process.platform === 'win32') return skipBecause(this, 'Windows has no signals');
    const started = transportOf(bad('hang'));
    await started.transport.start();
    process.kill(started.transport.pid ?? 0, 'SIGKILL');
    assert.match(await started.transport.ended, /signal SIGKILL.*nothing to standard error/);
  });

  it('ends at once where it never answers', async () => {
    const started = transportOf(bad('hang'));
    await started.transport.start();
    const { pid = 0 } = started.transport;
    await closing(started);
    assert.deepEqual(livingOf([pid]), []);
  });

  it('may flood standard output, and everything else goes on', async () => {
    const started = transportOf(bad('flood', 4));
    const turns = watchTurns();
    await started.transport.start();
    assert.ok('result' in (await started.initialize()));
    await until(() => started.messages.length > 2_000, 'its notifications');
    const longest = turns();
    assert.ok(longest < 1_000, `${longest} ms`);
    assert.equal(started.log.filter((line) => line.startsWith('warning: Standard output')).length, 20);
    await closing(started);
    assert.match(started.logText(), /warning: [\d,]+ more lines of standard output were no messages\./);
  });

  it('may talk rubbish in between', async () => {
    const started = transportOf(bad('rubbish'));
    await started.transport.start();
    assert.ok('result' in (await started.initialize()));
    assert.match(started.logText(), /no message: Starting up\.\.\./);
    const call = (name: string) => started.ask('tools/call', { name });
    await call('twice');
    await call('wrongId');
    await call('notAResult');
    assert.ok('result' in (await started.ask('ping')));
  });

  for (const [mode, call] of [
    ['rubbish', 'huge'],
    ['endless', undefined],
  ] as const) {
    it(`is ended when it writes a line without end (${mode})`, async () => {
      const started = transportOf(bad(mode));
      await started.transport.start();
      const { pid = 0 } = started.transport;
      if (call !== undefined) {
        await started.initialize();
        await started.transport.send({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: call } });
      }
      assert.match(await started.transport.ended, /a message of more than 10 MB/);
      assert.deepEqual(livingOf([pid]), []);
      assert.equal(started.closes(), 1);
    });
  }

  it('is ended when it does not read', async () => {
    const started = transportOf({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] });
    await started.transport.start();
    const { pid = 0 } = started.transport;
    const params = { text: 'x'.repeat(5_000_000) };
    await assert.rejects(async () => {
      for (let sent = 0; sent < 20; sent += 1) {
        await started.transport.send({ jsonrpc: '2.0', method: 'notifications/x', params });
      }
    }, /does not read/);
    assert.match(await started.transport.ended, /does not read/);
    assert.deepEqual(livingOf([pid]), []);
  });

  it('can be closed while it is being started', async () => {
    let tell: (path: string) => void = () => undefined;
    const started = transportOf(bad('well'), {
      loginPath: () =>
        new Promise((resolve) => {
          tell = resolve;
        }),
    });
    const starting = assert.rejects(started.transport.start(), McpError);
    await delay(0);
    await closing(started);
    await starting;
    tell('/bin');
    assert.equal(started.transport.pid, undefined);
    assert.equal(await started.transport.ended, '');
  });

  it('goes on where the guard fails, and is taken off its list in the end', async () => {
    const failing = transportOf(bad('well'), {
      guard: { watch: () => Promise.reject(new Error('no guard')) },
    });
    await failing.transport.start();
    await failing.initialize();
    const watched: number[] = [];
    const unwatched: number[] = [];
    const started = transportOf(bad('well'), {
      guard: {
        watch: async (pid) => {
          watched.push(pid);
          return () => void unwatched.push(pid);
        },
      },
    });
    await started.transport.start();
    assert.deepEqual([watched, unwatched], [[started.transport.pid], []]);
    await closing(started);
    assert.deepEqual(unwatched, watched);
  });
});

describe('a server that does not go by itself, or not in time', function () {
  this.timeout(60_000);
  after(closeAll);

  together([
    [
      'is killed with its children where it ignores everything, within 3 s',
      async () => {
        const started = transportOf(bad('stubborn'));
        await started.transport.start();
        await until(() => idsIn(started.logText()).length === 3, 'its children');
        const ids = idsIn(started.logText());
        assert.equal(livingOf(ids).length, 3);
        const took = await closing(started);
        assert.deepEqual(livingOf(ids), []);
        assert.ok(took < endLimit(), `${took} ms`);
        assert.equal(started.closes(), 1);
      },
      'Windows has no signals to ignore',
    ],
    [
      'leaves no children behind',
      async () => {
        const started = transportOf(bad('leaves'));
        await started.transport.start();
        await until(() => idsIn(started.logText()).length === 3, 'its children');
        const ids = idsIn(started.logText());
        const took = await closing(started);
        assert.deepEqual(livingOf(ids), []);
        assert.ok(took < endLimit(), `${took} ms`);
      },
      'Windows forgets whose children they were',
    ],
    [
      'leaves no children of its group behind when it dies by itself',
      async () => {
        const started = transportOf(bad('leaves'));
        await started.transport.start();
        await until(() => idsIn(started.logText()).length === 3, 'its children');
        const [leader = 0, inGroup = 0, apart = 0] = idsIn(started.logText());
        process.kill(leader, 'SIGKILL');
        assert.match(await started.transport.ended, /SIGKILL/);
        assert.deepEqual(livingOf([leader, inGroup]), []);
        // It left the group, and nobody looked before its parent was gone.
        process.kill(apart, 'SIGKILL');
      },
      'Windows forgets whose children they were',
    ],
    [
      'is ended when it closes its standard input',
      async () => {
        const started = transportOf(bad('deaf'));
        await started.transport.start();
        const { pid = 0 } = started.transport;
        let refusal: unknown;
        const sending = setInterval(() => {
          started.transport.send({ jsonrpc: '2.0', method: 'notifications/x' }).catch((error: unknown) => {
            refusal = error;
          });
        }, 20);
        assert.match(await started.transport.ended, /has closed its standard input/);
        await until(() => refusal !== undefined, 'a refusal');
        clearInterval(sending);
        assert.ok(refusal instanceof McpError);
        assert.match(refusal.message, /has closed its standard input/);
        assert.deepEqual(livingOf([pid]), []);
      },
    ],
    [
      'is ended when it closes its standard output',
      async () => {
        const started = transportOf(bad('mute'));
        await started.transport.start();
        const { pid = 0 } = started.transport;
        assert.match(await started.transport.ended, /has closed its standard output/);
        assert.deepEqual(livingOf([pid]), []);
      },
    ],
    [
      'may write much to standard error, of which a part is logged',
      async () => {
        const started = transportOf(bad('noisy', 5_000));
        await started.transport.start();
        await until(() => /line(?:s)? left out/.test(started.logText()), 'what was left out');
        assert.ok(started.log.includes('info: line 1'));
        const lines = started.log.filter((line) => /^info: line \d+$/.test(line)).length;
        assert.ok(lines >= 100 && lines < 5_000, String(lines));
      },
    ],
  ]);
});

describe('a server that cannot be started', () => {
  afterEach(async () => {
    await closeAll();
    removeTemporaryFolders();
  });

  const problemOf = async (...given: Parameters<typeof transportOf>): Promise<string> => {
    const started = transportOf(...given);
    await assert.rejects(started.transport.start(), McpError);
    assert.equal(started.transport.pid, undefined);
    assert.equal(started.closes(), 1);
    return started.transport.ended;
  };

  it('is told with where its program was looked for', async () => {
    const ports = { loginPath: async () => ['/no/a', '/no/b'].join(path.delimiter) };
    const problem = await problemOf({ command: 'npx', args: ['-y', 'secret-argument'] }, ports);
    assert.match(problem, /“npx” was not found\. Searched was the PATH: \/no\/a, \/no\/b\. Install Node\.js/);
    assert.doesNotMatch(problem, /secret-argument/);
  });

  it('is told where its folder is missing, or is none', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'file'), '');
    const at = (name: string) => problemOf({ ...bad('well'), cwd: path.join(folder, name) });
    assert.match(await at('missing'), /missing that it should start in does not exist/);
    assert.match(await at('file'), /is no folder/);
  });

  it('is told where its program is none', async function () {
    if (process.platform === 'win32')
      return skipBecause(this, 'on Windows the ending tells what a program is');
    const folder = temporaryFolder();
    const file = path.join(folder, 'server');
    writeFileSync(file, '#!/no/such/interpreter\n');
    assert.match(await problemOf({ command: file, args: [] }), /does not allow .*\(chmod \+x\)/);
    chmodSync(file, 0o755);
    assert.match(await problemOf({ command: file, args: [] }), /look at its first line/);
    // Relative to the folder that it starts in.
    assert.match(await problemOf({ command: './server', args: [], cwd: folder }), /look at its first line/);
    assert.match(await problemOf({ command: './other', args: [], cwd: folder }), /no program “\.\/other”/);
    assert.match(await problemOf({ command: `${file}/x`, args: [] }), /a part of its path is a file/);
    assert.match(await problemOf({ command: process.execPath, args: ['a\0b'] }), /NUL/);
  });
});
