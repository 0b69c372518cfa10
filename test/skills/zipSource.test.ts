import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import yazl from 'yazl';
import { SkillInstallError } from '../../extension/core/skills.ts';
import { createStagedTree, treeBounds } from '../../extension/skills/stagedTree.ts';
import { unpackZip } from '../../extension/skills/zipSource.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { type RawEntry, writeZip } from './rawZip.ts';
import { contentsOf, noSignal, refuses } from './treeSupport.ts';

describe('a zip file as source', () => {
  let base: string;
  beforeEach(() => {
    base = temporaryFolder();
    mkdirSync(path.join(base, 'around', 'tree'), { recursive: true });
  });
  afterEach(removeTemporaryFolders);

  const treeFolder = () => path.join(base, 'around', 'tree');
  const unpack = async (file: string, bounds = treeBounds): Promise<Record<string, string>> => {
    await unpackZip(file, createStagedTree(treeFolder(), 'The zip file', bounds), noSignal(), bounds);
    return contentsOf(treeFolder());
  };
  const raw = (...entries: RawEntry[]): string => writeZip(path.join(base, 'a.zip'), entries);

  it('comes out as it went in, with what is executable', async () => {
    const zip = new yazl.ZipFile();
    zip.addEmptyDirectory('skill/empty');
    zip.addBuffer(Buffer.from('text\n'), 'skill/SKILL.md', { mode: 0o100644 });
    zip.addBuffer(Buffer.from([0, 255, 1]), 'skill/ü.bin', { compress: false });
    zip.addBuffer(Buffer.from('#!/bin/sh\n'), 'skill/run.sh', { mode: 0o100755 });
    zip.addBuffer(Buffer.from('x'), '__MACOSX/skill/._SKILL.md');
    zip.addBuffer(Buffer.from('x'), 'skill/.git/config');
    zip.end();
    const file = path.join(base, 'good.zip');
    writeFileSync(file, await buffer(zip.outputStream));
    assert.deepEqual(await unpack(file), {
      'skill/SKILL.md': 'text\n',
      'skill/run.sh': '#!/bin/sh\n',
      'skill/ü.bin': '\0\xff\x01',
    });
    if (process.platform !== 'win32') {
      assert.equal(statSync(path.join(treeFolder(), 'skill/run.sh')).mode & 0o100, 0o100);
      assert.equal(statSync(path.join(treeFolder(), 'skill/SKILL.md')).mode & 0o111, 0);
    }
  });

  it('refuses names that lead elsewhere', async () => {
    const table: [string, RegExp][] = [
      ['../evil', /leads out/],
      ['a/../../evil', /leads out/],
      ['/etc/evil', /absolute/],
      ['C:/evil', /drive/],
      ['..\\evil', /backslash/],
      ['a\0.md', /control/],
      ['x'.repeat(300), /longer/],
      ['', /empty/],
    ];
    for (const [name, pattern] of table) {
      rmSync(treeFolder(), { recursive: true });
      mkdirSync(treeFolder());
      await refuses(unpack(raw({ name: 'ok.md', content: 'x' }, { name, content: 'evil' })), pattern);
      assert.deepEqual(Object.keys(contentsOf(path.join(base, 'around'))), ['tree/ok.md']);
    }
  });

  it('refuses links and other things that are no files', async () => {
    await refuses(
      unpack(raw({ name: 'link', content: '/etc/passwd', mode: 0o120777 })),
      /symbolic link, "link"/,
    );
    await refuses(unpack(raw({ name: 'pipe', mode: 0o010644 })), /neither a file nor a folder/);
  });

  it('refuses a name twice, and names that differ in case only', async () => {
    await refuses(unpack(raw({ name: 'a', content: '1' }, { name: 'a', content: '2' })), /twice/);
    await refuses(unpack(raw({ name: 'b/x', content: '1' }, { name: 'B/y', content: '2' })), /one on some/);
  });

  it('refuses what is encrypted or packed in an unknown way', async () => {
    await refuses(
      unpack(raw({ name: 'a', content: '0123456789ab', flags: 1, claimedBytes: 0 })),
      /encrypted/,
    );
    await refuses(unpack(raw({ name: 'b', content: 'x', method: 99 })), /not supported/);
  });

  it('stops at a bomb while it reads, whatever the header says', async () => {
    const zeros = Buffer.alloc(3_000_000);
    const bomb = { name: 'bomb', content: zeros, isDeflated: true };
    await refuses(unpack(raw(bomb)), /looks like a trap/);
    // It says that it is small.
    await refuses(unpack(raw({ ...bomb, name: 'liar', claimedBytes: 10 })), /trap|cannot be read/);
    const written = contentsOf(treeFolder());
    for (const [name, content] of Object.entries(written)) assert.ok(content.length <= 1_100_000, name);
  });

  it('has bounds for the file, the contents and their number', async () => {
    const two = raw({ name: 'a', content: 'abc' }, { name: 'b', content: 'def' });
    await refuses(unpack(two, { ...treeBounds, bytes: 4 }), /larger than/);
    mkdirSync(path.join(base, 'again'));
    const again = createStagedTree(path.join(base, 'again'), 'The zip file', { ...treeBounds, files: 1 });
    await refuses(unpackZip(two, again, noSignal()), /more than 1 files/);
    await refuses(unpack(two, { ...treeBounds, packedBytes: 10 }), /more than 0 MB/);
  });

  it('says so when it is no zip file, damaged, or not there', async () => {
    const file = path.join(base, 'x.zip');
    writeFileSync(file, 'no zip');
    await refuses(unpack(file), /cannot be read/);
    writeFileSync(file, Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(100)]));
    await refuses(unpack(file), /cannot be read/);
    await refuses(unpack(path.join(base, 'gone.zip')), /There is no file/);
    await refuses(unpack(base), /is not a file/);
  });

  it('ends with the reason of whoever cancels', async () => {
    const stop = new Error('stop');
    const tree = createStagedTree(treeFolder(), 'The zip file');
    await assert.rejects(unpackZip(raw({ name: 'a' }), tree, AbortSignal.abort(stop)), stop);
  });

  it('never writes outside, whatever the entries are called', async () => {
    symlinkSync(base, path.join(base, 'out'));
    const part = fc.constantFrom(
      '..',
      '.',
      'a',
      'A',
      '',
      '\\',
      'out',
      'C:',
      '\0',
      '\u202e',
      '...',
      '../..',
      'tree',
    );
    const name = fc.oneof(
      fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
      fc.uint8Array({ maxLength: 12 }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 3 }), async (names) => {
        run += 1;
        const around = path.join(base, 'runs', String(run));
        mkdirSync(path.join(around, 'x', 'tree'), { recursive: true });
        const file = writeZip(
          path.join(base, 'fuzz.zip'),
          names.map((each) => ({ name: each, content: 'x' })),
        );
        const tree = createStagedTree(path.join(around, 'x', 'tree'), 'The zip file');
        await unpackZip(file, tree, noSignal()).catch((error: unknown) => {
          assert.ok(error instanceof SkillInstallError, String(error));
        });
        for (const written of Object.keys(contentsOf(around))) assert.match(written, /^x\/tree\//);
      }),
      { numRuns: 200 },
    );
    assert.deepEqual(Object.keys(contentsOf(treeFolder())), []);
  });
});
