import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { namedPaths, wildcard, wordsOf } from '../../extension/workspace/commandPaths.ts';
import { openGitTree, parseEntries } from '../../extension/workspace/gitTree.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from './folders.ts';
import { createUndoRig, never, treeOf, type UndoRig } from './undoRig.ts';

const git = (folder: string, ...args: readonly string[]): void => {
  const who = ['-c', 'user.name=n', '-c', 'user.email=e', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...who, ...args], { cwd: folder, stdio: 'ignore' });
};

const commitAll = (folder: string): void => {
  git(folder, 'init', '-q');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'first');
  // As if it had been a while ago: of what was changed in the same second, git's word is not taken.
  const later = Date.now() / 1_000 + 2;
  utimesSync(path.join(folder, '.git/index'), later, later);
};

describe('words of a command', () => {
  const table: [line: string, words: readonly string[]][] = [
    ['sed -i s/a/b/ src/a.ts', ['sed', '-i', 's/a/b/', 'src/a.ts']],
    [`rm "a b.ts" 'c d' e\\ f`, ['rm', 'a b.ts', 'c d', 'e f']],
    ['echo x >out.txt; cat<in', ['echo', 'x', 'out.txt', 'cat', 'in']],
    ['tool --out=dist/a.js O=b', ['tool', '--out=dist/a.js', 'dist/a.js', 'O=b', 'b']],
    ['a&&b||c|d $(rm x) `rm y`', ['a', 'b', 'c', 'd', '$', 'rm', 'x', 'rm', 'y']],
    ['', []],
    ['unclosed "quote', ['unclosed', 'quote']],
  ];
  for (const [line, words] of table) {
    it(JSON.stringify(line), () => assert.deepEqual(wordsOf(line), words));
  }

  it('are meant from the folder it runs in and those it goes to', () => {
    const found = namedPaths('cd sub && rm x ../y ~/z /abs', '/w');
    for (const file of ['/w/sub', '/w/x', '/w/sub/x', '/w/y', '/abs'])
      assert.ok(found.includes(path.resolve(file)));
    assert.ok(!found.some((file) => file.includes('~')));
  });

  it('may be given besides, and mean the folder that a sandboxed one sees', () => {
    const found = namedPaths('rm /workspace/a /workspaces/b', '/w/sub', {
      given: ['c d', '/workspace'],
      workspace: '/w',
    });
    for (const file of ['/w/a', '/workspaces/b', '/w/sub/c d', '/w'])
      assert.ok(found.includes(path.resolve(file)), file);
    assert.ok(!namedPaths('rm /workspace/a', '/w').includes(path.resolve('/w/a')));
  });

  it('are not looked for in each of hundreds of folders', () => {
    const line = Array.from({ length: 500 }, (_, index) => `cd d${index}; rm f${index};`).join(' ');
    assert.ok(namedPaths(line, '/w').length <= 5_000);
  });

  it('may have wildcards', () => {
    assert.equal(wildcard('a.ts'), undefined);
    assert.ok(wildcard('*.t?')?.test('a.ts'));
    assert.ok(!wildcard('*.ts')?.test('a.tsx'));
    assert.ok(!wildcard('a.*')?.test('ab'));
  });
});

