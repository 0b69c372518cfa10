import assert from 'node:assert/strict';
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';
import type { InstallOrigin } from '../../extension/core/skills.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { commit, git, initRepository, urlOf } from './gitRig.ts';
import { createInstallerRig } from './installerRig.ts';
import { writeZip } from './rawZip.ts';
import { contentsOf, refuses, skillText } from './treeSupport.ts';

describe('the installer of skills', () => {
  afterEach(removeTemporaryFolders);

  it('offers a folder without installing it, and then installs what was shown', async () => {
    const { from, folderOf, installedSource, loadInstalled, window, only, here, pdf, leftInStaging } =
      createInstallerRig();
    pdf('import os\nos.system("ls")\n');
    const { installer, records, stage } = window();
    const offer = await stage(here());
    const offered = only(offer);
    assert.equal(offer.label, from);
    assert.deepEqual(
      offered.files.map((file) => file.path),
      ['SKILL.md', 'font.ttf', 'scripts/read.py'],
    );
    assert.deepEqual(
      offered.findings.map(({ file, line }) => `${file}:${line}`),
      ['scripts/read.py:2'],
    );
    assert.equal(offered.replaces, undefined);
    assert.equal(existsSync(folderOf('pdf')), false);

    await installer.install(offer, offered, { network: true });
    const skill = await loadInstalled('pdf');
    assert.equal(skill.hash, offered.hash);
    assert.deepEqual(await records.get(installedSource('pdf'), 'pdf'), {
      reviewedHash: offered.hash,
      isDisabled: false,
      grants: { [offered.hash]: { network: true } },
      origin: here(),
      installedAt: 1_000,
    });
    await installer.discard(offer);
    assert.deepEqual(leftInStaging(), []);
    await refuses(installer.install(offer, offered, {}), /offer is over/);
  });

  it('installs from a zip file, the skill in one folder or at its top', async () => {
    const { from, folderOf, install } = createInstallerRig();
    for (const top of ['', 'pdf-1.0/']) {
      const zip = new yazl.ZipFile();
      zip.addBuffer(Buffer.from(skillText('pdf')), `${top}SKILL.md`);
      zip.addBuffer(Buffer.from('x'), `${top}scripts/__pycache__/evil.pyc`);
      zip.end();
      const file = path.join(from, 'pdf.zip');
      writeFileSync(file, await buffer(zip.outputStream));
      await install({ kind: 'zip', file });
      assert.deepEqual(Object.keys(contentsOf(folderOf('pdf'))), ['SKILL.md']);
    }
  });

  it('installs several of a marketplace in git, each with its own place for updates', async () => {
    const { from, folderOf, installedSource, loadInstalled, window, only, leftInStaging } =
      createInstallerRig();
    initRepository(from);
    const first = commit(from, {
      'skills/a/SKILL.md': skillText('a'),
      'skills/b/SKILL.md': skillText('b'),
      'skills/broken/SKILL.md': 'no front matter',
      '.claude-plugin/marketplace.json': JSON.stringify({
        plugins: [
          { name: 'p', source: './', strict: false, skills: ['./skills/a', './skills/b', './skills/broken'] },
        ],
      }),
    });
    const w = window();
    const origin: InstallOrigin = { kind: 'git', url: urlOf(from), ref: 'main' };
    const offer = await w.stage(origin);
    assert.deepEqual(
      offer.skills.map(({ skill }) => skill.name),
      ['a', 'b'],
    );
    assert.equal(offer.commit, first);
    assert.ok(
      offer.problems.some(({ file }) => file === 'skills/broken/SKILL.md'),
      JSON.stringify(offer.problems),
    );
    for (const each of offer.skills) await w.installer.install(offer, each, {});
    await w.installer.discard(offer);
    const record = await w.records.get(installedSource('b'), 'b');
    assert.deepEqual(record.origin, { ...origin, path: 'skills/b' });
    assert.equal(record.commit, first);

    // An update: the same place again, the installed one beside it for a comparison.
    const second = commit(from, { 'skills/b/SKILL.md': skillText('b', 'Newer.') });
    assert.ok(record.origin !== undefined);
    const update = await w.stage(record.origin);
    const newer = only(update);
    assert.equal(newer.replaces?.source.folder, folderOf('b'));
    assert.notEqual(newer.replaces?.hash, newer.hash);
    await w.records.change(installedSource('b'), 'b', (before) => ({ ...before, isDisabled: true }));
    await w.installer.install(update, newer, {});
    const after = await w.records.get(installedSource('b'), 'b');
    assert.equal(after.commit, second);
    assert.equal(after.reviewedHash, (await loadInstalled('b')).hash);
    assert.equal(after.isDisabled, true);
    assert.equal((await loadInstalled('b')).description, 'Newer.');
    await w.installer.discard(update);
    assert.deepEqual(leftInStaging(), []);
    assert.deepEqual(w.errors, []);
    assert.equal(git(from, 'status', '--porcelain'), '');
  });

  it('does not replace a skill from somewhere else', async () => {
    const { folderOf, loadInstalled, window, only, install, here, pdf } = createInstallerRig();
    pdf();
    await install(here());
    const other = temporaryFolder();
    initRepository(other);
    commit(other, { 'pdf/SKILL.md': skillText('pdf', 'Another one.') });
    const w = window();
    const offer = await w.stage({ kind: 'git', url: urlOf(other) });
    const offered = only(offer);
    assert.equal(offered.replaces, undefined);
    assert.match(offered.problems.at(-1)?.message ?? '', /installed from somewhere else.*Uninstall it first/);
    const before = contentsOf(folderOf('pdf'));
    await refuses(w.installer.install(offer, offered, {}), /already installed. Uninstall it first/);
    assert.deepEqual(contentsOf(folderOf('pdf')), before);
    await w.installer.uninstall(await loadInstalled('pdf'));
    await w.installer.install(offer, offered, {});
    assert.equal((await loadInstalled('pdf')).description, 'Another one.');
  });

  it('installs only the bytes that were shown', async () => {
    const { folderOf, window, only, here, pdf } = createInstallerRig();
    pdf();
    const { installer, stage } = window();
    const changes: ((folder: string) => void)[] = [
      (folder) => fill(folder, { 'scripts/read.py': 'evil()' }),
      (folder) => rmSync(path.join(folder, 'font.ttf')),
      (folder) => {
        rmSync(path.join(folder, 'scripts'), { recursive: true });
        symlinkSync(temporaryFolder(), path.join(folder, 'scripts'));
      },
    ];
    for (const change of changes) {
      const offer = await stage(here());
      change(only(offer).folder);
      await refuses(installer.install(offer, only(offer), {}), /changed after it was shown/);
      assert.equal(existsSync(folderOf('pdf')), false);
      await installer.discard(offer);
    }
    const offer = await stage(here());
    fill(only(offer).folder, { 'scripts/__pycache__/read.pyc': 'evil', 'added.py': 'evil' });
    await installer.install(offer, only(offer), {});
    assert.deepEqual(Object.keys(contentsOf(folderOf('pdf'))), ['SKILL.md', 'font.ttf', 'scripts/read.py']);
  });

  it('says why nothing can be installed, and leaves nothing behind', async () => {
    const { storage, from, window, here, pdf, leftInStaging } = createInstallerRig();
    const { stage } = window();
    await refuses(stage(here()), /There is no skill in .*SKILL.md or skill.yaml/);
    pdf();
    symlinkSync('/etc/passwd', path.join(from, 'passwd'));
    await refuses(stage(here()), /has links \("passwd"\)/);
    await refuses(stage({ kind: 'folder', folder: path.join(from, 'gone') }), /There is no folder/);
    const evil = writeZip(path.join(from, 'evil.zip'), [{ name: '../evil', content: 'x' }]);
    await refuses(stage({ kind: 'zip', file: evil }), /leads out/);
    const bad = temporaryFolder();
    fill(bad, { 'skill.yaml': 'name: [\n' });
    await refuses(stage({ kind: 'folder', folder: bad }), /can be installed.*skill\.yaml:\d/);
    assert.deepEqual(leftInStaging(), []);
    assert.equal(existsSync(path.join(storage, 'installed')), false);
  });

  it('leaves nothing behind when cancelled', async () => {
    const { window, here, pdf, leftInStaging } = createInstallerRig();
    pdf();
    const { installer } = window();
    const stop = new Error('stop');
    const controller = new AbortController();
    await assert.rejects(
      installer.stage(here(), () => controller.abort(stop), controller.signal),
      stop,
    );
    assert.deepEqual(leftInStaging(), []);
  });
});
