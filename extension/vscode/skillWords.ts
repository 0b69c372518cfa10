/** Skills, what they ask for, and limits, in words. Pure. */
import { defaultImages, defaultLimits } from '../core/skills.ts';
import type { JsonObject } from '../shared/message.ts';
import type {
  ExecutionMode,
  LoadedSkill,
  SandboxWish,
  Skill,
  SkillGrants,
  SkillPlace,
  SkillRun,
  SkillState,
} from '../shared/skill.ts';
import { count, timeOf } from './words.ts';

export const stateWords: Record<SkillState, { readonly name: string; readonly meaning: string }> = {
  ready: { name: 'reviewed', meaning: 'Agents may use it.' },
  unreviewed: {
    name: 'not reviewed',
    meaning:
      'Agents may use it as words of somebody else; its programs always ask. Review it to change that.',
  },
  changed: {
    name: 'changed',
    meaning: 'Its files are not those that were reviewed. Nobody can use it until it is reviewed again.',
  },
  disabled: { name: 'off', meaning: 'Turned off. Enable it to use it.' },
  broken: { name: 'cannot be read', meaning: 'Its problems stand below it.' },
};

export const placeWords: Record<SkillPlace, string> = {
  bundled: 'Bundled',
  installed: 'Installed',
  user: 'Yours (~)',
  workspace: 'This workspace',
};

export const executionWords: Record<ExecutionMode, { readonly name: string; readonly meaning: string }> = {
  sandbox: { name: 'Sandbox', meaning: 'In a container, or not at all.' },
  flexible: {
    name: 'Flexible',
    meaning: 'In a container where there is an engine; else on this computer, after a question that says so.',
  },
  direct: {
    name: 'Direct',
    meaning: 'On this computer, not sandboxed. Always asked. Skills that need the sandbox do not run.',
  },
};

/** `2 minutes`, `90 seconds`. */
export const durationText = (seconds: number): string =>
  seconds >= 60 && seconds % 60 === 0 ? count(seconds / 60, 'minute') : count(seconds, 'second');

/** What people call so much memory. */
export const memoryText = (megabytes: number): string => `${megabytes.toLocaleString('en')} MB`;

export const processorsText = (cpus: number): string => count(cpus, 'processor');

/** What a program has that was granted nothing. */
export const defaultText = `no network, ${memoryText(defaultLimits.memoryMb)}, ${processorsText(defaultLimits.cpus)}, ${durationText(defaultLimits.timeoutSeconds)}, no programs in /tmp`;

/** One thing that a skill asks for beyond the default. */
export interface Wish {
  readonly grant: SkillGrants;
  /** `Network`, `Memory: 1,024 MB`. */
  readonly label: string;
  readonly meaning: string;
}

/** The image that its programs run in. */
export const imageOf = ({ sandbox, runtime }: Pick<Skill, 'sandbox' | 'runtime'>): string =>
  sandbox.image ?? (runtime === undefined ? defaultLimits.image : defaultImages[runtime]);

/** What it asks for beyond the default, and is given only by a person. The image of a bundled skill is ours. */
export const wishesOf = (skill: Pick<Skill, 'sandbox' | 'runtime'>, place: SkillPlace): readonly Wish[] => {
  const { memoryMb = 0, cpus = 0, timeoutSeconds = 0, network = false, execTmp = false } = skill.sandbox;
  const image = imageOf(skill);
  const ours = [defaultLimits.image, ...Object.values(defaultImages)];
  const isOwnImage = ours.includes(image) || place === 'bundled';
  const wish = (isAsked: boolean, grant: SkillGrants, label: string, meaning: string): readonly Wish[] =>
    isAsked ? [{ grant, label, meaning }] : [];
  return [
    ...wish(
      network,
      { network: true },
      'Network',
      'The whole internet: it can send out whatever it can read, and fetch what it runs.',
    ),
    ...wish(
      !isOwnImage,
      { image },
      `Image: ${image}`,
      'What is in this image runs beside its programs. Whoever publishes the image decides what that is.',
    ),
    ...wish(
      memoryMb > defaultLimits.memoryMb,
      { memoryMb },
      `Memory: ${memoryText(memoryMb)}`,
      `More than ${memoryText(defaultLimits.memoryMb)}: it can slow this computer down.`,
    ),
    ...wish(
      cpus > defaultLimits.cpus,
      { cpus },
      `Processors: ${cpus}`,
      `More than ${defaultLimits.cpus}: it can slow this computer down.`,
    ),
    ...wish(
      timeoutSeconds > defaultLimits.timeoutSeconds,
      { timeoutSeconds },
      `Time: ${durationText(timeoutSeconds)}`,
      `It may run for longer than ${durationText(defaultLimits.timeoutSeconds)}.`,
    ),
    ...wish(
      execTmp,
      { execTmp: true },
      'Programs in /tmp',
      'It may write programs to its temporary folder and start them, inside the container.',
    ),
  ];
};

