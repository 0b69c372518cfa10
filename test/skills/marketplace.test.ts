import assert from 'node:assert/strict';
import path from 'node:path';
import fc from 'fast-check';
import { below, findSkills, mostSkills } from '../../extension/skills/marketplace.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { skillText } from './treeSupport.ts';

describe('where skills lie in a tree', () => {
  let tree: string;
  beforeEach(() => {
    tree = temporaryFolder();
  });
  afterEach(removeTemporaryFolders);

  const skills = (...folders: string[]): void => {
    for (const folder of folders)
      fill(tree, { [path.join(folder, 'SKILL.md')]: skillText(path.basename(folder)) });
  };
  const json = (file: string, value: unknown): void => fill(tree, { [file]: JSON.stringify(value) });
  const claude = '.claude-plugin/marketplace.json';

  it('is told by a marketplace of Claude Code, those that no plugin names left out', async () => {
    skills('skills/xlsx', 'skills/pdf', 'skills/other', 'template');
    json(claude, {
      name: 'm',
      owner: { name: 'o' },
      metadata: { description: 'd', version: '1' },
      plugins: [
        {
          name: 'documents',
          description: 'd',
          source: './',
          strict: false,
          skills: ['./skills/xlsx', './skills/pdf'],
        },
        { name: 'again', source: '.', strict: false, skills: './skills/pdf/' },
      ],
    });
    assert.deepEqual(await findSkills(tree), {
      top: tree,
      folders: ['skills/pdf', 'skills/xlsx'],
      problems: [],
    });
  });

  it('is told by plugins in folders of their own, by their files, and by convention', async () => {
    skills('plugins/a/skills/one', 'plugins/b/more/two', 'plugins/b/skills/three', 'plugins/c/skills/four');
    json('plugins/b/.claude-plugin/plugin.json', { name: 'b', skills: ['./more'] });
    json('plugins/c/.claude-plugin/plugin.json', { name: 'c' });
    json(claude, {
      metadata: { pluginRoot: './plugins' },
      plugins: [
        { name: 'a', source: 'a' },
        { name: 'b', source: './plugins/b' },
        { name: 'c', source: 'c' },
      ],
    });
    assert.deepEqual((await findSkills(tree)).folders, [
      'plugins/a/skills/one',
      'plugins/b/more/two',
      'plugins/c/skills/four',
    ]);
  });

  it('is told by a marketplace of Codex', async () => {
    skills('plugins/a/skills/one', 'elsewhere/two');
    json('plugins/a/.codex-plugin/plugin.json', { name: 'a', skills: './skills/' });
    json('.agents/plugins/marketplace.json', {
      name: 'm',
      plugins: [{ name: 'a', source: { source: 'local', path: './plugins/a' } }],
    });
    assert.deepEqual((await findSkills(tree)).folders, ['plugins/a/skills/one']);
  });

  it('never is outside the tree', async () => {
    const inside = path.join(tree, 'inside');
    fill(tree, { 'secret/SKILL.md': skillText('secret'), 'inside/ok/SKILL.md': skillText('ok') });
    fill(inside, {
      [claude]: JSON.stringify({
        metadata: { pluginRoot: '../..' },
        plugins: [
          { name: 'up', source: '../secret' },
          {
            name: 'skills',
            source: './',
            skills: ['../secret', '/etc', 'ok/../../secret', '..\\secret', './ok'],
          },
          { name: 'manifest', source: './ok' },
          { name: 'away', source: { source: 'github', repo: 'a/b' } },
          { name: 'url', source: 'https://host.example/a' },
          7,
        ],
      }),
      'ok/.claude-plugin/plugin.json': JSON.stringify({ skills: '../../secret' }),
    });
    const { folders, problems } = await findSkills(inside);
    assert.deepEqual(folders, ['ok']);
    const words = problems.map(({ message }) => message).join('\n');
    assert.equal(words.match(/leads out/g)?.length, 6);
    assert.equal(words.match(/another repository/g)?.length, 2);
    assert.match(words, /Plugin 6 has no name/);
  });

  it('stays below the base for every path', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', 'a', '', '\\', 'C:', '/'), fc.string({ maxLength: 4 }));
    const given = fc.array(part).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(given, (name) => {
        const found = below('', name);
        if (found === undefined) return;
        const absolute = path.resolve('/tree', found);
        assert.ok(
          absolute === path.resolve('/tree') || absolute.startsWith(path.resolve('/tree') + path.sep),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is searched for where no marketplace tells, four folders deep and not inside skills', async () => {
    skills('a', 'a/inner', 'b/c/d/e', 'b/c/d/f/g', 'node_modules/x');
    fill(tree, { 'y/skill.yaml': 'name: y' });
    assert.deepEqual((await findSkills(tree)).folders, ['a', 'b/c/d/e', 'y']);
    fill(tree, { 'z/Skill.md': skillText('z'), 'zz/skill.yml': 'name: zz' });
    assert.deepEqual((await findSkills(tree)).folders, ['a', 'b/c/d/e', 'y', 'z', 'zz']);
    fill(tree, { [claude]: 'not json' });
    const { folders, problems } = await findSkills(tree);
    assert.deepEqual(folders, ['a', 'b/c/d/e', 'y', 'z', 'zz']);
    assert.match(problems[0]?.message ?? '', /no list of plugins/);
  });

  it('is the tree itself, or the only folder at its top', async () => {
    fill(tree, { 'skills-main/SKILL.md': skillText('one') });
    assert.deepEqual(await findSkills(tree), {
      top: path.join(tree, 'skills-main'),
      folders: [''],
      problems: [],
    });
    assert.deepEqual((await findSkills(path.join(tree, 'skills-main'))).folders, ['']);
  });

  it('says which named skill is not there, and that there are too many', async () => {
    json(claude, { plugins: [{ name: 'p', source: './', strict: false, skills: ['./gone'] }] });
    assert.match((await findSkills(tree)).problems[0]?.message ?? '', /"gone", which is not there/);
    skills(...Array.from({ length: mostSkills + 1 }, (_, index) => `s/${index}`));
    const { folders, problems } = await findSkills(tree);
    assert.equal(folders.length, mostSkills);
    assert.match(problems.at(-1)?.message ?? '', /201 skills/);
  });
});
