import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { LoadedSkill } from '../../extension/shared/skill.ts';
import { findSkillFolders, skillLocations } from '../../extension/skills/locations.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { makeSkillHome, markdownSkill, type SkillHome } from './skillHome.ts';

const isWindows = process.platform === 'win32';

describe('the catalogue of skills', () => {
  let home: SkillHome;
  const list = (): Promise<readonly LoadedSkill[]> => home.catalog.list();
  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await list()).map(({ id, state }) => [id, state]));
  const change = async (id: string, record: Parameters<SkillHome['records']['change']>[2]): Promise<void> => {
    const skill = (await list()).find((each) => each.id === id);
    assert.ok(skill);
    await home.records.change(skill.source, skill.name, record);
  };
  const review = async (id: string): Promise<void> => {
    const hash = (await home.catalog.get(id))?.hash ?? '';
    await change(id, (record) => ({ ...record, reviewedHash: hash }));
  };
  /** Resolves when the catalogue says that it has changed. */
  const changed = async (): Promise<void> => {
    const events = new EventTarget();
    const stop = home.catalog.onChange(() => events.dispatchEvent(new Event('change')));
    await once(events, 'change');
    stop();
  };

  beforeEach(async () => {
    home = await makeSkillHome();
  });
  afterEach(() => home.close());

  it('lists the skills of every place by id, with where they are from', async () => {
    await home.put('bundled/a/SKILL.md', markdownSkill('a'));
    await home.put('storage/installed/b/SKILL.md', markdownSkill('b'));
    for (const [index, folder] of ['anycowork', 'agents', 'claude', 'copilot'].entries()) {
      await home.put(`home/.${folder}/skills/group/c${index}/SKILL.md`, markdownSkill(`c${index}`));
    }
    for (const [index, folder] of ['anycowork', 'agents', 'github', 'claude'].entries()) {
      await home.put(`work/.${folder}/skills/d${index}/SKILL.md`, markdownSkill(`d${index}`));
    }
    const skills = await list();
    assert.deepEqual(
      skills.map(({ id, source }) => [id, source.place, source.label]),
      [
        ['a', 'bundled', 'bundled'],
        ['b', 'installed', 'installed'],
        ['c0', 'user', '~/.anycowork/skills'],
        ['c1', 'user', '~/.agents/skills'],
        ['c2', 'user', '~/.claude/skills'],
        ['c3', 'user', '~/.copilot/skills'],
        ['d0', 'workspace', '.anycowork/skills'],
        ['d1', 'workspace', '.agents/skills'],
        ['d2', 'workspace', '.github/skills'],
        ['d3', 'workspace', '.claude/skills'],
      ],
    );
    assert.equal(skills[0]?.source.folder, path.join(home.top, 'bundled/a'));
    assert.deepEqual(home.errors, []);
  });

  it('says what may be used', async () => {
    await home.put('bundled/a/SKILL.md', markdownSkill('a'));
    await home.put('storage/installed/b/SKILL.md', markdownSkill('b'));
    await home.put('home/.agents/skills/c/SKILL.md', markdownSkill('c'));
    await home.put('home/.agents/skills/d/SKILL.md', 'no front matter');
    await home.put('work/.agents/skills/e/SKILL.md', markdownSkill('e'));
    assert.deepEqual(await states(), {
      a: 'ready',
      b: 'changed',
      c: 'unreviewed',
      d: 'broken',
      e: 'unreviewed',
    });
    for (const id of ['b', 'c', 'e']) await review(id);
    assert.deepEqual(await states(), { a: 'ready', b: 'ready', c: 'ready', d: 'broken', e: 'ready' });
    await home.put('storage/installed/b/more.txt', 'x');
    await home.put('work/.agents/skills/e/more.txt', 'x');
    home.catalog.refresh();
    assert.deepEqual(await states(), { a: 'ready', b: 'changed', c: 'ready', d: 'broken', e: 'changed' });
    await change('a', (record) => ({ ...record, isDisabled: true }));
    assert.equal((await states()).a, 'disabled');
    const broken = await home.catalog.get('d');
    assert.equal(broken?.problems[0]?.severity, 'error');
  });

  it('gives grants to these very files only', async () => {
    await home.put('home/.agents/skills/c/SKILL.md', markdownSkill('c'));
    const hash = (await home.catalog.get('c'))?.hash ?? '';
    await change('c', (record) => ({ ...record, grants: { [hash]: { network: true } } }));
    assert.deepEqual((await home.catalog.get('c'))?.grants, { network: true });
    await home.put('home/.agents/skills/c/x', '');
    home.catalog.refresh();
    assert.deepEqual((await home.catalog.get('c'))?.grants, {});
  });

  it('says where an installed one is from', async () => {
    await home.put('storage/installed/b/SKILL.md', markdownSkill('b'));
    const labels: string[] = [];
    for (const url of ['https://github.com/a/b.git', 'git@github.com:a/b.git', 'ssh://git@github.com/a/b']) {
      await change('b', (record) => ({ ...record, origin: { kind: 'git', url } }));
      labels.push((await home.catalog.get('b'))?.source.label ?? '');
    }
    assert.deepEqual([...new Set(labels)], ['installed from github.com/a/b']);
  });

  it('does not look into folders that are not trusted', async () => {
    await home.put('work/.agents/skills/e/SKILL.md', markdownSkill('e'));
    home.state.isTrusted = false;
    assert.deepEqual(await list(), []);
    assert.ok(![...home.watched.keys()].some((folder) => folder.startsWith(path.join(home.top, 'work'))));
    home.state.isTrusted = true;
    home.catalog.refresh();
    assert.deepEqual(await states(), { e: 'unreviewed' });
  });

  it('shows both of two skills with one name', async () => {
    await home.put('work/.agents/skills/a/SKILL.md', markdownSkill('a'));
    await home.put('bundled/a/SKILL.md', markdownSkill('a'));
    await home.put('home/.agents/skills/other/SKILL.md', markdownSkill('a'));
    assert.deepEqual(Object.keys(await states()), ['a', 'bundled-a', 'workspace-a']);
    const workspace = await home.catalog.get('workspace-a');
    assert.match(workspace?.problems[0]?.message ?? '', /`a` too: ~\/.agents\/skills/);
    assert.equal((await home.catalog.get('a'))?.source.place, 'user');
  });

  it('tells of a change once it has settled, and of nothing else', async () => {
    await home.put('home/.agents/skills/c/SKILL.md', markdownSkill('c'));
    await list();
    let told = 0;
    home.catalog.onChange(() => {
      told += 1;
    });
    home.tellChange('home/.agents/skills/c');
    await turn();
    await list();
    await turn();
    assert.equal(told, 0, 'nothing changed');
    const next = changed();
    await home.put('home/.agents/skills/c/SKILL.md', markdownSkill('c', 'Something else.'));
    for (let count = 0; count < 5; count++) home.tellChange('home/.agents/skills/c');
    await next;
    assert.equal((await home.catalog.get('c'))?.description, 'Something else.');
    assert.equal(told, 1);
  });

  it('sees skills come, move and go', async () => {
    assert.deepEqual(await list(), []);
    for (const step of [
      () => home.put('home/.agents/skills/c/SKILL.md', markdownSkill('c')),
      () =>
        rename(path.join(home.top, 'home/.agents/skills/c'), path.join(home.top, 'home/.agents/skills/d')),
      () => rm(path.join(home.top, 'home/.agents/skills/d'), { recursive: true }),
    ]) {
      const next = changed();
      await step();
      home.tellChange('home/.agents/skills');
      await next;
    }
    assert.deepEqual(await list(), []);
  });

  it('follows links of installers in the home folder, and none in an open folder', async function () {
    if (isWindows) skipBecause(this, 'links need a permission on Windows');
    await home.put('elsewhere/c/SKILL.md', markdownSkill('c'));
    await home.put('home/.agents/skills/d/SKILL.md', markdownSkill('d'));
    for (const folder of ['home/.claude/skills', 'work/.agents/skills']) {
      await mkdir(path.join(home.top, folder), { recursive: true });
      await symlink(path.join(home.top, 'elsewhere/c'), path.join(home.top, folder, 'c'));
    }
    await symlink(path.join(home.top, 'home/.agents/skills/d'), path.join(home.top, 'home/.claude/skills/d'));
    await symlink(path.join(home.top, 'elsewhere'), path.join(home.top, 'work/.anycowork'));
    await mkdir(path.join(home.top, 'elsewhere/skills'));
    await home.put('elsewhere/skills/f/SKILL.md', markdownSkill('f'));
    assert.deepEqual(
      (await list()).map(({ id, source }) => [id, source.label]),
      [
        ['c', '~/.claude/skills'],
        ['d', '~/.agents/skills'],
      ],
    );
    assert.ok(home.watched.has(path.join(home.top, 'elsewhere/c')));
  });

  it('goes on where one folder cannot be read', async function () {
    if (isWindows || process.getuid?.() === 0) skipBecause(this, 'this account may read everything');
    await home.put('home/.agents/skills/c/SKILL.md', markdownSkill('c'));
    await mkdir(path.join(home.top, 'home/.agents/skills/shut'), { mode: 0o000 });
    assert.deepEqual(await states(), { c: 'unreviewed' });
    assert.match(home.errors[0] ?? '', /shut cannot be looked at/);
    await chmod(path.join(home.top, 'home/.agents/skills/shut'), 0o700);
  });

  it('ends its watches', async () => {
    await list();
    assert.ok(home.watched.size > 0);
    home.catalog.close();
    assert.equal(home.watched.size, 0);
  });

  it('looks no deeper than four folders, not into skills, and at no more than 2,000', async () => {
    await home.put('bundled/1/2/3/4/SKILL.md', markdownSkill('four'));
    await home.put('bundled/1/2/3/x/5/SKILL.md', markdownSkill('five'));
    await home.put('bundled/outer/SKILL.md', markdownSkill('outer'));
    await home.put('bundled/outer/inner/SKILL.md', markdownSkill('inner'));
    await home.put('bundled/.hidden/SKILL.md', markdownSkill('hidden'));
    await home.put('bundled/node_modules/x/SKILL.md', markdownSkill('module'));
    await home.put('bundled/SKILL.md', markdownSkill('top'));
    assert.deepEqual(Object.keys(await states()), ['four', 'outer']);
    const many = Array.from({ length: 2_001 }, (_, index) =>
      path.join(home.top, `storage/installed/${index}`),
    );
    await Promise.all(many.map((folder) => mkdir(folder, { recursive: true })));
    home.catalog.refresh();
    await list();
    assert.match(home.errors[0] ?? '', /more than 2000 folders/);
  });
});

describe('places of skills', () => {
  it('name the folder where there are several', async () => {
    const roots = ['/x/one', '/x/two'];
    const places = skillLocations({
      bundled: undefined,
      installed: '/i',
      home: '/h',
      roots,
      isTrusted: true,
    });
    assert.deepEqual(
      places
        .filter(({ place }) => place === 'workspace')
        .map(({ label }) => label)
        .filter((label) => label.includes('.agents')),
      ['one/.agents/skills', 'two/.agents/skills'],
    );
    assert.ok(!places.some(({ place }) => place === 'bundled'));
  });

  it('need not exist', async () => {
    const nowhere = { place: 'user', label: 'x', folder: '/does/not/exist' } as const;
    assert.deepEqual(await findSkillFolders(nowhere), { folders: [], linked: [], problems: [] });
  });
});
