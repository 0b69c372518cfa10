import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { loadWithVscode } from './loadWithVscode.ts';

const { fileNameOf, uniqueNames, writeWhole } = await loadWithVscode(
  () => import('../../extension/vscode/exportFiles.ts'),
);
const { Uri } = await loadWithVscode(() => import('vscode'));

describe('export files: names', () => {
  for (const [title, name] of [
    ['Fix the flaky date test', 'Fix the flaky date test'],
    ['src/a.ts: why?', 'src a.ts why'],
    ['..', 'chat'],
    ['', 'chat'],
    ['.hidden', 'hidden'],
    ['ends with a dot. ', 'ends with a dot'],
    ['con', 'con chat'],
    ['Aux.txt', 'Aux txt chat'],
    ['COM7', 'COM7 chat'],
    ['console', 'console'],
    ['a\u202egnp.exe', 'a gnp.exe'],
    ['two\nlines\tand\0more', 'two lines and more'],
    ['e\u0301', '\u00e9'],
    ['日本語のタイトル', '日本語のタイトル'],
  ] as const) {
    it(`makes ${JSON.stringify(name)} of ${JSON.stringify(title)}`, () =>
      assert.equal(fileNameOf(title), name));
  }

  it('makes of any title a name that every file system takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (title) => {
        const name = fileNameOf(title);
        assert.doesNotMatch(name, /[<>:"/\\|?*\p{Cc}\p{Cs}]|^[\s.]|[\s.]$/u);
        assert.ok(name.length > 0 && Buffer.byteLength(name) <= 130, name);
        assert.doesNotMatch(name, /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives no name twice, where case does not count', () => {
    const unique = uniqueNames();
    assert.deepEqual(['Plan', 'plan', 'PLAN', 'plan (2)'].map(unique), [
      'Plan',
      'plan (2)',
      'PLAN (3)',
      'plan (2) (2)',
    ]);
  });
});

describe('export files: writing', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-export-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('replaces a file as a whole and leaves nothing beside', async () => {
    const file = path.join(folder, 'chat.md');
    writeFileSync(file, 'before, and much longer than what comes');
    await writeWhole(Uri.file(file), 'after ✓');
    assert.equal(readFileSync(file, 'utf8'), 'after ✓');
    assert.deepEqual(readdirSync(folder), ['chat.md']);
  });

  it('leaves nothing beside when it cannot be written', async () => {
    mkdirSync(path.join(folder, 'taken.md'));
    await assert.rejects(writeWhole(Uri.file(path.join(folder, 'taken.md')), 'x'));
    assert.deepEqual(readdirSync(folder), ['taken.md']);
  });

  it('writes elsewhere than on this disk too', async () => {
    const file = path.join(folder, 'chat.json');
    // The fake's other file system is the same disk under another name.
    await writeWhole(Uri.from({ scheme: 'vscode-remote', path: file }), '{}');
    assert.equal(readFileSync(file, 'utf8'), '{}');
    assert.deepEqual(readdirSync(folder), ['chat.json']);
  });
});
