import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { SkillInstallError } from '../../extension/core/skills.ts';
import { createStagedTree, isLeftOut, pathProblem, treeBounds } from '../../extension/skills/stagedTree.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { contentsOf, refuses } from './treeSupport.ts';

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const hostileName = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '..',
          '.',
          '/',
          '\\',
          'a',
          'A',
          'C:',
          '\0',
          '\u200b',
          '. ',
          '...',
          'nul',
          '%2e%2e',
          '~',
          ' ',
          '\u2024\u2024',
          '.git',
        ),
        fc.string({ maxLength: 3 }),
      ),
    )
    .map((parts) => parts.join('')),
  fc
    .array(fc.constantFrom('..', '.', 'a', 'b', '', '..\u200d', '\uff0e\uff0e'))
    .map((parts) => parts.join('/')),
);

describe('a staged tree', () => {
  afterEach(removeTemporaryFolders);

  it('says why a name is not safe', () => {
    const table: [string, RegExp | undefined][] = [
      ['a/b.txt', undefined],
      ['.hidden/ü/ß.md', undefined],
      ['..a/b..', /dot/],
      ['', /empty/],
      ['/etc/passwd', /absolute/],
      ['../x', /leads out/],
      ['a/../../x', /leads out/],
      ['a//b', /empty part/],
      ['./a', /empty part/],
      ['C:x', /drive/],
      ['a\\b', /backslash/],
      ['a\0b', /control/],
      ['a\u0085', /control/],
      ['\ud800', /Unicode/],
      ['a/con', /device/],
      ['NUL.txt', /device/],
      ['aux .txt', /device/],
      ['CONIN$', /device/],
      ['ab:stream', /Windows/],
      ['a.', /dot or a space/],
      ['\u200b', /invisible/],
      [`${'ü'.repeat(130)}`, /longer than 255/],
      ['a/'.repeat(120), /longer than 200/],
    ];
    for (const [name, pattern] of table) {
      if (pattern === undefined) assert.equal(pathProblem(name), undefined, name);
      else assert.match(pathProblem(name) ?? 'safe', pattern, name);
    }
  });

  it('never writes outside its folder, whatever the names are', async () => {
    const base = temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(hostileName, { minLength: 1, maxLength: 4 }), async (names) => {
        run += 1;
        const folder = path.join(base, String(run), 'a', 'tree');
        mkdirSync(folder, { recursive: true });
        const tree = createStagedTree(folder, 'It');
        let taken = 0;
        for (const name of names) {
          try {
            await tree.add(name, bytes(name), false);
            taken += 1;
          } catch (error) {
            assert.ok(error instanceof SkillInstallError, String(error));
          }
        }
        assert.equal(Object.keys(contentsOf(folder)).length, taken);
        // Whatever was written is in the tree.
        assert.equal(Object.keys(contentsOf(path.join(base, String(run)))).length, taken);
      }),
      { numRuns: 150 },
    );
  });

  it('refuses names that are one on some computers', async () => {
    const pairs: [string, string][] = [
      ['a', 'A'],
      ['dir/a', 'Dir/b'],
      ['stra\u00dfe/a', 'stra\u00dfe\u200b/a'],
      ['\u00e9', 'e\u0301'],
      ['ﬁle', 'file'],
      ['stra\u00dfe', 'STRASSE'],
      ['\u1e9e', 'ss'],
      ['\u017f', 'S'],
      ['\u03c2a', '\u03c3a'],
      ['\u01c5', '\u01c6'],
    ];
    for (const [one, other] of pairs) {
      const tree = createStagedTree(temporaryFolder(), 'The zip file');
      await tree.add(one, bytes('1'), false);
      await refuses(tree.add(other, bytes('2'), false), /one on some computers/);
      assert.deepEqual(contentsOf(tree.folder), { [one]: '1' });
    }
  });

  it('refuses a name twice, and a file that is a folder as well', async () => {
    const tree = createStagedTree(temporaryFolder(), 'The zip file');
    await tree.add('a/b', bytes('1'), false);
    await refuses(tree.add('a/b', bytes('2'), false), /twice/);
    await refuses(tree.add('a', bytes('2'), false), /twice/);
    await refuses(tree.add('a/b/c', bytes('2'), false), /twice/);
  });

  it('counts files, bytes and depth as they come', async () => {
    const bounds = { ...treeBounds, files: 2, bytes: 5, depth: 2 };
    const many = createStagedTree(temporaryFolder(), 'The folder', bounds);
    await many.add('a', bytes(), false);
    many.leaveOutLink('link');
    await refuses(many.add('b', bytes(), false), /more than 2 files/);
    const large = createStagedTree(temporaryFolder(), 'The folder', bounds);
    await large.add('a', bytes('12'), false);
    await refuses(large.add('b', bytes('3', '4', '5', '6'), false), /larger than/);
    const deep = createStagedTree(temporaryFolder(), 'The folder', bounds);
    await refuses(deep.add('a/b/c/d', bytes(), false), /2 deep/);
  });

  it('leaves out version control and caches, by any spelling', () => {
    for (const name of [
      '.git/config',
      'a/.GIT/x',
      '.g\u200cit/x',
      'a/__pycache__/b.pyc',
      '.DS_Store',
      '__MACOSX/a',
    ]) {
      assert.ok(isLeftOut(name), name);
    }
    for (const name of ['.github/x', 'git', '.gitignore']) assert.ok(!isLeftOut(name), name);
  });
});
