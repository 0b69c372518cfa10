import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, toolError } from './rig.ts';

// What it finds, with ripgrep and without, is in search.test.ts.
describe('find_files', () => {
  afterEach(removeTemporaryFolders);

  it('shows 500 paths, and says how many more there are', async () => {
    const rig = createToolRig({});
    const names = Array.from({ length: 510 }, (_, index) => `many/f${String(index).padStart(3, '0')}.ts`);
    fill(rig.root, Object.fromEntries(names.map((name) => [name, ''])));
    const output = await rig.run('find_files', { glob: '*.ts' });
    assert.equal(output.summary, '510 files');
    const [block] = output.content;
    const lines = (block?.type === 'text' ? block.text : '').split('\n');
    assert.deepEqual(lines.slice(0, 500), names.slice(0, 500));
    assert.deepEqual(lines.slice(500), ['[first 500 of 510 files; use a narrower glob or a path]']);
  });

  it('refuses a place that is not there, no folder or outside, and too long a glob', async () => {
    const rig = createToolRig({ 'src/a.ts': '', 'src/b.ts': '' });
    fill(rig.base, { 'outside/x.ts': '' });
    symlinkSync(path.join(rig.base, 'outside'), path.join(rig.root, 'out'));
    const refused: [string, RegExp][] = [
      ['none', /does not exist/],
      ['src/a.ts', /is a file, not a folder/],
      ['out', /outside the workspace/],
      ['/etc', /outside the workspace/],
      ['C:\\Users', /Windows drive|outside/],
      ['\\\\server\\share', /Network|forward slashes/],
      ['a\u0000', /control character/],
    ];
    for (const [place, reason] of refused) {
      await assert.rejects(rig.prepare('find_files', { glob: '*', path: place }), toolError(reason), place);
    }
    await assert.rejects(rig.prepare('find_files', { glob: 'x'.repeat(501) }), toolError(/glob/));
    await assert.rejects(rig.prepare('find_files', { glob: '' }), toolError(/glob/));
  });

  it('does not go through links, which may lead anywhere', async () => {
    const rig = createToolRig({ 'src/a.ts': '' });
    fill(rig.base, { 'outside/x.ts': '' });
    symlinkSync(path.join(rig.base, 'outside'), path.join(rig.root, 'out'));
    symlinkSync('..', path.join(rig.root, 'src/up'));
    assert.equal(await rig.text('find_files', { glob: '*.ts' }), 'src/a.ts');
  });

  it('stops when it is cancelled', async () => {
    const rig = createToolRig({ 'src/a.ts': '' });
    const step = await rig.prepare('find_files', { glob: '*' });
    const stopping = new AbortController();
    const running = step.run(stopping.signal, () => {});
    stopping.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    const [block] = (await step.run(never, () => {})).content;
    assert.match(block?.type === 'text' ? block.text : '', /src\/a\.ts/);
  });
});
