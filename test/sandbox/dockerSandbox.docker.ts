// Runs of programs on a real engine, from their start to the removal of the container, whatever comes between.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import Docker from 'dockerode';
import { SandboxError, type SandboxErrorKind } from '../../extension/core/sandbox.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { root } from '../support/setUp.mjs';
import {
  containersOf,
  giveAway,
  makeFolders,
  makeSandbox,
  type Ran,
  type RunOptions,
  runIn,
  type TestFolders,
  type TestSandbox,
} from './sandboxSupport.ts';

const forgotten = 'anycowork-test/odd:1';

describe('running programs in the sandbox', function () {
  this.timeout(60_000);
  let host = '';
  let folders: TestFolders;
  let box: TestSandbox;

  before(function () {
    host = dockerHostOrSkip(this);
  });
  beforeEach(() => {
    folders = makeFolders();
    box = makeSandbox(host, folders.quarantine);
  });
  afterEach(async () => {
    if (host === '') return;
    folders.remove();
    assert.deepEqual(await containersOf(host, box.ownerId), [], 'no container is left');
  });

  const shell = (script: string, options?: RunOptions): Promise<Ran> =>
    runIn(box.sandbox, folders.workspace, ['sh', '-c', script], options);
  const fails = (kind: SandboxErrorKind, pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof SandboxError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, pattern);
    return true;
  };
  /** Settles with the first text that a program writes. */
  const firstText = () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    return { promise, onText: resolve };
  };

  it('gives what the program read, wrote and answered, and files that belong to the person', async () => {
    mkdirSync(path.join(folders.workspace, 'sub'));
    giveAway(path.join(folders.workspace, 'sub'));
    const pieces: string[] = [];
    const ran = await runIn(
      box.sandbox,
      folders.workspace,
      ['sh', '-c', 'pwd; cat; echo wrong >&2; echo "$HOME $COLOUR"; touch made; exit 7'],
      {
        input: 'from outside\n',
        spec: {
          below: 'sub',
          environment: { COLOUR: 'red' },
          onOutput: async (chunk, stream) => {
            pieces.push(`${stream}: ${chunk}`);
          },
        },
      },
    );
    const written = (stream: string) =>
      pieces
        .filter((piece) => piece.startsWith(stream))
        .map((piece) => piece.slice(stream.length + 2))
        .join('');
    assert.equal(written('stdout'), '/workspace/sub\nfrom outside\n/tmp red\n');
    assert.equal(written('stderr'), 'wrong\n');
    assert.deepEqual([ran.exitCode, ran.timedOut, ran.outOfMemory, ran.isFlooding], [7, false, 'no', false]);
    assert.ok(ran.firstOutputMs > 0);
    const owner = statSync(folders.workspace).uid;
    assert.notEqual(owner, 0);
    assert.equal(statSync(path.join(folders.workspace, 'sub', 'made')).uid, owner);
  });

  it('reads to the end of a long input, and bears a program that does not', async () => {
    const input = 'x'.repeat(5_000_000);
    assert.equal((await shell('wc -c', { input })).output.trim(), '5000000');
    assert.deepEqual([(await shell('exit 3', { input })).exitCode], [3]);
    assert.equal((await shell('cat')).output, '');
  });

  it('holds a program back whose output nobody takes yet', async () => {
    let inHand = 0;
    let most = 0;
    const ran = await shell('head -c 3000000 /dev/zero; echo end', {
      spec: {
        onOutput: async () => {
          inHand += 1;
          most = Math.max(most, inHand);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inHand -= 1;
        },
      },
    });
    assert.deepEqual([ran.exitCode, most], [0, 1]);
  });

  it('runs four at once in one folder', async () => {
    const all = await Promise.all([1, 2, 3, 4].map((each) => shell(`echo ${each}; echo x > f${each}`)));
    assert.deepEqual(
      all.map(({ output, exitCode }) => `${exitCode} ${output}`),
      ['0 1\n', '0 2\n', '0 3\n', '0 4\n'],
    );
    assert.deepEqual(readdirSync(folders.workspace).sort(), ['f1', 'f2', 'f3', 'f4']);
  });

  it('ends a program at its deadline, one that asks for time to tidy up in two seconds', async () => {
    const ran = await shell('trap "echo tidied; exit 0" TERM; echo began; while :; do sleep 0.1; done', {
      limits: { timeoutSeconds: 1 },
    });
    assert.deepEqual([ran.timedOut, ran.exitCode, ran.outOfMemory], [true, undefined, 'no']);
    assert.equal(ran.output, 'began\ntidied\n');
    const deaf = await shell('trap "" TERM; while :; do sleep 0.1; done', { limits: { timeoutSeconds: 1 } });
    assert.deepEqual([deaf.timedOut, deaf.exitCode], [true, undefined]);
  });

  it('ends a program that is cancelled, with the reason of who did', async () => {
    const reason = new Error('The person cancelled.');
    const controller = new AbortController();
    const first = firstText();
    const running = shell('trap "" TERM; echo began; while :; do sleep 0.1; done', {
      signal: controller.signal,
      onText: first.onText,
    });
    await first.promise;
    controller.abort(reason);
    await assert.rejects(running, (error) => error === reason);
    assert.deepEqual(await containersOf(host, box.ownerId), []);
    await assert.rejects(shell('echo x', { signal: controller.signal }), (error) => error === reason);
  });

  it('leaves nothing behind whenever it is cancelled', async () => {
    const reason = new Error('The person cancelled.');
    await Promise.all(
      [0, 5, 20, 40, 80, 160, 320].map(async (afterMs) => {
        const controller = new AbortController();
        const running = shell('sleep 30', { signal: controller.signal });
        setTimeout(() => controller.abort(reason), afterMs);
        await assert.rejects(running, (error) => error === reason);
      }),
    );
  });

  it('goes on cancelling while nobody takes the output', async () => {
    const reason = new Error('The person cancelled.');
    const controller = new AbortController();
    const first = firstText();
    const running = shell('yes', {
      signal: controller.signal,
      spec: {
        onOutput: () => {
          first.onText('');
          return new Promise(() => undefined);
        },
      },
    });
    await first.promise;
    controller.abort(reason);
    await assert.rejects(running, (error) => error === reason);
  });

  it('ends a program whose output cannot be kept, with that error', async () => {
    const full = new Error('The disk is full.');
    const running = shell('echo x; sleep 30', { spec: { onOutput: () => Promise.reject(full) } });
    await assert.rejects(running, (error) => error === full);
  });

  it('ends everything when the window closes', async () => {
    const firsts = [firstText(), firstText()];
    const running = firsts.map(({ onText }) => shell('trap "" TERM; echo began; sleep 300', { onText }));
    const settled = Promise.allSettled(running);
    await Promise.all(firsts.map(({ promise }) => promise));
    await box.sandbox.close();
    assert.deepEqual(await containersOf(host, box.ownerId), []);
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(shell('echo x'), /closing/);
  });

  it('says when the image is not there', async () => {
    await assert.rejects(
      shell('true', { limits: { image: 'example.invalid/none:1' } }),
      fails('missingImage', /example\.invalid\/none:1 is not on this computer/),
    );
  });

  it('says that a program is not there', async () => {
    const ran = await runIn(box.sandbox, folders.workspace, ['no-such-program']);
    assert.equal(ran.exitCode, 127);
    assert.match(ran.output, /no-such-program/);
  });

  it('takes no folder that no program may have, and no work for root', async () => {
    const link = path.join(folders.base, 'link');
    symlinkSync(folders.workspace, link);
    const run = (workspace: string, below = '.') =>
      runIn(box.sandbox, workspace, ['true'], { spec: { below } });
    await assert.rejects(run('/'), fails('refused', /whole disk/));
    await assert.rejects(run('work'), fails('refused', /not there/));
    await assert.rejects(run(link), fails('refused', /is a link to/));
    await assert.rejects(run(folders.workspace, '..'), fails('refused', /outside of the open folder/));
    await assert.rejects(run(folders.workspace, 'none'), fails('refused', /not there/));
    if (process.getuid?.() !== 0) return;
    chownSync(folders.workspace, 0, 0);
    await assert.rejects(run(folders.workspace), fails('refused', /belongs to root/));
    const ran = await shell('id -u', { limits: { workspace: 'ro' } });
    assert.equal(ran.output, '65534\n');
  });

  it('takes an image as it is: with an entry point and volumes of its own', async () => {
    const docker = new Docker({ socketPath: host.replace(/^unix:\/\//, ''), host: undefined });
    const made = await docker.createContainer({ Image: 'debian:bookworm-slim', Cmd: ['true'] });
    try {
      const changes = ['ENTRYPOINT ["/bin/echo", "entry"]', 'VOLUME /data', 'CMD ["more"]', 'USER root'];
      await made.commit({ repo: 'anycowork-test/odd', tag: '1', changes });
      const script =
        'id -u; echo x > /data/x && echo written; head -c 40000000 /dev/zero > /data/y || echo full';
      const ran = await shell(`exec 2>/dev/null; ${script}`, { limits: { image: forgotten } });
      assert.equal(ran.output, `${statSync(folders.workspace).uid}\nwritten\nfull\n`);
      const volumes = await docker.listVolumes();
      assert.deepEqual(
        volumes.Volumes.filter(({ Name }) => Name.includes(box.ownerId)),
        [],
      );
    } finally {
      await made.remove({ force: true, v: true });
      await docker.getImage(forgotten).remove({ force: true });
    }
  });

  it('leaves alone what other windows made, and removes it once they are gone', async () => {
    const ownerId = `${box.ownerId}-killed`;
    const child = spawn(
      process.execPath,
      [path.join(root, 'test/sandbox/hostChild.ts'), host, ownerId, folders.workspace],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve());
        child.once('exit', () => reject(new Error('It ended before it ran.')));
      });
      child.kill('SIGKILL');
      await ended;
      assert.equal((await containersOf(host, ownerId)).length, 1);
      const alive = makeSandbox(host, folders.quarantine, { isOwnerAlive: async () => true });
      await alive.sandbox.reap();
      assert.equal((await containersOf(host, ownerId)).length, 1);
      const next = makeSandbox(host, folders.quarantine, {
        isOwnerAlive: async (owner) => owner !== ownerId,
      });
      assert.ok((await next.sandbox.reap()) >= 1);
      assert.deepEqual(await containersOf(host, ownerId), []);
    } finally {
      child.kill('SIGKILL');
      assert.ok(!existsSync(folders.quarantine));
    }
  });

  it('puts away what a program did before it was cancelled', async () => {
    const controller = new AbortController();
    const first = firstText();
    const running = shell('mkdir .vscode; echo x > .vscode/tasks.json; echo done; sleep 30', {
      signal: controller.signal,
      onText: first.onText,
    });
    await first.promise;
    controller.abort(new Error('cancelled'));
    await assert.rejects(running, /cancelled/);
    assert.ok(!existsSync(path.join(folders.workspace, '.vscode')));
    assert.match(String(box.errors), /\.vscode \(made; moved to/);
  });
});
