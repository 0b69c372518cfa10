/** The parts of a skill's description, whichever file it stands in: what they may be, and what to write instead. Pure. */
import * as z from 'zod';
import type { JsonObject } from '../shared/message.ts';
import {
  executionModes,
  type SandboxWish,
  type SkillEntry,
  type SkillProblem,
  skillRuntimes,
} from '../shared/skill.ts';
import { plainKey } from './yamlText.ts';

/** Of the standard (agentskills.io). */
export const nameLimit = 64;
export const descriptionLimit = 1_024;
export const compatibilityLimit = 500;

/** Takes any object: a program that takes arguments on its command line only. */
export const openArguments: JsonObject = { type: 'object' };

const namePattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
export const isSkillName = (name: string): boolean => name.length <= nameLimit && namePattern.test(name);

/** A name in the standard's letters made of any other text; empty where nothing is left of it. */
export const nameFrom = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, nameLimit)
    .replace(/^-+|-+$/g, '');

const quoted = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return `\`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``;
};

/** A value that is read by hand: what cannot be read gives the advice. */
const read = <T>(reader: (value: unknown) => T | undefined, advice: string): z.ZodType<T> =>
  z.unknown().transform((value, context) => {
    const result = reader(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `${quoted(value)} does not fit. ${advice}` });
    return z.NEVER;
  });

const inRange = (value: number, least: number, most: number): number | undefined =>
  value >= least && value <= most ? value : undefined;

const megabytesOf: Readonly<Record<string, number>> = { k: 1 / 1024, m: 1, g: 1024 };

const readMemory = (value: unknown): number | undefined => {
  if (typeof value === 'number') return inRange(Math.ceil(value), 16, 262_144);
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([kmg])i?b?$/i.exec(value.trim()) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return inRange(Math.ceil(Number(match[1]) * (megabytesOf[match[2].toLowerCase()] ?? 1)), 16, 262_144);
};

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

const readTimeout = (value: unknown): number | undefined => {
  if (typeof value === 'number') return inRange(value, 1, 3_600);
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([smh])$/i.exec(value.trim()) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return inRange(Number(match[1]) * (secondsOf[match[2].toLowerCase()] ?? 1), 1, 3_600);
};

const networks = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ['bridge', true],
  ['none', false],
]);

/** Programs start with it, so that it must not look like an option of theirs. */
const imagePattern = /^[a-z0-9][a-z0-9._/:@-]{0,254}$/i;

/** Some write what is true or false in quotes. */
const truth = (value: unknown): boolean | undefined =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;

export const yesOrNo = read(truth, 'Write `true` or `false`.');

const present = <T extends Record<string, unknown>>(
  value: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  // The type says what the filter does: no key whose value is undefined is left.
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

const sandboxFields = {
  image: read(
    (value) => (typeof value === 'string' && imagePattern.test(value) ? value : undefined),
    'Write the name of an image with its tag, such as `python:3.12-slim`.',
  ).optional(),
  memory: read(readMemory, 'Write megabytes (`512`), or `256m` or `1g`; at least 16 MB.').optional(),
  cpus: read(
    (value) => (typeof value === 'number' ? inRange(value, 0.1, 64) : undefined),
    'Write how many processors as a number, such as `1` or `0.5`.',
  ).optional(),
  timeout: read(readTimeout, 'Write seconds (`90`), or `90s` or `2m`; at most an hour.').optional(),
  network: read(
    (value) => networks.get(value),
    'Write `false` (none) or `true` (the whole internet).',
  ).optional(),
  exec_tmp: yesOrNo.optional(),
  workspace: read(
    (value): 'rw' | 'ro' | undefined => (value === 'rw' || value === 'ro' ? value : undefined),
    'Write `rw` (it may change files) or `ro` (it may only read them).',
  ).optional(),
};
export const sandboxKeys = Object.keys(sandboxFields);

export const sandboxSchema = z
  .object(sandboxFields, { error: 'This has to be a list of `key: value`, such as `memory: 512`.' })
  .transform(
    ({ image, memory, cpus, timeout, network, exec_tmp, workspace }): SandboxWish =>
      present({
        image,
        memoryMb: memory,
        cpus,
        timeoutSeconds: timeout,
        network,
        execTmp: exec_tmp,
        workspace,
      }),
  );

export const modeSchema = z.enum(executionModes, { error: `Write one of ${executionModes.join(', ')}.` });
export const runtimeSchema = z.enum(skillRuntimes, { error: `Write one of ${skillRuntimes.join(', ')}.` });

/** Text for one line: line breaks and runs of spaces become one space. */
export const lineOfText = (text: string): string => text.replace(/\s+/g, ' ').trim();

export const filledText = (what: string, advice: string): z.ZodType<string> =>
  z
    .string({ error: ({ input }) => (input === undefined ? `${what} is missing. ${advice}` : advice) })
    .transform(lineOfText)
    .refine((text) => text !== '', { error: `${what} is empty. ${advice}` });

const staysBelow = (file: string): boolean =>
  !/^(?:\/|[a-z]:)|[\\\0]/i.test(file) &&
  file.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const argumentsSchema = z
  .record(z.string(), z.json(), {
    error: 'Write a JSON Schema of an object: `type: object`, `properties: …`.',
  })
  .refine((schema) => schema.type === undefined || schema.type === 'object', {
    path: ['type'],
    error: 'A program takes an object. Write `type: object`, and put this below `properties`.',
  })
  .transform((schema): JsonObject => ({ type: 'object', ...schema }));

const entryFields = {
  name: z.string({ error: 'A program needs a name.' }).refine(isSkillName, {
    error: 'Use lower-case letters, digits and single hyphens, such as `read-table`.',
  }),
  description: filledText('The description', 'Say in a sentence what the program does.'),
  file: z
    .string({ error: 'Say which file of the skill is run, such as `scripts/read.py`.' })
    .transform((file) => file.replace(/^\.\//, ''))
    .refine(staysBelow, {
      error: 'The file has to lie in the folder of the skill. Write its path below that, with `/`.',
    }),
  arguments: argumentsSchema.default(openArguments),
  output: z.enum(['text', 'markdown'], { error: 'Write `text` or `markdown`.' }).default('text'),
};
export const entryKeys = Object.keys(entryFields);

const entrySchema: z.ZodType<SkillEntry> = z.object(entryFields, {
  error: 'A program is described by name, description, file and arguments.',
});

export const entriesSchema = z
  .array(entrySchema, { error: 'Write a list of programs: `- name: …`, `description: …`, `file: …`.' })
  .max(50, { error: 'A skill has at most 50 programs. Make several skills of it.' })
  .superRefine((entries, context) => {
    entries.forEach(({ name }, index) => {
      if (entries.findIndex((other) => other.name === name) === index) return;
      const message = `Two programs are called ${quoted(name)}. Call one of them something else.`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    });
  });

/** A map `name: {…}` says the same as a list of `{name, …}`. */
export const entriesAsList = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).map(([name, entry]: [string, unknown]) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? { ...entry, name } : entry,
  );
};

/** `Read Bash(git add:*), Edit`, or a list of such: what stands in parentheses belongs to the word before. */
export const toolNamesIn = (value: unknown): readonly string[] | undefined => {
  if (value === undefined || value === null || value === '') return undefined;
  const texts = Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [value];
  return texts.flatMap((text) =>
    typeof text === 'string' ? (text.match(/[^\s,()]+(?:\([^()]*\))?/g) ?? []) : [],
  );
};

/** Of each, what is compared; others wait meanwhile. */
const comparedLength = 40;

const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
};

/** What was meant, where a key is not known; undefined where nothing is near. */
export const nearestKey = (key: string, known: readonly string[]): string | undefined => {
  const plain = plainKey(key).slice(0, comparedLength);
  const most = Math.ceil(plain.length / 3);
  const ranked = known
    // Whatever is this much longer or shorter is farther away than that.
    .filter((each) => Math.abs(plainKey(each).length - plain.length) <= most)
    .map((each) => ({ each, far: distance(plain, plainKey(each)) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  if (best !== undefined && best.far <= most) return best.each;
  return plain.length < 3 ? undefined : known.find((each) => plainKey(each).startsWith(plain));
};

/** Keys that are told of; who writes more of them means another kind of file. */
const mostUnknownKeys = 40;

/** The keys as we write them, whatever their case, `-` and `_`. @param onKey of each that is not written so */
export const withKnownKeys = (
  value: unknown,
  known: readonly string[],
  onKey: (key: string, meant: string | undefined, isTaken: boolean) => void,
): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const result = new Map<string, unknown>();
  const entries: [string, unknown][] = Object.entries(value);
  let unknown = 0;
  for (const [key, each] of entries) if (known.includes(key)) result.set(key, each);
  for (const [key, each] of entries) {
    if (known.includes(key)) continue;
    const same = known.find((other) => plainKey(other) === plainKey(key));
    const isTaken = same !== undefined && !result.has(same);
    if (isTaken) result.set(same, each);
    unknown += 1;
    if (unknown <= mostUnknownKeys) onKey(key, same ?? nearestKey(key, known), isTaken);
  }
  // An empty value (`license:`) says nothing.
  return Object.fromEntries([...result].filter(([, each]) => each !== null && each !== undefined));
};

const mostProblems = 100;

/** The errors, and what else there is room for; they go to the views and to the editor. */
export const fewProblems = (problems: readonly SkillProblem[]): readonly SkillProblem[] => {
  const left = problems.length - mostProblems;
  if (left <= 0) return problems;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  const kept = [...errors, ...warnings].slice(0, mostProblems);
  const message = `There are ${left} more problems. Mend those above first.`;
  return [...kept, { file: kept[0]?.file ?? '.', severity: 'warning', message }];
};

export const hasErrors = (problems: readonly SkillProblem[]): boolean =>
  problems.some(({ severity }) => severity === 'error');
