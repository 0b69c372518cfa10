/** Which file describes a skill, and what all its files say together. Pure. */
import type { Skill, SkillProblem } from '../shared/skill.ts';
import type { SkillParse } from './skillData.ts';
import { fewProblems, hasErrors, nearestKey } from './skillFields.ts';
import { parseSkillMarkdown } from './skillMarkdown.ts';
import { parseSkillYaml } from './skillYaml.ts';

export interface SkillFileText {
  /** As it is called in the folder. */
  readonly file: string;
  readonly content: Uint8Array;
}

/** Of `names`, the one that is called so, in whatever case. */
const findName = (wanted: string, names: readonly string[]): string | undefined =>
  names.find((name) => name === wanted) ?? names.find((name) => name.toLowerCase() === wanted.toLowerCase());

export interface DescriptionFiles {
  readonly yaml: string | undefined;
  readonly markdown: string | undefined;
  readonly readme: string | undefined;
}

/** @param names of what lies directly in the folder */
export const descriptionFilesOf = (names: readonly string[]): DescriptionFiles => ({
  yaml: findName('skill.yaml', names),
  markdown: findName('SKILL.md', names),
  readme: findName('README.md', names),
});

/** Nearly right, so that it is told of. */
const misspelled = (names: readonly string[]): string | undefined => findName('skill.yml', names);

/** Also of one whose description is called almost as it should be. */
export const isSkillFolder = (names: readonly string[]): boolean => {
  const { yaml, markdown } = descriptionFilesOf(names);
  return (yaml ?? markdown ?? misspelled(names)) !== undefined;
};

/** A description is read whole, and goes to the model. */
const longestDescription = 1_000_000;

const error = (file: string, message: string): SkillProblem => ({ file, severity: 'error', message });

const decode = ({ file, content }: SkillFileText): { text: string } | { problem: SkillProblem } => {
  if (content.length > longestDescription) {
    return { problem: error(file, 'It is longer than 1 MB. Put details into files of their own.') };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return { text: text.replace(/\r\n?/g, '\n') };
  } catch {
    return { problem: error(file, 'It is no UTF-8 text. Save it with the encoding UTF-8.') };
  }
};

/** Missing programs for which something like it is searched: among thousands of files that takes a while. */
const mostSearches = 5;

/** Programs have to be there, as files and not as links. */
const entryProblems = (skill: Skill, file: string, files: readonly string[]): readonly SkillProblem[] => {
  const there = new Set(files);
  const missing = skill.entries.filter((entry) => !there.has(entry.file));
  return missing.map((entry, index) => {
    const nearest = index < mostSearches ? nearestKey(entry.file, files) : undefined;
    const advice = nearest === undefined ? 'Add it, or correct the path.' : `Do you mean \`${nearest}\`?`;
    return error(
      file,
      `The file of the program ${entry.name}, \`${entry.file}\`, is not in the folder. ${advice}`,
    );
  });
};

const bothMessage =
  'SKILL.md describes this skill too, and is what counts; this file is not read. Delete one of the two.';

const parseTexts = (
  folderName: string,
  files: readonly string[],
  texts: readonly SkillFileText[],
): SkillParse => {
  const names = descriptionFilesOf(texts.map(({ file }) => file));
  const main = names.markdown ?? names.yaml;
  const textOf = (name: string | undefined) => {
    const found = texts.find(({ file }) => file === name);
    return found && decode(found);
  };
  const text = textOf(main);
  if (main === undefined || text === undefined) {
    const wrong = misspelled(files);
    if (wrong !== undefined)
      return { problems: [error(wrong, 'This file is not read. Call it skill.yaml.')] };
    return { problems: [error('.', 'There is neither SKILL.md nor skill.yaml here. Add one.')] };
  }
  if ('problem' in text) return { problems: [text.problem] };
  if (main === names.markdown) {
    const parsed = parseSkillMarkdown(text.text, { folderName, files, file: main });
    const both: readonly SkillProblem[] =
      names.yaml === undefined ? [] : [{ file: names.yaml, severity: 'warning', message: bothMessage }];
    return { ...parsed, problems: [...parsed.problems, ...both] };
  }
  const readme = textOf(names.readme);
  if (readme !== undefined && 'problem' in readme) return { problems: [readme.problem] };
  return parseSkillYaml(text.text, readme?.text, main);
};

/**
 * Never throws: whatever is wrong becomes a problem.
 * @param folderName of the skill, from which a missing name is made
 * @param files paths of all regular files of the skill
 * @param texts of the files that describe it
 */
export const parseSkillFiles = (
  folderName: string,
  files: readonly string[],
  texts: readonly SkillFileText[],
): SkillParse => {
  try {
    const { skill, problems } = parseTexts(folderName, files, texts);
    const main = descriptionFilesOf(files);
    const file = main.markdown ?? main.yaml ?? '.';
    const all = skill === undefined ? problems : [...problems, ...entryProblems(skill, file, files)];
    const told = fewProblems(all);
    return skill === undefined || hasErrors(all) ? { problems: told } : { skill, problems: told };
  } catch (thrown) {
    // Thousands of values in each other are too deep for the parsers.
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { problems: [error('.', `The description cannot be read: ${reason}. Write it more simply.`)] };
  }
};
