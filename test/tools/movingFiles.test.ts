import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, toolError } from './rig.ts';

describe('move_file', () => {
  afterEach(removeTemporaryFolders);

  it('moves, with the full paths in the question', async () => {
    const rig = createToolRig({ 'a.ts': 'x\n', 'taken.ts': '' });
    const step = await rig.prepare('move_file', { from: 'a.ts', to: 'lib/b.ts' });
    assert.equal(step.approval?.detail, 'From: a.ts\nTo: lib/b.ts');
    assert.deepEqual(step.targets, ['a.ts', 'lib/b.ts']);
    const output = await step.run(never, () => {});
    assert.equal(output.diffs[0]?.movedTo, 'lib/b.ts');
    assert.equal(rig.onDisk('lib/b.ts'), 'x\n');
    await assert.rejects(rig.prepare('move_file', { from: 'a.ts', to: 'c.ts' }), toolError(/does not exist/));
    await assert.rejects(
      rig.prepare('move_file', { from: 'lib/b.ts', to: 'taken.ts' }),
      toolError(/exists already/),
    );
    await assert.rejects(
      rig.prepare('move_file', { from: 'lib', to: 'lib/in/it' }),
      toolError(/into itself/),
    );
  });

  it('remembers what was read under its new name', async () => {
    const rig = createToolRig({ 'a.ts': 'x\n' });
    await rig.run('read_file', { path: 'a.ts' });
    await rig.run('move_file', { from: 'a.ts', to: 'b.ts' });
    await rig.run('write_file', { path: 'b.ts', content: 'y\n' });
  });

  it('keeps bytes and mode, of a folder with all it holds too', async () => {
    const bytes = Buffer.from([0, 255, 13, 10]);
    const rig = createToolRig({ 'bin/tool': bytes, 'bin/deep/x': 'x' });
    chmodSync(path.join(rig.root, 'bin/tool'), 0o755);
    const step = await rig.prepare('move_file', { from: 'bin', to: 'tools/bin' });
    assert.equal(step.approval?.detail, 'From: bin (a folder with all it holds)\nTo: tools/bin');
    await step.run(never, () => {});
    assert.equal(rig.onDisk('tools/bin/tool'), bytes.toString('utf8'));
    assert.equal(statSync(path.join(rig.root, 'tools/bin/tool')).mode & 0o777, 0o755);
    assert.equal(rig.onDisk('tools/bin/deep/x'), 'x');
    assert.ok(!existsSync(path.join(rig.root, 'bin')));
  });

  it('changes only the case of a name', async () => {
    const rig = createToolRig({ 'readme.md': 'x' });
    await rig.run('move_file', { from: 'readme.md', to: 'README.md' });
    assert.equal(rig.onDisk('README.md'), 'x');
    await assert.rejects(
      rig.prepare('move_file', { from: 'README.md', to: './README.md' }),
      toolError(/the same file/),
    );
  });

  it('moves over nothing that appeared while the person was deciding', async () => {
    const rig = createToolRig({ 'a.ts': 'mine' });
    const step = await rig.prepare('move_file', { from: 'a.ts', to: 'b.ts' });
    writeFileSync(path.join(rig.root, 'b.ts'), 'theirs');
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/exists already/),
    );
    assert.deepEqual([rig.onDisk('a.ts'), rig.onDisk('b.ts')], ['mine', 'theirs']);
  });

  it('does not move links, roots, or to behind a link that leads out', async () => {
    const rig = createToolRig({ 'a.ts': 'x' });
    fill(rig.base, { 'outside/y': '' });
    symlinkSync('a.ts', path.join(rig.root, 'link.ts'));
    symlinkSync(path.join(rig.base, 'outside'), path.join(rig.root, 'out'));
    const move = (from: string, to: string) => rig.prepare('move_file', { from, to });
    await assert.rejects(move('link.ts', 'b.ts'), toolError(/symbolic link to a\.ts/));
    await assert.rejects(move('a.ts', 'out/a.ts'), toolError(/outside/));
    await assert.rejects(move('a.ts', 'a.ts/b.ts'), toolError(/a part of the path is a file|into itself/));
    await assert.rejects(move('.', 'sub'), toolError(/into itself|workspace folder/));
  });

  it('asks each time when a folder that holds secrets would change its name', async () => {
    const rig = createToolRig({ 'home/.aws/config': 'x' });
    const { access } = await rig.prepare('move_file', { from: 'home/.aws', to: 'plain' });
    assert.match(access.caution ?? '', /holds secrets/);
  });

  for (const [holds, why] of [
    ['pkg/.env', /pkg holds \.env: it looks like it holds secrets/],
    ['pkg/.git/config', /pkg holds \.git: \.git is protected/],
    ['pkg/deep/.husky/pre-commit', /pkg holds deep\/\.husky: \.husky is protected/],
  ] as const) {
    it(`asks each time for a folder with ${holds} in it`, async () => {
      const rig = createToolRig({ [holds]: 'x', 'pkg/a.ts': '' });
      assert.match((await rig.prepare('move_file', { from: 'pkg', to: 'old' })).access.caution ?? '', why);
    });
  }

  it('asks each time where something would become protected by its new place', async () => {
    const rig = createToolRig({ 'tpl/config.json': 'x' });
    const plain = await rig.prepare('move_file', { from: 'tpl', to: 'other' });
    assert.equal(plain.access.caution, undefined);
    const fish = createToolRig({ 'tpl/conf.d/x.fish': 'x' });
    const { access } = await fish.prepare('move_file', { from: 'tpl', to: 'home/fish' });
    assert.match(access.caution ?? '', /tpl holds conf\.d: /);
  });

  it('does not move a folder into which something protected was put since it was looked at', async () => {
    const rig = createToolRig({ 'pkg/a.ts': '' });
    const step = await rig.prepare('move_file', { from: 'pkg', to: 'old' });
    assert.equal(step.access.caution, undefined);
    fill(rig.root, { 'pkg/.vscode/tasks.json': '{}' });
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/pkg changed since this step was proposed: pkg holds \.vscode: .* Nothing was moved\./),
    );
    assert.equal(rig.onDisk('pkg/.vscode/tasks.json'), '{}');
  });

  it('moves nothing with a workspace folder in it, and nothing to where one was', async () => {
    const rig = createToolRig({ 'packages/app/a.ts': '', 'tpl/a.ts': '' }, { nestedRoot: 'packages/app' });
    const move = (from: string, to: string) => rig.prepare('move_file', { from, to });
    await assert.rejects(
      move('work/packages', 'work/old'),
      toolError(/is a workspace folder itself, or holds one/),
    );
    await assert.rejects(move('work/packages/app', 'work/old'), toolError(/workspace folder/));
    rmSync(path.join(rig.root, 'packages'), { recursive: true });
    await assert.rejects(move('work/tpl', 'work/packages/app'), toolError(/workspace folder/));
    await assert.rejects(move('work/tpl', 'work/packages'), toolError(/workspace folder/));
    await rig.run('move_file', { from: 'work/tpl', to: 'work/other' });
  });

  it('goes through the editor for an open document, and by itself where the editor cannot', async () => {
    const rig = createToolRig({ 'a.ts': 'x', 'b.ts': 'y' });
    const at = (name: string) => path.join(rig.root, name);
    rig.editor.open(at('a.ts'));
    await rig.run('move_file', { from: 'a.ts', to: 'moved.ts' });
    assert.deepEqual(rig.editor.calls, [`move ${at('a.ts')} ${at('moved.ts')}`]);
    assert.equal(rig.onDisk('moved.ts'), 'x');
    // What nobody has open is moved on the disk alone.
    await rig.run('move_file', { from: 'b.ts', to: 'c.ts' });
    assert.equal(rig.editor.calls.length, 1);
  });
});

