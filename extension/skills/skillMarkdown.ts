/** `SKILL.md` of the open standard (agentskills.io), read as leniently as other products do. Pure. */
import * as z from 'zod';
import type { Skill, SkillEntry, SkillProblem } from '../shared/skill.ts';
import { withoutUseWhen } from './exportSkill.ts';
import { readFrontMatter } from './frontMatter.ts';
import { inferEntries } from './inferEntries.ts';
import {
  entriesData,
  issueProblems,
  keyWarnings,
  knownData,
  type ProblemPlace,
  presentTexts,
  problemAt,
  runtimeOfEntries,
  runtimeOfFile,
  type SkillParse,
  type TellKey,
  usableTriggers,
} from './skillData.ts';
import {
  descriptionLimit,
  entriesSchema,
  filledText,
  hasErrors,
  isSkillName,
  lineOfText,
  modeSchema,
  nameFrom,
  openArguments,
  runtimeSchema,
  sandboxKeys,
  sandboxSchema,
  toolNamesIn,
  withKnownKeys,
  yesOrNo,
} from './skillFields.ts';
import type { YamlPath } from './yamlText.ts';

/** Of a description that is far too long, this much is kept. */
const keptDescription = 4_096;

/** Text, or nothing: what else stands there is of no use, and does no harm. */
const maybeText = z
  .unknown()
  .transform((value) => (typeof value === 'string' ? lineOfText(value) : undefined))
  .optional();

const fields = {
  name: maybeText,
  description: filledText(
    'The description',
    'Say in the front matter what the skill does and when to use it.',
  ),
  license: maybeText,
  compatibility: maybeText,
  version: maybeText,
  author: maybeText,
  metadata: z.record(z.string(), z.unknown()).catch({}).default({}),
  triggers: z.array(z.string()).catch([]).default([]),
  'allowed-tools': z.unknown().transform(toolNamesIn).optional(),
  'user-invocable': yesOrNo.default(true),
  'disable-model-invocation': yesOrNo.default(false),
  'argument-hint': maybeText,
};
const keys = Object.keys(fields);

const schema = z.object(fields, { error: 'The front matter has to be a list of `key: value`.' });
type Values = z.output<typeof schema>;

const ofSandbox = { mode: modeSchema.default('flexible'), requires_sandbox: yesOrNo.default(false) };
const ofSandboxSchema = z.object(ofSandbox);

export interface MarkdownSurroundings {
  /** Of the skill; a name is made of it where the file gives none. */
  readonly folderName: string;
  /** Paths of all files of the skill. */
  readonly files: readonly string[];
  /** How messages call the file. */
  readonly file?: string;
}

const noJson = Symbol('no JSON');

/** Metadata are text in the standard; some of ours hold JSON. */
const jsonIn = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return noJson;
  }
};

/** What our own metadata say; they are ours, so that mistakes in them are errors. */
const readOurs = (place: ProblemPlace, values: Values, problems: SkillProblem[]) => {
  const { metadata } = values;
  const pathOf = (key: string): YamlPath => ['metadata', `anycowork-${key}`];
  const check = <T>(key: string, checked: z.ZodType<T>, value: unknown): T | undefined => {
    const parsed = checked.safeParse(value);
    if (parsed.success) return parsed.data;
    const found =
      value === noJson
        ? [problemAt(place, pathOf(key), 'This is no JSON. Check its quotes, commas and brackets.')]
        : issueProblems(place, parsed.error, pathOf(key));
    problems.push(...found);
    return undefined;
  };
  const known = (key: string, data: unknown, names: readonly string[]): unknown =>
    withKnownKeys(data, names, keyWarnings(place, pathOf(key), problems));

  const written = metadata['anycowork-sandbox'];
  const data = written === undefined ? {} : jsonIn(written);
  const asked = known('sandbox', data, [...Object.keys(ofSandbox), ...sandboxKeys]);
  const sandbox = check('sandbox', sandboxSchema, asked) ?? {};
  const where = check('sandbox', ofSandboxSchema, typeof asked === 'object' ? asked : {});

  const entry = metadata['anycowork-entry'];
  const runtime = check('runtime', runtimeSchema.optional(), metadata['anycowork-runtime']);
  const entries =
    entry === undefined ? undefined : check('entry', entriesSchema, entriesOf(place, entry, problems));
  const triggers = metadata['anycowork-triggers'];
  return { sandbox, ...where, runtime, entries, triggers: [...values.triggers, ...triggersIn(triggers)] };
};

/** A list of programs as JSON, or the file of one. */
const entriesOf = (place: ProblemPlace, value: unknown, problems: SkillProblem[]): unknown => {
  if (typeof value === 'string' && runtimeOfFile(value) !== undefined) {
    const name =
      nameFrom(
        value
          .split('/')
          .at(-1)
          ?.replace(/\.[^.]*$/, '') ?? '',
      ) || 'run';
    const entry: SkillEntry = {
      name,
      description: `Runs ${value}; the text of the skill says how.`,
      file: value,
      arguments: openArguments,
      output: 'text',
    };
    return [entry];
  }
  return entriesData(jsonIn(value), () => keyWarnings(place, ['metadata', 'anycowork-entry'], problems));
};

