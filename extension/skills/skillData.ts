/** From YAML to data that can be checked: keys in one writing, problems with their lines. Pure. */
import type * as z from 'zod';
import type { Skill, SkillEntry, SkillProblem, SkillRuntime } from '../shared/skill.ts';
import { triggerProblem } from '../shared/triggers.ts';
import { entriesAsList, entryKeys, sandboxKeys, withKnownKeys } from './skillFields.ts';
import type { YamlPath, YamlText } from './yamlText.ts';

export interface SkillParse {
  /** Absent where something is wrong that cannot be passed over. */
  readonly skill?: Skill;
  readonly problems: readonly SkillProblem[];
}

/** A file, and the YAML in it. */
export interface ProblemPlace {
  readonly file: string;
  readonly yaml: YamlText;
  /** Of the file, before the YAML begins. */
  readonly linesBefore: number;
}

/** `entries[0].file`; counted from 0, as in other tools. */
const labelOf = (path: YamlPath): string => {
  let label = '';
  for (const segment of path) {
    if (typeof segment === 'number') label += `[${segment}]`;
    else label += label === '' ? String(segment) : `.${String(segment)}`;
  }
  return label;
};

export const problemAt = (
  { file, yaml, linesBefore }: ProblemPlace,
  path: YamlPath,
  message: string,
  severity: SkillProblem['severity'] = 'error',
): SkillProblem => ({
  file,
  line: yaml.lineOf(path) + linesBefore,
  severity,
  message: path.length === 0 ? message : `${labelOf(path)}: ${message}`,
});

/** @param below where the checked value stands in the file */
export const issueProblems = (
  place: ProblemPlace,
  error: z.ZodError,
  below: YamlPath = [],
): readonly SkillProblem[] =>
  error.issues.map(({ path, message }) => problemAt(place, [...below, ...path], message));

const triggersLimit = 50;

/** Drops triggers that can never match, with a warning. */
export const usableTriggers = (
  triggers: readonly string[],
  place: ProblemPlace,
  path: YamlPath,
  problems: SkillProblem[],
): readonly string[] => {
  const tell = (index: number, message: string): void => {
    problems.push(problemAt(place, [...path, index], message, 'warning'));
  };
  const usable = triggers.filter((trigger, index) => {
    const problem = triggerProblem(trigger);
    if (problem !== undefined) tell(index, `\`${trigger.slice(0, 60)}\` is left out. ${problem}`);
    return problem === undefined;
  });
  if (usable.length > triggersLimit) {
    tell(triggersLimit, `Only the first ${triggersLimit} triggers count. Take out the others.`);
  }
  return usable.slice(0, triggersLimit);
};

const runtimeByEnding: Readonly<Record<string, SkillRuntime>> = {
  py: 'python',
  js: 'node',
  mjs: 'node',
  cjs: 'node',
  sh: 'shell',
};

export const runtimeOfFile = (file: string): SkillRuntime | undefined =>
  runtimeByEnding[file.split('.').at(-1)?.toLowerCase() ?? ''];

/** What the endings of all programs agree upon. */
export const runtimeOfEntries = (entries: readonly SkillEntry[]): SkillRuntime | undefined => {
  const runtimes = new Set(entries.map(({ file }) => runtimeOfFile(file)));
  return runtimes.size === 1 ? [...runtimes][0] : undefined;
};

export const textKeys = ['displayName', 'version', 'author', 'license', 'compatibility'] as const;

/** Only the texts that are there. */
export const presentTexts = (
  values: Partial<Record<(typeof textKeys)[number], string | undefined>>,
): Pick<Skill, (typeof textKeys)[number]> =>
  Object.fromEntries(textKeys.flatMap((key) => (values[key] ? [[key, values[key]]] : [])));

/** Numbers that are meant as text keep their writing: version 1.10 is not 1.1. */
const textAsWritten = (key: string, value: unknown, yaml: YamlText): unknown => {
  const isText = key === 'name' || key === 'description' || textKeys.some((each) => each === key);
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  // To YAML, `argument-hint: [file]` is a list.
  const isHint = key === 'argument-hint' && typeof value !== 'string';
  return isHint || (isText && isPlain) ? (yaml.sourceOf([key]) ?? value) : value;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export type TellKey = (key: string, meant: string | undefined, isTaken: boolean) => void;

export const keyWarnings =
  (place: ProblemPlace, path: YamlPath, problems: SkillProblem[]): TellKey =>
  (key, meant, isTaken) => {
    const advice =
      meant === undefined ? 'It is ignored. Delete it.' : `It is ignored. Do you mean \`${meant}\`?`;
    const message = isTaken ? `Write \`${meant}\`.` : `This key is not known. ${advice}`;
    problems.push(problemAt(place, [...path, key], message, 'warning'));
  };

/** The fields of a list of programs, in our writing. */
export const entriesData = (value: unknown, tell: (index: number) => TellKey): unknown => {
  const entries = entriesAsList(value);
  return Array.isArray(entries)
    ? entries.map((entry: unknown, index) => withKnownKeys(entry, entryKeys, tell(index)))
    : entries;
};

/** Everything in our writing; unknown keys are told and left out. */
export const knownData = (
  place: ProblemPlace,
  known: readonly string[],
  problems: SkillProblem[],
  tell: TellKey = keyWarnings(place, [], problems),
): unknown => {
  const data = withKnownKeys(place.yaml.value, known, tell);
  if (!isRecord(data)) return data;
  const read = (key: string, value: unknown): unknown => {
    if (key === 'sandbox')
      return withKnownKeys(value, sandboxKeys, keyWarnings(place, ['sandbox'], problems));
    if (key === 'entries')
      return entriesData(value, (index) => keyWarnings(place, ['entries', index], problems));
    if (key === 'triggers' && typeof value === 'string') return [value];
    return textAsWritten(key, value, place.yaml);
  };
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, read(key, value)]));
};
