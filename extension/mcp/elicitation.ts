/** Forms that servers ask to be filled in: their schema as fields, and answers that fit it. */
import * as z from 'zod';
import type { McpFormAnswer, McpFormField } from '../core/mcp.ts';
import type { JsonValue } from '../shared/message.ts';
import { plainWords } from './plainWords.ts';

const fieldLimit = 50;
const optionLimit = 500;
const labelLimit = 200;
const textLimit = 100_000;

const text = z.string().optional().catch(undefined);
const bound = z.number().optional().catch(undefined);
const optionList = z.array(z.object({ const: z.string(), title: text })).min(1);
const fieldSchema = z.looseObject({
  type: text,
  title: text,
  description: text,
  format: z.enum(['email', 'uri', 'date', 'date-time']).optional().catch(undefined),
  minLength: bound,
  maxLength: bound,
  minimum: bound,
  maximum: bound,
  minItems: bound,
  maxItems: bound,
  enum: z.array(z.string()).min(1).optional().catch(undefined),
  enumNames: z.array(z.string()).optional().catch(undefined),
  oneOf: optionList.optional().catch(undefined),
  items: z
    .object({
      enum: z.array(z.string()).min(1).optional().catch(undefined),
      anyOf: optionList.optional().catch(undefined),
      oneOf: optionList.optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  default: z
    .union([z.string(), z.number(), z.boolean(), z.array(z.string())])
    .optional()
    .catch(undefined),
});
type Raw = z.infer<typeof fieldSchema>;
const formSchema = z.object({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).catch([]),
});

type Kind = McpFormField['kind'];
type Option = { readonly value: string; readonly label: string };

const only = <K extends string>(
  values: Readonly<Record<K, number | undefined>>,
): { readonly [P in K]?: number } => {
  const made: { [P in K]?: number } = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined) made[name] = value;
  }
  return made;
};

const titled = (list: z.infer<typeof optionList> | undefined): readonly Option[] | undefined =>
  list?.map((option) => ({ value: option.const, label: option.title ?? option.const }));

const plainOptions = (values: readonly string[] | undefined, names: readonly string[] = []) =>
  values?.map((value, index) => ({ value, label: names[index] ?? value }));

const kindOf = (raw: Raw): Kind | undefined => {
  const options = titled(raw.oneOf) ?? plainOptions(raw.enum, raw.enumNames);
  if (options !== undefined) return { type: 'choice', options: options.slice(0, optionLimit) };
  switch (raw.type) {
    case 'array': {
      const several = titled(raw.items?.anyOf) ?? titled(raw.items?.oneOf) ?? plainOptions(raw.items?.enum);
      if (several === undefined) return undefined;
      const bounds = only({ min: raw.minItems, max: raw.maxItems });
      return { type: 'choice', options: several.slice(0, optionLimit), several: bounds };
    }
    case 'string': {
      const format = raw.format === undefined ? {} : { format: raw.format };
      return { type: 'text', ...format, ...only({ minLength: raw.minLength, maxLength: raw.maxLength }) };
    }
    case 'number':
    case 'integer':
      return { type: raw.type, ...only({ minimum: raw.minimum, maximum: raw.maximum }) };
    case 'boolean':
      return { type: 'boolean' };
    default:
      return undefined;
  }
};

/** @returns the fields, or why the form cannot be shown */
export const formFields = (schema: unknown): readonly McpFormField[] | string => {
  const form = formSchema.safeParse(schema).data;
  if (form === undefined) return 'its schema is not that of a form';
  const entries = Object.entries(form.properties);
  if (entries.length > fieldLimit) return `it has ${entries.length} fields`;
  const fields: McpFormField[] = [];
  for (const [key, item] of entries) {
    const raw = fieldSchema.safeParse(item).data;
    const kind = raw === undefined ? undefined : kindOf(raw);
    const name = plainWords(key, labelLimit);
    if (raw === undefined || kind === undefined)
      return `its field ${name} is of a kind that forms do not have`;
    const description = raw.description === undefined ? '' : plainWords(raw.description, 1_000);
    const field = {
      key,
      title: plainWords(raw.title ?? '', labelLimit) || name,
      ...(description === '' ? {} : { description }),
      isRequired: form.required.includes(key),
      kind,
    };
    const isUsable = raw.default !== undefined && problemOf(field, raw.default) === undefined;
    fields.push(isUsable && raw.default !== undefined ? { ...field, default: raw.default } : field);
  }
  return fields;
};

const secret =
  '(?:passwords?|passwd|passphrases?|passcode|pwd|secrets?|credentials?|tokens?|api ?keys?|(?:access|secret|private|ssh|encryption|signing|licen[cs]e) ?keys?|pin|pin code|cvv|cvc|otp|one[ -]time (?:code|password)|2fa|mfa|totp|seed phrase|recovery (?:code|phrase)|card number|credit card|social security|ssn|bearer|session cookies?)';
const secretWords = new RegExp(`\\b${secret}\\b`, 'i');
const secretNumbers =
  /\b(?:pin|pin code|cvv|cvc|otp|one[ -]time (?:code|password)|2fa|mfa|totp|card number|credit card|ssn)\b/i;
