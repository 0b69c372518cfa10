import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GitOptions } from '../../extension/skills/gitProcess.ts';
import { fetchFromGit } from '../../extension/skills/gitSource.ts';
import { createStagedTree, treeBounds } from '../../extension/skills/stagedTree.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { commit, fromDisk, git, initRepository, urlOf } from './gitRig.ts';
import { contentsOf, noSignal, refuses, skillText } from './treeSupport.ts';

describe('a git repository as source', () => {
  let repository: string;
  beforeEach(() => {
    repository = temporaryFolder();
    initRepository(repository);
  });
  afterEach(removeTemporaryFolders);

  const fetch = async (
    more: { ref?: string; path?: string; url?: string } = {},
    options: GitOptions = fromDisk,
    bounds = treeBounds,
    signal = noSignal(),
  ) => {
    const base = temporaryFolder();
    mkdirSync(path.join(base, 'tree'));
    const tree = createStagedTree(path.join(base, 'tree'), 'The repository', bounds);
    const progress: string[] = [];
    const origin = { kind: 'git', url: urlOf(repository), ...more } as const;
    const work = path.join(base, 'git');
    const said = (text: string) => progress.push(text);
    const answer = await fetchFromGit(origin, work, tree, said, signal, options, bounds);
    return { ...answer, base, tree, progress, files: contentsOf(tree.folder) };
  };

  it('gives what belongs to skills, as bytes, with the commit', async () => {
    const bytes = Buffer.from(randomBytes(200_000));
    const pinned = commit(repository, {
      'skills/pdf/SKILL.md': skillText('pdf'),
      'skills/pdf/fonts/a.ttf': bytes,
      'skills/pdf/lines.txt': 'a\nb\n',
      'skills/pdf/empty.txt': '',
      'skills/ü x/skill.yaml': 'name: x',
      '.claude-plugin/marketplace.json': '{}',
      'README.md': 'not needed',
      'src/large.ts': 'not needed',
      '.gitattributes': '* filter=evil\n*.txt text eol=crlf',
    });
    const { commit: found, files, progress } = await fetch();
    assert.equal(found, pinned);
    // Not in the comparison: it would be printed.
    assert.ok(files['skills/pdf/fonts/a.ttf'] === bytes.toString('latin1'));
    assert.deepEqual(
      { ...files, 'skills/pdf/fonts/a.ttf': '' },
      {
        '.claude-plugin/marketplace.json': '{}',
        'skills/pdf/SKILL.md': skillText('pdf'),
        'skills/pdf/lines.txt': 'a\nb\n',
        'skills/pdf/empty.txt': '',
        'skills/pdf/fonts/a.ttf': '',
        'skills/ü x/skill.yaml': 'name: x',
      },
    );
    assert.match(progress[0] ?? '', /^Fetching /);
  });

  it('gives a branch, a tag, a whole commit and a folder of it', async () => {
    const first = commit(repository, { 'a/SKILL.md': 'first', 'b/SKILL.md': 'b' });
    git(repository, 'tag', '-a', 'v1', '-m', 'v1');
    git(repository, 'checkout', '-q', '-b', 'feature/x');
    const second = commit(repository, { 'a/SKILL.md': 'second' });
    git(repository, 'checkout', '-q', 'main');
    commit(repository, { 'a/SKILL.md': 'third' });
    for (const [ref, expected] of [
      ['v1', first],
      [first, first],
      ['feature/x', second],
    ] as const) {
      const { commit: found, files } = await fetch({ ref, path: 'a' });
      assert.equal(found, expected, ref);
      assert.deepEqual(files, { 'SKILL.md': expected === first ? 'first' : 'second' }, ref);
    }
    assert.equal((await fetch({ path: 'a' })).files['SKILL.md'], 'third');
  });

  it('makes no links and no submodules: they are left out and noted', async function () {
    if (process.platform === 'win32') skipBecause(this, 'links need a permission on Windows');
    commit(repository, { 'a/SKILL.md': 'a', 'a/run.sh': 'echo' });
    symlinkSync('/etc/passwd', path.join(repository, 'a', 'passwd'));
    symlinkSync('SKILL.md', path.join(repository, 'CLAUDE.md'));
    chmodSync(path.join(repository, 'a/run.sh'), 0o755);
    const head = commit(repository, {});
    git(repository, 'update-index', '--add', '--cacheinfo', `160000,${head},a/module`);
    git(repository, 'commit', '-q', '-m', 'module');
    const { files, tree } = await fetch();
    assert.deepEqual(Object.keys(files), ['a/SKILL.md', 'a/run.sh']);
    assert.deepEqual([...tree.links].sort(), ['a/module', 'a/passwd']);
    assert.equal(statSync(path.join(tree.folder, 'a/run.sh')).mode & 0o100, 0o100);
  });

  it('refuses names that git would not check out either', async () => {
    commit(repository, { 'a/SKILL.md': 'a' });
    const blob = git(repository, 'hash-object', '-w', 'a/SKILL.md');
    for (const name of ['a\\b', 'A']) {
      git(repository, 'read-tree', 'HEAD');
      git(
        repository,
        'update-index',
        '--add',
        '--cacheinfo',
        `100644,${blob},${name === 'A' ? 'a/skill.md' : `a/${name}`}`,
      );
      git(repository, 'commit', '-q', '-m', name);
      await refuses(fetch(), name === 'A' ? /one on some computers/ : /backslash/);
      git(repository, 'reset', '-q', '--hard', 'HEAD~1');
    }
  });

  it('runs nothing of the repository, nor of the person', async function () {
    if (process.platform === 'win32') skipBecause(this, 'hooks and filters of this test are shell scripts');
    const mark = path.join(temporaryFolder(), 'mark');
    const home = temporaryFolder();
    const hooks = path.join(home, 'template', 'hooks');
    mkdirSync(hooks, { recursive: true });
    for (const name of ['post-checkout', 'reference-transaction', 'post-merge', 'pre-auto-gc']) {
      writeFileSync(path.join(hooks, name), `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
    }
    writeFileSync(
      path.join(home, '.gitconfig'),
      `[init]\n templateDir = ${path.join(home, 'template')}\n[core]\n hooksPath = ${hooks}\n fsmonitor = touch ${mark}\n[filter "evil"]\n smudge = touch ${mark}\n[safe]\n bareRepository = explicit\n`,
    );
    commit(repository, { 'a/SKILL.md': 'a', '.gitattributes': '* filter=evil' });
    const before = process.env.HOME;
    process.env.HOME = home;
    try {
      assert.deepEqual((await fetch()).files, { 'a/SKILL.md': 'a' });
    } finally {
      process.env.HOME = before;
    }
    assert.equal(existsSync(mark), false);
  });

  it('refuses other protocols, options and refs that are none', async () => {
    const product: GitOptions = {};
    await refuses(fetch({}, product), /file: is not supported/);
    await refuses(fetch({ url: 'ext::sh -c id' }, product), /spaces|programs/);
    await refuses(fetch({ url: '--upload-pack=touch' }, product), /"-"/);
    await refuses(fetch({ url: 'http://host.example/a' }, product), /https/);
    await refuses(fetch({ ref: '--upload-pack=touch' }), /cannot be the name/);
    await refuses(fetch({ ref: 'main:x' }), /cannot be the name/);
  });

  it('says what is missing: the repository, the ref, the folder, git', async () => {
    commit(repository, { 'a/SKILL.md': 'a' });
    await refuses(fetch({ url: urlOf(path.join(repository, 'gone')) }), /There is no repository/);
    await refuses(fetch({ ref: 'nope' }), /does not have "nope".*40 characters/);
    await refuses(fetch({ path: 'b' }), /no folder "b"/);
    await refuses(fetch({}, { ...fromDisk, program: 'no-such-git' }), /git was not found. Install git/);
  });

  it('has bounds for what it fetches and what comes out', async () => {
    commit(repository, { 'a/SKILL.md': 'a', 'a/1': '1', 'a/large': Buffer.from(randomBytes(30_000)) });
    await refuses(fetch({}, fromDisk, { ...treeBounds, files: 2 }), /more than 2 files together/);
    await refuses(fetch({}, fromDisk, { ...treeBounds, bytes: 1_000 }), /larger than 0 MB together/);
    await refuses(fetch({}, fromDisk, { ...treeBounds, packedBytes: 1_000 }), /larger than 0 MB/);
  });

  it('ends when it takes too long, and when somebody cancels, with everything it started', async function () {
    if (process.platform === 'win32') skipBecause(this, 'the slow git of this test is a shell script');
    const base = temporaryFolder();
    const program = path.join(base, 'slow-git');
    const started = path.join(base, 'started');
    writeFileSync(program, `#!/bin/sh\nsleep 60 &\necho $! > '${started}/'$!\nwait\n`, { mode: 0o755 });
    mkdirSync(started);
    await refuses(fetch({}, { ...fromDisk, program, deadlineMs: 2_000 }), /took too long/);
    const before = readdirSync(started).length;
    const controller = new AbortController();
    const stop = new Error('stop');
    const timer = setInterval(() => {
      if (readdirSync(started).length > before) controller.abort(stop);
    }, 10);
    await assert.rejects(fetch({}, { ...fromDisk, program }, treeBounds, controller.signal), stop);
    clearInterval(timer);
    const isLeft = (id: string): boolean => {
      try {
        process.kill(Number(id), 0);
        return true;
      } catch {
        return false;
      }
    };
    // Dead ones keep their id until the system's first process has asked after them.
    while (readdirSync(started).some(isLeft)) await delay(10);
  });
});
