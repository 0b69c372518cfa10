import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, toolError } from './rig.ts';

const png = (width: number, height: number, length = 100): Uint8Array => {
  const bytes = Buffer.alloc(length);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(bytes);
  bytes.writeUInt32BE(13, 8);
  bytes.write('IHDR', 12, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
};

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join('');

describe('read_file', () => {
  afterEach(removeTemporaryFolders);

  it('numbers lines, and reads a range', async () => {
    const rig = createToolRig({ 'a.txt': numbered(1, 5) });
    assert.equal(
      await rig.text('read_file', { path: 'a.txt' }),
      '1\tline 1\n2\tline 2\n3\tline 3\n4\tline 4\n5\tline 5',
    );
    const range = await rig.run('read_file', { path: 'a.txt', start_line: 2, end_line: 3 });
    assert.deepEqual(range.content, [{ type: 'text', text: '2\tline 2\n3\tline 3\n[lines 2-3 of 5]' }]);
    assert.equal(range.summary, 'lines 2-3 of 5');
    await assert.rejects(rig.run('read_file', { path: 'a.txt', start_line: 6 }), toolError(/has 5 lines/));
    const step = await rig.prepare('read_file', { path: 'a.txt', start_line: 2, end_line: 3 });
    assert.equal(step.title, 'a.txt:2-3');
  });

  it('stops at 2,000 lines or 256 KB and says how to read on', async () => {
    const rig = createToolRig({
      'long.txt': numbered(1, 5_000),
      'wide.txt': `${'x'.repeat(3_000)}\n`.repeat(200),
    });
    const long = await rig.text('read_file', { path: 'long.txt' });
    assert.match(long, /\n2000\tline 2000\n\[lines 1-2000 of 5000; read on with start_line 2001\]$/);
    const last = await rig.text('read_file', { path: 'long.txt', start_line: 4_001 });
    assert.match(last, /\n5000\tline 5000\n\[lines 4001-5000 of 5000\]$/);
    const wide = await rig.text('read_file', { path: 'wide.txt' });
    assert.ok(wide.length < 257_000, `${wide.length}`);
    assert.match(wide, /\[lines 1-85 of 200; read on with start_line 86\]$/);
  });

  it('cuts a line without end', async () => {
    const rig = createToolRig({ 'min.js': 'y'.repeat(100_000) });
    const text = await rig.text('read_file', { path: 'min.js' });
    assert.match(text, /… \[96000 more characters\]/);
  });

  it('reads CRLF, a byte order mark, UTF-16 and Latin-1 as text, and an empty file', async () => {
    const rig = createToolRig({
      'crlf.txt': '\ufeffone\r\ntwo\r\n',
      'wide.txt': Buffer.from('\ufeffwide', 'utf16le'),
      'latin.txt': Buffer.from('caf\xe9\n', 'latin1'),
      'empty.txt': '',
    });
    assert.equal(await rig.text('read_file', { path: 'crlf.txt' }), '1\tone\n2\ttwo');
    assert.match(await rig.text('read_file', { path: 'wide.txt' }), /^1\twide\n\[not UTF-8/);
    assert.match(await rig.text('read_file', { path: 'latin.txt' }), /^1\tcafé\n\[not UTF-8/);
    assert.equal(await rig.text('read_file', { path: 'empty.txt' }), '(empty file)');
  });

  it('reads what is not saved yet', async () => {
    const rig = createToolRig({ 'a.txt': 'saved\n' });
    rig.editor.open(path.join(rig.root, 'a.txt'), 'typed\n');
    assert.equal(await rig.text('read_file', { path: 'a.txt' }), '1\ttyped\n[unsaved text from the editor]');
  });

  it('shows pictures, whatever they are called, up to what providers take', async () => {
    const rig = createToolRig({
      'photo.dat': png(640, 480),
      'big.png': png(10, 10, 3_750_001),
      'vast.png': png(9_000, 10),
      'a.gif': Buffer.concat([Buffer.from('GIF89a'), Buffer.from([3, 0, 4, 0, 0, 0])]),
      'a.webp': Buffer.concat([
        Buffer.from('RIFF\0\0\0\0WEBPVP8X', 'latin1'),
        Buffer.from([10, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 49, 0, 0]),
      ]),
      'a.jpg': Buffer.from([
        0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 0, 20, 0, 30, 1, 1, 0x11, 0, 0xff, 0xd9,
      ]),
    });
    const output = await rig.run('read_file', { path: 'photo.dat' });
    const [about, image] = output.content;
    assert.deepEqual(about, { type: 'text', text: 'photo.dat: image/png, 100 bytes, 640 x 480 pixels' });
    assert.ok(image?.type === 'image');
    assert.equal(image.mediaType, 'image/png');
    assert.deepEqual(Buffer.from(image.data, 'base64'), Buffer.from(png(640, 480)));
    assert.match(await rig.text('read_file', { path: 'a.gif' }), /gif, 12 bytes, 3 x 4/);
    assert.match(await rig.text('read_file', { path: 'a.webp' }), /webp, 30 bytes, 100 x 50/);
    assert.match(await rig.text('read_file', { path: 'a.jpg' }), /jpeg, 23 bytes, 30 x 20/);
    await assert.rejects(rig.run('read_file', { path: 'big.png' }), toolError(/too large/));
    await assert.rejects(rig.run('read_file', { path: 'vast.png' }), toolError(/8000 pixels/));
  });

  it('refuses binary files, folders and what is missing', async () => {
    const rig = createToolRig({ 'a.bin': Buffer.from([1, 0, 2]), 'sub/x': '' });
    await assert.rejects(rig.run('read_file', { path: 'a.bin' }), toolError(/binary file \(3 bytes\)/));
    await assert.rejects(rig.run('read_file', { path: 'sub' }), toolError(/list_directory/));
    await assert.rejects(rig.run('read_file', { path: 'none' }), toolError(/does not exist/));
  });

  it('asks each time before it reads what looks secret, also through a link', async () => {
    const rig = createToolRig({ '.env': 'KEY=1\n', '.env.example': 'KEY=\n' });
    symlinkSync('.env', path.join(rig.root, 'notes.txt'));
    for (const name of ['.env', 'notes.txt']) {
      const { approval, access } = await rig.prepare('read_file', { path: name });
      assert.equal(approval?.title, 'Read .env?');
      assert.equal(access.caution, '.env looks like it holds secrets');
    }
    const shown = await rig.prepare('read_file', { path: '.env.example' });
    assert.equal(shown.approval, undefined);
    assert.equal(shown.access.caution, undefined);
  });

  it('shows outputs that were kept as a screen would', async () => {
    const rig = createToolRig({});
    const name = `output-abc-${'1'.repeat(12)}.log`;
    const output = '\u001b[31mred\u001b[0m\u2028still the first line\n10%\r50%\r100%\r\nlast, unended';
    fill(rig.base, { [`output/${name}`]: output });
    assert.equal(
      await rig.text('read_file', { path: path.join(rig.base, 'output', name) }),
      '1\tred\u2028still the first line\n2\t100%\n3\tlast, unended',
    );
  });

  it('reads outputs that were kept, and nothing else of their folder', async () => {
    const rig = createToolRig({});
    const name = `output-abc-${'0'.repeat(12)}.log`;
    fill(rig.base, { [`output/${name}`]: numbered(1, 4_000), 'output/other.txt': 'no' });
    const text = await rig.text('read_file', {
      path: path.join(rig.base, 'output', name),
      start_line: 3_999,
    });
    assert.equal(text, '3999\tline 3999\n4000\tline 4000\n[lines 3999-4000 of 4000]');
    for (const other of ['other.txt', `../output/../secret-${name}`, `x/../../${name}`]) {
      const given = `${path.join(rig.base, 'output')}/${other}`;
      await assert.rejects(rig.prepare('read_file', { path: given }), toolError(/outside the workspace/));
    }
  });
});