describe('delete_file', () => {
  afterEach(removeTemporaryFolders);

  it('deletes what was shown, and nothing newer', async () => {
    const rig = createToolRig({ 'a.ts': 'one\ntwo\n', 'full/x': '' });
    const step = await rig.prepare('delete_file', { path: 'a.ts' });
    assert.equal(step.approval?.detail, 'a.ts (2 lines, 8 bytes)');
    assert.equal(step.changes[0]?.before, 'one\ntwo\n');
    assert.equal(step.changes[0]?.after, undefined);
    writeFileSync(path.join(rig.root, 'a.ts'), 'newer\n');
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/changed since/),
    );
    await rig.run('delete_file', { path: 'a.ts' });
    assert.ok(!existsSync(path.join(rig.root, 'a.ts')));
    await assert.rejects(rig.prepare('delete_file', { path: 'full' }), toolError(/not empty \(x\)/));
    symlinkSync('full/x', path.join(rig.root, 'link'));
    await assert.rejects(rig.prepare('delete_file', { path: 'link' }), toolError(/symbolic link/));
    await assert.rejects(rig.run('delete_file', { path: '.' }), toolError(/not empty|workspace folder/));
  });

  it('deletes a binary file and an empty folder, and says which', async () => {
    const rig = createToolRig({ 'a.bin': Buffer.from([0, 1, 2]) });
    mkdirSync(path.join(rig.root, 'empty'));
    const binary = await rig.prepare('delete_file', { path: 'a.bin' });
    assert.equal(binary.approval?.detail, 'a.bin (3 bytes, binary)');
    assert.deepEqual(binary.changes, []);
    assert.equal(binary.approval?.diffs[0]?.kind, 'deleted');
    const folder = await rig.prepare('delete_file', { path: 'empty' });
    assert.equal(folder.approval?.detail, 'empty (an empty folder)');
    await binary.run(never, () => {});
    await folder.run(never, () => {});
    assert.ok(!existsSync(path.join(rig.root, 'a.bin')) && !existsSync(path.join(rig.root, 'empty')));
  });

  it('keeps what has taken the place of a file that is too large to be read', async () => {
    const rig = createToolRig({ 'big.bin': Buffer.alloc(10_000_001) });
    const file = path.join(rig.root, 'big.bin');
    const step = await rig.prepare('delete_file', { path: 'big.bin' });
    fill(rig.root, { 'new.bin': Buffer.alloc(10_000_001, 1) });
    renameSync(path.join(rig.root, 'new.bin'), file);
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/changed since this step was proposed\. Nothing was deleted/),
    );
    assert.ok(existsSync(file));
    await rig.run('delete_file', { path: 'big.bin' });
    assert.ok(!existsSync(file));
  });

  it('keeps a file that has taken the place of an empty folder', async () => {
    const rig = createToolRig({});
    mkdirSync(path.join(rig.root, 'empty'));
    const step = await rig.prepare('delete_file', { path: 'empty' });
    rmdirSync(path.join(rig.root, 'empty'));
    fill(rig.root, { empty: 'mine' });
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/changed since/),
    );
    assert.equal(rig.onDisk('empty'), 'mine');
  });

  it('keeps a folder that was filled, and a file that was swapped for a link, since it was shown', async () => {
    const rig = createToolRig({ 'a.ts': 'x', 'b.ts': 'x' });
    mkdirSync(path.join(rig.root, 'empty'));
    const folder = await rig.prepare('delete_file', { path: 'empty' });
    fill(rig.root, { 'empty/late.ts': 'late' });
    await assert.rejects(
      folder.run(never, () => {}),
      toolError(/not empty/),
    );
    assert.equal(rig.onDisk('empty/late.ts'), 'late');
    const file = await rig.prepare('delete_file', { path: 'a.ts' });
    await rig.run('delete_file', { path: 'a.ts' });
    symlinkSync('b.ts', path.join(rig.root, 'a.ts'));
    await assert.rejects(
      file.run(never, () => {}),
      toolError(/replaced by something else/),
    );
    assert.equal(rig.onDisk('b.ts'), 'x');
  });

  it('says that it is gone already, and forgets what was read', async () => {
    const rig = createToolRig({ 'a.ts': 'x\n' });
    await assert.rejects(rig.prepare('delete_file', { path: 'none' }), toolError(/does not exist/));
    await rig.run('read_file', { path: 'a.ts' });
    const step = await rig.prepare('delete_file', { path: 'a.ts' });
    await rig.run('delete_file', { path: 'a.ts' });
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/does not exist/),
    );
    fill(rig.root, { 'a.ts': 'x\n' });
    await assert.rejects(
      rig.prepare('write_file', { path: 'a.ts', content: 'y\n' }),
      toolError(/Read it first/),
    );
  });

  it('asks the editor first, which knows the trash, and shows what is not saved yet', async () => {
    const rig = createToolRig({ 'a.ts': 'saved\n' });
    const file = path.join(rig.root, 'a.ts');
    rig.editor.open(file, 'typed\nby hand\n');
    const step = await rig.prepare('delete_file', { path: 'a.ts' });
    assert.equal(step.changes[0]?.before, 'typed\nby hand\n');
    rig.editor.open(file, 'typed more\n');
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/changed since/),
    );
    assert.equal(rig.onDisk('a.ts'), 'saved\n');
    await rig.run('delete_file', { path: 'a.ts' });
    assert.deepEqual(rig.editor.calls, [`delete ${file}`]);
    assert.ok(!existsSync(file));
    // Where the editor did it, it is not done again.
    fill(rig.root, { 'b.ts': 'x' });
    rig.editor.canMoveAndDelete = true;
    await rig.run('delete_file', { path: 'b.ts' });
    assert.equal(rig.onDisk('b.ts'), 'x');
  });
});

