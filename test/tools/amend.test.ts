import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { PreparedStep } from '../../extension/core/tool.ts';
import { withEndingsOf, withPlainEndings } from '../../extension/tools/lineEndings.ts';
import { editableLimit } from '../../extension/tools/writing.ts';
import { removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, textOfOutput, toolError } from './rig.ts';

const edit = (path: string, oldText: string, newText: string) => ({
  path,
  edits: [{ old_text: oldText, new_text: newText }],
});

/** The step as it is after the person left this text in the review of its only file. */
const amend = (step: PreparedStep, text: string): PreparedStep => {
  const file = step.changes[0]?.file ?? '';
  assert.ok(step.amend);
  return step.amend([{ file, text }]);
};

const run = (step: PreparedStep) => step.run(never, () => {});

describe('an edit that the person changed', () => {
  afterEach(removeTemporaryFolders);

  it('is what is written, and told to the model against what it proposed', async () => {
    const rig = createToolRig({ 'a.ts': 'one\ntwo\nthree\n' });
    const step = await rig.prepare('edit_file', edit('a.ts', 'two', 'TWO'));
    const changed = amend(step, 'one\nTwo\nthree\n');
    assert.equal(changed.title, step.title);
    assert.deepEqual(changed.targets, step.targets);
    assert.deepEqual(changed.access, step.access);
    assert.equal(changed.changes[0]?.after, 'one\nTwo\nthree\n');
    assert.match(changed.approval?.diffs[0]?.patch ?? '', /\+Two/);
    assert.equal(step.accepted, undefined);
    const sha256 = createHash('sha256').update('one\nTwo\nthree\n').digest('hex');
    assert.deepEqual(changed.accepted, [{ path: 'a.ts', sha256, added: 1, removed: 1 }]);
    const output = await run(changed);
    assert.equal(
      textOfOutput(output),
      [
        'Wrote a.ts (+1 -1).',
        'The person changed this edit before accepting it. What was written, as a diff against what you proposed:',
        '@@ -1,3 +1,3 @@',
        ' one',
        '-TWO',
        '+Two',
        ' three',
      ].join('\n'),
    );
    assert.equal(output.diffs[0]?.patch, '@@ -1,3 +1,3 @@\n one\n-two\n+Two\n three');
    assert.equal(output.summary, '+1 -1, changed by you');
    assert.equal(rig.onDisk('a.ts'), 'one\nTwo\nthree\n');
    // The model knows what is there now.
    await rig.run('edit_file', edit('a.ts', 'Two', 'Zwei'));
  });

  it('may be a new file', async () => {
    const rig = createToolRig({});
    const step = await rig.prepare('write_file', { path: 'new.ts', content: 'a\nb\n' });
    const output = await run(amend(step, 'a\nc\n'));
    assert.match(textOfOutput(output), /^Created new\.ts \(\+2 -0\)\.\nThe person changed[\s\S]*-b\n\+c$/);
    assert.equal(output.summary, 'created, 2 lines, changed by you');
    assert.equal(rig.onDisk('new.ts'), 'a\nc\n');
    // All of it was told, so it may be replaced.
    await rig.run('write_file', { path: 'new.ts', content: 'd\n' });
  });

  it('has to be read again where not all of the difference was told', async () => {
    const rig = createToolRig({});
    const lines = (word: string) => Array.from({ length: 300 }, (_, index) => `${word} ${index}\n`).join('');
    const step = await rig.prepare('write_file', { path: 'new.ts', content: lines('a') });
    const text = textOfOutput(await run(amend(step, lines('b'))));
    assert.match(text, /\[521 more lines; read the file before you change it again\]$/);
    await assert.rejects(
      rig.prepare('write_file', { path: 'new.ts', content: 'x' }),
      toolError(/Not all of new\.ts was read/),
    );
  });

  it('keeps the byte order mark and the line endings of the file', async () => {
    const rig = createToolRig({ 'a.cs': '\ufeffone\r\ntwo\r\n' });
    const step = await rig.prepare('edit_file', edit('a.cs', 'two', '2'));
    await run(amend(step, 'one\nzwei\n'));
    assert.equal(rig.onDisk('a.cs'), '\ufeffone\r\nzwei\r\n');
    const next = await rig.prepare('edit_file', edit('a.cs', 'zwei', '2'));
    await run(amend(next, '\ufeffone\r\ndeux\r\n'));
    assert.equal(rig.onDisk('a.cs'), '\ufeffone\r\ndeux\r\n');
  });

  it('keeps endings line by line where they are mixed', async () => {
    const rig = createToolRig({ 'a.txt': 'one\r\ntwo\nthree\rfour\r\nfive\r\n' });
    const step = await rig.prepare('edit_file', edit('a.txt', 'four', '4'));
    await run(amend(step, 'one\ntwo\nthree\n44\nfive\n'));
    assert.equal(rig.onDisk('a.txt'), 'one\r\ntwo\nthree\r44\r\nfive\r\n');
  });

  it('is the proposed one where nothing was changed but what an editor does by itself', async () => {
    const rig = createToolRig({ 'a.txt': 'one\r\ntwo\n' });
    const step = await rig.prepare('edit_file', edit('a.txt', 'two', '2'));
    assert.equal(textOfOutput(await run(amend(step, 'one\n2\n'))), '1 edit made in a.txt (+1 -1).');
    assert.equal(rig.onDisk('a.txt'), 'one\r\n2\n');
  });

  it('is nothing where the file would stay as it is', async () => {
    const rig = createToolRig({ 'a.txt': 'one\r\n' });
    const left = toolError(/^The person left nothing of this change\.$/);
    const step = await rig.prepare('edit_file', edit('a.txt', 'one', 'two'));
    assert.throws(() => amend(step, 'one\n'), left);
    const made = await rig.prepare('write_file', { path: 'new.txt', content: 'x' });
    assert.throws(() => amend(made, ''), left);
  });

  it('is for this file alone, and within the limit', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' });
    const step = await rig.prepare('edit_file', edit('a.txt', 'one', 'two'));
    assert.throws(
      () => step.amend?.([{ file: '/etc/passwd', text: 'x' }]),
      toolError(/not for a\.txt alone/),
    );
    assert.throws(() => amend(step, 'x'.repeat(editableLimit + 1)), toolError(/too long/));
    assert.equal(rig.onDisk('a.txt'), 'one\n');
  });

  it('is not written over what changed meanwhile', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' });
    const changed = amend(await rig.prepare('edit_file', edit('a.txt', 'one', 'two')), 'three\n');
    writeFileSync(path.join(rig.root, 'a.txt'), 'by hand\n');
    await assert.rejects(run(changed), toolError(/changed since this step was proposed/));
    assert.equal(rig.onDisk('a.txt'), 'by hand\n');
  });

  it('may be changed again by a formatter, which is told apart', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' });
    rig.editor.open(path.join(rig.root, 'a.txt'));
    rig.editor.formatOnSave = (text) => text.toUpperCase();
    const step = await rig.prepare('edit_file', edit('a.txt', 'one', 'two'));
    const text = textOfOutput(await run(amend(step, 'three\n')));
    assert.match(
      text,
      /-two\n\+three\nThen it was changed as it was saved[^\n]*\n@@ -1,1 \+1,1 @@\n-three\n\+THREE$/,
    );
  });

  it('is the same text, whatever endings it gets', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '\n', '\r\n', '\r'), { maxLength: 20 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, text, (after, before, accepted) => {
        const result = withEndingsOf([after, before], accepted);
        assert.equal(withPlainEndings(result), withPlainEndings(accepted));
      }),
    );
    fc.assert(
      fc.property(text, (after) => {
        assert.equal(withEndingsOf([after, ''], withPlainEndings(after)), after);
      }),
    );
  });
});
