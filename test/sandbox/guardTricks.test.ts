// What a hostile program can leave in a workspace so that it is not found, or so that putting it right does harm.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type ProtectedChange, SandboxError } from '../../extension/core/sandbox.ts';
import { leadsOut } from '../../extension/sandbox/leadsOut.ts';
import { moveTree } from '../../extension/sandbox/moveTree.ts';
import { createProtectedGuard } from '../../extension/sandbox/protectedGuard.ts';
import type { GuardLimits } from '../../extension/sandbox/protectedSnapshot.ts';
import { protectedReason } from '../../extension/workspace/protectedPaths.ts';
import { giveAway, makeFolders, ordinaryUser, type TestFolders } from './sandboxSupport.ts';

const signal = new AbortController().signal;
const limits: GuardLimits = { entries: 500, mounts: 8, keptEntries: 100, keptBytes: 100_000 };

describe('the guard against tricks', () => {
  let folders: TestFolders;
  let errors: unknown[];
  beforeEach(() => {
    folders = makeFolders();
    giveAway(folders.base);
    errors = [];
    // Root reads whatever its owner closed.
    if (process.getuid?.() === 0) process.seteuid?.(ordinaryUser);
  });
  afterEach(() => {
    if (process.getuid?.() === 0) process.seteuid?.(0);
    folders.remove();
    assert.deepEqual(errors, []);
  });

  const at = (label: string): string => path.join(folders.workspace, label);
  const put = (label: string, text = 'evil'): void => {
    mkdirSync(path.dirname(at(label)), { recursive: true });
    writeFileSync(at(label), text);
  };
  const repository = (label: string): void => {
    for (const each of ['objects', 'refs', 'hooks']) mkdirSync(at(`${label}/${each}`), { recursive: true });
    put(`${label}/HEAD`, 'ref: refs/heads/main');
    put(`${label}/config`, '[core]');
  };
  const newGuard = () =>
    createProtectedGuard({
      protectedReason,
      quarantineFolder: folders.quarantine,
      logError: (error) => errors.push(error),
      limits,
    });
  const told = (changes: readonly ProtectedChange[]): readonly string[] =>
    changes.map(({ kind, path: label }) => `${kind} ${label}`).sort();
  const changesOf = async (program: () => void): Promise<readonly ProtectedChange[]> => {
    const guarded = await newGuard().begin(folders.workspace, 'run', signal);
    program();
    return guarded.end();
  };

  for (const mode of [0o311, 0o600, 0o000]) {
    it(`opens what was closed to its owner (${mode.toString(8)}), and finds what is in there`, async () => {
      mkdirSync(at('src'));
      const changes = await changesOf(() => {
        put('.vscode/tasks.json');
        put('src/deep/.git/config');
        chmodSync(at('src/deep'), mode);
        chmodSync(at('src'), mode);
        chmodSync(folders.workspace, mode);
      });
      assert.deepEqual(told(changes), [
        'changed .',
        'changed src',
        'changed src/deep',
        'made .vscode',
        'made src/deep/.git',
      ]);
      assert.ok(!existsSync(at('.vscode')));
      assert.deepEqual(readdirSync(at('src/deep')), []);
    });
  }

  it('leaves closed what was closed before', async () => {
    put('private/a');
    chmodSync(at('private'), 0o000);
    // Its times are not those of this moment.
    const wait = new Promise((resolve) => setTimeout(resolve, 1_100));
    await wait;
    assert.deepEqual(await changesOf(() => undefined), []);
    assert.equal(statSync(at('private')).mode & 0o777, 0);
    chmodSync(at('private'), 0o700);
  });

  it('puts away what lies in folders that may not be written into, whose rights stay', async () => {
    const changes = await changesOf(() => {
      put('a/.vscode/tasks.json');
      chmodSync(at('a/.vscode'), 0o555);
      chmodSync(at('a'), 0o555);
    });
    assert.deepEqual(told(changes), ['made a/.vscode']);
    assert.match(changes[0]?.answer ?? '', /^moved to /);
    assert.deepEqual(readdirSync(at('a')), []);
    assert.equal(statSync(at('a')).mode & 0o777, 0o555);
    chmodSync(at('a'), 0o755);
  });

  it('puts away what has the longest of names', async () => {
    const name = `${'x'.repeat(240)}.code-workspace`;
    const changes = await changesOf(() => put(name));
    assert.match(changes[0]?.answer ?? '', /^moved to .*\.code-workspace$/);
    assert.deepEqual(readdirSync(folders.workspace), []);
  });

  it('tells names and links in one line that ends', async () => {
    const changes = await changesOf(() => {
      put('a\nb/.envrc');
      symlinkSync(`/${'x'.repeat(900)}`, at('out'));
    });
    assert.deepEqual(told(changes), ['made a\uFFFDb/.envrc', 'made out']);
    assert.ok((changes.find((change) => change.path === 'out')?.answer.length ?? 0) < 300);
  });

  it('says where nobody can look', async () => {
    const odd = Buffer.concat([Buffer.from(`${folders.workspace}/`), Buffer.from([0x61, 0xff])]);
    let isPossible = true;
    const changes = await changesOf(() => {
      try {
        mkdirSync(odd);
      } catch {
        // Some file systems take no such names; then there is nothing to be told.
        isPossible = false;
      }
    });
    assert.deepEqual(told(changes), isPossible ? ['made a\uFFFD'] : []);
  });

  it('mounts repositories whatever they are called, and the hooks that they name', async () => {
    repository('.bare');
    put('.git/config', '[core]\n\tbare = false\n\thooksPath = "tools/hooks" ; ours\n');
    put('tools/hooks/pre-commit', 'old');
    put('sub/.git/config', '[core]\n\thooksPath = missing\n');
    const { readOnly, end } = await newGuard().begin(folders.workspace, 'run', signal);
    assert.deepEqual(readOnly, ['.git', '.bare', 'sub/.git', 'tools/hooks']);
    put('sub/missing/pre-commit');
    renameSync(at('tools'), at('moved'));
    assert.deepEqual(told(await end()), ['made sub/missing']);
    assert.ok(!existsSync(at('sub/missing')));
  });

  it('finds new repositories in all the forms that git takes', async () => {
    const changes = await changesOf(() => {
      repository('plain');
      put('shared/HEAD');
      put('shared/commondir', '../elsewhere');
      repository('lower');
      renameSync(at('lower/HEAD'), at('lower/head'));
      put('no/HEAD');
    });
    assert.deepEqual(told(changes), ['made lower/head', 'made plain/HEAD', 'made shared/HEAD']);
  });

  it('refuses a workspace that is such a repository', async () => {
    repository('.');
    await assert.rejects(
      newGuard().begin(folders.workspace, 'run', signal),
      (error) =>
        error instanceof SandboxError && error.kind === 'refused' && /workspace: ro/.test(error.message),
    );
  });

  it('reads no more of one folder than it may, and always says so', async () => {
    const many = (): void => {
      for (let each = 0; each < 2 * limits.entries + 10; each += 1) put(`many/${each}`, '');
    };
    assert.deepEqual(told(await changesOf(many)), ['made .']);
    assert.deepEqual(told(await changesOf(() => undefined)), ['made .']);
  });

  it('lets runs wait for others in the folders above and below', async () => {
    mkdirSync(at('inner'));
    const guard = newGuard();
    const order: string[] = [];
    const outer = await guard.begin(folders.workspace, 'outer', signal);
    const begin = async (folder: string, isWriting: boolean) => {
      const guarded = await guard.begin(folder, 'x', signal, isWriting);
      order.push(`${path.basename(folder)} ${isWriting}`);
      return guarded;
    };
    const inner = begin(at('inner'), false);
    const cancelled = new AbortController();
    const gone = guard.begin(at('inner'), 'gone', cancelled.signal);
    cancelled.abort(new Error('cancelled'));
    await assert.rejects(gone, /cancelled/);
    const beside = await begin(folders.base.concat('-beside'), false);
    assert.deepEqual(order, [`${path.basename(folders.base)}-beside false`]);
    await outer.end();
    const reading = await inner;
    const again = begin(folders.workspace, true);
    const alsoReading = await begin(at('inner'), false);
    assert.equal(order.at(-1), 'inner false');
    await Promise.all([reading.end(), alsoReading.end(), beside.end()]);
    await (await again).end();
    assert.equal(order.at(-1), 'work true');
  });

  it('moves nothing that lies behind a link laid meanwhile', async () => {
    const outside = path.join(folders.base, 'outside');
    mkdirSync(path.join(outside, '.vscode'), { recursive: true });
    const guard = newGuard();
    const one = await guard.begin(folders.workspace, 'one', signal);
    put('a/.vscode/tasks.json');
    const ending = one.end();
    rmSync(at('a'), { recursive: true });
    symlinkSync(outside, at('a'));
    await ending;
    assert.ok(existsSync(path.join(outside, '.vscode')));
    errors = [];
  });

  it('moves a tree to another disk whatever rights were taken from it', async () => {
    put('t/closed/file', 'text');
    put('t/big', 'x'.repeat(1_000));
    symlinkSync('/etc/passwd', at('t/link'));
    chmodSync(at('t/closed/file'), 0o444);
    chmodSync(at('t/closed'), 0o000);
    chmodSync(at('t'), 0o500);
    const kept = path.join(folders.base, 'kept');
    assert.equal(await moveTree(at('t'), kept, { entries: 10, bytes: 500 }), false);
    assert.deepEqual(readdirSync(kept).sort(), ['closed', 'link']);
    assert.equal(readFileSync(path.join(kept, 'closed/file'), 'utf8'), 'text');
    assert.ok(!existsSync(at('t')));
    assert.ok(existsSync('/etc/passwd'));
  });

  it('takes few steps to follow the longest of links', async () => {
    let isOut = 0;
    const long = 'a/'.repeat(2_000);
    for (let each = 0; each < 300; each += 1) {
      if (await leadsOut(folders.workspace, at('link'), long)) isOut += 1;
    }
    assert.equal(isOut, 0);
  });
});
