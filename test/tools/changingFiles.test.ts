import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { patchLineLimit } from '../../extension/tools/fileDiff.ts';
import { removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, textOfOutput, toolError } from './rig.ts';

const edit = (path: string, oldText: string, newText: string) => ({
  path,
  edits: [{ old_text: oldText, new_text: newText }],
});

describe('edit_file', () => {
  afterEach(removeTemporaryFolders);

  it('shows what it will do, does it, and reports the counts', async () => {
    const rig = createToolRig({ 'src/a.ts': 'one\ntwo\nthree\n' });
    const step = await rig.prepare('edit_file', edit('src/a.ts', 'two', 'TWO\n2.5'));
    assert.equal(step.title, 'src/a.ts');
    assert.equal(step.effect, 'write');
    assert.deepEqual(step.targets, ['src/a.ts']);
    assert.equal(step.approval?.title, 'Edit src/a.ts?');
    assert.equal(step.approval?.detail, 'src/a.ts: +2 -1');
    assert.deepEqual(step.approval?.diffs, [
      {
        path: 'src/a.ts',
        kind: 'changed',
        added: 2,
        removed: 1,
        patch: '@@ -1,3 +1,4 @@\n one\n-two\n+TWO\n+2.5\n three',
        omittedLines: 0,
      },
    ]);
    assert.deepEqual(step.changes, [
      {
        path: 'src/a.ts',
        file: path.join(rig.root, 'src/a.ts'),
        before: 'one\ntwo\nthree\n',
        after: 'one\nTWO\n2.5\nthree\n',
      },
    ]);
    const output = await step.run(never, () => {});
    assert.equal(output.summary, '+2 -1');
    assert.equal(rig.onDisk('src/a.ts'), 'one\nTWO\n2.5\nthree\n');
  });

  it('keeps a byte order mark and \\r\\n', async () => {
    const rig = createToolRig({ 'a.cs': '\ufeffone\r\ntwo\r\n' });
    await rig.run('edit_file', edit('a.cs', 'one\ntwo', '1\n2'));
    assert.equal(rig.onDisk('a.cs'), '\ufeff1\r\n2\r\n');
  });

  it('works on what is not saved yet, through the editor', async () => {
    const rig = createToolRig({ 'a.ts': 'saved\n' });
    const file = path.join(rig.root, 'a.ts');
    rig.editor.open(file, 'typed by hand\n');
    await rig.run('edit_file', edit('a.ts', 'by hand', 'by the agent'));
    assert.deepEqual(rig.editor.calls, [`replace ${file}`]);
    assert.equal(rig.onDisk('a.ts'), 'typed by the agent\n');
  });

  it('tells what a formatter made of it as it was saved, and goes on from there', async () => {
    const rig = createToolRig({ 'a.ts': 'one\ntwo\n' });
    rig.editor.open(path.join(rig.root, 'a.ts'));
    rig.editor.formatOnSave = (text) => text.replaceAll(' ;', ';');
    const output = await rig.run('edit_file', edit('a.ts', 'two', 'let two ;'));
    assert.equal(
      textOfOutput(output),
      [
        '1 edit made in a.ts (+1 -1).',
        'It was changed as it was saved (by a formatter, most likely). From what you wrote to what is there now:',
        '@@ -1,2 +1,2 @@',
        ' one',
        '-let two ;',
        '+let two;',
      ].join('\n'),
    );
    assert.equal(output.diffs[0]?.patch, '@@ -1,2 +1,2 @@\n one\n-two\n+let two;');
    assert.equal(rig.onDisk('a.ts'), 'one\nlet two;\n');
    await rig.run('edit_file', edit('a.ts', 'let two;', 'three'));
    assert.equal(rig.onDisk('a.ts'), 'one\nthree\n');
  });

  it('shows a bounded part of what a formatter made of a long file', async () => {
    const lines = (indent: string) =>
      Array.from({ length: 500 }, (_, index) => `${indent}${index};\n`).join('');
    const rig = createToolRig({ 'a.ts': lines('') });
    rig.editor.open(path.join(rig.root, 'a.ts'));
    rig.editor.formatOnSave = (text) => text.replace(/^(?=\d)/gm, '  ');
    await rig.run('read_file', { path: 'a.ts' });
    const text = await rig.text('edit_file', edit('a.ts', '499;', '500;'));
    assert.match(text, /\[921 more lines; read the file before you change it again\]$/);
    assert.equal(text.split('\n').length, 83);
    await assert.rejects(
      rig.prepare('write_file', { path: 'a.ts', content: 'x' }),
      toolError(/Not all of a\.ts was read/),
    );
  });

  it('takes no note of line endings that the editor made the same', async () => {
    const rig = createToolRig({ 'a.ts': 'one\r\ntwo\n' });
    rig.editor.open(path.join(rig.root, 'a.ts'));
    rig.editor.formatOnSave = (text) => text.replace(/\r?\n/g, '\r\n');
    assert.equal(await rig.text('edit_file', edit('a.ts', 'two', '2')), '1 edit made in a.ts (+1 -1).');
    await rig.run('edit_file', edit('a.ts', '2', '3'));
    assert.equal(rig.onDisk('a.ts'), 'one\r\n3\r\n');
  });

  it('asks to read again when the file changed since it was read', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    await rig.run('read_file', { path: 'a.ts' });
    writeFileSync(path.join(rig.root, 'a.ts'), 'one\nmore\n');
    await assert.rejects(
      rig.prepare('edit_file', edit('a.ts', 'one', 'two')),
      toolError(/changed since you read it/),
    );
    await rig.run('read_file', { path: 'a.ts' });
    await rig.run('edit_file', edit('a.ts', 'one', 'two'));
    // What it wrote itself it knows.
    await rig.run('edit_file', edit('a.ts', 'two', 'three'));
    assert.equal(rig.onDisk('a.ts'), 'three\nmore\n');
  });

  it('writes nothing when the file changed while the person was deciding', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    const step = await rig.prepare('edit_file', edit('a.ts', 'one', 'two'));
    writeFileSync(path.join(rig.root, 'a.ts'), 'one, by hand\n');
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/changed since this step was proposed/),
    );
    assert.equal(rig.onDisk('a.ts'), 'one, by hand\n');
    rmSync(path.join(rig.root, 'a.ts'));
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/was removed/),
    );
    assert.ok(!existsSync(path.join(rig.root, 'a.ts')));
  });

  it('is not a way to guess what a secret file holds', async () => {
    const rig = createToolRig({ '.env': 'KEY=abc\n' });
    for (const guess of ['KEY=abc', 'KEY=xyz']) {
      await assert.rejects(rig.prepare('edit_file', edit('.env', guess, 'x')), toolError(/Read it first/));
    }
    await rig.run('read_file', { path: '.env' });
    await rig.run('edit_file', edit('.env', 'abc', 'def'));
    assert.equal(rig.onDisk('.env'), 'KEY=def\n');
  });

  it('refuses what it would damage', async () => {
    const latin = Buffer.from('caf\xe9 one\n', 'latin1');
    const rig = createToolRig({ 'latin.txt': latin, 'a.bin': Buffer.from([0, 1, 2]), 'dir/x': '' });
    await assert.rejects(rig.prepare('edit_file', edit('latin.txt', 'one', 'two')), toolError(/not UTF-8/));
    await assert.rejects(rig.prepare('edit_file', edit('a.bin', 'one', 'two')), toolError(/binary/));
    await assert.rejects(rig.prepare('edit_file', edit('dir', 'one', 'two')), toolError(/folder/));
    await assert.rejects(rig.prepare('edit_file', edit('none', 'one', 'two')), toolError(/does not exist/));
    assert.deepEqual(readFileSync(path.join(rig.root, 'latin.txt')), latin);
  });

  it('cuts a long diff for the card, and counts all of it', async () => {
    const lines = (word: string) => Array.from({ length: 300 }, (_, index) => `${word} ${index}`).join('\n');
    const rig = createToolRig({ 'a.txt': lines('old') });
    const { approval } = await rig.prepare('edit_file', edit('a.txt', lines('old'), lines('new')));
    const [diff] = approval?.diffs ?? [];
    assert.equal(diff?.patch.split('\n').length, patchLineLimit);
    assert.deepEqual([diff?.added, diff?.removed], [300, 300]);
    assert.ok((diff?.omittedLines ?? 0) > 400);
  });

  it('cuts long lines of a diff for the card', async () => {
    const rig = createToolRig({ 'min.js': 'x'.repeat(3_000_000) });
    const { approval } = await rig.prepare('edit_file', edit('min.js', 'x'.repeat(3_000_000), 'y\n'));
    const patch = approval?.diffs[0]?.patch ?? '';
    assert.ok(patch.length < 1_000, `${patch.length}`);
    assert.match(patch, /^-x+… \[2999501 more characters\]$/m);
  });

  it('leaves the bytes as they were whenever it fails', async () => {
    const rig = createToolRig({});
    const word = fc.constantFrom('one', 'two', '\n', '\r\n', 'three ', '');
    const text = fc.array(word, { maxLength: 8 }).map((words) => words.join(''));
    const edits = fc.array(fc.record({ old_text: text, new_text: text }), { minLength: 1, maxLength: 3 });
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(text, edits, async (content, changes) => {
        writeFileSync(path.join(rig.root, 'p.txt'), content);
        try {
          await rig.run('edit_file', { path: 'p.txt', edits: changes });
        } catch (error) {
          toolError(/./)(error);
          failed += 1;
          assert.equal(rig.onDisk('p.txt'), content);
        }
      }),
      { numRuns: 150 },
    );
    assert.ok(failed > 30);
  });
});

