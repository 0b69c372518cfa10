/** What skills are called where several have one name. Pure. */
import type { SkillPlace, SkillProblem, SkillSource } from '../shared/skill.ts';

export interface NamedSkill {
  readonly name: string;
  readonly source: SkillSource;
  /** What describes it, for the problem. */
  readonly file: string;
}

export interface SkillId {
  readonly id: string;
  /** Set where another skill keeps the name. */
  readonly problem?: SkillProblem;
}

/** Who keeps a name. A skill that comes with an open folder never takes the place of one that the person has. */
const precedence: readonly SkillPlace[] = ['installed', 'user', 'bundled', 'workspace'];

const freeId = (wanted: string, taken: ReadonlySet<string>): string => {
  let id = wanted;
  for (let count = 2; taken.has(id); count++) id = `${wanted}-${count}`;
  return id;
};

/** One for each skill, in their order. */
export const skillIds = (skills: readonly NamedSkill[]): readonly SkillId[] => {
  const ranked = [...skills].sort(
    (a, b) => precedence.indexOf(a.source.place) - precedence.indexOf(b.source.place),
  );
  const owners = new Map<string, NamedSkill>();
  for (const skill of ranked) if (!owners.has(skill.name)) owners.set(skill.name, skill);
  const taken = new Set(owners.keys());
  const ids = new Map<NamedSkill, SkillId>();
  for (const skill of ranked) {
    const owner = owners.get(skill.name);
    if (owner === skill || owner === undefined) {
      ids.set(skill, { id: skill.name });
      continue;
    }
    const id = freeId(`${skill.source.place}-${skill.name}`, taken);
    taken.add(id);
    const message = `Another skill is called \`${skill.name}\` too: ${owner.source.label} (${owner.source.folder}). This one is used as \`${id}\`. Give one of them another name.`;
    ids.set(skill, { id, problem: { file: skill.file, severity: 'warning', message } });
  }
  return skills.map((skill) => ids.get(skill) ?? { id: skill.name });
};
