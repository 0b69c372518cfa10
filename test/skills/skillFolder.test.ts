import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { contentHash, hashFile } from '../../extension/skills/contentHash.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { treeLimits } from '../../extension/skills/skillTree.ts';
import { skipBecause } from '../support/skipBecause.ts';

const isWindows = process.platform === 'win32';

describe('a skill in its folder', () => {
  let folder: string;
  const put = async (name: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  };
  const pathsOf = async (): Promise<string[]> =>
    (await readSkillFolder(folder)).files.map((file) => file.path);
  const hashOf = async (): Promise<string> => (await readSkillFolder(folder)).hash;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'skill-'));
    await put('SKILL.md', '---\nname: a\ndescription: Does a.\n---\nBody');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('holds its files with size and hash, binary ones too', async () => {
    await put(
      'assets/font.ttf',
      Uint8Array.from({ length: 700_000 }, (_, index) => index % 251),
    );
    await put('scripts/run.py', '');
    const { skill, files, problems } = await readSkillFolder(folder);
    assert.deepEqual(problems, []);
    assert.equal(skill?.name, 'a');
    assert.deepEqual(
      files.map((file) => [file.path, file.bytes]),
      [
        ['SKILL.md', 41],
        ['assets/font.ttf', 700_000],
        ['scripts/run.py', 0],
      ],
    );
    assert.equal(files[2]?.sha256, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('has another hash for another content, name or mode, and the same one elsewhere', async () => {
    await put('a.txt', 'one');
    const hashes = [await hashOf()];
    await put('a.txt', 'two');
    hashes.push(await hashOf());
    await rm(path.join(folder, 'a.txt'));
    hashes.push(await hashOf());
    await put('b.txt', 'two');
    hashes.push(await hashOf());
    if (!isWindows) {
      await chmod(path.join(folder, 'b.txt'), 0o755);
      hashes.push(await hashOf());
    }
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('does not count what comes and goes by itself', async () => {
    const before = await hashOf();
    await put('.git/config', 'x');
    await put('scripts/__pycache__/run.pyc', 'x');
    await put('.DS_Store', 'x');
    assert.equal(await hashOf(), before);
    assert.deepEqual(await pathsOf(), ['SKILL.md']);
  });

  it('refuses links that lead out, and leaves out those that do not', async function () {
    if (isWindows) skipBecause(this, 'links need a permission on Windows');
    await put('a.txt', 'x');
    await symlink('a.txt', path.join(folder, 'inside'));
    const inside = await readSkillFolder(folder);
    assert.ok(inside.skill);
    assert.deepEqual(
      inside.problems.map(({ file, severity }) => [file, severity]),
      [['inside', 'warning']],
    );
    assert.ok(!inside.files.some((file) => file.path === 'inside'));
    for (const target of [tmpdir(), 'nowhere', '.git', '..']) {
      await mkdir(path.join(folder, '.git'), { recursive: true });
      await symlink(target, path.join(folder, 'outside'));
      const outside = await readSkillFolder(folder);
      assert.equal(outside.skill, undefined, target);
      assert.notEqual(outside.hash, inside.hash);
      assert.match(outside.problems.find(({ severity }) => severity === 'error')?.message ?? '', /leads out/);
      await rm(path.join(folder, 'outside'));
    }
  });

  it('does not read its description through a link', async function () {
    if (isWindows) skipBecause(this, 'links need a permission on Windows');
    await rm(path.join(folder, 'SKILL.md'));
    await symlink('/etc/hostname', path.join(folder, 'SKILL.md'));
    const { skill, files } = await readSkillFolder(folder);
    assert.equal(skill, undefined);
    assert.deepEqual(files, []);
  });

  it('does not wait for a pipe', async function () {
    if (isWindows) skipBecause(this, 'Windows has no such pipes in folders');
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    const { skill, problems } = await readSkillFolder(folder);
    assert.equal(skill, undefined);
    assert.match(problems[0]?.message ?? '', /no regular file/);
    await assert.rejects(hashFile(path.join(folder, 'pipe'), 10), /no regular file/);
  });

  it('refuses what is too deep, too many or too large', async () => {
    const deep = Array.from({ length: treeLimits.depth + 1 }, (_, index) => `d${index}`).join('/');
    await put(`${deep}/x`, 'x');
    const message = async (): Promise<string> =>
      (await readSkillFolder(folder)).problems.at(-1)?.message ?? '';
    assert.match(await message(), /folders deeper than 10/);
    await rm(path.join(folder, 'd0'), { recursive: true });
    for (let index = 0; index < treeLimits.files; index++)
      await writeFile(path.join(folder, `f${index}`), '');
    assert.match(await message(), /more than 2000 files/);
    assert.equal((await readSkillFolder(folder)).skill, undefined);
    await assert.rejects(hashFile(path.join(folder, 'SKILL.md'), 10), /grew/);
  });

  it('reads again what may have changed, and only that', async () => {
    await put('a.txt', 'one');
    const old = new Date(Date.now() - 60_000);
    const first = await readSkillFolder(folder);
    // As if all that had been read long after the last change.
    const previous = { ...first, readAt: first.readAt + 60_000 };
    const again = await readSkillFolder(folder, { previous });
    assert.equal(again.files[1], first.files[1], 'the same file is not read again');
    assert.notEqual(
      (await readSkillFolder(folder, { previous: first })).files[1],
      first.files[1],
      'it was written just now',
    );
    await put('a.txt', 'two');
    // Size and time of change as they were.
    await utimes(path.join(folder, 'a.txt'), old, old);
    const changed = await readSkillFolder(folder, { previous });
    assert.notEqual(changed.hash, first.hash);
  });

  it('has a hash for each list of files, in whatever order', () => {
    const file = fc.record({
      path: fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !text.includes('\0')),
      sha256: fc.stringMatching(/^[0-9a-f]{4}$/),
      isExecutable: fc.boolean(),
    });
    const list = fc.uniqueArray(file, { selector: (each) => each.path, maxLength: 4 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        assert.equal(contentHash(a), contentHash(a.toReversed()));
        const key = (files: typeof a): string =>
          JSON.stringify(files.toSorted((x, y) => (x.path < y.path ? -1 : 1)));
        assert.equal(contentHash(a) === contentHash(b), key(a) === key(b));
      }),
    );
  });
});
