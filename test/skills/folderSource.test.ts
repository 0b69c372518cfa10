import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { copyFolder } from '../../extension/skills/folderSource.ts';
import { createStagedTree, treeBounds } from '../../extension/skills/stagedTree.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { contentsOf, noSignal, refuses } from './treeSupport.ts';

describe('a folder as source', () => {
  let from: string;
  beforeEach(() => {
    from = temporaryFolder();
  });
  afterEach(removeTemporaryFolders);

  const newTree = (bounds = treeBounds) => createStagedTree(temporaryFolder(), 'The folder', bounds);

  it('is copied, also where it is a link itself', async () => {
    fill(from, {
      'SKILL.md': 'text',
      'scripts/run.sh': 'echo',
      'a/font.ttf': new Uint8Array([0, 255]),
      '.git/config': 'x',
      'scripts/__pycache__/run.pyc': 'x',
      '.DS_Store': 'x',
    });
    chmodSync(path.join(from, 'scripts/run.sh'), 0o755);
    const link = path.join(temporaryFolder(), 'link');
    symlinkSync(from, link);
    const tree = newTree();
    await copyFolder(link, tree, noSignal());
    assert.deepEqual(contentsOf(tree.folder), {
      'SKILL.md': 'text',
      'a/font.ttf': '\0\xff',
      'scripts/run.sh': 'echo',
    });
    if (process.platform !== 'win32') {
      assert.equal(statSync(path.join(tree.folder, 'scripts/run.sh')).mode & 0o100, 0o100);
    }
  });

  it('does not follow links: they are noted', async () => {
    const secret = temporaryFolder();
    fill(secret, { 'key.txt': 'secret' });
    fill(from, { 'SKILL.md': 'text', 'a/b.md': 'b' });
    symlinkSync(path.join(secret, 'key.txt'), path.join(from, 'key.txt'));
    symlinkSync(secret, path.join(from, 'a', 'all'));
    const tree = newTree();
    await copyFolder(from, tree, noSignal());
    assert.deepEqual([...tree.links].sort(), ['a/all', 'key.txt']);
    assert.deepEqual(Object.keys(contentsOf(tree.folder)), ['SKILL.md', 'a/b.md']);
  });

  it('refuses pipes instead of waiting for them', async function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows has no pipes in folders');
    execFileSync('mkfifo', [path.join(from, 'pipe')]);
    await refuses(copyFolder(from, newTree(), noSignal()), /"pipe" is neither/);
  });

  it('says so when there is too much, nothing, or no folder', async () => {
    fill(from, { a: '1', b: '2' });
    await refuses(copyFolder(from, newTree({ ...treeBounds, files: 1 }), noSignal()), /more than 1 files/);
    await refuses(copyFolder(path.join(from, 'gone'), newTree(), noSignal()), /There is no folder/);
    await refuses(copyFolder(path.join(from, 'a'), newTree(), noSignal()), /is not a folder/);
  });

  it('ends with the reason of whoever cancels', async () => {
    mkdirSync(path.join(from, 'a'));
    const stop = new Error('stop');
    await assert.rejects(copyFolder(from, newTree(), AbortSignal.abort(stop)), stop);
  });
});