/** `a, b`, or a JSON list where a trigger has a comma of its own. */
const triggersIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'string') return [];
  const list = z.array(z.string()).safeParse(jsonIn(value));
  const parts = list.success ? list.data : value.split(',');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
};

const nameOf = (
  place: ProblemPlace,
  name: string | undefined,
  folderName: string,
  problems: SkillProblem[],
): string => {
  if (name !== undefined && isSkillName(name)) return name;
  const made = nameFrom(folderName) || nameFrom(name ?? '') || 'skill';
  const message = `${name ? `\`${name.slice(0, 80)}\` is no name` : 'It is missing'}; the skill is called \`${made}\`, after its folder. Write up to 64 lower-case letters, digits and single hyphens.`;
  problems.push(problemAt(place, ['name'], message, 'warning'));
  return made;
};

const descriptionOf = (place: ProblemPlace, description: string, problems: SkillProblem[]): string => {
  if (description.length <= descriptionLimit) return description;
  const kept =
    description.length > keptDescription ? `The first ${keptDescription} are used.` : 'It is used whole.';
  const message = `It has ${description.length} characters; the standard allows ${descriptionLimit}. ${kept} Shorten it.`;
  problems.push(problemAt(place, ['description'], message, 'warning'));
  return description.slice(0, keptDescription);
};

/** Other products have keys of their own: only what runs code, and what looks like a slip, is told. */
const tellKey =
  (place: ProblemPlace, problems: SkillProblem[]): TellKey =>
  (key, meant, isTaken) => {
    if (key === 'hooks') {
      const message = 'Hooks run code without asking, and are not used here.';
      problems.push(problemAt(place, [key], message, 'warning'));
    } else if (meant !== undefined) keyWarnings(place, [], problems)(key, meant, isTaken);
  };

const textOf = (value: unknown): string | undefined =>
  ['string', 'number', 'boolean'].includes(typeof value) ? lineOfText(String(value)) : undefined;

const skillOf = (
  place: ProblemPlace,
  values: Values,
  body: string,
  surroundings: MarkdownSurroundings,
  problems: SkillProblem[],
): Skill => {
  const ours = readOurs(place, values, problems);
  const inferred = ours.entries === undefined ? inferEntries(surroundings.files) : undefined;
  const entries = ours.entries ?? inferred?.entries ?? [];
  if (inferred?.leftOut) problems.push({ file: place.file, severity: 'warning', message: inferred.leftOut });
  const runtime = ours.runtime ?? runtimeOfEntries(entries);
  if (entries.length > 0 && runtime === undefined) {
    const message = 'Say what runs the programs: `anycowork-runtime: python`, `node` or `shell`.';
    problems.push(problemAt(place, ['metadata'], message));
  }
  const written = place.yaml.sourceOf(['metadata', 'version']);
  const triggers = usableTriggers(ours.triggers, place, ['metadata', 'anycowork-triggers'], problems);
  return {
    name: nameOf(place, values.name, surroundings.folderName, problems),
    description: withoutUseWhen(descriptionOf(place, values.description, problems), triggers),
    ...presentTexts({
      displayName: textOf(values.metadata['anycowork-display-name'] ?? values.metadata.displayName),
      version: values.version ?? (textOf(values.metadata.version) === undefined ? undefined : written),
      author: values.author ?? textOf(values.metadata.author),
      license: values.license,
      compatibility: values.compatibility,
    }),
    format: 'SKILL.md',
    triggers,
    ...(runtime === undefined || entries.length === 0 ? {} : { runtime }),
    entries,
    mode: ours.mode ?? 'flexible',
    requiresSandbox: ours.requires_sandbox ?? false,
    sandbox: ours.sandbox,
    ...(values['allowed-tools'] === undefined ? {} : { allowedTools: values['allowed-tools'] }),
    isForAgents: !values['disable-model-invocation'],
    isForPeople: values['user-invocable'],
    ...(values['argument-hint'] ? { argumentHint: values['argument-hint'] } : {}),
    body,
  };
};

export const parseSkillMarkdown = (source: string, surroundings: MarkdownSurroundings): SkillParse => {
  const file = surroundings.file ?? 'SKILL.md';
  const front = readFrontMatter(source.replace(/\r\n?/g, '\n'));
  if ('problems' in front) {
    return { problems: front.problems.map((problem) => ({ file, severity: 'error', ...problem })) };
  }
  const { yaml, linesBefore, body, repaired } = front;
  const place: ProblemPlace = { file, yaml, linesBefore };
  const problems: SkillProblem[] = repaired === undefined ? [] : [{ file, severity: 'warning', ...repaired }];
  const parsed = schema.safeParse(knownData(place, keys, problems, tellKey(place, problems)));
  if (!parsed.success) return { problems: [...issueProblems(place, parsed.error), ...problems] };
  const skill = skillOf(place, parsed.data, body, surroundings, problems);
  return hasErrors(problems) ? { problems } : { skill, problems };
};