/** Everything at once. */
export const grantsOf = (wishes: readonly Wish[]): SkillGrants =>
  Object.assign({}, ...wishes.map(({ grant }) => grant));

/** As much as it asks for, or more. */
export const isGranted = ({ grant }: Wish, grants: SkillGrants): boolean =>
  Object.entries(grant).every(([key, wanted]) => {
    // The keys are those of the grant itself.
    const given = grants[key as keyof SkillGrants];
    return typeof wanted === 'number' && typeof given === 'number' ? given >= wanted : given === wanted;
  });

/** `network, image x, 1,024 MB`; empty where there is none. */
export const grantsText = (grants: SkillGrants): string =>
  [
    ...(grants.network === true ? ['network: the whole internet'] : []),
    ...(grants.image === undefined ? [] : [`image ${grants.image}`]),
    ...(grants.memoryMb === undefined ? [] : [memoryText(grants.memoryMb)]),
    ...(grants.cpus === undefined ? [] : [processorsText(grants.cpus)]),
    ...(grants.timeoutSeconds === undefined ? [] : [durationText(grants.timeoutSeconds)]),
    ...(grants.execTmp === true ? ['programs in /tmp'] : []),
  ].join(', ');

/** What it may do with the open folder. */
export const workspaceText = ({ workspace }: SandboxWish): string =>
  workspace === 'ro' ? 'reads the open folder' : 'reads and writes the open folder';

/** `read in the sandbox: exit code 0, 1.2 s, Today`. */
export const runText = (run: SkillRun, now: number): string => {
  const place = run.place === 'sandbox' ? 'in the sandbox' : 'on this computer, not sandboxed';
  const seconds = (run.durationMs / 1_000).toLocaleString('en', { maximumFractionDigits: 1 });
  return `${run.entry} ${place}: ${run.summary}, ${seconds} s, ${timeOf(run.at, now)}`;
};

/** As many as people compare. */
export const shortHash = (hash: string): string => hash.slice(0, 12);

/** What a property of a JSON schema is for a person: `text, required`. */
export interface Argument {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  array: 'list',
  object: 'object',
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeOf = (property: JsonObject): string => {
  if (Array.isArray(property.enum)) return property.enum.map((each) => JSON.stringify(each)).join(' or ');
  const { type } = property;
  if (typeof type === 'string') return typeNames[type] ?? type;
  return Array.isArray(type) ? type.join(' or ') : 'anything';
};

/** The properties of a program's input. */
export const argumentsOf = (schema: JsonObject): readonly Argument[] => {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).map(([name, value]) => {
    const property = isObject(value) ? value : {};
    const { description } = property;
    return {
      name,
      type: typeOf(property),
      isRequired: required.includes(name),
      description: typeof description === 'string' ? description : '',
    };
  });
};

const emptyOf = (property: JsonObject): JsonObject[string] => {
  if (property.default !== undefined) return property.default;
  if (Array.isArray(property.enum)) return property.enum[0] ?? '';
  switch (property.type) {
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return '';
  }
};

/** What a person begins with: everything that is required, and what has a default. */
export const exampleInput = (schema: JsonObject): JsonObject => {
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.fromEntries(
    argumentsOf(schema).flatMap(({ name, isRequired }) => {
      const value = properties[name];
      const property = isObject(value) ? value : {};
      return isRequired || property.default !== undefined ? [[name, emptyOf(property)]] : [];
    }),
  );
};

/** Everything that is not seen, or changes the order of what is, as an escape. */
export const visible = (text: string): string =>
  text.replaceAll(
    /[^\P{C}\n\t]|[\p{Zl}\p{Zp}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}]|\p{Default_Ignorable_Code_Point}/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

/**
 * Words of somebody else as a line of a Markdown document: nothing hidden, no link that runs something, no tag, and no
 * picture, since a preview that is open draws what is shown.
 */
export const foreign = (text: string, limit = 2_000): string => {
  const line = visible(text.replaceAll(/[\s\u0085\u2028\u2029]+/g, ' ').trim())
    .replaceAll('](', '] (')
    .replaceAll('![', '!\\[')
    .replaceAll('<', '\\<');
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
};

/** In the view and in lists. */
export const nameOf = ({ id, displayName }: Pick<LoadedSkill, 'id' | 'displayName'>): string =>
  displayName === undefined || displayName === id ? id : `${id} (${displayName})`;