describe('undo of a command', () => {
  before(function () {
    if (process.platform === 'win32') skipBecause(this, 'its commands are for bash');
  });
  afterEach(removeTemporaryFolders);

  const files = {
    'a.ts': 'one\n',
    'src/b.ts': 'two\n',
    'src/deep/c.ts': 'three\n',
    'bin/run.sh': 'echo',
    'data.bin': Buffer.from([0, 255, 10]),
    'old/x': 'x',
    'old/y/z': 'z',
  };
  const withoutGit = (tree: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(tree).filter(([name]) => name !== '.git' && !name.startsWith('.git/')));

  /** Runs it, and takes it back. @returns what it could not take back */
  const runAndUndo = async (rig: UndoRig, line: string): Promise<readonly string[]> => {
    const before = treeOf(rig.root);
    const undo = await rig.command('s', line);
    assert.notDeepEqual(treeOf(rig.root), before);
    const plan = await rig.plan('s');
    for (const { standing, label } of plan) assert.equal(standing, 'asLeft', label);
    assert.deepEqual((await rig.undo('s')).failed, []);
    if (undo?.unknown.length === 0) assert.deepEqual(withoutGit(treeOf(rig.root)), withoutGit(before));
    assert.deepEqual(rig.errors, []);
    return undo?.unknown ?? ['nothing was seen'];
  };

  describe('without git: what its words name, and what is new', () => {
    for (const line of [
      'echo edited > a.ts',
      'sed -i s/one/ONE/ a.ts',
      'rm a.ts',
      'mv a.ts src/moved.ts',
      'chmod +x bin/run.sh',
      'printf "\\000" >> data.bin',
      'mkdir -p new/deep && echo x > new/deep/file && ln -s deep new/link',
      'cd src && sed -i s/two/2/ b.ts',
      'rm -r old',
      'mv old new',
      'sed -i s/t/T/ src/*.ts',
      'cp -r src copy',
      'rm src/deep/c.ts && rmdir src/deep',
    ]) {
      it(line, async () => assert.deepEqual(await runAndUndo(createUndoRig(files), line), []));
    }

    it('keeps what else a step is given, and what a sandboxed one calls /workspace', async () => {
      const hidden = 'for x in a.t src/b.t; do eval "echo new > $x"s; done';
      const rig = createUndoRig(files);
      const undo = await rig.command('s', hidden, {
        line: 'tables/write /workspace/a.ts',
        words: ['src/b.ts'],
        isSandboxed: true,
      });
      assert.deepEqual(undo, { files: 2, unknown: [] });
      await rig.undo('s');
      assert.equal(readFileSync(rig.at('a.ts'), 'utf8'), 'one\n');
      assert.equal(readFileSync(rig.at('src/b.ts'), 'utf8'), 'two\n');
    });

    it('says of what it cannot take back', async () => {
      const rig = createUndoRig(files);
      const undo = await rig.command('s', 'echo x > n.ts; eval "$(echo \'echo y > a\'.ts)"');
      assert.deepEqual(undo, { files: 1, unknown: ['a.ts'] });
      await rig.undo('s');
      assert.equal(readFileSync(rig.at('a.ts'), 'utf8'), 'y\n');
    });

    it('never takes a file for new because it was replaced', async () => {
      const rig = createUndoRig(files);
      // Written beside it and renamed over it, as many tools do: to a watch that looks like a new file.
      const undo = await rig.command('s', "f=$(printf 'a.t%s' s); echo y > .tmp1; eval mv .tmp1 $f");
      assert.deepEqual(undo?.unknown, ['a.ts']);
      assert.deepEqual(
        (await rig.plan('s')).map(({ label }) => label),
        [],
      );
    });

    it('keeps what the chat has touched, and what is not saved', async () => {
      const rig = createUndoRig(files);
      rig.candidates = [rig.at('a.ts')];
      rig.editor.open(rig.at('src/b.ts'), 'typed');
      const undo = await rig.command('s', 'for x in a.t src/b.t; do eval "echo new > $x"s; done');
      assert.deepEqual(undo, { files: 2, unknown: [] });
      const plan = await rig.plan('s');
      // What is typed there is not what the command wrote.
      assert.deepEqual(
        plan.map(({ label, standing }) => [label, standing]),
        [
          ['a.ts', 'asLeft'],
          ['src/b.ts', 'changedSince'],
        ],
      );
    });
  });

  describe('with git: also tracked files that no word names', () => {
    const rigWithGit = (): UndoRig => {
      const rig = createUndoRig(files);
      chmodSync(rig.at('bin/run.sh'), 0o755);
      symlinkSync('a.ts', rig.at('link'));
      commitAll(rig.root);
      return rig;
    };

    for (const [name, line] of [
      ['edits', "eval \"$(echo sed -i s/[a-z]/X/ $(git ls-files | grep ts$ | tr '\\n' ' '))\""],
      ['deletions', 'git ls-files | grep -v bin | xargs rm'],
      ['renames', 'for f in $(git ls-files); do case $f in *.ts) mv "$f" "$f".bak;; esac; done'],
      ['a folder', 'eval rm -r "$(echo s)rc"'],
      ['a mode and its text', 'for f in $(ls bin); do echo more >> "bin/$f"; done'],
      ['a link', 'eval "rm li""nk; echo file > li""nk"'],
      ['what it then adds to the index', 'f=$(printf "a.t%s" s); eval "echo staged > $f"; git add -A'],
    ] as const) {
      it(name, async () => assert.deepEqual(await runAndUndo(rigWithGit(), line), []));
    }

    it('keeps tracked files that differ from the index, which git could not give back', async () => {
      const rig = rigWithGit();
      writeFileSync(rig.at('a.ts'), 'my unsaved work');
      assert.deepEqual(await runAndUndo(rig, 'git ls-files | grep ^a | xargs rm'), []);
      assert.equal(readFileSync(rig.at('a.ts'), 'utf8'), 'my unsaved work');
    });

    it('does not believe git of files that it was told not to look at', async () => {
      const rig = rigWithGit();
      git(rig.root, 'update-index', '--assume-unchanged', 'a.ts');
      writeFileSync(rig.at('a.ts'), 'mine, unknown to git');
      const undo = await rig.command('s', 'git ls-files | grep ^a | xargs rm');
      assert.deepEqual(undo, { files: 0, unknown: ['a.ts'] });
    });

    it('does not believe git of what was changed in the second in which the index was written', async () => {
      const rig = createUndoRig({ 'a.txt': 'timeout = 3' });
      git(rig.root, 'init', '-q');
      git(rig.root, 'config', 'core.trustctime', 'false');
      const second = Math.floor(Date.now() / 1_000) - 100;
      utimesSync(rig.at('a.txt'), second, second);
      git(rig.root, 'add', '-A');
      utimesSync(rig.at('.git/index'), second + 0.5, second + 0.5);
      writeFileSync(rig.at('a.txt'), 'timeout = 5');
      utimesSync(rig.at('a.txt'), second, second);
      const undo = await rig.command('s', 'git ls-files | grep txt | xargs rm');
      assert.deepEqual(undo, { files: 0, unknown: ['a.txt'] });
    });

    it('finds changed tracked files also where the watch stays silent', async () => {
      const rig = createUndoRig(files, { watch: () => ({ changed: async () => [], close: () => {} }) });
      commitAll(rig.root);
      assert.deepEqual(await runAndUndo(rig, 'git ls-files | grep b.ts | xargs rm'), []);
    });

    it('does without an index that is no file', async () => {
      const rig = createUndoRig(files);
      commitAll(rig.root);
      execFileSync('rm', [rig.at('.git/index')]);
      execFileSync('mkfifo', [rig.at('.git/index')]);
      assert.deepEqual((await rig.command('s', 'echo x > a.ts'))?.files, 1);
    });

    it('does not believe git where a filter was in between', async () => {
      const rig = createUndoRig({ 'a.txt': 'x\r\ny\r\n', '.gitattributes': '*.txt text eol=crlf\n' });
      commitAll(rig.root);
      const undo = await rig.command('s', 'git ls-files | grep txt | xargs rm');
      assert.deepEqual(undo?.unknown, ['a.txt']);
    });

    it('changes nothing in .git, and runs nothing that the repository configures', async () => {
      const rig = rigWithGit();
      fill(rig.root, { '.git/evil.sh': `#!/bin/sh\ntouch "${rig.base}/ran"\n` });
      chmodSync(rig.at('.git/evil.sh'), 0o755);
      git(rig.root, 'config', 'core.fsmonitor', rig.at('.git/evil.sh'));
      writeFileSync(rig.at('a.ts'), 'dirty');
      const before = treeOf(rig.at('.git'));
      assert.deepEqual(await runAndUndo(rig, 'for f in s*/b.ts; do rm $f; done'), []);
      assert.deepEqual(treeOf(rig.at('.git')), before);
      assert.deepEqual(readdirSync(rig.base).sort(), ['storage', 'work']);
    });

    it('does without git that does not answer in time', async () => {
      const rig = createUndoRig(files, { patienceMs: 0 });
      commitAll(rig.root);
      const undo = await rig.command('s', 'git ls-files | grep ^a | xargs rm; echo x > a.md');
      // Nobody has listed the names either: what was there before is not known.
      assert.deepEqual(undo?.unknown, ['a.ts']);
      assert.equal(undo?.files, 1);
    });
  });

  it('does not take a file for new that got another spelling, where case does not count', async () => {
    const rig = createUndoRig({ 'Foo.ts': 'the only one' });
    // Two names for one file, as such a file system tells it.
    const undo = await rig.command('s', 'f=oo.ts; eval ln F$f f$f');
    assert.deepEqual(undo, { files: 0, unknown: ['Foo.ts', 'foo.ts'] });
    await rig.undo('s');
    assert.ok(readdirSync(rig.root).includes('foo.ts'));
  });

  it('puts back what was kept, whatever else a command made', async () => {
    const rig = createUndoRig({ 'mine.txt': 'mine' });
    const line = 'echo other > mine.txt; mkdir out; cd out; for i in $(seq 5200); do : > $i; done';
    const undo = await rig.command('s', line);
    assert.ok(undo?.unknown.includes('and more'));
    const mine = (await rig.plan('s')).filter(({ label }) => label === 'mine.txt');
    await rig.restorer.putBack(mine, { sessionId: 'chat', jobId: 'job' }, never, () => {});
    assert.equal(readFileSync(rig.at('mine.txt'), 'utf8'), 'mine');
  }).timeout(60_000);

  it('keeps nothing for words that are no files', async () => {
    const rig = createUndoRig({ a: 'a', b: 'b' });
    await rig.command('s', 'sed -i s/a/b/ a; cat b');
    assert.deepEqual(
      rig.versions.of('s').map(({ label }) => label),
      ['a'],
    );
  });

  it('leaves git and packages out', async () => {
    const rig = createUndoRig({ ...files, 'node_modules/p/i.js': 'x', '.git/x': 'x' });
    assert.equal(
      await rig.command('s', 'echo y > node_modules/p/i.js; echo y > .git/x; rm -r node_modules'),
      undefined,
    );
  });

  it('says nothing of a command that changed nothing', async () => {
    const rig = createUndoRig(files);
    assert.equal(await rig.command('s', 'cat a.ts; echo x > t; rm t'), undefined);
  });

  it('works where nothing can be watched, and says so', async () => {
    const watch = () => {
      throw new Error('no watch here');
    };
    const rig = createUndoRig(files, { watch });
    const undo = await rig.command('s', 'echo x > a.ts');
    assert.match(undo?.unknown[0] ?? '', /could not be watched/);
    assert.equal(rig.errors.length, 1);
  });

  it('finds what it kept also where the watch stays silent', async () => {
    const rig = createUndoRig(files, { watch: () => ({ changed: async () => [], close: () => {} }) });
    assert.deepEqual(await runAndUndo(rig, 'echo x > a.ts; rm -r src'), []);
  });
});

