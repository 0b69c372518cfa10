import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { ProtectedChange } from '../../extension/core/sandbox.ts';
import { leadsOut } from '../../extension/sandbox/leadsOut.ts';
import { createProtectedGuard } from '../../extension/sandbox/protectedGuard.ts';
import type { GuardLimits } from '../../extension/sandbox/protectedSnapshot.ts';
import { protectedReason } from '../../extension/workspace/protectedPaths.ts';
import { makeFolders, type TestFolders } from './sandboxSupport.ts';

const signal = new AbortController().signal;

describe('createProtectedGuard', () => {
  let folders: TestFolders;
  let errors: unknown[];
  beforeEach(() => {
    folders = makeFolders();
    errors = [];
  });
  afterEach(() => {
    folders.remove();
    assert.deepEqual(errors, []);
  });

  const at = (label: string): string => path.join(folders.workspace, label);
  const put = (label: string, text = 'old'): void => {
    mkdirSync(path.dirname(at(label)), { recursive: true });
    writeFileSync(at(label), text);
  };
  const textOf = (label: string): string => readFileSync(at(label), 'utf8');
  const guardOf = (limits?: GuardLimits) =>
    createProtectedGuard({
      protectedReason,
      quarantineFolder: folders.quarantine,
      logError: (error) => errors.push(error),
      ...(limits && { limits }),
    });
  const told = (changes: readonly ProtectedChange[]): readonly string[] =>
    changes.map(({ kind, path: label }) => `${kind} ${label}`).sort();
  /** What the guard finds of what a program did. */
  const changesOf = async (
    program: () => void,
    limits?: GuardLimits,
  ): Promise<readonly ProtectedChange[]> => {
    const guarded = await guardOf(limits).begin(folders.workspace, 'run', signal);
    program();
    return guarded.end();
  };

  it('names what is to be mounted, the shallow ones first, and looks at nothing below or in node_modules', async () => {
    put('packages/a/.npmrc');
    put('.git/hooks/.vscode/x');
    put('.vscode/tasks.json');
    put('node_modules/x/.npmrc');
    put('sub/.git', 'gitdir: ../.git/modules/sub');
    put('AGENTS.md');
    put('src/a.ts');
    const { readOnly, end } = await guardOf().begin(folders.workspace, 'run', signal);
    assert.deepEqual(readOnly, ['.git', '.vscode', 'AGENTS.md', 'sub/.git', 'packages/a/.npmrc']);
    assert.deepEqual(await end(), []);
  });

  it('does not mount a link, but what it leads to inside', async () => {
    put('shared/vscode/tasks.json');
    put('CLAUDE.md');
    symlinkSync('shared/vscode', at('.vscode'));
    symlinkSync('CLAUDE.md', at('AGENTS.md'));
    symlinkSync('/etc', at('.claude'));
    const { readOnly, end } = await guardOf().begin(folders.workspace, 'run', signal);
    assert.deepEqual(readOnly, ['CLAUDE.md', 'shared/vscode']);
    rmSync(at('AGENTS.md'));
    put('AGENTS.md', 'evil');
    rmSync(at('.vscode'));
    const changes = await end();
    assert.deepEqual(told(changes), ['changed AGENTS.md', 'deleted .vscode']);
    assert.equal(readlinkSync(at('AGENTS.md')), 'CLAUDE.md');
    assert.equal(readlinkSync(at('.vscode')), 'shared/vscode');
    const kept = path.join(folders.quarantine, 'run');
    assert.deepEqual(readdirSync(kept), ['1-AGENTS.md']);
    assert.equal(readFileSync(path.join(kept, '1-AGENTS.md'), 'utf8'), 'evil');
  });

  it('puts back a file that somebody could replace, and leaves alone what the person did to a folder', async () => {
    put('.npmrc', 'registry=a');
    put('.git/index');
    const changes = await changesOf(() => {
      put('.git/index', 'the person commits meanwhile');
      put('.git/new');
      rmSync(at('.npmrc'));
      put('.npmrc', 'registry=b');
    });
    assert.deepEqual(told(changes), ['changed .npmrc']);
    assert.match(changes[0]?.answer ?? '', /^moved to .*1-\.npmrc; put back as it was$/);
    assert.equal(textOf('.npmrc'), 'registry=a');
    assert.equal(textOf('.git/new'), 'old');
  });

  it('lets folders with protected places be moved and deleted', async () => {
    put('packages/a/.vscode/tasks.json');
    put('packages/b/.npmrc');
    assert.deepEqual(
      await changesOf(() => {
        renameSync(at('packages'), at('parts'));
        rmSync(at('parts/b'), { recursive: true });
      }),
      [],
    );
    assert.equal(textOf('parts/a/.vscode/tasks.json'), 'old');
  });

  it('takes away what was made, links out too, and nothing else', async () => {
    put('a/old.ts');
    symlinkSync('/etc/hosts', at('before'));
    const changes = await changesOf(() => {
      put('.vscode/tasks.json');
      put('deep/er/.git', 'gitdir: /elsewhere');
      put('.GIT/config');
      put('x.code-workspace');
      put('a/new.ts');
      symlinkSync('/etc/hosts', at('out'));
      symlinkSync('../work/a', at('in'));
      symlinkSync(folders.base, at('.claude'));
      for (const each of ['objects', 'refs']) mkdirSync(at(each));
      put('HEAD');
    });
    assert.deepEqual(told(changes), [
      'made .GIT',
      'made .claude',
      'made .vscode',
      'made HEAD',
      'made deep/er/.git',
      'made out',
      'made x.code-workspace',
    ]);
    assert.deepEqual(readdirSync(folders.workspace).sort(), ['a', 'before', 'deep', 'in', 'objects', 'refs']);
    assert.deepEqual(readdirSync(at('a')).sort(), ['new.ts', 'old.ts']);
    assert.ok(existsSync(folders.base));
  });

  it('lets runs in one folder at the same time share what was there before', async () => {
    put('.git/config');
    const guard = guardOf();
    const [one, two] = await Promise.all([
      guard.begin(folders.workspace, 'one', signal),
      guard.begin(folders.workspace, 'two', signal),
    ]);
    put('.vscode/tasks.json');
    const third = await guard.begin(folders.workspace, 'three', signal);
    assert.deepEqual([two.readOnly, third.readOnly], [['.git'], ['.git']]);
    assert.deepEqual(told(await one.end()), ['made .vscode']);
    assert.deepEqual([await two.end(), await third.end()], [[], []]);
    const fourth = await guard.begin(folders.workspace, 'four', signal);
    assert.deepEqual([fourth.readOnly, await fourth.end()], [['.git'], []]);
  });

  it('lets a run wait where another could lay links in place of what it mounts', async () => {
    put('packages/a/.vscode/tasks.json');
    const guard = guardOf();
    const one = await guard.begin(folders.workspace, 'one', signal);
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const cancelled = guard.begin(folders.workspace, 'two', controller.signal);
    let hasBegun = false;
    const third = guard.begin(folders.workspace, 'three', signal).then((guarded) => {
      hasBegun = true;
      return guarded;
    });
    controller.abort(reason);
    await assert.rejects(cancelled, (error) => error === reason);
    assert.equal(hasBegun, false);
    await one.end();
    assert.deepEqual(await (await third).end(), []);
  });

  it('refuses what it cannot guard, and says when there is too much to look at', async () => {
    const few: GuardLimits = { entries: 50, mounts: 2, keptEntries: 5, keptBytes: 1_000 };
    for (let each = 0; each < 5; each += 1) put(`p${each}/.npmrc`);
    const { readOnly, end } = await guardOf(few).begin(folders.workspace, 'run', signal);
    assert.deepEqual(readOnly, ['p0/.npmrc', 'p1/.npmrc']);
    put('p4/.npmrc', 'evil');
    assert.deepEqual(told(await end()), ['changed p4/.npmrc']);
    assert.equal(textOf('p4/.npmrc'), 'old');
    put('p5/.npmrc');
    await assert.rejects(guardOf(few).begin(folders.workspace, 'run', signal), /more protected places/);
    rmSync(folders.workspace, { recursive: true });
    mkdirSync(folders.workspace);
    const changes = await changesOf(() => {
      for (let each = 0; each < 40; each += 1) put(`d${each}/file`);
      put('.envrc');
    }, few);
    assert.deepEqual(told(changes), ['made .', 'made .envrc']);
    assert.match(changes.at(-1)?.answer ?? '', /too many files/);
  });
});

describe('leadsOut', () => {
  let folders: TestFolders;
  before(() => {
    folders = makeFolders();
    mkdirSync(path.join(folders.workspace, 'a', 'b'), { recursive: true });
    symlinkSync('a/b', path.join(folders.workspace, 'ab'));
    symlinkSync('..', path.join(folders.workspace, 'up'));
    symlinkSync('ring', path.join(folders.workspace, 'ring'));
  });
  after(() => folders.remove());

  const table: readonly [target: string, isOut: boolean][] = [
    ['a', false],
    ['./a/b/', false],
    ['.', false],
    ['a/new', false],
    ['a/../a/b', false],
    ['ab/..', false],
    ['ab/../..', false],
    ['ab/../../..', true],
    ['..', true],
    ['up', true],
    ['up/beside', true],
    ['../work/a', false],
    ['../workshop', true],
    ['/', true],
    ['/etc/passwd', true],
    ['/workspace/a', true],
    ['/nowhere/at/all', true],
    ['new/../..', true],
    ['ring', false],
  ];
  for (const [target, isOut] of table) {
    it(`${target}: ${isOut}`, async () => {
      const { workspace } = folders;
      assert.equal(await leadsOut(workspace, path.join(workspace, 'link'), target), isOut);
    });
  }
});
