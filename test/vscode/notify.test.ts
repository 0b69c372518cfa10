import assert from 'node:assert/strict';
import type { spawn } from 'node:child_process';
import { mock } from 'node:test';
import { env, UIKind } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createDesktopNotifier, notifyCommand } = await loadWithVscode(
  () => import('../../extension/vscode/notify.ts'),
);

const hostile = [`"; touch /tmp/x; $(id) \`id\` 'quoted'`, '-e do shell script', '$env:PATH; calc', '<b>&'];

describe('notifications of the desktop', () => {
  for (const text of hostile) {
    it(`hand ${text} over as it is, and never as code`, () => {
      const linux = notifyCommand('linux', 'AnyCowork', text, {});
      assert.deepEqual(linux?.args.slice(0, 3), ['--app-name=AnyCowork', '--', 'AnyCowork']);
      assert.equal(
        linux?.args[3]?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
        text,
      );
      assert.equal(/[<>]/.test(linux?.args[3] ?? ''), false);

      const mac = notifyCommand('darwin', 'AnyCowork', text, {});
      assert.deepEqual(mac?.args.slice(-2), ['AnyCowork', text]);
      const plain = notifyCommand('darwin', 'AnyCowork', 'x', {});
      assert.deepEqual(mac?.args.slice(0, -1), plain?.args.slice(0, -1));

      const windows = notifyCommand('win32', 'AnyCowork', text, { SystemRoot: 'D:\\Win' });
      assert.equal(windows?.program, 'D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe');
      assert.deepEqual(windows?.args, notifyCommand('win32', 'AnyCowork', 'x', {})?.args);
      assert.equal(windows?.environment.ANYCOWORK_TEXT, text);
    });
  }

  it('are not there on other systems', () => {
    assert.equal(notifyCommand('freebsd', 'AnyCowork', 'x', {}), undefined);
  });
});

describe('notifications of the desktop: when', () => {
  const started: string[] = [];
  const options: unknown[] = [];
  const rig = (isMissing = false) =>
    createDesktopNotifier({
      platform: 'linux',
      environment: () => ({ PATH: '/bin' }),
      spawn: ((_program: string, args: string[], given: unknown) => {
        if (isMissing) throw new Error('ENOENT');
        started.push(args.at(-1) ?? '');
        options.push(given);
        return { on: () => undefined, unref: () => undefined };
      }) as unknown as typeof spawn,
    });

  beforeEach(() => {
    started.length = 0;
    options.length = 0;
    env.uiKind = UIKind.Desktop;
    env.remoteName = undefined;
  });
  afterEach(() => {
    env.uiKind = UIKind.Web;
    env.remoteName = undefined;
  });

  it('one comes at once, on one line and cut, without a shell', () => {
    const notifier = rig();
    notifier.notify(`Coder: Run a\nb\u202e ${'x'.repeat(500)}?`);
    notifier.dispose();
    assert.match(started[0] ?? '', /^Coder: Run a b x+…$/);
    assert.equal(started[0]?.length, 200);
    const [given] = options;
    assert.deepEqual(given, { shell: false, stdio: 'ignore', windowsHide: true, env: { PATH: '/bin' } });
  });

  it('those that follow soon are counted, and told together', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const notifier = rig();
      for (const text of ['one', 'two', 'three']) notifier.notify(text);
      assert.deepEqual(started, ['one']);
      mock.timers.tick(9_999);
      assert.deepEqual(started, ['one']);
      mock.timers.tick(1);
      assert.deepEqual(started, ['one', '2 more questions wait for you.']);
      notifier.notify('four');
      mock.timers.tick(10_000);
      assert.deepEqual(started.slice(2), ['1 more question waits for you.']);
      mock.timers.tick(10_000);
      notifier.notify('five');
      assert.deepEqual(started.slice(3), ['five']);
      notifier.dispose();
    } finally {
      mock.timers.reset();
    }
  });

  for (const [name, prepare] of [
    ['a remote window', () => Object.assign(env, { remoteName: 'ssh-remote' })],
    ['a browser', () => Object.assign(env, { uiKind: UIKind.Web })],
  ] as const) {
    it(`none come in ${name}`, () => {
      prepare();
      const notifier = rig();
      notifier.notify('one');
      notifier.dispose();
      assert.deepEqual(started, []);
    });
  }

  it('a missing program hurts nobody', () => {
    const notifier = rig(true);
    notifier.notify('one');
    notifier.dispose();
    assert.deepEqual(started, []);
  });
});
