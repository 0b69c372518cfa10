import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { ToolError } from '../../extension/core/tool.ts';
import { BoundaryError, type WorkspaceFiles } from '../../extension/core/workspace.ts';
import { createWorkspaceFiles } from '../../extension/workspace/files.ts';
import { createFakeEditor, type FakeEditor } from '../fakes/editor.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from './folders.ts';

describe('createWorkspaceFiles', () => {
  let base: string;
  let root: string;
  let editor: FakeEditor;
  let files: WorkspaceFiles;

  beforeEach(() => {
    base = temporaryFolder();
    root = path.join(base, 'work');
    fill(base, { 'work/src/a.ts': 'old', 'work/top.txt': 'top', 'outside/victim.ts': 'precious' });
    editor = createFakeEditor();
    files = createWorkspaceFiles({ roots: () => [{ name: 'work', path: root }], editor });
  });
  afterEach(removeTemporaryFolders);

  const onDisk = (name: string): string => readFileSync(path.join(base, name), 'utf8');
  const textOf = async (name: string, limit = 1_000): Promise<string> =>
    Buffer.from((await files.read(await files.resolve(name), limit)).bytes).toString();
  const write = async (name: string, text: string): Promise<void> =>
    files.writeText(await files.resolve(name), text);
  /** Turns a folder into a link out of the workspace. */
  const swap = (name: string): void => {
    renameSync(path.join(root, name), path.join(root, `${name}-was`));
    symlinkSync(path.join(base, 'outside'), path.join(root, name));
  };

  it('reads files, and says what it cannot read', async () => {
    assert.equal(await textOf('src/a.ts'), 'old');
    await assert.rejects(textOf('none.ts'), /none.ts does not exist/);
    await assert.rejects(textOf('src'), /is a folder/);
    await assert.rejects(textOf('src/a.ts', 2), /at most/);
  });

  it('does not hang on a named pipe', async function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows has no named pipes in folders');
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    await assert.rejects(textOf('pipe'), /not a regular file/);
  });

  it('lists a folder sorted, without following links', async () => {
    symlinkSync(path.join(base, 'outside'), path.join(root, 'link'));
    assert.deepEqual(await files.list(await files.resolve('.')), [
      { name: 'link', kind: 'link', size: 0 },
      { name: 'src', kind: 'folder', size: 0 },
      { name: 'top.txt', kind: 'file', size: 3 },
    ]);
    await assert.rejects(files.list(await files.resolve('top.txt')), /not a folder/);
  });

  it('writes in one step, keeps the mode, and leaves no temporary file', async () => {
    chmodSync(path.join(root, 'src/a.ts'), 0o755);
    const inode = statSync(path.join(root, 'src/a.ts')).ino;
    await write('src/a.ts', 'new');
    assert.equal(onDisk('work/src/a.ts'), 'new');
    assert.equal(statSync(path.join(root, 'src/a.ts')).mode & 0o777, 0o755);
    assert.notEqual(statSync(path.join(root, 'src/a.ts')).ino, inode);
    assert.deepEqual(readdirSync(path.join(root, 'src')), ['a.ts']);
  });

  it('makes missing folders', async () => {
    await write('deep/er/x.ts', 'x');
    assert.equal(onDisk('work/deep/er/x.ts'), 'x');
  });

  it('writes to the file that a link inside leads to', async () => {
    symlinkSync('src/a.ts', path.join(root, 'link.ts'));
    await write('link.ts', 'through');
    assert.equal(onDisk('work/src/a.ts'), 'through');
    assert.ok(lstatSync(path.join(root, 'link.ts')).isSymbolicLink());
  });

  it('does not write to a read-only file, and keeps it', async () => {
    chmodSync(path.join(root, 'src/a.ts'), 0o444);
    await assert.rejects(write('src/a.ts', 'new'), /read-only/);
    assert.equal(onDisk('work/src/a.ts'), 'old');
    assert.deepEqual(readdirSync(path.join(root, 'src')), ['a.ts']);
  });

  describe('with documents open in the editor', () => {
    it('reads unsaved text', async () => {
      editor.open(path.join(root, 'src/a.ts'), 'unsaved');
      const { bytes, isUnsaved } = await files.read(await files.resolve('src/a.ts'), 100);
      assert.equal(Buffer.from(bytes).toString(), 'unsaved');
      assert.equal(isUnsaved, true);
    });

    it('reads the disk when the document has no changes', async () => {
      editor.open(path.join(root, 'src/a.ts'));
      writeFileSync(path.join(root, 'src/a.ts'), 'changed by another program');
      assert.equal(await textOf('src/a.ts'), 'changed by another program');
    });

    it('writes through the editor, without a byte order mark of its own', async () => {
      const file = path.join(root, 'src/a.ts');
      writeFileSync(file, '\ufeffold');
      editor.open(file);
      await write('src/a.ts', '\ufeffnew');
      assert.deepEqual(editor.calls, [`replace ${file}`]);
      assert.equal(onDisk('work/src/a.ts'), '\ufeffnew');
      assert.deepEqual(editor.openText(file), { text: 'new', isDirty: false });
    });

    it('finds the document under the name of a linked root', async () => {
      symlinkSync(root, path.join(base, 'alias'));
      const alias = path.join(base, 'alias');
      files = createWorkspaceFiles({ roots: () => [{ name: 'alias', path: alias }], editor });
      editor.open(path.join(alias, 'src/a.ts'), 'unsaved');
      assert.equal(await textOf('src/a.ts'), 'unsaved');
    });

    it('moves and deletes through the editor where it can', async () => {
      editor.canMoveAndDelete = true;
      editor.open(path.join(root, 'src/a.ts'));
      await files.move(await files.resolve('src/a.ts'), await files.resolve('lib/b.ts'));
      await files.delete(await files.resolve('top.txt'));
      assert.deepEqual(editor.calls, [
        `move ${path.join(root, 'src/a.ts')} ${path.join(root, 'lib/b.ts')}`,
        `delete ${path.join(root, 'top.txt')}`,
      ]);
      assert.ok(existsSync(path.join(root, 'lib')));
    });
  });

  it('moves files and folders, never over another', async () => {
    await files.move(await files.resolve('src/a.ts'), await files.resolve('lib/b.ts'));
    assert.equal(onDisk('work/lib/b.ts'), 'old');
    await files.move(await files.resolve('lib'), await files.resolve('moved'));
    assert.equal(onDisk('work/moved/b.ts'), 'old');
    const taken = files.move(await files.resolve('moved/b.ts'), await files.resolve('top.txt'));
    await assert.rejects(taken, /top.txt exists already/);
    fill(base, { 'work/TOP.txt': 'other' });
    const spelling = files.move(await files.resolve('top.txt'), await files.resolve('TOP.txt'));
    await assert.rejects(spelling, /exists already/);
    assert.equal(onDisk('work/TOP.txt'), 'other');
  });

  it('does not move over what appeared after the check', async () => {
    const [from, to] = [await files.resolve('src/a.ts'), await files.resolve('late.ts')];
    fill(base, { 'work/late.ts': 'someone else' });
    await assert.rejects(files.move(from, to), /exists already/);
    assert.equal(onDisk('work/late.ts'), 'someone else');
  });

  it('deletes files and empty folders only, and no link or root', async () => {
    await assert.rejects(files.delete(await files.resolve('src')), /not empty/);
    await files.delete(await files.resolve('src/a.ts'));
    await files.delete(await files.resolve('src'));
    assert.ok(!existsSync(path.join(root, 'src')));
    symlinkSync('top.txt', path.join(root, 'link'));
    await assert.rejects(files.delete(await files.resolve('link')), /symbolic link/);
    await assert.rejects(files.delete(await files.resolve('.')), ToolError);
    await assert.rejects(files.move(await files.resolve('.'), await files.resolve('x')), ToolError);
    assert.equal(onDisk('work/top.txt'), 'top');
  });

  it('knows protected and secret files by every name they have', async () => {
    fill(base, { 'work/.git/config': '', 'work/settings/s.json': '', 'work/conf': '', 'work/.env': '' });
    symlinkSync('.git', path.join(root, 'history'));
    symlinkSync('settings', path.join(root, '.vscode'));
    symlinkSync('.env', path.join(root, 'plain.txt'));
    symlinkSync('conf', path.join(root, '.npmrc'));
    const reason = async (name: string) => files.protectedBecause(await files.resolve(name));
    assert.match((await reason('history/config')) ?? '', /\.git is protected/);
    assert.match((await reason('.vscode/s.json')) ?? '', /\.vscode is protected/);
    assert.equal(await reason('src/a.ts'), undefined);
    assert.equal(files.looksSecret(await files.resolve('plain.txt')), true);
    assert.equal(files.looksSecret(await files.resolve('.npmrc')), true);
    assert.equal(files.looksSecret(await files.resolve('conf')), false);
  });

  describe('when a folder becomes a link between the check and the use', () => {
    const attempts: [string, (name: string) => Promise<unknown>][] = [
      ['read', async (name) => late(name, (target) => files.read(target, 100))],
      ['write over', async (name) => late(name, (target) => files.writeText(target, 'evil'))],
      ['delete', async (name) => late(name, (target) => files.delete(target))],
    ];
    const late = async (
      name: string,
      use: (target: Awaited<ReturnType<WorkspaceFiles['resolve']>>) => Promise<unknown>,
    ): Promise<unknown> => {
      const target = await files.resolve(name);
      swap('src');
      return use(target);
    };
    for (const [verb, attempt] of attempts) {
      it(`refuses to ${verb}`, async () => {
        fill(base, { 'work/src/victim.ts': 'mine' });
        await assert.rejects(attempt('src/victim.ts'), BoundaryError);
        assert.equal(onDisk('outside/victim.ts'), 'precious');
      });
    }

    it('refuses to make a file or a folder behind it', async () => {
      await assert.rejects(
        late('src/made.ts', (target) => files.writeText(target, 'evil')),
        BoundaryError,
      );
      assert.deepEqual(readdirSync(path.join(base, 'outside')), ['victim.ts']);
    });

    it('refuses to move into it', async () => {
      const [from, to] = [await files.resolve('top.txt'), await files.resolve('src/top.txt')];
      swap('src');
      await assert.rejects(files.move(from, to), BoundaryError);
      assert.deepEqual(readdirSync(path.join(base, 'outside')), ['victim.ts']);
      assert.equal(onDisk('work/top.txt'), 'top');
    });
  });

  it('never writes or reads outside while a folder keeps turning into a link and back', async () => {
    const folder = path.join(root, 'src');
    const parked = path.join(root, 'parked');
    writeFileSync(path.join(folder, 'victim.ts'), 'mine');
    let stop = false;
    /** A writer may have made the folder anew in the moment without one. */
    const insist = (action: () => void): void => {
      try {
        action();
      } catch {
        rmSync(folder, { recursive: true, force: true });
        insist(action);
      }
    };
    const swapping = (async () => {
      while (!stop) {
        renameSync(folder, parked);
        insist(() => symlinkSync(path.join(base, 'outside'), folder));
        await new Promise((resolve) => setImmediate(resolve));
        unlinkSync(folder);
        insist(() => renameSync(parked, folder));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    let written = 0;
    let refused = 0;
    for (let round = 0; round < 150; round += 1) {
      const work = async (): Promise<void> => {
        const target = await files.resolve('src/victim.ts');
        await files.writeText(target, `round ${round}`);
        const made = await files.resolve(`src/new-${round}/x.ts`);
        await files.writeText(made, 'x');
        const { bytes } = await files.read(target, 1_000);
        assert.notEqual(Buffer.from(bytes).toString(), 'precious');
        written += 1;
      };
      await work().catch((error: unknown) => {
        if (error instanceof assert.AssertionError) throw error;
        assert.ok(error instanceof BoundaryError || error instanceof ToolError, String(error));
        refused += 1;
      });
    }
    stop = true;
    await swapping;
    assert.deepEqual(readdirSync(path.join(base, 'outside')), ['victim.ts']);
    assert.equal(onDisk('outside/victim.ts'), 'precious');
    assert.ok(refused > 0, `${written} written, ${refused} refused: the race was not met`);
  });

  it('makes nothing where the root itself was swapped away', async () => {
    const target = await files.resolve('src/new.ts');
    renameSync(root, path.join(base, 'gone'));
    mkdirSync(path.join(base, 'elsewhere/src'), { recursive: true });
    symlinkSync(path.join(base, 'elsewhere'), root);
    await assert.rejects(files.writeText(target, 'x'), BoundaryError);
    assert.deepEqual(readdirSync(path.join(base, 'elsewhere/src')), []);
  });
});
