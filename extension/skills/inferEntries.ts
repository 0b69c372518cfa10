/** Which scripts of a skill are programs, where nobody says so. Pure. */
import type { SkillEntry } from '../shared/skill.ts';
import { runtimeOfFile } from './skillData.ts';
import { nameFrom, openArguments } from './skillFields.ts';

const entriesLimit = 50;

/** Parts of other programs, and tests. */
const isPart = (name: string): boolean =>
  /^[_.]|^test_|_test\.py$|[.-](?:test|spec)\.[cm]?js$|^(?:conftest|setup)\.py$/.test(name);

/** Scripts lie in `scripts/` or one folder below; deeper ones are what they import. */
const isScript = (file: string): boolean => {
  const parts = file.split('/');
  const name = parts.at(-1) ?? '';
  const isNear = parts[0] === 'scripts' && (parts.length === 2 || parts.length === 3);
  return isNear && runtimeOfFile(name) !== undefined && !isPart(name);
};

const withoutEnding = (file: string): string => file.replace(/\.[^./]*$/, '');

const entryOf = (file: string, taken: ReadonlySet<string>): SkillEntry | undefined => {
  const below = withoutEnding(file.slice('scripts/'.length));
  const names = [below.split('/').at(-1) ?? '', below, file].map(nameFrom);
  const name = names.find((each) => each !== '' && !taken.has(each));
  if (name === undefined) return undefined;
  const description = `Runs ${file}; the text of the skill says how.`;
  return { name, description, file, arguments: openArguments, output: 'text' };
};

export interface InferredEntries {
  readonly entries: readonly SkillEntry[];
  /** In a sentence: which scripts are none, although they look like programs. */
  readonly leftOut?: string;
}

/**
 * All of one runtime, that of most scripts. They take their arguments on the command line.
 * @param files paths of all files of the skill
 */
export const inferEntries = (files: readonly string[]): InferredEntries => {
  const scripts = files.filter(isScript);
  const runtimes = [...new Set(scripts.map(runtimeOfFile))]
    .map((runtime) => ({ runtime, count: scripts.filter((file) => runtimeOfFile(file) === runtime).length }))
    .sort((a, b) => b.count - a.count);
  const main = runtimes[0]?.runtime;
  const taken = new Set<string>();
  const entries = scripts
    .filter((file) => runtimeOfFile(file) === main)
    .slice(0, entriesLimit)
    .flatMap((file) => {
      const entry = entryOf(file, taken);
      if (entry !== undefined) taken.add(entry.name);
      return entry ?? [];
    });
  const left = scripts.filter((file) => !entries.some((entry) => entry.file === file));
  if (left.length === 0) return { entries };
  const some = left.slice(0, 5).join(', ') + (left.length > 5 ? ' …' : '');
  const leftOut = `These scripts are not offered as programs, since a skill has one runtime and at most ${entriesLimit} programs: ${some}. Agents can still read them. Name the ones that matter in \`anycowork-entry\`.`;
  return { entries, leftOut };
};