describe('writing to open documents', () => {
  afterEach(removeTemporaryFolders);

  it('replaces the text of the document, and the disk only through it', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    const file = path.join(rig.root, 'a.ts');
    await rig.run('read_file', { path: 'a.ts' });
    rig.editor.open(file);
    await rig.run('write_file', { path: 'a.ts', content: 'two\n' });
    assert.deepEqual(rig.editor.calls, [`replace ${file}`]);
    assert.deepEqual(rig.editor.openText(file), { text: 'two\n', isDirty: false });
    assert.equal(rig.onDisk('a.ts'), 'two\n');
    // It knows what it wrote, also with the byte order mark that documents leave out.
    await rig.run('edit_file', { path: 'a.ts', edits: [{ old_text: 'two', new_text: 'three' }] });
    assert.equal(rig.onDisk('a.ts'), 'three\n');
  });

  it('does not write over what was typed while the person was deciding', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    const file = path.join(rig.root, 'a.ts');
    rig.editor.open(file);
    await rig.run('read_file', { path: 'a.ts' });
    const step = await rig.prepare('write_file', { path: 'a.ts', content: 'two\n' });
    rig.editor.open(file, 'one, and a word\n');
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/changed since this step was proposed/),
    );
    assert.deepEqual(rig.editor.calls, []);
    assert.deepEqual(rig.editor.openText(file), { text: 'one, and a word\n', isDirty: true });
    assert.equal(rig.onDisk('a.ts'), 'one\n');
  });

  it('writes to the disk when the document was closed at the last moment', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    const file = path.join(rig.root, 'a.ts');
    rig.editor.open(file);
    rig.editor.replaceText = async () => 'notOpen';
    await rig.run('edit_file', { path: 'a.ts', edits: [{ old_text: 'one', new_text: 'two' }] });
    assert.equal(rig.onDisk('a.ts'), 'two\n');
  });

  it('leaves the disk alone when the editor cannot save, and says where the change is', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    const file = path.join(rig.root, 'a.ts');
    const edit = { path: 'a.ts', edits: [{ old_text: 'one', new_text: 'two' }] };
    rig.editor.open(file);
    rig.editor.unsavable = 'restored';
    await assert.rejects(
      rig.run('edit_file', edit),
      toolError(/could not save a\.ts: .*read-only.* Nothing was written\.$/),
    );
    assert.equal(rig.editor.openText(file)?.text, 'one\n');
    assert.equal(rig.onDisk('a.ts'), 'one\n');
    rig.editor.unsavable = 'left';
    await assert.rejects(rig.run('edit_file', edit), toolError(/the change stands unsaved in the editor/));
    assert.equal(rig.onDisk('a.ts'), 'one\n');
  });
});
