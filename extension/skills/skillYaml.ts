/** `skill.yaml`: this product's own description of a skill. Pure. */
import * as z from 'zod';
import type { Skill, SkillProblem } from '../shared/skill.ts';
import {
  issueProblems,
  knownData,
  type ProblemPlace,
  presentTexts,
  problemAt,
  runtimeOfEntries,
  type SkillParse,
  usableTriggers,
} from './skillData.ts';
import {
  compatibilityLimit,
  descriptionLimit,
  entriesSchema,
  filledText,
  hasErrors,
  isSkillName,
  lineOfText,
  modeSchema,
  nameFrom,
  runtimeSchema,
  sandboxSchema,
  toolNamesIn,
  yesOrNo,
} from './skillFields.ts';
import { readYaml } from './yamlText.ts';

const text = z.string({
  error: ({ input }) =>
    input === undefined ? 'It is missing.' : 'Write text, in quotes where it looks like something else.',
});
const shortText = text.transform(lineOfText).optional();

const fields = {
  name: text.refine(isSkillName, {
    error: ({ input }) => {
      const better = typeof input === 'string' ? nameFrom(input) : '';
      return `Use up to 64 lower-case letters, digits and single hyphens, such as \`${better || 'my-skill'}\`.`;
    },
  }),
  description: filledText('The description', 'Say what the skill does and when to use it.'),
  displayName: shortText,
  version: shortText,
  author: shortText,
  license: shortText,
  compatibility: shortText,
  triggers: z.array(text, { error: 'Write a list of phrases: `- extract table`.' }).default([]),
  runtime: runtimeSchema.optional(),
  entries: entriesSchema.default([]),
  mode: modeSchema.default('flexible'),
  requires_sandbox: yesOrNo.default(false),
  sandbox: sandboxSchema.default({}),
  'allowed-tools': z.unknown().transform(toolNamesIn).optional(),
  'user-invocable': yesOrNo.default(true),
  'disable-model-invocation': yesOrNo.default(false),
  'argument-hint': shortText,
};
export const skillYamlKeys = Object.keys(fields);

const schema = z.object(fields, {
  error: 'This file has to be a list of `key: value`. Begin with `name: …` and `description: …`.',
});
type Values = z.output<typeof schema>;

const skillOf = (values: Values, body: string, triggers: readonly string[]): Skill => {
  const runtime = values.runtime ?? runtimeOfEntries(values.entries);
  return {
    name: values.name,
    description: values.description,
    ...presentTexts(values),
    format: 'skill.yaml',
    triggers,
    ...(runtime === undefined || values.entries.length === 0 ? {} : { runtime }),
    entries: values.entries,
    mode: values.mode,
    requiresSandbox: values.requires_sandbox,
    sandbox: values.sandbox,
    ...(values['allowed-tools'] === undefined ? {} : { allowedTools: values['allowed-tools'] }),
    isForAgents: !values['disable-model-invocation'],
    isForPeople: values['user-invocable'],
    ...(values['argument-hint'] ? { argumentHint: values['argument-hint'] } : {}),
    body,
  };
};

/** What is wrong although every field is right. */
const wholeProblems = (place: ProblemPlace, values: Values, readme: string): readonly SkillProblem[] => {
  const problems: SkillProblem[] = [];
  const limits = { description: descriptionLimit, compatibility: compatibilityLimit };
  for (const [key, limit] of Object.entries(limits)) {
    const length = (key === 'description' ? values.description : (values.compatibility ?? '')).length;
    const message = `It has ${length} characters; the standard allows ${limit}, and it cannot be exported. Shorten it.`;
    if (length > limit) problems.push(problemAt(place, [key], message, 'warning'));
  }
  if (
    values.entries.length > 0 &&
    values.runtime === undefined &&
    runtimeOfEntries(values.entries) === undefined
  ) {
    const message = 'Say what runs the programs: `runtime: python`, `node` or `shell`.';
    problems.push(problemAt(place, ['entries'], message));
  }
  if (readme.trim() === '') {
    const message =
      'There is no README.md: the model knows nothing of the skill but its description. Write one.';
    problems.push({ file: place.file, severity: 'warning', message });
  }
  return problems;
};

/**
 * @param readme the text of README.md
 * @param file how messages call the file
 */
export const parseSkillYaml = (
  source: string,
  readme: string | undefined,
  file = 'skill.yaml',
): SkillParse => {
  const reading = readYaml(source);
  if ('problems' in reading) {
    return { problems: reading.problems.map((problem) => ({ file, severity: 'error', ...problem })) };
  }
  const place: ProblemPlace = { file, yaml: reading.yaml, linesBefore: 0 };
  const problems: SkillProblem[] = [];
  const parsed = schema.safeParse(knownData(place, skillYamlKeys, problems));
  if (!parsed.success) return { problems: [...issueProblems(place, parsed.error), ...problems] };
  const triggers = usableTriggers(parsed.data.triggers, place, ['triggers'], problems);
  problems.push(...wholeProblems(place, parsed.data, readme ?? ''));
  return hasErrors(problems)
    ? { problems }
    : { skill: skillOf(parsed.data, readme ?? '', triggers), problems };
};
