import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, toolError } from './rig.ts';

const base = { line: 3, column: 5, source: 'ts', severity: 'error', message: 'wrong' } as const;

describe('diagnostics', () => {
  afterEach(removeTemporaryFolders);

  it('shows errors first, of the workspace only', async () => {
    const rig = createToolRig({ 'src/a.ts': '', 'b.ts': '' });
    const at = (name: string) => path.join(rig.root, name);
    rig.editor.setProblems([
      { ...base, file: at('src/a.ts'), severity: 'warning', message: 'unused' },
      { ...base, file: at('b.ts'), message: 'not\n  assignable' },
      { ...base, file: at('b.ts'), severity: 'hint', message: 'could be const' },
      { ...base, file: '/usr/lib/x.d.ts', message: 'elsewhere' },
    ]);
    const output = await rig.run('diagnostics', {});
    assert.equal(output.summary, '1 error, 1 warning');
    const all = 'b.ts:3:5 error: not assignable (ts)\nsrc/a.ts:3:5 warning: unused (ts)';
    assert.deepEqual(output.content, [{ type: 'text', text: all }]);
    assert.match(
      await rig.text('diagnostics', { path: 'b.ts', include_hints: true }),
      /hint: could be const/,
    );
    assert.equal(await rig.text('diagnostics', { path: 'src' }), 'src/a.ts:3:5 warning: unused (ts)');
    rig.editor.setProblems([]);
    assert.equal((await rig.run('diagnostics', {})).summary, 'no problems');
  });

  it('sorts by file, then line, and leaves out a source nobody named', async () => {
    const rig = createToolRig({ 'a.ts': '', 'b.ts': '' });
    const at = (name: string) => path.join(rig.root, name);
    rig.editor.setProblems([
      { ...base, file: at('b.ts'), line: 10 },
      { ...base, file: at('b.ts'), line: 9, source: '' },
      { ...base, file: at('a.ts'), line: 40 },
    ]);
    assert.equal(
      await rig.text('diagnostics', {}),
      'a.ts:40:5 error: wrong (ts)\nb.ts:9:5 error: wrong\nb.ts:10:5 error: wrong (ts)',
    );
  });

  it('leaves out what could quote a secret', async () => {
    const rig = createToolRig({ '.env': 'KEY=1' });
    rig.editor.setProblems([{ ...base, file: path.join(rig.root, '.env'), message: 'KEY=1 is odd' }]);
    assert.equal(await rig.text('diagnostics', {}), 'The editor reports no problems.');
  });

  it('keeps to the folder that was named, not to others whose names begin alike', async () => {
    const rig = createToolRig({ 'src/a.ts': '', 'src-too/b.ts': '' });
    rig.editor.setProblems(
      ['src/a.ts', 'src-too/b.ts'].map((name) => ({ ...base, file: path.join(rig.root, name) })),
    );
    assert.equal(await rig.text('diagnostics', { path: 'src' }), 'src/a.ts:3:5 error: wrong (ts)');
    assert.equal((await rig.run('diagnostics', { path: '.' })).summary, '2 errors, 0 warnings');
  });

  it('finds the problems of a file under the name the editor knows it by', async () => {
    const rig = createToolRig({ 'real/a.ts': '' });
    symlinkSync('real', path.join(rig.root, 'alias'));
    rig.editor.setProblems([{ ...base, file: path.join(rig.root, 'alias/a.ts') }]);
    for (const name of ['alias/a.ts', 'alias']) {
      assert.equal(await rig.text('diagnostics', { path: name }), 'real/a.ts:3:5 error: wrong (ts)');
    }
    rig.editor.setProblems([{ ...base, file: path.join(rig.root, 'real/a.ts') }]);
    assert.equal(await rig.text('diagnostics', { path: 'alias/a.ts' }), 'real/a.ts:3:5 error: wrong (ts)');
  });

  it('shows 100, and says how many more there are', async () => {
    const rig = createToolRig({ 'a.ts': '' });
    rig.editor.setProblems(
      Array.from({ length: 130 }, (_, line) => ({ ...base, line, file: path.join(rig.root, 'a.ts') })),
    );
    const output = await rig.run('diagnostics', {});
    assert.equal(output.summary, '130 errors, 0 warnings');
    const [block] = output.content;
    const lines = (block?.type === 'text' ? block.text : '').split('\n');
    assert.equal(lines.length, 101);
    assert.equal(lines[100], '[30 more]');
  });

  it('names the root where there are several, and refuses what is not there or outside', async () => {
    const rig = createToolRig({ 'a.ts': '' }, { secondRoot: true });
    rig.editor.setProblems([
      { ...base, file: path.join(rig.root, 'a.ts') },
      { ...base, file: path.join(rig.base, 'second/only.txt') },
    ]);
    assert.equal(
      await rig.text('diagnostics', {}),
      'second/only.txt:3:5 error: wrong (ts)\nwork/a.ts:3:5 error: wrong (ts)',
    );
    assert.equal(await rig.text('diagnostics', { path: 'second' }), 'second/only.txt:3:5 error: wrong (ts)');
    await assert.rejects(rig.prepare('diagnostics', { path: 'work/none.ts' }), toolError(/does not exist/));
    await assert.rejects(rig.prepare('diagnostics', { path: '/etc' }), toolError(/outside/));
  });
});