const secretWish = new RegExp(
  `\\b(?:enter|provide|type|paste|give|send|supply|tell|need)\\b.{0,60}\\b${secret}\\b`,
  'is',
);

/** Split at `_`, `-` and capitals: `monkey` is no key and `apiKey` is one. */
const inWords = (name: string): string =>
  name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[\s_.\-/]+/g, ' ');

const secretWarning = new RegExp(`\\b(?:not|never|don't|don’t|no|without)\\b.{0,80}\\b${secret}\\b`, 'is');

/** `your favourite number (do not give us your PIN)` asks for none; `your PIN without spaces` does. */
const withoutWarnings = (words: string): string =>
  words
    .split(/[.,;:!?()\n]/)
    .filter((clause) => !secretWarning.test(clause))
    .join('. ');

const asksForSecret = (field: McpFormField): boolean => {
  const names = [field.key, field.title].map((one) => inWords(one).trim());
  switch (field.kind.type) {
    case 'text': {
      const words = [...names, inWords(withoutWarnings(field.description ?? ''))];
      return (
        words.some((one) => secretWords.test(one)) || names.some((one) => /^(?:auth )?keys?$/i.test(one))
      );
    }
    case 'number':
    case 'integer':
      return names.some((one) => secretNumbers.test(one));
    default:
      return false;
  }
};

/** @returns what in the form asks for a secret, by what it is called or said to be for; undefined: nothing */
export const secretAsked = (message: string, fields: readonly McpFormField[]): string | undefined => {
  const field = fields.find(asksForSecret);
  if (field !== undefined) return `its field ${field.title}`;
  const hasText = fields.some(({ kind }) => kind.type === 'text');
  return hasText && secretWish.test(withoutWarnings(message)) ? 'its message' : undefined;
};

const formats: Readonly<Record<string, (value: string) => boolean>> = {
  // A longer one is none, and the pattern would take the square of its length.
  email: (value) => value.length <= 320 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value),
  uri: (value) => URL.canParse(value),
  date: (value) => z.iso.date().safeParse(value).success,
  'date-time': (value) => z.iso.datetime({ offset: true, local: true }).safeParse(value).success,
};

const numberProblem = (
  kind: Extract<Kind, { type: 'number' | 'integer' }>,
  value: unknown,
): string | undefined => {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'it is not a number';
  if (kind.type === 'integer' && !Number.isInteger(value)) return 'it is not a whole number';
  if (kind.minimum !== undefined && value < kind.minimum) return `it is below ${kind.minimum}`;
  return kind.maximum !== undefined && value > kind.maximum ? `it is above ${kind.maximum}` : undefined;
};

const textProblem = (kind: Extract<Kind, { type: 'text' }>, value: unknown): string | undefined => {
  if (typeof value !== 'string') return 'it is not a text';
  const length = [...value].length;
  if (length > textLimit) return 'it is too long';
  if (kind.minLength !== undefined && length < kind.minLength)
    return `it has fewer than ${kind.minLength} characters`;
  if (kind.maxLength !== undefined && length > kind.maxLength)
    return `it has more than ${kind.maxLength} characters`;
  const fits = kind.format === undefined ? undefined : formats[kind.format];
  return fits !== undefined && !fits(value) ? `it is no ${kind.format}` : undefined;
};

const choiceProblem = (kind: Extract<Kind, { type: 'choice' }>, value: unknown): string | undefined => {
  const isOne = (one: unknown): boolean => kind.options.some((option) => option.value === one);
  if (kind.several === undefined) return isOne(value) ? undefined : 'it is none of the choices';
  if (!Array.isArray(value) || !value.every(isOne)) return 'not all of it are choices';
  if (new Set(value).size !== value.length) return 'a choice is there twice';
  const { min, max } = kind.several;
  if (min !== undefined && value.length < min) return `fewer than ${min} are chosen`;
  return max !== undefined && value.length > max ? `more than ${max} are chosen` : undefined;
};

/** @returns why a value does not fit a field; undefined: it does */
export const problemOf = (field: Pick<McpFormField, 'kind'>, value: unknown): string | undefined => {
  const { kind } = field;
  switch (kind.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'it is neither yes nor no';
    case 'number':
    case 'integer':
      return numberProblem(kind, value);
    case 'choice':
      return choiceProblem(kind, value);
    case 'text':
      return textProblem(kind, value);
  }
};

/** @returns what is sent, or why nothing is: only fields of the form, and only what fits */
export const checkedAnswer = (
  fields: readonly McpFormField[],
  content: Extract<McpFormAnswer, { action: 'accept' }>['content'],
): { readonly content: Record<string, JsonValue> } | { readonly problem: string } => {
  const made: Record<string, JsonValue> = {};
  for (const field of fields) {
    const value = content !== undefined && Object.hasOwn(content, field.key) ? content[field.key] : undefined;
    if (value === undefined) {
      if (field.isRequired) return { problem: `${field.title} is missing` };
      continue;
    }
    const problem = problemOf(field, value);
    if (problem !== undefined) return { problem: `${field.title}: ${problem}` };
    Object.defineProperty(made, field.key, { value, enumerable: true });
  }
  return { content: made };
};
