import assert from 'node:assert/strict';
import { isUsable } from '../../extension/core/skills.ts';
import type { LoadedSkill } from '../../extension/shared/skill.ts';
import { descriptions, extraFiles } from './publicSkills.ts';
import { makeSkillHome, type SkillHome } from './skillHome.ts';

describe('a public marketplace of skills', () => {
  let home: SkillHome;
  let skills: readonly LoadedSkill[];
  const get = (id: string): LoadedSkill => {
    const skill = skills.find((each) => each.id === id);
    assert.ok(skill, id);
    return skill;
  };

  before(async () => {
    home = await makeSkillHome();
    const below = 'home/.claude/skills/collection';
    await home.put(`${below}/.claude-plugin/marketplace.json`, '{"name": "all", "plugins": []}');
    await home.put(`${below}/README.md`, '# Skills\n');
    for (const [name, text] of Object.entries(descriptions))
      await home.put(`${below}/skills/${name}/SKILL.md`, text);
    for (const [file, content] of Object.entries(extraFiles))
      await home.put(`${below}/skills/${file}`, content);
    skills = await home.catalog.list();
  });
  after(() => home.close());

  it('has 18 skills, all usable', () => {
    assert.equal(Object.keys(descriptions).length, 18);
    assert.deepEqual(
      skills.map(({ id }) => id),
      Object.keys(descriptions).sort(),
    );
    assert.deepEqual(
      skills.filter((skill) => !isUsable(skill)),
      [],
    );
    for (const { description, body, isForAgents } of skills) {
      assert.ok(description !== '' && body !== '' && isForAgents);
      assert.ok(!body.includes('\r') && !body.includes('\uFEFF'));
    }
  });

  it('keeps what is odd, and says so', () => {
    assert.equal(get('claude-api').description.length, 1_068);
    assert.equal(get('claude-api').body.split('\n').length, 620);
    assert.equal(
      get('pdf').description,
      'Reads, merges and fills forms. When the user says "fill in this form": use it.',
    );
    assert.equal(get('mcp-builder').argumentHint, '[service] [language]');
    assert.equal(get('pptx').version, '1.0');
    assert.equal(get('canvas-design').body, '# Canvas\n');
    const warned = skills.filter(({ problems }) => problems.length > 0).map(({ id }) => id);
    assert.deepEqual(warned, [
      'algorithmic-art',
      'claude-api',
      'mcp-builder',
      'pdf',
      'skill-creator',
      'template-skill',
    ]);
  });

  it('has every file, binary ones too, and programs where there are scripts', () => {
    const total = Object.keys(descriptions).length + Object.keys(extraFiles).length;
    assert.equal(
      skills.reduce((sum, { files }) => sum + files.length, 0),
      total,
    );
    assert.deepEqual(
      get('docx').entries.map(({ file }) => file),
      ['scripts/office/unpack.py'],
    );
    assert.equal(get('web-artifacts-builder').runtime, 'shell');
    assert.deepEqual(get('web-artifacts-builder').allowedTools, ['Bash(npm:*)', 'Read']);
    assert.deepEqual(get('pdf').entries, []);
  });
});