describe('git objects', () => {
  afterEach(removeTemporaryFolders);

  it('are of the folder that was opened, also below the top of the work tree', async () => {
    const base = temporaryFolder();
    fill(base, { 'pack age/f ü.txt': 'inner', 'top.txt': 'outer' });
    commitAll(base);
    const folder = path.join(base, 'pack age');
    const tree = await openGitTree(folder, 20_000);
    assert.ok(tree);
    const [file, ...rest] = await tree.cleanAmong([path.join(folder, 'f ü.txt')]);
    assert.deepEqual(rest, []);
    assert.ok(file);
    assert.deepEqual(
      [...(await tree.contents([file])).values()].map((bytes) => bytes.toString()),
      ['inner'],
    );
    await tree.close();
  });

  it('are not there without a work tree', async () => {
    const base = temporaryFolder();
    assert.equal(await openGitTree(base, 20_000), undefined);
    mkdirSync(path.join(base, '.git'));
    assert.equal(await openGitTree(base, 20_000), undefined);
  });

  it('are told from conflicts, submodules and what git does not look at', () => {
    const debug = (size: number) =>
      `  ctime: 1:2\n  mtime: 7:2\n  dev: 1\tino: 2\n  uid: 0\tgid: 0\n  size: ${size}\tflags: 0\n`;
    const hash = 'a'.repeat(40);
    const text = [
      `H 100644 ${hash} 0\ta b\0${debug(3)}`,
      `h 100644 ${hash} 0\tassumed\0${debug(3)}`,
      `S 100644 ${hash} 0\tskipped\0${debug(3)}`,
      `M 100644 ${hash} 1\tconflict\0${debug(3)}`,
      `H 160000 ${hash} 0\tmodule\0${debug(0)}`,
      `H 100755 ${hash} 0\trun\0${debug(5)}`,
    ].join('');
    assert.deepEqual(parseEntries(text, '/w'), [
      { file: path.join('/w', 'a b'), object: hash, size: 3, mtime: 7, kind: 'file' },
      { file: path.join('/w', 'run'), object: hash, size: 5, mtime: 7, kind: 'executable' },
    ]);
  });
});