describe('write_file', () => {
  afterEach(removeTemporaryFolders);

  it('makes files and folders, as "created"', async () => {
    const rig = createToolRig({});
    const step = await rig.prepare('write_file', { path: 'src/deep/new.ts', content: 'a\nb\n' });
    assert.equal(step.approval?.title, 'Create src/deep/new.ts?');
    assert.equal(step.approval?.detail, 'src/deep/new.ts (new file): +2 -0');
    assert.equal(step.changes[0]?.before, undefined);
    assert.ok(!existsSync(path.join(rig.root, 'src')));
    const output = await step.run(never, () => {});
    assert.equal(output.summary, 'created, 2 lines');
    assert.equal(output.diffs[0]?.kind, 'created');
    assert.equal(rig.onDisk('src/deep/new.ts'), 'a\nb\n');
    // What it wrote itself it may write again.
    await rig.run('write_file', { path: 'src/deep/new.ts', content: 'c\n' });
  });

  it('wants a file read before it is replaced', async () => {
    const rig = createToolRig({ 'a.ts': 'precious\n' });
    const input = { path: 'a.ts', content: 'new\n' };
    await assert.rejects(rig.prepare('write_file', input), toolError(/Read it first/));
    await rig.run('read_file', { path: 'a.ts' });
    const output = await rig.run('write_file', input);
    assert.equal(output.summary, '+1 -1');
    await assert.rejects(rig.prepare('write_file', input), toolError(/exactly this content/));
  });

  it('wants all of it read before it is replaced', async () => {
    const line = (index: number) => `line ${index}\n`;
    const rig = createToolRig({ 'a.ts': Array.from({ length: 3_000 }, (_, index) => line(index)).join('') });
    const input = { path: 'a.ts', content: 'new\n' };
    const refused = (from: number) =>
      assert.rejects(
        rig.prepare('write_file', input),
        toolError(new RegExp(`Not all of a\\.ts was read\\. Read it from start_line ${from} on`)),
      );
    await rig.run('read_file', { path: 'a.ts', start_line: 1, end_line: 2 });
    await refused(3);
    await rig.run('read_file', { path: 'a.ts', start_line: 2_999 });
    await refused(3);
    await rig.run('read_file', { path: 'a.ts' });
    await refused(2_001);
    // It needs no more to edit, but an edit does not stand for reading.
    await rig.run('edit_file', edit('a.ts', 'line 2999', 'the last'));
    await refused(1);
    await rig.run('read_file', { path: 'a.ts' });
    await rig.run('read_file', { path: 'a.ts', start_line: 2_001 });
    await rig.run('edit_file', edit('a.ts', 'the last', 'the end'));
    await rig.run('write_file', input);
    assert.equal(rig.onDisk('a.ts'), 'new\n');
  });

  it('does not replace a line that cannot be shown whole', async () => {
    const rig = createToolRig({ 'min.js': `short\n${'y'.repeat(5_000)}\n`, 'empty.txt': '' });
    await rig.run('read_file', { path: 'min.js' });
    await assert.rejects(
      rig.prepare('write_file', { path: 'min.js', content: 'x' }),
      toolError(/Line 2 of min\.js is too long to be shown whole/),
    );
    await rig.run('read_file', { path: 'empty.txt' });
    await rig.run('write_file', { path: 'empty.txt', content: 'x' });
  });

  it('refuses to change the encoding of a file', async () => {
    const contents = {
      'latin.txt': Buffer.from('caf\xe9\n', 'latin1'),
      'wide.txt': Buffer.from('\ufeffwide\n', 'utf16le'),
    };
    const rig = createToolRig(contents);
    for (const [name, bytes] of Object.entries(contents)) {
      await rig.run('read_file', { path: name });
      await assert.rejects(rig.run('write_file', { path: name, content: 'x\n' }), toolError(/not UTF-8/));
      assert.deepEqual(readFileSync(path.join(rig.root, name)), bytes);
    }
  });

  it('tells what a formatter made of it as it was saved', async () => {
    const rig = createToolRig({ 'a.ts': 'one\n' });
    rig.editor.open(path.join(rig.root, 'a.ts'));
    rig.editor.formatOnSave = (text) => `${text}// formatted\n`;
    await rig.run('read_file', { path: 'a.ts' });
    const output = await rig.run('write_file', { path: 'a.ts', content: 'two\n' });
    assert.match(
      textOfOutput(output),
      /^Wrote a\.ts \(2 lines, \+2 -1\)\.\nIt was changed[\s\S]*\+\/\/ formatted$/,
    );
    assert.equal(output.summary, '+2 -1');
    await rig.run('write_file', { path: 'a.ts', content: 'three\n' });
  });

  it('does not overwrite what appeared while the person was deciding', async () => {
    const rig = createToolRig({});
    const step = await rig.prepare('write_file', { path: 'new.ts', content: 'mine' });
    writeFileSync(path.join(rig.root, 'new.ts'), 'theirs');
    await assert.rejects(
      step.run(never, () => {}),
      toolError(/was made since/),
    );
    assert.equal(rig.onDisk('new.ts'), 'theirs');
  });

  it('keeps the line endings and the byte order mark of the file', async () => {
    const rig = createToolRig({ 'a.cs': '\ufeffone\r\ntwo\r\n' });
    await rig.run('read_file', { path: 'a.cs' });
    await rig.run('write_file', { path: 'a.cs', content: 'three\nfour\n' });
    assert.equal(rig.onDisk('a.cs'), '\ufeffthree\r\nfour\r\n');
  });

  it('tells through which link it writes', async () => {
    const rig = createToolRig({ 'real.txt': 'x\n' });
    symlinkSync('real.txt', path.join(rig.root, 'link.txt'));
    await rig.run('read_file', { path: 'real.txt' });
    const { approval } = await rig.prepare('write_file', { path: 'link.txt', content: 'y\n' });
    assert.match(approval?.detail ?? '', /^real\.txt \(through the symbolic link .*link\.txt\): \+1 -1$/);
  });
});
