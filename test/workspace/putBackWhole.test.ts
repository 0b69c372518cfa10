import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root as repository } from '../support/setUp.mjs';
import { fill, removeTemporaryFolders } from './folders.ts';
import { createUndoRig, treeOf } from './undoRig.ts';

describe('putting files back whole', () => {
  afterEach(removeTemporaryFolders);

  it('leaves the old file or the new one when it is killed', async () => {
    const size = 8_000_000;
    const rig = createUndoRig({ 'a.bin': Buffer.alloc(size, 'a') });
    await rig.step('s', { 'a.bin': 'write' }, () => writeFileSync(rig.at('a.bin'), Buffer.alloc(size, 'b')));
    const source = (name: string) => JSON.stringify(path.join(repository, 'extension/workspace', name));
    const script = `
      import { createBeforeImages } from ${source('beforeImages.ts')};
      import { openVerifiedFolder } from ${source('verified.ts')};
      const images = createBeforeImages({ folder: ${JSON.stringify(rig.storage)}, quotaBytes: () => 1e9, now: Date.now,
        store: { versionHashes: async () => [], forgetVersions: async () => {} }, logError: console.error });
      const states = ${JSON.stringify([rig.versions.of('s')[0]?.before])};
      const folder = await openVerifiedFolder(${JSON.stringify(rig.root)});
      const other = await images.keepBytes(Buffer.alloc(${size}, 'b'), 0o644);
      process.stdout.write('go');
      for (;;) { await images.restore(states[0], folder, 'a.bin'); await images.restore(other, folder, 'a.bin'); }`;
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 30 * round + 7));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const bytes = readFileSync(rig.at('a.bin'));
      assert.ok(bytes.equals(Buffer.alloc(size, 'a')) || bytes.equals(Buffer.alloc(size, 'b')));
    }
  });

  it('makes folders again that are gone, with their modes', async () => {
    const rig = createUndoRig();
    mkdirSync(rig.at('private'), { mode: 0o700 });
    fill(rig.root, { 'private/a': 'x' });
    await rig.step('s', { private: 'move', 'b/public': 'move' }, () => {
      mkdirSync(rig.at('b'));
      renameSync(rig.at('private'), rig.at('b/public'));
    });
    await rig.undo('s');
    assert.deepEqual(treeOf(rig.root), { private: 'folder 700', 'private/a': 'file 644 x' });
    assert.ok(!existsSync(rig.at('b')));
  });
});
