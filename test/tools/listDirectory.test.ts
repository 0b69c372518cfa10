import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, toolError } from './rig.ts';

describe('list_directory', () => {
  afterEach(removeTemporaryFolders);

  it('shows folders first, then files with their sizes', async () => {
    const rig = createToolRig({ 'b.txt': '12345', 'z/x': '', 'a/x': '', '.hidden': '' });
    symlinkSync('b.txt', path.join(rig.root, 'link'));
    assert.equal(
      await rig.text('list_directory', {}),
      'a/\nz/\n.hidden (0 bytes)\n.keep (0 bytes)\nb.txt (5 bytes)\nlink (symbolic link)',
    );
    assert.equal((await rig.run('list_directory', { path: 'a' })).summary, '1 entry');
    mkdirSync(path.join(rig.root, 'nothing'));
    assert.equal(await rig.text('list_directory', { path: 'nothing' }), '(empty folder)');
    await assert.rejects(rig.run('list_directory', { path: 'b.txt' }), toolError(/read_file/));
    await assert.rejects(rig.run('list_directory', { path: 'none' }), toolError(/does not exist/));
  });

  it('names what is neither file nor folder', async function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows has no named pipes in folders');
    const rig = createToolRig({});
    execFileSync('mkfifo', [path.join(rig.root, 'pipe')]);
    assert.equal(await rig.text('list_directory', {}), '.keep (0 bytes)\npipe (special file)');
  });

  it('shows 500 entries, and says how many more there are', async () => {
    const names = Array.from({ length: 510 }, (_, index) => `f${String(index).padStart(3, '0')}`);
    const rig = createToolRig({});
    fill(rig.root, Object.fromEntries(names.map((name) => [`many/${name}`, ''])));
    const output = await rig.run('list_directory', { path: 'many' });
    assert.equal(output.summary, '510 entries');
    const [block] = output.content;
    const lines = (block?.type === 'text' ? block.text : '').split('\n');
    assert.equal(lines.length, 501);
    assert.equal(lines[499], 'f499 (0 bytes)');
    assert.equal(lines[500], '[10 more; use find_files with a glob]');
  });

  it('follows a link inside, and none that leads out', async () => {
    const rig = createToolRig({ 'src/a.ts': 'x' });
    fill(rig.base, { 'outside/secret.txt': 's' });
    symlinkSync('src', path.join(rig.root, 'sources'));
    symlinkSync(path.join(rig.base, 'outside'), path.join(rig.root, 'out'));
    assert.equal(await rig.text('list_directory', { path: 'sources' }), 'a.ts (1 byte)');
    await assert.rejects(rig.prepare('list_directory', { path: 'out' }), toolError(/outside the workspace/));
  });

  it('shows nothing of what was put in place of the folder since', async () => {
    const rig = createToolRig({ 'src/a.ts': 'x' });
    fill(rig.base, { 'outside/secret.txt': 's' });
    const step = await rig.prepare('list_directory', { path: 'src' });
    renameSync(path.join(rig.root, 'src'), path.join(rig.root, 'was'));
    symlinkSync(path.join(rig.base, 'outside'), path.join(rig.root, 'src'));
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/outside the workspace|replaced/),
    );
  });

  it('lists the roots where there are several, and each by its name', async () => {
    const rig = createToolRig({ 'a.txt': '' }, { secondRoot: true });
    for (const input of [{}, { path: '' }, { path: '.' }]) {
      assert.equal(
        await rig.text('list_directory', input),
        'The workspace has these folders:\nwork/\nsecond/',
      );
    }
    assert.equal(await rig.text('list_directory', { path: 'second' }), 'only.txt (14 bytes)');
    await assert.rejects(rig.prepare('list_directory', { path: 'a.txt' }), toolError(/work\/, second\//));
  });
});
