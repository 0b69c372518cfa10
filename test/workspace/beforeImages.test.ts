import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { CannotUndoError } from '../../extension/core/undo.ts';
import { type BeforeImages, createBeforeImages } from '../../extension/workspace/beforeImages.ts';
import { openVerifiedFolder } from '../../extension/workspace/verified.ts';
import { root as repository } from '../support/setUp.mjs';
import { skipBecause } from '../support/skipBecause.ts';
import { removeTemporaryFolders, temporaryFolder } from './folders.ts';
import { createFakeVersions, type FakeVersions } from './undoRig.ts';

const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

const cannot = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CannotUndoError, String(error));
  assert.match(error.message, pattern);
  return true;
};

describe('before-images', () => {
  let base: string;
  let storage: string;
  let versions: FakeVersions;
  let quota: number;
  const errors: unknown[] = [];

  beforeEach(() => {
    base = temporaryFolder();
    storage = path.join(base, 'storage');
    versions = createFakeVersions();
    quota = 1_000_000_000;
    errors.length = 0;
  });
  afterEach(() => {
    assert.deepEqual(errors.splice(0), []);
    removeTemporaryFolders();
  });

  const create = (more: Partial<Parameters<typeof createBeforeImages>[0]> = {}): BeforeImages =>
    createBeforeImages({
      folder: storage,
      quotaBytes: () => quota,
      store: versions,
      now: Date.now,
      logError: (error) => void errors.push(error),
      ...more,
    });
  const write = (name: string, content: string | Uint8Array, mode = 0o644): string => {
    const file = path.join(base, name);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  };
  const placeOf = (hash: string): string => path.join(storage, 'before', hash.slice(0, 2), hash);
  const kept = (): string[] =>
    (existsSync(storage) ? readdirSync(storage, { recursive: true, withFileTypes: true }) : [])
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  const age = (hash: string, hours: number): void => {
    const at = Date.now() / 1_000 - hours * 3_600;
    utimesSync(placeOf(hash), at, at);
  };

  for (const [name, content] of [
    ['a small file', Buffer.from([0, 255, 13, 10, 0])],
    ['an empty file', Buffer.alloc(0)],
    ['a file too large to be read at once', Buffer.alloc(2_500_000, 'xyz')],
  ] as const) {
    it(`keeps and gives back ${name}, bytes and mode`, async () => {
      const images = create();
      const file = write('f', content, 0o751);
      const state = await images.keep(file);
      await images.settle();
      assert.deepEqual(state, { kind: 'file', hash: hashOf(content), size: content.length, mode: 0o751 });
      assert.deepEqual(readFileSync(placeOf(hashOf(content))), content);
      assert.deepEqual(kept(), [hashOf(content)]);
      write('f', 'other', 0o600);
      const folder = await openVerifiedFolder(base);
      await images.restore(state, folder, 'f');
      await folder.close();
      assert.deepEqual(readFileSync(file), content);
      assert.equal(statSync(file).mode & 0o7777, 0o751);
      assert.deepEqual(readdirSync(base).sort(), ['f', 'storage']);
    });
  }

  it('keeps a file that may only be read', async function () {
    if (process.platform === 'win32') skipBecause(this, 'modes are not kept on Windows');
    const content = Buffer.alloc(1_500_000, 'r');
    const state = await create().keep(write('f', content, 0o400));
    assert.equal(state.kind === 'file' && state.mode, 0o400);
  });

  it('keeps a content once, and makes it young again', async () => {
    const images = create();
    await images.keep(write('a', 'same'));
    age(hashOf('same'), 5);
    await create().keep(write('b', 'same'));
    assert.deepEqual(kept(), [hashOf('same')]);
    assert.ok(statSync(placeOf(hashOf('same'))).mtimeMs > Date.now() - 3_600_000);
  });

  it('writes a content anew that another window deletes while it is made young', async () => {
    let deleting = false;
    const images = create({
      now: () => {
        if (deleting) unlinkSync(placeOf(hashOf('same')));
        return Date.now();
      },
    });
    const file = write('a', 'same');
    await images.keep(file);
    deleting = true;
    await images.keep(file);
    assert.deepEqual(kept(), [hashOf('same')]);
  });

  it('keeps for a merge only what one can be made of', async () => {
    const images = create();
    const file = write('a', 'new');
    const state = { kind: 'file', hash: hashOf('new'), size: 3, mode: 0o644 };
    assert.deepEqual(await images.note(file, false), state);
    assert.deepEqual(kept(), []);
    assert.deepEqual(await images.note(file, true), state);
    assert.deepEqual(kept(), [hashOf('new')]);
  });

  it('keeps what is at a path that is no file', async () => {
    const images = create();
    mkdirSync(path.join(base, 'd'), { mode: 0o750 });
    symlinkSync('../nowhere', path.join(base, 'l'));
    assert.deepEqual(await images.keep(path.join(base, 'd')), { kind: 'folder', mode: 0o750 });
    assert.deepEqual(await images.keep(path.join(base, 'l')), { kind: 'link', target: '../nowhere' });
    assert.deepEqual(await images.keep(path.join(base, 'none/at/all')), { kind: 'missing' });
    assert.deepEqual(kept(), []);
  });

  it('says what is too large, and what is no file', async () => {
    const images = create({ largestFile: 2_000_000 });
    await assert.rejects(
      images.keep(write('f', Buffer.alloc(2_000_001))),
      cannot(/^it is larger than 2 MB$/),
    );
    await assert.rejects(images.keepBytes(Buffer.alloc(2_000_001), 0o644), cannot(/larger than 2 MB/));
    if (process.platform === 'linux')
      await assert.rejects(images.keep('/dev/null'), cannot(/neither a file/));
    assert.deepEqual(kept(), []);
  });

  it('does not follow a folder that became a link', async () => {
    mkdirSync(path.join(base, 'real'));
    write('real/secret', 'secret');
    symlinkSync(path.join(base, 'real'), path.join(base, 'd'));
    await assert.rejects(create().keep(path.join(base, 'd/secret')), CannotUndoError);
    assert.deepEqual(kept(), []);
  });

  for (const size of [10, 2_500_000]) {
    it(`leaves nothing of ${size} bytes behind on a full disk`, async () => {
      const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      const images = create({
        flush: async () => {
          throw full;
        },
      });
      await assert.rejects(images.keep(write('f', Buffer.alloc(size, 'q'))), cannot(/the disk is full/));
      assert.deepEqual(kept(), []);
    });
  }

  it('does not give back what is damaged', async () => {
    const images = create();
    const state = await images.keep(write('f', 'good'));
    writeFileSync(placeOf(hashOf('good')), 'evil');
    const folder = await openVerifiedFolder(base);
    await assert.rejects(images.restore(state, folder, 'f'), /damaged/);
    await folder.close();
    assert.deepEqual(readdirSync(base).sort(), ['f', 'storage']);
    assert.equal(readFileSync(path.join(base, 'f'), 'utf8'), 'good');
  });

  it('leaves no half file when it is killed', async () => {
    write('large', Buffer.alloc(60_000_000, 'k'));
    const script = `
      import { createBeforeImages } from ${JSON.stringify(path.join(repository, 'extension/workspace/beforeImages.ts'))};
      const images = createBeforeImages({ folder: ${JSON.stringify(storage)}, quotaBytes: () => 1e9, now: Date.now,
        store: { versionHashes: async () => [], forgetVersions: async () => {} }, logError: console.error });
      const bytes = Buffer.alloc(3_000_000);
      process.stdout.write('go');
      for (let i = 0; ; i++) {
        bytes.writeUInt32LE(i);
        await images.keepBytes(bytes, 0o644);
        await images.keep(${JSON.stringify(path.join(base, 'large'))});
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    while (kept().filter((name) => !name.endsWith('.tmp')).length < 3) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const name of kept()) {
      if (!name.endsWith('.tmp')) assert.equal(hashOf(readFileSync(placeOf(name))), name);
    }
  });

  describe('past the quota', () => {
    const version = (hash: string, stepId: string) => ({
      stepId,
      sessionId: 'c',
      jobId: 'j',
      file: `/w/${hash}`,
      label: 'x',
      root: '/w',
      before: { kind: 'file' as const, hash, size: 1_000, mode: 0o644 },
      at: 1,
    });
    const contents = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(1_000));
    const [a = '', b = '', c = '', d = '', e = ''] = contents.map(hashOf);
    const keepAll = async (images: BeforeImages): Promise<void> => {
      for (const content of contents) await images.keepBytes(Buffer.from(content), 0o644);
    };

    it('deletes first what no step needs, and then forgets the oldest', async () => {
      const images = create();
      await keepAll(images);
      await versions.keepVersions([a, b, c, e].map((hash) => version(hash, hash)));
      for (const [hash, hours] of [
        [a, 5],
        [b, 4],
        [c, 3],
        [d, 2],
        [e, 0],
      ] as const)
        age(hash, hours);
      quota = 5_000;
      await images.collect();
      assert.equal(kept().length, 5);
      quota = 4_000;
      await images.collect();
      assert.deepEqual(kept(), [a, b, c, e].sort());
      quota = 3_000;
      await images.collect();
      // Down to nine tenths of it.
      assert.deepEqual(kept(), [c, e].sort());
      assert.deepEqual(await versions.versionHashes(), [c, e]);
    });

    it('never deletes what is younger than an hour', async () => {
      const images = create();
      await keepAll(images);
      quota = 0;
      await images.collect();
      assert.equal(kept().length, 5);
    });

    it('does not delete what another window takes into use at that moment', async () => {
      const [mine, other] = [create(), create()];
      await keepAll(mine);
      for (const hash of [a, b, c, d, e]) age(hash, 5);
      const listed = versions.versionHashes;
      versions.versionHashes = async () => {
        // The other window keeps the same content between the look and the deletion.
        const hashes = await listed();
        await other.keepBytes(Buffer.from(contents[0] ?? ''), 0o644);
        return hashes;
      };
      quota = 100;
      await mine.collect();
      assert.deepEqual(kept(), [a]);
      assert.equal((await other.read(a))?.length, 1_000);
    });

    it('forgets nothing for the sake of what no step needs', async () => {
      const images = create();
      await keepAll(images);
      await versions.keepVersions([version(a, '1')]);
      age(a, 5);
      quota = 2_000;
      // The others are younger than an hour.
      await images.collect();
      assert.equal(kept().length, 5);
      assert.deepEqual(await versions.versionHashes(), [a]);
    });

    it('keeps what versions need that the store would not forget', async () => {
      const images = create();
      await keepAll(images);
      await versions.keepVersions([version(a, '1')]);
      for (const hash of [a, b, c, d, e]) age(hash, 5);
      versions.forgetVersions = async () => {};
      quota = 10;
      await images.collect();
      assert.deepEqual(kept(), [a]);
    });

    it('clears away what killed windows left half written, in time', async () => {
      const images = create();
      await keepAll(images);
      const left = path.join(storage, 'before/0123456789abcdef.tmp');
      writeFileSync(left, 'x'.repeat(5_000));
      quota = 6_000;
      await images.collect();
      assert.ok(existsSync(left));
      const old = Date.now() / 1_000 - 7_200;
      utimesSync(left, old, old);
      await images.collect();
      assert.ok(!existsSync(left));
    });

    it('sees to it by itself once something was kept', async () => {
      const images = create();
      await keepAll(images);
      for (const hash of [a, b, c, d, e]) age(hash, 5);
      quota = 10;
      await images.settle();
      assert.equal(kept().length, 5);
      images.seeToRoom();
      await images.collect();
      assert.deepEqual(kept(), []);
    });
  });
});
