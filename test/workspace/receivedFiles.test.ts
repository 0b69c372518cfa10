import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { WorkspaceRoot } from '../../extension/core/workspace.ts';
import { createWorkspaceFiles } from '../../extension/workspace/files.ts';
import { createReceivedFiles } from '../../extension/workspace/receivedFiles.ts';
import { createFakeEditor } from '../fakes/editor.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from './folders.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe('createReceivedFiles', () => {
  let base: string;
  let root: string;
  let isTrusted: boolean;
  let roots: WorkspaceRoot[];
  const received = () =>
    createReceivedFiles({
      files: createWorkspaceFiles({ roots: () => roots, editor: createFakeEditor() }),
      roots: () => roots,
      isTrusted: () => isTrusted,
    });
  const refuses = (given: string, reason: RegExp): Promise<void> =>
    assert.rejects(received().read(given), { name: 'InputError', message: reason });

  beforeEach(() => {
    base = temporaryFolder();
    root = path.join(base, 'work');
    isTrusted = true;
    roots = [{ name: 'work', path: root }];
    fill(base, {
      'work/src/a.ts': 'text',
      'work/shot.png': png,
      'work/empty': '',
      'outside/secret.txt': 'precious',
    });
  });
  afterEach(removeTemporaryFolders);

  describe('read', () => {
    it('gives files, and pictures as photos', async () => {
      const file = await received().read('src/a.ts');
      assert.deepEqual(
        [file.name, file.kind, Buffer.from(file.bytes).toString()],
        ['a.ts', 'document', 'text'],
      );
      assert.equal((await received().read('./shot.png')).kind, 'photo');
      assert.equal((await received().read(path.join(root, 'src/a.ts'))).name, 'a.ts');
    });

    it('refuses what is outside, by a path or by a link', async () => {
      symlinkSync(path.join(base, 'outside/secret.txt'), path.join(root, 'link.txt'));
      symlinkSync(path.join(base, 'outside'), path.join(root, 'linked'));
      await refuses('../outside/secret.txt', /outside the workspace/);
      await refuses(path.join(base, 'outside/secret.txt'), /outside the workspace/);
      await refuses('link.txt', /outside the workspace/);
      await refuses('linked/secret.txt', /outside the workspace/);
    });

    it('refuses what may hold secrets, there or not, under any name', async () => {
      fill(root, { '.env': 'KEY=1', '.git/config': 'token', 'sub/.ssh/known': 'x' });
      symlinkSync(path.join(root, '.env'), path.join(root, 'plain.txt'));
      for (const given of [
        '.env',
        '.ENV',
        'none/.env.local',
        'id_rsa',
        'plain.txt',
        '.git/config',
        'sub/.ssh/known',
      ]) {
        await refuses(given, /may hold passwords or keys/);
      }
    });

    it('refuses what is missing, a folder, empty or too large', async () => {
      await refuses('none.ts', /There is no file none\.ts/);
      await refuses('src', /is a folder/);
      await refuses('empty', /is empty/);
      writeFileSync(path.join(root, 'large'), '');
      truncateSync(path.join(root, 'large'), 50_000_001);
      await refuses('large', /50\.0 MB can be sent/);
    });

    it('refuses everything in an untrusted workspace', async () => {
      isTrusted = false;
      await refuses('src/a.ts', /not trusted/);
    });
  });

  describe('save', () => {
    it('takes a free name, and replaces nothing', async () => {
      const save = received().save;
      assert.equal(await save('a.txt', bytes('1')), 'received/a.txt');
      assert.equal(await save('a.txt', bytes('2')), 'received/a-2.txt');
      assert.equal(await save('a.txt', bytes('3')), 'received/a-3.txt');
      assert.equal(readFileSync(path.join(root, 'received/a.txt'), 'utf8'), '1');
      if (process.platform !== 'win32') {
        assert.equal(statSync(path.join(root, 'received/a.txt')).mode & 0o133, 0);
      }
    });

    it('gives each of many at once a name of its own', async () => {
      const save = received().save;
      const labels = await Promise.all(
        Array.from({ length: 12 }, (_, index) => save('x', bytes(`${index}`))),
      );
      assert.equal(new Set(labels).size, 12);
      for (const [index, label] of labels.entries()) {
        assert.equal(readFileSync(path.join(root, label), 'utf8'), `${index}`);
      }
    });

    it('stays in its folder, and makes nothing that configures an agent or an editor', async () => {
      const save = received().save;
      assert.equal(await save('../../x.txt', bytes('1')), 'received/x.txt');
      assert.equal(await save('AGENTS.md', bytes('1')), 'received/received-AGENTS.md');
      assert.equal(await save('.mcp.json', bytes('1')), 'received/received-mcp.json');
      assert.equal(await save('x.code-workspace', bytes('1')), 'received/received-x.code-workspace.txt');
      assert.deepEqual(readdirSync(path.join(root)).sort(), ['empty', 'received', 'shot.png', 'src']);
    });

    it('follows no link, neither of the folder nor of the name', async function () {
      if (process.platform === 'win32') skipBecause(this, 'Windows lets few people make links');
      mkdirSync(path.join(root, 'received'));
      symlinkSync(path.join(base, 'outside/new.txt'), path.join(root, 'received/a.txt'));
      linkSync(path.join(base, 'outside/secret.txt'), path.join(root, 'received/a-2.txt'));
      assert.equal(await received().save('a.txt', bytes('1')), 'received/a-3.txt');
      assert.equal(existsSync(path.join(base, 'outside/new.txt')), false);
      assert.equal(readFileSync(path.join(base, 'outside/secret.txt'), 'utf8'), 'precious');

      const other = path.join(base, 'other');
      fill(other, { 'in/x': '' });
      symlinkSync(path.join(other, 'in'), path.join(other, 'received'));
      roots = [{ name: 'other', path: other }];
      await assert.rejects(received().save('a.txt', bytes('1')), {
        name: 'InputError',
        message: /is a link/,
      });
      assert.deepEqual(readdirSync(path.join(other, 'in')), ['x']);
      assert.equal(lstatSync(path.join(other, 'received')).isSymbolicLink(), true);
    });

    it('says why nothing could be kept', async () => {
      const rejects = (message: RegExp): Promise<void> =>
        assert.rejects(received().save('a', bytes('1')), { name: 'InputError', message });
      writeFileSync(path.join(root, 'received'), 'a file');
      await rejects(/is a file/);
      isTrusted = false;
      await rejects(/not trusted/);
      isTrusted = true;
      roots = [];
      await rejects(/No folder is open/);
    });

    it('names the first of several roots', async () => {
      roots = [
        { name: 'work', path: root },
        { name: 'more', path: path.join(base, 'outside') },
      ];
      assert.equal(await received().save('a', bytes('1')), 'work/received/a');
      assert.equal((await received().read('work/received/a')).name, 'a');
    });
  });
});
