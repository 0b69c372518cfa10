import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findRipgrep } from '../../extension/tools/ripgrep.ts';
import { workbenchFolder } from '../support/setUp.mjs';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { createToolRig, textOfOutput, toolError } from './rig.ts';

const tree = {
  '.gitignore': 'dist/\n*.log\n!keep.log\n/only-top.txt\n',
  'src/.gitignore': 'generated\n!generated/kept.ts\n',
  'src/a.ts': 'const needle = 1;\nother\nconst Needle = 2;\n',
  'src/deep/b.ts': 'first\nsecond needle\nthird\n',
  'src/generated/x.ts': 'needle\n',
  'src/only-top.txt': 'needle\n',
  'only-top.txt': 'needle\n',
  'dist/out.js': 'needle\n',
  'debug.log': 'needle\n',
  'keep.log': 'needle kept\n',
  'node_modules/pkg/index.js': 'module needle\n',
  'node_modules/pkg/dist/min.js': 'min needle\n',
  '.github/ci.yml': 'needle: yes\n',
  '.env': 'NEEDLE=needle\n',
  '.git/config': 'needle\n',
  '.git/info/exclude': 'excluded.txt\n',
  'excluded.txt': 'needle\n',
  'windows.txt': 'a needle\r\nplain\r\n',
  'binary.bin': Buffer.from('needle\0needle'),
  'späße.md': 'a (needle) in ünïcode\n',
};

/** The one on PATH, else the one that the VS Code of the other tests ships, found as the extension finds it there. */
const installed = (await findRipgrep(undefined)) ?? (await findRipgrep(workbenchFolder));
const ways: [string, string | undefined][] = [
  ['with ripgrep', installed],
  ['without ripgrep', undefined],
];

