import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };

const root = path.resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name));

describe('media', () => {
  it('has every picture that the manifest and the README name', () => {
    const text = `${JSON.stringify(manifest)}\n${read('README.md').toString('utf8')}`;
    const names = new Set(text.match(/media\/[\w./-]+/g));
    assert.ok(names.has('media/icon.png') && names.has('media/activity.svg'));
    for (const name of names) assert.ok(read(name).length > 0, name);
  });

  it('draws the activity bar icon in one colour, which VS Code masks, on 24 by 24', () => {
    const svg = read('media/activity.svg').toString('utf8');
    assert.match(svg, /viewBox="0 0 24 24"/);
    const colours = [...svg.matchAll(/(?:fill|stroke|stop-color)="([^"]+)"/g)].map((match) => match[1]);
    assert.deepEqual([...new Set(colours)].sort(), ['currentColor', 'none']);
  });

  it('has a marketplace icon of at least 128 by 128, with transparent corners', () => {
    const png = read('media/icon.png');
    assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
    // The IHDR chunk: width, height, bit depth, and colour type 6, which is RGBA.
    assert.equal(png.readUInt32BE(16), png.readUInt32BE(20));
    assert.ok(png.readUInt32BE(16) >= 128);
    assert.equal(png[25], 6);
  });
});
