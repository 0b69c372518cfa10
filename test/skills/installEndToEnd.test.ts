/** The installer and the catalogue over one storage, as a window has them. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';
import type { InstallOrigin } from '../../extension/core/skills.ts';
import { createSkillCatalog } from '../../extension/skills/catalog.ts';
import { createSkillInstaller } from '../../extension/skills/installer.ts';
import { createSkillRecords } from '../../extension/skills/records.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { commit, fromDisk, git, initRepository, urlOf } from './gitRig.ts';
import { descriptions, extraFiles } from './publicSkills.ts';
import { contentsOf, noSignal, skillText } from './treeSupport.ts';

const names = Object.keys(descriptions).sort();
const link = process.platform === 'win32' ? 'junction' : 'dir';

const publicFiles: Record<string, string | Uint8Array> = {
  'README.md': '# Skills\n',
  'node_modules/x/SKILL.md': skillText('x'),
  '.claude-plugin/marketplace.json': JSON.stringify({
    name: 'all',
    plugins: [
      {
        name: 'some',
        source: './',
        strict: false,
        skills: names.slice(0, 9).map((name) => `./skills/${name}`),
      },
      { name: 'rest', source: './', strict: false, skills: names.slice(9).map((name) => `./skills/${name}`) },
    ],
  }),
  ...Object.fromEntries(
    Object.entries(descriptions).map(([name, text]) => [`skills/${name}/SKILL.md`, text]),
  ),
  ...Object.fromEntries(Object.entries(extraFiles).map(([file, content]) => [`skills/${file}`, content])),
};

/** A window whose storage is reached over a link, as a home folder on another disk is. */
const createWindow = () => {
  const top = temporaryFolder();
  mkdirSync(path.join(top, 'disk'));
  symlinkSync(path.join(top, 'disk'), path.join(top, 'home'), link);
  const folder = path.join(top, 'home', 'skills');
  const errors: string[] = [];
  const logError = (text: string) => void errors.push(text);
  const records = createSkillRecords({ folder: path.join(folder, 'records'), logError });
  const catalog = createSkillCatalog({
    bundled: path.join(top, 'bundled'),
    installed: path.join(folder, 'installed'),
    home: path.join(top, 'nobody'),
    roots: () => [],
    isTrusted: () => true,
    records,
    watch: () => ({ dispose: () => {} }),
    logError,
    settleMs: 1,
  });
  const installer = createSkillInstaller({
    folder,
    records,
    readSkill: readSkillFolder,
    skills: catalog.list,
    logError,
    git: fromDisk,
  });
  const install = async (origin: InstallOrigin): Promise<void> => {
    const offer = await installer.stage(origin, () => {}, noSignal());
    for (const each of offer.skills) await installer.install(offer, each, {});
    await installer.discard(offer);
  };
  return { top, folder, errors, records, catalog, installer, install };
};

