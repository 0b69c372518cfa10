/** Which files of a skill are others than before. */
import type { SkillFile } from '../shared/skill.ts';
import type { ComparedFile } from './skillDocuments.ts';
import { count } from './words.ts';

export interface Side {
  /** Absolute. */
  readonly folder: string;
  readonly files: readonly Pick<SkillFile, 'path' | 'sha256'>[];
}

/** Those that differ, by path. Pure. */
export const changedFiles = (before: Side, after: Side): readonly ComparedFile[] => {
  const left = new Map(before.files.map(({ path: name, sha256 }) => [name, sha256]));
  const right = new Map(after.files.map(({ path: name, sha256 }) => [name, sha256]));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => left.get(name) !== right.get(name))
    .toSorted()
    .map((name) => ({
      path: name,
      before: left.has(name) ? before.folder : undefined,
      after: right.has(name) ? after.folder : undefined,
    }));
};

/** `2 files changed, 1 is new, 3 are gone`. Pure. */
export const changesText = (files: readonly ComparedFile[]): string => {
  const made = files.filter(({ before }) => before === undefined).length;
  const gone = files.filter(({ after }) => after === undefined).length;
  const changed = files.length - made - gone;
  const parts = [
    ...(changed > 0 ? [`${count(changed, 'file')} changed`] : []),
    ...(made > 0 ? [`${made} new`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
  ];
  return parts.length === 0 ? 'No file is different.' : `${parts.join(', ')}.`;
};
