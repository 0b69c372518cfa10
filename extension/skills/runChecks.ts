/** What has to be right before a program of a skill is even asked about. */
import { commandText } from '../core/commandLine.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { visibleText } from '../core/shownText.ts';
import { isUsable, type SkillRunRequest } from '../core/skills.ts';
import { ToolError } from '../core/tool.ts';
import type { LoadedSkill, SkillEntry, SkillRuntime } from '../shared/skill.ts';
import { checkArguments } from './argumentsCheck.ts';

const mostArguments = 100;
/** Of all together; systems take little more. */
const longestArguments = 100_000;

/** Of files that are not those that were loaded. */
export const changedText = (id: string): string =>
  `The files of the skill ${id} have changed since it was loaded. Nothing was run. Try again in a moment; one that had been reviewed needs a new review first: AnyCowork: Review Skill.`;

const whyUnusable: Readonly<Partial<Record<LoadedSkill['state'], string>>> = {
  changed:
    'its files have changed since they were reviewed. The person can look at the changes: AnyCowork: Review Skill',
  disabled: 'it is turned off. The person can turn it on: AnyCowork: Enable Skill',
  broken: 'its files cannot be read as a skill. The skills view says what is wrong',
};

/** For agents and people; undefined of one that can be used. */
export const unusableText = (skill: Pick<LoadedSkill, 'id' | 'state'>): string | undefined =>
  isUsable(skill)
    ? undefined
    : `The skill ${skill.id} cannot be used: ${whyUnusable[skill.state] ?? skill.state}.`;

/** @throws ToolError */
export const checkUsable = (skill: Pick<LoadedSkill, 'id' | 'state'>): void => {
  const why = unusableText(skill);
  if (why !== undefined) throw new ToolError(why);
};

const findEntry = ({ skill, entry: name }: SkillRunRequest): SkillEntry => {
  const entry = skill.entries.find((each) => each.name === name);
  if (entry === undefined) {
    const known = skill.entries.map((each) => each.name).join(', ');
    const those = known === '' ? 'It has none; its instructions are all there is.' : `It has: ${known}.`;
    throw new ToolError(`The skill ${skill.id} has no program "${visibleText(name)}". ${those}`);
  }
  if (!skill.files.some(({ path }) => path === entry.file)) {
    throw new ToolError(
      `The program ${entry.name} of the skill ${skill.id} is missing: there is no file ${entry.file}.`,
    );
  }
  return entry;
};

const checkArgv = (argv: readonly string[]): void => {
  if (argv.length > mostArguments) throw new ToolError(`At most ${mostArguments} arguments can be given.`);
  if (argv.some((each) => each.includes('\0'))) throw new ToolError('An argument has a NUL character in it.');
  if (argv.reduce((sum, each) => sum + each.length, 0) > longestArguments) {
    throw new ToolError('The arguments are too long. Put long texts into the input, or into a file.');
  }
};

/** @throws ToolError, with the schema where the input does not fit */
export const checkRequest = (request: SkillRunRequest): SkillEntry => {
  const { skill, input, argv } = request;
  checkUsable(skill);
  const entry = findEntry(request);
  checkArgv(argv);
  const problems = checkArguments(entry.arguments, input);
  if (problems.length > 0) {
    const schema = JSON.stringify(entry.arguments);
    throw new ToolError(
      `The input does not fit ${skill.id}/${entry.name}. ${problems.join('; ')}. Its schema: ${schema}`,
    );
  }
  return entry;
};

/**
 * The files that run are those that were loaded, and reviewed.
 * @param hashOf of the folder's files as they are now
 * @throws ToolError
 */
export const checkUnchanged = async (
  { id, hash, source }: Pick<LoadedSkill, 'id' | 'hash' | 'source'>,
  hashOf: (folder: string) => Promise<string>,
): Promise<void> => {
  const now = await hashOf(source.folder).catch((error: unknown) => {
    throw new ToolError(`The files of the skill ${id} cannot be read: ${reasonOf(error)}. Nothing was run.`, {
      cause: error,
    });
  });
  if (now !== hash) throw new ToolError(changedText(id));
};

const byExtension: Readonly<Record<string, SkillRuntime>> = {
  py: 'python',
  js: 'node',
  mjs: 'node',
  cjs: 'node',
  sh: 'shell',
  bash: 'shell',
};

/** What runs a program: its file's name says it, else the skill does. A folder of scripts may hold several kinds. */
export const runtimeOf = (
  skill: Pick<LoadedSkill, 'runtime'>,
  { file }: Pick<SkillEntry, 'file'>,
): SkillRuntime =>
  byExtension[/\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? ''] ?? skill.runtime ?? 'shell';

const interpreters: Readonly<Record<SkillRuntime, readonly [inside: string, windows: string]>> = {
  python: ['python3', 'python'],
  node: ['node', 'node'],
  shell: ['/bin/sh', 'sh'],
};

/** @param platform of what runs it: a container is `linux` */
export const interpreterOf = (runtime: SkillRuntime, platform: string): string =>
  interpreters[runtime][platform === 'win32' ? 1 : 0];

/** `spreadsheet/read --sheet 1`. */
export const lineOf = ({ skill, entry, argv }: Pick<SkillRunRequest, 'skill' | 'entry' | 'argv'>): string =>
  visibleText(commandText([`${skill.id}/${entry}`, ...argv]).replaceAll('\n', '\\n'));