for (const [way, ripgrep] of ways) {
  describe(`searching ${way}`, () => {
    before(function () {
      if (way === 'with ripgrep' && ripgrep === undefined) {
        skipBecause(
          this,
          `there is no ripgrep: neither on PATH nor in a VS Code server (npm test -- --only integration gets one)`,
        );
      }
    });
    afterEach(removeTemporaryFolders);

    const rigOf = (options: { secondRoot?: boolean } = {}) =>
      createToolRig(tree, { ripgrep: async () => ripgrep, ...options });

    it('finds the files that no ignore file leaves out', async () => {
      const rig = rigOf();
      symlinkSync(path.join(rig.root, 'dist'), path.join(rig.root, 'src/link'));
      assert.equal(
        await rig.text('find_files', { glob: '**' }),
        [
          '.env',
          '.github/ci.yml',
          '.gitignore',
          '.keep',
          'binary.bin',
          'keep.log',
          'späße.md',
          'src/.gitignore',
          'src/a.ts',
          'src/deep/b.ts',
          'src/only-top.txt',
          'windows.txt',
        ].join('\n'),
      );
    });

    it('takes globs of names at any depth, of paths, and below a folder', async () => {
      const rig = rigOf();
      const find = (glob: string, below?: string) =>
        rig.text('find_files', below === undefined ? { glob } : { glob, path: below });
      assert.equal(await find('*.ts'), 'src/a.ts\nsrc/deep/b.ts');
      assert.equal(await find('src/*.ts'), 'src/a.ts');
      assert.equal(await find('./src/**/*.{ts,js}'), 'src/a.ts\nsrc/deep/b.ts');
      assert.equal(await find('*.ts', 'src/deep'), 'src/deep/b.ts');
      assert.equal(await find('src/deep/*', 'src'), 'src/deep/b.ts');
      assert.equal(await find('**/index.js', 'node_modules/pkg'), 'node_modules/pkg/index.js');
      assert.equal(await find('*.js', 'dist'), 'dist/out.js');
      assert.match(await find('*.nothing'), /^No file matches/);
      await assert.rejects(rig.prepare('find_files', { glob: '../*' }), toolError(/leads upwards/));
      assert.equal((await rig.run('find_files', { glob: '*.ts' })).summary, '2 files');
    });

    it('finds lines, grouped by file, sorted, with numbers', async () => {
      const output = await rigOf().run('search_text', { pattern: 'needle' });
      assert.equal(output.summary, '7 matches in 7 files');
      const [block] = output.content;
      assert.equal(
        block?.type === 'text' ? block.text : '',
        [
          '.github/ci.yml\n1:needle: yes',
          'keep.log\n1:needle kept',
          'späße.md\n1:a (needle) in ünïcode',
          'src/a.ts\n1:const needle = 1;',
          'src/deep/b.ts\n2:second needle',
          'src/only-top.txt\n1:needle',
          'windows.txt\n1:a needle',
        ].join('\n\n'),
      );
    });

    it('takes expressions, plain text, case, context, globs and single files', async () => {
      const rig = rigOf();
      const search = (input: Record<string, string | number | boolean>) =>
        rig.text('search_text', { pattern: 'needle', ...input });
      assert.equal(
        await search({ pattern: '^const \\w+ = [2-9]', path: 'src' }),
        'src/a.ts\n3:const Needle = 2;',
      );
      assert.equal(await search({ pattern: '(needle)', literal: true }), 'späße.md\n1:a (needle) in ünïcode');
      assert.equal(
        await search({ ignore_case: true, glob: 'src/a.ts' }),
        'src/a.ts\n1:const needle = 1;\n3:const Needle = 2;',
      );
      assert.equal(
        await search({ context_lines: 1, glob: '*.ts', ignore_case: true }),
        'src/a.ts\n1:const needle = 1;\n2-other\n3:const Needle = 2;\n\nsrc/deep/b.ts\n1-first\n2:second needle\n3-third',
      );
      assert.equal(await search({ path: 'src/deep/b.ts' }), 'src/deep/b.ts\n2:second needle');
      assert.equal(await search({ path: 'dist' }), 'dist/out.js\n1:needle');
      assert.equal(await search({ path: 'dist/out.js' }), 'dist/out.js\n1:needle');
      assert.equal(
        await search({ path: 'node_modules/pkg' }),
        'node_modules/pkg/dist/min.js\n1:min needle\n\nnode_modules/pkg/index.js\n1:module needle',
      );
      assert.equal(await search({ pattern: 'not there' }), 'No matches.');
      assert.equal(await search({ pattern: 'need(?=le kept)' }), 'keep.log\n1:needle kept');
      assert.equal(await search({ pattern: '-dash', literal: true }), 'No matches.');
    });

    it('separates matches that are apart, where there is context', async () => {
      const rig = createToolRig({ 'a.txt': 'x\n1\n2\n3\n4\nx\n' }, { ripgrep: async () => ripgrep });
      assert.equal(
        await rig.text('search_text', { pattern: 'x', context_lines: 1 }),
        'a.txt\n1:x\n2-1\n--\n5-4\n6:x',
      );
    });

    it('never quotes secret-looking files, nor tells that they match', async () => {
      const rig = rigOf();
      const output = await rig.run('search_text', { pattern: 'NEEDLE=' });
      assert.equal(output.summary, 'no matches');
      await assert.rejects(
        rig.prepare('search_text', { pattern: 'x', path: '.env' }),
        toolError(/looks like it holds secrets/),
      );
    });

    it('says what is wrong with an expression', async () => {
      const rig = rigOf();
      await assert.rejects(
        rig.run('search_text', { pattern: 'foo(' }),
        toolError(/pattern is not understood/),
      );
    });

    it('cuts what is too much, and says so', async () => {
      const files = Object.fromEntries(
        Array.from({ length: 30 }, (_, index) => [
          `f${String(index).padStart(2, '0')}.txt`,
          'hit\n'.repeat(10),
        ]),
      );
      const rig = createToolRig(
        { ...files, 'wide.txt': `${'x'.repeat(5_000)}hit\n` },
        { ripgrep: async () => ripgrep },
      );
      const output = await rig.run('search_text', { pattern: 'hit' });
      assert.equal(output.summary, '301 matches in 31 files');
      const [block] = output.content;
      const text = block?.type === 'text' ? block.text : '';
      assert.equal(text.split('\n').filter((line) => line.endsWith(':hit')).length, 100);
      assert.match(text, /\[first 100 of 301 matches in 31 files; narrow it/);
      assert.match(await rig.text('search_text', { pattern: 'x+hit' }), /… \[\d+ more characters\]/);
      assert.match(await rig.text('search_text', { pattern: 'hit', max_matches: 2 }), /first 2 of/);
    });

    it('searches every root, and names it', async () => {
      const rig = rigOf({ secondRoot: true });
      assert.equal(await rig.text('find_files', { glob: 'only.txt' }), 'second/only.txt');
      assert.equal(await rig.text('find_files', { glob: 'work/src/*.ts' }), 'work/src/a.ts');
      const text = await rig.text('search_text', { pattern: 'in the second|second needle' });
      assert.equal(text, 'second/only.txt\n1:in the second\n\nwork/src/deep/b.ts\n2:second needle');
      assert.equal(await rig.text('list_directory', {}), 'The workspace has these folders:\nwork/\nsecond/');
    });

    it('honours the ignore files around the folder, up to its repository', async () => {
      const rig = createToolRig({}, { ripgrep: async () => ripgrep });
      // The workspace is a part of a repository.
      fill(rig.base, {
        '.git/HEAD': 'ref: refs/heads/main\n',
        '.gitignore': 'build\n',
        'work/build/x.txt': 'x',
        'work/in/a.txt': 'x',
        'work/in/build/y.txt': 'x',
      });
      assert.equal(await rig.text('find_files', { glob: '*.txt' }), 'in/a.txt');
      assert.equal(await rig.text('find_files', { glob: '*.txt', path: 'in' }), 'in/a.txt');
      assert.equal(await rig.text('find_files', { glob: '*', path: 'build' }), 'build/x.txt');
    });

    it('finds lines that hold separators which end a line elsewhere', async () => {
      const content = 'a\u2028needle\u2029b\nc\rneedle\n';
      const rig = createToolRig({ 'a.txt': content }, { ripgrep: async () => ripgrep });
      assert.equal(
        await rig.text('search_text', { pattern: 'needle' }),
        'a.txt\n1:a\u2028needle\u2029b\n2:c\rneedle',
      );
    });

    it('searches unsaved texts of the editor instead of what is on the disk', async () => {
      const rig = rigOf();
      const open = (name: string, text: string) => rig.editor.open(path.join(rig.root, name), text);
      open('src/a.ts', 'typed\nneedle typed\n');
      open('src/deep/b.ts', 'nothing left\n');
      for (const ignored of ['dist/out.js', 'debug.log', 'src/generated/y.ts', 'node_modules/pkg/index.js']) {
        open(ignored, 'needle typed\n');
      }
      open('.env', 'needle typed\n');
      rig.editor.open(path.join(rig.base, 'outside.txt'), 'needle typed\n');
      const search = (input: Record<string, string | number>) =>
        rig.text('search_text', { pattern: 'needle', ...input });
      assert.equal(
        await search({ path: 'src', context_lines: 1 }),
        'src/a.ts\n1-typed\n2:needle typed\n\nsrc/only-top.txt\n1:needle',
      );
      assert.equal(await search({ pattern: 'needle typed' }), 'src/a.ts\n2:needle typed');
      assert.equal(await search({ path: 'src/a.ts' }), 'src/a.ts\n2:needle typed');
      assert.equal(await search({ path: 'src/deep/b.ts' }), 'No matches.');
      assert.equal(await search({ path: 'dist' }), 'dist/out.js\n1:needle typed');
      assert.equal(await search({ glob: '*.md' }), 'späße.md\n1:a (needle) in ünïcode');
    });

    it('says that a search was cut off by its deadline', async () => {
      const rig = rigOf({ secondRoot: true });
      const timeout = AbortSignal.timeout;
      let deadlines = 0;
      AbortSignal.timeout = () => {
        deadlines += 1;
        return AbortSignal.abort(new DOMException('late', 'TimeoutError'));
      };
      try {
        const output = await rig.run('search_text', { pattern: 'needle' });
        assert.equal(
          textOfOutput(output),
          'No matches.\n\n[stopped after 30 s; there may be more. Narrow it with path or glob]',
        );
        assert.equal(output.summary, 'no matches, stopped after 30 s');
        // One for the whole call, however many folders there are.
        assert.equal(deadlines, 1);
      } finally {
        AbortSignal.timeout = timeout;
      }
    });

    it('stops when it is cancelled', async () => {
      const rig = rigOf();
      const step = await rig.prepare('search_text', { pattern: 'needle' });
      const stopping = new AbortController();
      const running = step.run(stopping.signal, () => {});
      stopping.abort(new Error('enough'));
      await assert.rejects(running, /enough/);
    });
  });
}

describe('searching', () => {
  afterEach(removeTemporaryFolders);

  it('says when the unsaved text could not be searched with a pattern of ripgrep', async function () {
    if (installed === undefined) skipBecause(this, 'there is no ripgrep');
    const rig = createToolRig(tree, { ripgrep: async () => installed });
    rig.editor.open(path.join(rig.root, 'src/a.ts'), 'needle typed\n');
    const text = await rig.text('search_text', { pattern: 'needle(?#comment)', path: 'src/a.ts' });
    assert.match(text, /^src\/a\.ts\n1:const needle = 1;\n\n\[unsaved text in the editor was not searched/);
  });

  it('names the largest file that it searches', () => {
    assert.match(createToolRig({}).spec('search_text').description, /over 4 MB/);
  });

  it('gives up an expression that does not end, without ripgrep', async () => {
    const rig = createToolRig({ 'a.txt': `${'a'.repeat(40)}!\n` });
    await assert.rejects(
      rig.run('search_text', { pattern: '^(a+)+$' }),
      toolError(/takes too long on a\.txt/),
    );
  });

  it('goes on without a ripgrep that does not work', async () => {
    const folder = temporaryFolder();
    const broken = path.join(folder, 'rg');
    for (const content of [
      '#!/bin/sh\nexit 127\n',
      '#!/bin/sh\necho "unknown flag" >&2; exit 2\n',
      'not a program',
    ]) {
      writeFileSync(broken, content);
      chmodSync(broken, 0o755);
      const rig = createToolRig(tree, { ripgrep: async () => broken });
      assert.equal((await rig.run('search_text', { pattern: 'needle' })).summary, '7 matches in 7 files');
      assert.equal((await rig.run('find_files', { glob: '*.ts' })).summary, '2 files');
    }
    const rig = createToolRig(tree, { ripgrep: async () => '/not/there' });
    assert.equal((await rig.run('search_text', { pattern: 'needle' })).summary, '7 matches in 7 files');
  });

  it('gives ripgrep no more of the environment than the tools get', async function () {
    if (process.platform === 'win32') skipBecause(this, 'the spy is a shell script');
    const folder = temporaryFolder();
    const spy = path.join(folder, 'rg');
    writeFileSync(spy, `#!/bin/sh\nenv > ${folder}/seen\nexit 1\n`);
    chmodSync(spy, 0o755);
    process.env.PLANTED_KEY = 'sk-planted';
    try {
      const rig = createToolRig(tree, { ripgrep: async () => spy });
      await rig.run('search_text', { pattern: 'needle' });
    } finally {
      delete process.env.PLANTED_KEY;
    }
    assert.doesNotMatch(execFileSync('cat', [path.join(folder, 'seen')], { encoding: 'utf8' }), /planted/i);
  });

  it('finds ripgrep where each VS Code puts it, then on the absolute folders of PATH', async () => {
    const app = temporaryFolder();
    const name = process.platform === 'win32' ? 'rg.exe' : 'rg';
    const bin = path.join(app, 'bin');
    const put = (folder: string): string => {
      const file = path.join(app, folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, '', { mode: 0o755 });
      return file;
    };
    assert.equal(await findRipgrep(app, ''), undefined);
    const onPath = put('bin');
    assert.equal(await findRipgrep(app, ['relative', bin].join(path.delimiter)), onPath);
    assert.equal(await findRipgrep(undefined, 'bin'), undefined);
    const places = [
      'node_modules.asar.unpacked/@vscode/ripgrep/bin',
      `node_modules.asar.unpacked/@vscode/ripgrep-universal/bin/${process.platform}-${process.arch}`,
      'node_modules/@vscode/ripgrep/bin',
      `node_modules/@vscode/ripgrep-universal/bin/${process.platform}-${process.arch}`,
    ];
    for (const place of places) {
      const file = put(place);
      assert.equal(await findRipgrep(app, bin), file);
    }
  });
});
