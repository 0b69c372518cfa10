import assert from 'node:assert/strict';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { artefactLinks, findArtefacts, readPictures } from '../../extension/skills/artefacts.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { onePixel } from './skillRig.ts';

describe('artefacts', () => {
  afterEach(removeTemporaryFolders);

  it('are the files that were made or changed, also those with an old date', async () => {
    const folder = temporaryFolder();
    fill(folder, { 'old.txt': 'a', 'changed.txt': 'a', 'in/old.txt': 'a' });
    await delay(60);
    const since = Date.now();
    fill(folder, {
      'changed.txt': 'bb',
      'charts/b.png': onePixel,
      'unpacked.txt': 'x',
      '.git/index': 'x',
      'node_modules/m/x.js': 'x',
    });
    utimesSync(path.join(folder, 'unpacked.txt'), 1, 1);
    const found = await findArtefacts(folder, since);
    assert.deepEqual(
      found.listed.map((each) => each.path),
      ['changed.txt', 'charts/b.png', 'unpacked.txt'],
    );
    assert.equal(found.listed[0]?.bytes, 2);
    assert.equal(
      artefactLinks(found),
      'files written: [changed.txt](changed.txt), [charts/b.png](charts/b.png), [unpacked.txt](unpacked.txt)',
    );
    assert.equal(artefactLinks(await findArtefacts(folder, Date.now() + 60_000)), undefined);
  });

  it('are looked for up to a bound, near the top first', async () => {
    const folder = temporaryFolder();
    const names = Array.from({ length: 30 }, (_, index) => `f${String(index).padStart(2, '0')}.txt`);
    fill(folder, Object.fromEntries([...names, 'deep/deeper/x.txt'].map((name) => [name, 'x'])));
    const all = await findArtefacts(folder, 0);
    assert.deepEqual([all.total, all.listed.length, all.isCut], [31, 20, false]);
    assert.match(artefactLinks(all) ?? '', /and 11 more$/);
    const some = await findArtefacts(folder, 0, 31);
    assert.equal(some.isCut, true);
    assert.ok(!some.listed.some(({ path: name }) => name.startsWith('deep/')));
    assert.match(artefactLinks(some) ?? '', /too large to look through/);
  });

  it('have names that cannot leave their link', () => {
    const listed = [{ path: 'a](http://x) `b`(1).csv', bytes: 1 }];
    assert.equal(
      artefactLinks({ listed, total: 1, isCut: false }),
      'files written: [a\\](http://x) \\`b\\`(1).csv](a%5D%28http%3A/x%29%20%60b%60%281%29.csv)'.replace(
        '%3A/x',
        '%3A//x',
      ),
    );
  });

  it('are shown where they are pictures, three at most', async () => {
    const folder = temporaryFolder();
    const wide = Buffer.from(onePixel);
    wide.writeUInt32BE(9_000, 16);
    const pictures = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`x${name}.png`, onePixel]));
    fill(folder, { '1.png': 'no picture', '2.png': wide, '3.png': Buffer.alloc(3_800_000, 1), ...pictures });
    const { listed } = await findArtefacts(folder, 0);
    const shown = await readPictures(folder, listed);
    assert.deepEqual(
      shown.map(({ name }) => name),
      ['xa.png', 'xb.png', 'xc.png'],
    );
    assert.equal(shown[0]?.mediaType, 'image/png');
    assert.deepEqual(Buffer.from(shown[0]?.data ?? '', 'base64'), onePixel);
  });

  it('are never reached through a link', async function () {
    if (process.platform === 'win32') skipBecause(this, 'links need a privilege there');
    const [folder, outside] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(path.join(outside, 'secret.png'), onePixel);
    symlinkSync(outside, path.join(folder, 'out'));
    symlinkSync(path.join(outside, 'secret.png'), path.join(folder, 'secret.png'));
    assert.deepEqual((await findArtefacts(folder, 0)).listed, []);
    assert.deepEqual(await readPictures(folder, [{ path: 'secret.png', bytes: 70 }]), []);
  });
});
