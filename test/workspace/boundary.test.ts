import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { BoundaryError, type WorkspaceRoot } from '../../extension/core/workspace.ts';
import { isInside, resolveInside } from '../../extension/workspace/boundary.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from './folders.ts';

describe('resolveInside', () => {
  let base: string;
  let root: string;
  let roots: WorkspaceRoot[];

  beforeEach(() => {
    base = temporaryFolder();
    root = path.join(base, 'work');
    fill(base, {
      'work/src/a.ts': 'a',
      'work/..dots': 'x',
      'outside/secret.txt': 's',
      'work-too/b.ts': 'b',
    });
    roots = [{ name: 'work', path: root }];
  });
  afterEach(removeTemporaryFolders);

  const refuses = (given: string, pattern?: RegExp) =>
    assert.rejects(resolveInside(given, roots), (error: unknown) => {
      assert.ok(error instanceof BoundaryError, String(error));
      if (pattern !== undefined) assert.match(error.message, pattern);
      return true;
    });

  it('resolves files, new files and the root', async () => {
    const file = await resolveInside('src/a.ts', roots);
    assert.deepEqual(file, {
      file: path.join(root, 'src/a.ts'),
      label: 'src/a.ts',
      root: roots[0],
      realRoot: root,
      below: 'src/a.ts',
      exists: true,
      isFolder: false,
      isLink: false,
      editorFile: path.join(root, 'src/a.ts'),
    });
    const made = await resolveInside('./new/deep/../x.ts', roots);
    assert.equal(made.file, path.join(root, 'new/x.ts'));
    assert.equal(made.exists, false);
    const top = await resolveInside('', roots);
    assert.deepEqual([top.label, top.below], ['.', '.']);
    assert.equal((await resolveInside('.', roots)).isFolder, true);
    assert.equal((await resolveInside(path.join(root, 'src/a.ts'), roots)).label, 'src/a.ts');
    assert.equal((await resolveInside('..dots', roots)).label, '..dots');
  });

  it('refuses to leave by ..', async () => {
    await refuses('..', /outside/);
    await refuses('../outside/secret.txt', /outside/);
    await refuses('src/../../outside/secret.txt', /outside/);
    await refuses('../work-too/b.ts', /outside/);
    await refuses(`${root}/../outside/secret.txt`, /outside/);
  });

  it('refuses absolute paths outside, also of a sibling whose name begins alike', async () => {
    await refuses('/etc/passwd', /outside/);
    await refuses(path.join(base, 'work-too/b.ts'), /outside/);
    await refuses(base, /outside/);
    await refuses('/', /outside/);
  });

  it('refuses links that lead out: a file, a parent, a chain, and new files behind them', async () => {
    symlinkSync(path.join(base, 'outside/secret.txt'), path.join(root, 'link.txt'));
    symlinkSync(path.join(base, 'outside'), path.join(root, 'out'));
    symlinkSync('out', path.join(root, 'chain'));
    symlinkSync('../../outside', path.join(root, 'src/relative'));
    for (const given of [
      'link.txt',
      'out/secret.txt',
      'out/new.txt',
      'out/a/b/c.txt',
      'chain/new.txt',
      'chain',
      'src/relative/new.txt',
    ]) {
      await refuses(given, /outside/);
    }
  });

  it('refuses links that lead nowhere or to themselves', async () => {
    symlinkSync(path.join(base, 'outside/not-there'), path.join(root, 'dangling'));
    symlinkSync('loop', path.join(root, 'loop'));
    await refuses('dangling', /leads nowhere/);
    await refuses('dangling/x', /leads nowhere/);
    await refuses('loop', /itself/);
    await refuses('loop/x', /itself/);
  });

  it('follows links inside, and says what they lead to', async () => {
    symlinkSync('src/a.ts', path.join(root, 'link.ts'));
    symlinkSync('src', path.join(root, 'sources'));
    const link = await resolveInside('link.ts', roots);
    assert.equal(link.file, path.join(root, 'src/a.ts'));
    assert.equal(link.label, 'src/a.ts');
    assert.equal(link.isLink, true);
    assert.equal(link.editorFile, path.join(root, 'link.ts'));
    const below = await resolveInside('sources/new.ts', roots);
    assert.equal(below.label, 'src/new.ts');
    assert.equal(below.isLink, false);
  });

  it('refuses a file as a folder', () => refuses('src/a.ts/x', /not a folder/));

  it('refuses Windows, UNC and NUL forms', async () => {
    for (const given of ['C:\\Windows', 'c:/x', 'C:x', '\\\\host\\share', '//host/share', 'a\u0000.ts']) {
      await refuses(given);
    }
  });

  it('says that no folder is open', () => assert.rejects(resolveInside('a', []), /No folder is open/));

  it('does not take another case for the same folder where case counts', async () => {
    const upper = path.join(base, 'WORK/src/a.ts');
    const sameDisk = realpathOf(upper) !== undefined;
    if (sameDisk) assert.equal((await resolveInside(upper, roots)).label, 'src/a.ts');
    else await refuses(upper, /outside/);
  });

  it('works with a root that is itself reached through a link', async () => {
    symlinkSync(root, path.join(base, 'alias'));
    const aliased = [{ name: 'alias', path: path.join(base, 'alias') }];
    const found = await resolveInside('src/a.ts', aliased);
    assert.equal(found.file, path.join(root, 'src/a.ts'));
    assert.equal(found.label, 'src/a.ts');
    assert.equal(found.editorFile, path.join(base, 'alias/src/a.ts'));
    const real = await resolveInside(path.join(root, 'src/a.ts'), aliased);
    assert.equal(real.editorFile, path.join(base, 'alias/src/a.ts'));
    assert.equal((await resolveInside('.', aliased)).isLink, false);
  });

  describe('with several roots', () => {
    beforeEach(() => {
      roots = [
        { name: 'work', path: root },
        { name: 'too', path: path.join(base, 'work-too') },
        { name: 'work/inner', path: path.join(root, 'src') },
      ];
    });

    it('addresses them by name, the longest first', async () => {
      assert.equal((await resolveInside('too/b.ts', roots)).label, 'too/b.ts');
      assert.equal((await resolveInside('too', roots)).label, 'too');
      assert.equal((await resolveInside('work/inner/a.ts', roots)).label, 'work/inner/a.ts');
      // The innermost root names a file, however it was addressed.
      assert.equal((await resolveInside('work/src/a.ts', roots)).label, 'work/inner/a.ts');
      assert.equal((await resolveInside(path.join(base, 'work-too/b.ts'), roots)).label, 'too/b.ts');
    });

    it('refuses what names none, and leaving one by .. even into another', async () => {
      await refuses('src/a.ts', /work\/, too\//);
      await refuses('.', /too\//);
      await refuses('toothless/b.ts', /too\//);
      await refuses('work/../too/b.ts', /outside/);
      await refuses('too/../work-too/../outside/secret.txt', /outside/);
    });
  });

  it('never resolves outside, whatever is asked', async () => {
    symlinkSync(path.join(base, 'outside'), path.join(root, 'out'));
    symlinkSync('..', path.join(root, 'src/up'));
    symlinkSync('../..', path.join(root, 'src/upup'));
    symlinkSync(path.join(base, 'outside/secret.txt'), path.join(root, 'src/file'));
    symlinkSync('gone', path.join(root, 'gone-link'));
    mkdirSync(path.join(root, 'WORK'));
    const part = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.constantFrom('..', '.', '', 'src', 'up', 'upup', 'out', 'file', 'a.ts', 'gone-link'),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom('work', 'WORK', 'outside', 'secret.txt', 'etc', 'new', '~', 'C:', '\\'),
      },
      { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
    );
    const given = fc
      .tuple(
        fc.constantFrom('', '/', `${root}/`, `${base}/`, '//', `${root}/src/upup/`),
        fc.array(part, { maxLength: 8 }),
      )
      .map(([start, parts]) => start + parts.join('/'));
    let resolved = 0;
    await fc.assert(
      fc.asyncProperty(given, async (asked) => {
        try {
          const { file, exists } = await resolveInside(asked, roots);
          resolved += 1;
          assert.ok(isInside(root, file), `${asked} -> ${file}`);
          const nearest = exists ? file : nearestOf(file);
          assert.ok(isInside(root, realpathSync(nearest)), `${asked} -> ${nearest}`);
          if (exists) assert.equal(realpathSync(file), file);
        } catch (error) {
          assert.ok(error instanceof BoundaryError, `${asked}: ${error}`);
        }
      }),
      { numRuns: 1_500 },
    );
    assert.ok(resolved > 50, `only ${resolved} resolved at all`);
  });
});

const realpathOf = (file: string): string | undefined => {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
};

const nearestOf = (file: string): string =>
  realpathOf(file) === undefined ? nearestOf(path.dirname(file)) : file;