describe('skills from their source to the catalogue', () => {
  afterEach(removeTemporaryFolders);

  const origins: Record<string, () => Promise<InstallOrigin>> = {
    'a git repository': async () => {
      const from = temporaryFolder();
      initRepository(from);
      git(from, 'config', 'core.autocrlf', 'false');
      commit(from, publicFiles);
      return { kind: 'git', url: urlOf(from) };
    },
    'a folder': async () => {
      const from = temporaryFolder();
      fill(from, publicFiles);
      return { kind: 'folder', folder: from };
    },
    'a zip file': async () => {
      const zip = new yazl.ZipFile();
      for (const [name, content] of Object.entries(publicFiles))
        zip.addBuffer(Buffer.from(content), `skills-main/${name}`);
      zip.end();
      const file = path.join(temporaryFolder(), 'skills.zip');
      writeFileSync(file, await buffer(zip.outputStream));
      return { kind: 'zip', file };
    },
  };
  for (const [what, originOf] of Object.entries(origins)) {
    it(`installs all 18 of a public marketplace from ${what}, byte for byte, and removes them without a trace`, async () => {
      const { folder, errors, catalog, installer, install } = createWindow();
      await install(await originOf());
      const skills = await catalog.list();
      assert.deepEqual(
        skills.map(({ id, state }) => [id, state]),
        names.map((name) => [name, 'ready']),
      );
      const installed = contentsOf(path.join(folder, 'installed'));
      const expected = Object.entries(publicFiles).filter(([file]) => file.startsWith('skills/'));
      assert.deepEqual(
        installed,
        Object.fromEntries(
          expected
            .map(([file, content]) => [file.slice('skills/'.length), Buffer.from(content).toString('latin1')])
            .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
        ),
      );
      for (const skill of skills) await installer.uninstall(skill);
      assert.deepEqual(await catalog.list(), []);
      for (const part of ['installed', 'records', 'reviewed', 'staging'])
        assert.deepEqual(readdirSync(path.join(folder, part)), [], part);
      assert.deepEqual(errors, []);
      catalog.close();
    });
  }

  it('offers what is newer in place of what is installed, and keeps it where the new one is refused', async () => {
    const { folder, catalog, installer, install, records } = createWindow();
    const from = temporaryFolder();
    initRepository(from);
    commit(from, { 'skills/pdf/SKILL.md': skillText('pdf'), 'skills/csv/SKILL.md': skillText('csv') });
    await install({ kind: 'git', url: urlOf(from) });
    const before = (await catalog.list()).find(({ id }) => id === 'pdf');
    assert.ok(before !== undefined);
    const { origin } = await records.get(before.source, 'pdf');
    assert.ok(origin !== undefined);
    const stage = () => installer.stage(origin, () => {}, noSignal());

    commit(from, { 'skills/pdf/SKILL.md': skillText('pdf', 'Newer.') });
    const newer = await stage();
    assert.equal(newer.skills[0]?.replaces?.id, 'pdf');
    for (const each of newer.skills) await installer.install(newer, each, {});
    await installer.discard(newer);
    assert.deepEqual(
      (await catalog.list()).map(({ id, state, description }) => `${id} ${state} ${description}`),
      ['csv ready Does csv. Use it for csv.', 'pdf ready Newer.'],
    );
    assert.equal(readdirSync(path.join(folder, 'reviewed')).length, 2, 'the copy of the older one is gone');

    // Called something else: another skill, beside the one that is installed.
    commit(from, { 'skills/pdf/SKILL.md': skillText('pdf-tools') });
    const renamed = await stage();
    assert.deepEqual(
      renamed.skills.map(({ skill, replaces }) => [skill.name, replaces]),
      [['pdf-tools', undefined]],
    );
    await installer.discard(renamed);

    rmSync(path.join(from, 'skills/pdf'), { recursive: true });
    commit(from, {});
    await assert.rejects(stage(), /has no folder "skills\/pdf" there. Nothing was installed/);
    assert.equal((await catalog.list()).length, 2);
    assert.deepEqual(readdirSync(path.join(folder, 'staging')), []);
    catalog.close();
  });

  it('says before the installation which skill loses its name', async () => {
    const { top, catalog, installer } = createWindow();
    fill(path.join(top, 'bundled'), { 'pdf/SKILL.md': skillText('pdf') });
    const from = temporaryFolder();
    fill(from, { 'SKILL.md': skillText('pdf', 'Another.') });
    const offer = await installer.stage({ kind: 'folder', folder: from }, () => {}, noSignal());
    const [offered] = offer.skills;
    assert.ok(offered !== undefined);
    assert.match(
      offered.problems[0]?.message ?? '',
      /`pdf` too \(bundled\).*the other is called `bundled-pdf`/,
    );
    await installer.install(offer, offered, {});
    await installer.discard(offer);
    assert.deepEqual(
      (await catalog.list()).map(({ id, source }) => `${id} ${source.place}`),
      ['bundled-pdf bundled', 'pdf installed'],
    );
    catalog.close();
  });

  it('keeps the copy of a skill that has the same files as one that is removed', async () => {
    const { top, catalog, installer, install } = createWindow();
    const folder = path.join(top, 'nobody', '.claude', 'skills', 'pdf');
    fill(folder, { 'SKILL.md': skillText('pdf') });
    const [own] = await catalog.list();
    assert.ok(own !== undefined);
    await installer.markReviewed(own);
    await install({ kind: 'folder', folder });
    const installed = await catalog.get('pdf');
    assert.equal(installed?.source.place, 'installed');
    await installer.uninstall(installed);
    assert.ok((await installer.reviewedCopy(own)) !== undefined);
    catalog.close();
  });

  it('leaves no copies of files that were not installed in the end', async () => {
    const { folder, installer, install } = createWindow();
    const from = temporaryFolder();
    fill(from, { 'SKILL.md': skillText('pdf') });
    const origin: InstallOrigin = { kind: 'folder', folder: from };
    const late = await installer.stage(origin, () => {}, noSignal());
    fill(from, { 'SKILL.md': skillText('pdf', 'Another.') });
    await install(origin);
    const [offered] = late.skills;
    assert.ok(offered !== undefined);
    await assert.rejects(installer.install(late, offered, {}), /already installed/);
    assert.equal(readdirSync(path.join(folder, 'reviewed')).length, 1);
  });
});
