import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { InstallOffer } from '../../extension/core/skills.ts';
import type { SkillSource } from '../../extension/shared/skill.ts';
import { createSkillInstaller } from '../../extension/skills/installer.ts';
import { newOwnerName } from '../../extension/skills/ownerName.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createInstallerRig } from './installerRig.ts';
import { contentsOf, noSignal, refuses, skillText } from './treeSupport.ts';

describe('what the installer keeps and removes', () => {
  afterEach(removeTemporaryFolders);

  it('uninstalls what it has installed, and nothing else', async () => {
    const {
      storage,
      from,
      folderOf,
      load,
      installedSource,
      loadInstalled,
      window,
      install,
      here,
      pdf,
      leftInStaging,
    } = createInstallerRig();
    pdf();
    const w = window();
    await install(here(), w);
    const skill = await loadInstalled('pdf');
    assert.ok((await w.installer.reviewedCopy(skill)) !== undefined);
    const user: SkillSource = { place: 'user', label: '~/.claude/skills', folder: from };
    await refuses(w.installer.uninstall(await load(user)), /was not installed by AnyCowork/);
    for (const folder of [
      from,
      storage,
      path.join(storage, 'installed'),
      path.join(folderOf('pdf'), 'scripts'),
      path.join(folderOf('pdf'), '..'),
    ]) {
      await refuses(
        w.installer.uninstall({ ...skill, source: { ...skill.source, folder } }),
        /Nothing was removed/,
      );
    }
    assert.ok(existsSync(path.join(from, 'SKILL.md')));
    await w.installer.uninstall(skill);
    assert.equal(existsSync(folderOf('pdf')), false);
    assert.deepEqual(await w.records.get(installedSource('pdf'), 'pdf'), { isDisabled: false, grants: {} });
    assert.equal(await w.installer.reviewedCopy(skill), undefined);
    assert.deepEqual(leftInStaging(), []);
    assert.deepEqual(readdirSync(path.join(storage, 'reviewed')), []);
    // Twice, as from two windows.
    await w.installer.uninstall(skill);
  });

  it('removes a link in its place, not what it leads to', async () => {
    const { from, folderOf, loadInstalled, window, install, here, pdf } = createInstallerRig();
    pdf();
    const w = window();
    await install(here(), w);
    const skill = await loadInstalled('pdf');
    rmSync(folderOf('pdf'), { recursive: true });
    symlinkSync(from, folderOf('pdf'));
    await w.installer.uninstall(skill);
    assert.ok(!existsSync(folderOf('pdf')) && existsSync(path.join(from, 'SKILL.md')));
  });

  it('marks as reviewed what was looked at, and keeps its text for the next time', async () => {
    const { storage, from, load, window, pdf } = createInstallerRig();
    pdf('first\n');
    const user: SkillSource = { place: 'user', label: '~/.claude/skills', folder: from };
    const { installer, records, errors } = window();
    const looked = await load(user);
    assert.equal(await installer.reviewedCopy(looked), undefined);
    fill(from, { 'scripts/read.py': 'second\n' });
    await refuses(installer.markReviewed(looked), /changed while you looked.*not marked/);
    assert.equal((await records.get(user, 'pdf')).reviewedHash, undefined);

    const second = await load(user);
    await installer.markReviewed(second);
    assert.equal((await records.get(user, 'pdf')).reviewedHash, second.hash);
    fill(from, { 'scripts/read.py': 'third\n' });
    const third = await load(user);
    const copy = await installer.reviewedCopy(third);
    assert.ok(copy !== undefined);
    assert.deepEqual(contentsOf(copy.folder), {
      'SKILL.md': skillText('pdf'),
      'scripts/read.py': 'second\n',
    });
    assert.deepEqual(copy.files, second.files);
    await installer.markReviewed(third);
    assert.deepEqual(readdirSync(path.join(storage, 'reviewed')), [third.hash]);
    rmSync(from, { recursive: true });
    await refuses(installer.markReviewed(third), /cannot be read.*not marked as reviewed; try again/);
    assert.deepEqual(errors, []);
  });

  it('keeps files with names that are odd on other systems', async function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows does not allow such names');
    const { from, load, window, pdf } = createInstallerRig();
    pdf();
    const long = `${'folder/'.repeat(9)}${'long'.repeat(50)}.txt`;
    fill(from, { 'what?.py': 'a', 'aux.md': 'b', 'c:d\\e. ': 'c', [long]: 'd' });
    const { installer, errors } = window();
    const skill = await load({ place: 'user', label: '~/.claude/skills', folder: from });
    await installer.markReviewed(skill);
    const copy = await installer.reviewedCopy(skill);
    assert.ok(copy !== undefined);
    const all = skill.files.map((file) => file.path);
    const texts = all.filter((name) => name !== 'font.ttf');
    assert.deepEqual(Object.keys(contentsOf(copy.folder)), texts);
    assert.deepEqual(errors, []);
  });

  it('sweeps what dead windows left, and puts back what they had moved aside', async () => {
    const { storage, folderOf, window, only, install, here, pdf, leftInStaging } = createInstallerRig();
    pdf();
    await install(here());
    const before = contentsOf(folderOf('pdf'));
    const w = window();
    const mine = await w.stage(here());
    const [own = ''] = leftInStaging();
    // As a window killed in the middle of an update leaves it: no process has this id.
    const dead = path.join(storage, 'staging', own.replace(/-\d+-/, '-4194999-'));
    mkdirSync(path.join(dead, 'aside-x'), { recursive: true });
    mkdirSync(path.join(dead, 'tree', 'x'), { recursive: true });
    renameSync(folderOf('pdf'), path.join(dead, 'aside-x', 'pdf'));
    const foreign = path.join(storage, 'staging', 'other');
    const old = path.join(storage, 'staging', 'old');
    mkdirSync(foreign);
    mkdirSync(old);
    utimesSync(old, 1, 1);
    const offer = await window().stage(here());
    assert.deepEqual(contentsOf(folderOf('pdf')), before);
    assert.deepEqual(
      leftInStaging().filter((name) => !name.includes(`-${process.pid}-`)),
      ['other'],
    );
    assert.ok(existsSync(only(mine).folder) && existsSync(only(offer).folder));
  });

  it('puts back what a dead window had moved aside as soon as the next one opens', async () => {
    const { storage, folderOf, window, install, here, pdf, leftInStaging } = createInstallerRig();
    pdf();
    await install(here());
    const dead = path.join(storage, 'staging', newOwnerName().replace(/-\d+-/, '-4194999-'));
    mkdirSync(path.join(dead, 'aside-x'), { recursive: true });
    renameSync(folderOf('pdf'), path.join(dead, 'aside-x', 'pdf'));
    window();
    while (leftInStaging().length > 0) await delay(5);
    assert.ok(existsSync(folderOf('pdf')));
  });

  it('keeps one whole skill when windows install and update at once', async () => {
    const { folderOf, installedSource, loadInstalled, window, only, here, pdf, leftInStaging } =
      createInstallerRig();
    pdf('0\n');
    const windows = [window(), window(), window(), window()] as const;
    for (let round = 0; round < 5; round += 1) {
      const offers: InstallOffer[] = [];
      for (const [index, w] of windows.entries()) {
        pdf(`${round} ${index}\n`);
        offers.push(await w.stage(here()));
      }
      const results = await Promise.allSettled(
        windows.map((w, index) => {
          const offer = offers[index];
          assert.ok(offer !== undefined);
          return w.installer.install(offer, only(offer), {});
        }),
      );
      // The first time one is first; then each replaces what was there when it was offered, or what came after that.
      const failed = results.filter((result) => result.status === 'rejected');
      assert.equal(failed.length, round === 0 ? windows.length - 1 : 0);
      for (const { reason } of failed) assert.match(String(reason), /already installed/);
      const hashes = offers.map((offer) => only(offer).hash);
      const { hash } = await loadInstalled('pdf');
      assert.ok(hashes.includes(hash));
      const [{ records }] = windows;
      assert.equal((await records.get(installedSource('pdf'), 'pdf')).reviewedHash, hash);
      assert.deepEqual(readdirSync(folderOf('')), ['pdf']);
      for (const [index, w] of windows.entries()) {
        const offer = offers[index];
        if (offer !== undefined) await w.installer.discard(offer);
      }
      assert.ok(hashes.includes((await loadInstalled('pdf')).hash));
      assert.deepEqual(leftInStaging(), []);
    }
  });

  it('does not wait for a window that died while it installed', async () => {
    const { storage, folderOf, install, here, pdf } = createInstallerRig();
    pdf();
    mkdirSync(storage, { recursive: true });
    const lock = path.join(storage, 'installing.lock');
    writeFileSync(lock, newOwnerName().replace(/-\d+-/, '-4194999-'));
    await install(here());
    assert.ok(existsSync(folderOf('pdf')) && !existsSync(lock));
  });

  it('keeps what was there when the record cannot be written', async () => {
    const { storage, folderOf, ignore, loadInstalled, window, only, install, here, pdf, leftInStaging } =
      createInstallerRig();
    pdf();
    const w = window();
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const broken = createSkillInstaller({
      folder: storage,
      records: { ...w.records, change: () => Promise.reject(full) },
      readSkill: readSkillFolder,
      skills: async () => (existsSync(folderOf('pdf')) ? [await loadInstalled('pdf')] : []),
      logError: assert.fail,
    });
    const fresh = await broken.stage(here(), ignore, noSignal());
    await refuses(broken.install(fresh, only(fresh), {}), /the disk is full/);
    assert.equal(existsSync(folderOf('pdf')), false);
    await install(here(), w);
    const before = contentsOf(folderOf('pdf'));
    pdf('newer\n');
    const offer = await broken.stage(here(), ignore, noSignal());
    await refuses(broken.install(offer, only(offer), {}), /the disk is full/);
    assert.deepEqual(contentsOf(folderOf('pdf')), before);
    await broken.discard(fresh);
    await broken.discard(offer);
    assert.deepEqual(contentsOf(folderOf('pdf')), before);
    assert.deepEqual(leftInStaging(), []);
  });
});
