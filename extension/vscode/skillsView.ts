/** The skills of this window, in a tree: bundled, installed, the person's own, those of the open folders. */
import type { SkillCatalog, SkillRecords } from '../core/skills.ts';
import type { SkillPlace } from '../shared/skill.ts';
import type { RulesTree } from './rulesTree.ts';
import { SkillEntryItem, SkillGroupItem, SkillItem, SkillProblemItem } from './skillItems.ts';

const places: readonly SkillPlace[] = ['bundled', 'installed', 'user', 'workspace'];

export const createSkillsView = (ports: {
  readonly catalog: Pick<SkillCatalog, 'list' | 'onChange'>;
  readonly records: Pick<SkillRecords, 'get'>;
  now(): number;
}): RulesTree => {
  const { catalog, records } = ports;
  return {
    children: async (parent) => {
      if (parent instanceof SkillGroupItem) {
        return Promise.all(
          parent.skills.map(
            async (skill) => new SkillItem(skill, await records.get(skill.source, skill.name), ports.now()),
          ),
        );
      }
      if (parent instanceof SkillItem) {
        const { skill } = parent;
        return [
          ...skill.problems.map((problem, index) => new SkillProblemItem(skill, problem, index)),
          ...skill.entries.map((entry) => new SkillEntryItem(skill, entry)),
        ];
      }
      if (parent !== undefined) return [];
      const all = await catalog.list();
      return places.flatMap((place) => {
        const own = all.filter(({ source }) => source.place === place);
        return own.length === 0 ? [] : [new SkillGroupItem(place, own)];
      });
    },
    // The catalogue follows the records, and tells once it has read everything: while VS Code waits for rows, those that
    // are shown still take clicks, but nobody knows any more what they stand for.
    onChange: catalog.onChange,
  };
};
