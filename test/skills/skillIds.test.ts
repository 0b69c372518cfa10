import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SkillPlace } from '../../extension/shared/skill.ts';
import { type NamedSkill, skillIds } from '../../extension/skills/skillIds.ts';

const named = (name: string, place: SkillPlace, label: string = place): NamedSkill => ({
  name,
  source: { place, label, folder: `/${label}/${name}` },
  file: 'SKILL.md',
});

describe('ids of skills', () => {
  it('leave the name to what the person chose, and tell of it', () => {
    const ids = skillIds([
      named('a', 'workspace'),
      named('a', 'bundled'),
      named('a', 'user'),
      named('a', 'installed'),
      named('a', 'user', 'other'),
    ]);
    assert.deepEqual(
      ids.map(({ id }) => id),
      ['workspace-a', 'bundled-a', 'user-a', 'a', 'user-a-2'],
    );
    assert.match(
      ids[0]?.problem?.message ?? '',
      /`a` too: installed \(\/installed\/a\). This one is used as `workspace-a`/,
    );
    assert.equal(ids[3]?.problem, undefined);
  });

  it('do not take the name of a skill that looks like an id', () => {
    const ids = skillIds([named('a', 'user'), named('a', 'workspace'), named('workspace-a', 'workspace')]);
    assert.deepEqual(
      ids.map(({ id }) => id),
      ['a', 'workspace-a-2', 'workspace-a'],
    );
  });

  it('are unique, and a workspace never takes a name from others', () => {
    const skill = fc.tuple(
      fc.constantFrom('a', 'user-a', 'workspace-a', 'b'),
      fc.constantFrom<SkillPlace>('bundled', 'installed', 'user', 'workspace'),
    );
    fc.assert(
      fc.property(fc.array(skill, { maxLength: 12 }), (list) => {
        const skills = list.map(([name, place]) => named(name, place));
        const ids = skillIds(skills);
        assert.equal(new Set(ids.map(({ id }) => id)).size, skills.length);
        skills.forEach(({ name, source }, index) => {
          const isPlain = ids[index]?.id === name;
          assert.equal(ids[index]?.problem === undefined, isPlain);
          const hasOther = skills.some((other) => other.name === name && other.source.place !== 'workspace');
          if (source.place === 'workspace' && hasOther) assert.ok(!isPlain);
        });
      }),
    );
  });
});
