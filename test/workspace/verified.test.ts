import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BoundaryError } from '../../extension/core/workspace.ts';
import { makeVerifiedFolder, openVerified, openVerifiedFolder } from '../../extension/workspace/verified.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from './folders.ts';

/** What the check before does not see: these are called as if everything had been in order a moment ago. */
describe('opening what was checked', () => {
  let base: string;
  let root: string;

  beforeEach(function () {
    if (process.platform === 'win32') skipBecause(this, 'making symbolic links needs a right on Windows');
    base = temporaryFolder();
    root = path.join(base, 'work');
    fill(base, { 'work/src/a.ts': 'mine', 'outside/a.ts': 'precious' });
  });
  afterEach(removeTemporaryFolders);

  it('opens files and folders that are where they were', async () => {
    const handle = await openVerified(path.join(root, 'src/a.ts'));
    assert.equal(await handle.readFile('utf8'), 'mine');
    await handle.close();
    const folder = await openVerifiedFolder(path.join(root, 'src'));
    assert.deepEqual(readdirSync(folder.here), ['a.ts']);
    await folder.close();
  });

  it('does not open a file that became a link', async () => {
    const file = path.join(root, 'src/a.ts');
    renameSync(file, `${file}.was`);
    symlinkSync(path.join(base, 'outside/a.ts'), file);
    await assert.rejects(openVerified(file), BoundaryError);
  });

  it('does not open a file or a folder below a link', async () => {
    renameSync(path.join(root, 'src'), path.join(root, 'was'));
    symlinkSync(path.join(base, 'outside'), path.join(root, 'src'));
    mkdirSync(path.join(base, 'outside/deep'));
    await assert.rejects(openVerified(path.join(root, 'src/a.ts')), BoundaryError);
    await assert.rejects(openVerifiedFolder(path.join(root, 'src')), BoundaryError);
    await assert.rejects(openVerifiedFolder(path.join(root, 'src/deep')), BoundaryError);
  });

  it('makes no folder behind a link', async () => {
    symlinkSync(path.join(base, 'outside'), path.join(root, 'new'));
    await assert.rejects(makeVerifiedFolder(path.join(root, 'new/deep')), BoundaryError);
    assert.ok(!existsSync(path.join(base, 'outside/deep')));
  });

  it('goes on in the folder it opened, wherever that is moved, and not in what took its place', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'only Linux reaches a folder through what it opened');
    const folder = await openVerifiedFolder(path.join(root, 'src'));
    renameSync(path.join(root, 'src'), path.join(root, 'was'));
    symlinkSync(path.join(base, 'outside'), path.join(root, 'src'));
    await writeFile(folder.at('b.ts'), 'b');
    await folder.close();
    assert.deepEqual(readdirSync(path.join(root, 'was')), ['a.ts', 'b.ts']);
    assert.deepEqual(readdirSync(path.join(base, 'outside')), ['a.ts']);
  });
});
