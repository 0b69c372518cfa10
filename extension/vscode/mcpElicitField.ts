/** One field of a form that a server asks to be filled in. */
import * as vscode from 'vscode';
import type { McpFormField } from '../core/mcp.ts';
import type { JsonValue } from '../shared/message.ts';
import { tokenOf } from './mcpPeopleAsk.ts';
import { visible } from './skillWords.ts';
import { firstLine, withoutIcons } from './words.ts';

/** `left`: not answered, and not sent. */
export type FieldAnswer =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'left' }
  | { readonly kind: 'closed' };

export interface FieldPorts {
  /** Why a value does not fit a field; undefined: it does. */
  problemOf(field: Pick<McpFormField, 'kind'>, value: unknown): string | undefined;
}

const left: FieldAnswer = { kind: 'left' };
const closed: FieldAnswer = { kind: 'closed' };

export const fieldName = ({ title, key }: McpFormField): string => {
  const line = firstLine(visible(title), 100);
  return line === '' ? firstLine(visible(key), 100) : line;
};

const formats = {
  email: 'an e-mail address',
  uri: 'an address such as https://example.org',
  date: 'a date such as 2026-12-31',
  'date-time': 'a time such as 2026-12-31T12:00:00Z',
} as const;

const between = (from: number | undefined, to: number | undefined, what: string): string => {
  if (from !== undefined && to !== undefined) return `${what} ${from} to ${to}`;
  if (from !== undefined) return `${what} at least ${from}`;
  return to === undefined ? '' : `${what} at most ${to}`;
};

/** What may be typed. */
const constraintOf = ({ kind }: McpFormField): string => {
  switch (kind.type) {
    case 'text':
      return [
        ...(kind.format === undefined ? [] : [formats[kind.format]]),
        between(kind.minLength, kind.maxLength, 'characters:'),
      ]
        .filter((each) => each !== '')
        .join(', ');
    case 'number':
    case 'integer':
      return `${kind.type === 'integer' ? 'a whole number' : 'a number'}${between(kind.minimum, kind.maximum, ',')}`;
    case 'boolean':
      return 'yes or no';
    case 'choice':
      return kind.several === undefined
        ? 'one of these'
        : `any of these${between(kind.several.min, kind.several.max, ',')}`;
  }
};

/** The server's words, then ours. */
const promptOf = (field: McpFormField): string => {
  const described = field.description === undefined ? '' : firstLine(visible(field.description), 300);
  const ours = [
    constraintOf(field),
    field.isRequired ? 'required' : field.kind.type === 'text' ? 'may be left empty' : 'may be left out',
  ]
    .filter((each) => each !== '')
    .join('; ');
  return described === '' ? ours : `“${described}” (${ours})`;
};

/** What is typed as the value it stands for; undefined: nothing. */
const typedValue = ({ kind }: McpFormField, text: string): JsonValue | undefined => {
  if (kind.type === 'text') return text === '' ? undefined : text;
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const number = Number(trimmed);
  // Of what is no number the text stays, which fits no number.
  return Number.isFinite(number) ? number : trimmed;
};

const askText = async (
  field: McpFormField,
  title: string,
  before: JsonValue | undefined,
  ports: FieldPorts,
  signal: AbortSignal,
): Promise<FieldAnswer> => {
  const problem = (text: string): string | undefined => {
    const value = typedValue(field, text);
    if (value === undefined) return field.isRequired ? 'It is required.' : undefined;
    const found = ports.problemOf(field, value);
    return found === undefined ? undefined : `${found.slice(0, 1).toUpperCase()}${found.slice(1)}.`;
  };
  const typed = await vscode.window.showInputBox(
    {
      title,
      prompt: promptOf(field),
      value: typeof before === 'string' || typeof before === 'number' ? String(before) : '',
      ignoreFocusOut: true,
      validateInput: problem,
    },
    tokenOf(signal),
  );
  if (typed === undefined) return closed;
  // VS Code does not accept what has a problem; whatever else gives an answer is checked here.
  if (problem(typed) !== undefined) return closed;
  const value = typedValue(field, typed);
  return value === undefined ? left : { kind: 'value', value };
};

interface Row extends vscode.QuickPickItem {
  readonly value: JsonValue | undefined;
}

const leaveOut: Row = { label: 'Leave It Out', value: undefined };

/** @param first the value that stands on top, so that Enter takes it */
const askOne = async (
  field: McpFormField,
  title: string,
  rows: readonly Row[],
  first: JsonValue | undefined,
  signal: AbortSignal,
): Promise<FieldAnswer> => {
  const all = [...rows, ...(field.isRequired ? [] : [leaveOut])];
  const top = all.find(({ value }) => value === first);
  const items = top === undefined ? all : [top, ...all.filter((row) => row !== top)];
  const options = { title, placeHolder: promptOf(field), ignoreFocusOut: true };
  const picked = await vscode.window.showQuickPick(items, options, tokenOf(signal));
  if (picked === undefined) return closed;
  return picked.value === undefined ? left : { kind: 'value', value: picked.value };
};

const askSeveral = async (
  field: McpFormField,
  title: string,
  rows: readonly Row[],
  before: JsonValue | undefined,
  ports: FieldPorts,
  signal: AbortSignal,
): Promise<FieldAnswer> => {
  let chosen: readonly JsonValue[] = Array.isArray(before) ? before : [];
  let problem = '';
  for (;;) {
    const items = rows.map((row) => ({
      ...row,
      picked: row.value !== undefined && chosen.includes(row.value),
    }));
    const placeHolder = problem === '' ? promptOf(field) : `It does not fit: ${problem}. ${promptOf(field)}`;
    const options = { title, placeHolder, ignoreFocusOut: true, canPickMany: true as const };
    const picked = await vscode.window.showQuickPick(items, options, tokenOf(signal));
    if (picked === undefined) return closed;
    const values = picked.flatMap(({ value }) => (value === undefined ? [] : [value]));
    if (values.length === 0 && !field.isRequired) return left;
    problem = ports.problemOf(field, values) ?? '';
    if (problem === '') return { kind: 'value', value: values };
    chosen = values;
  }
};

const rowsOf = ({ kind }: McpFormField): readonly Row[] => {
  if (kind.type !== 'choice') return [];
  return kind.options.map(({ value, label }) => {
    const shown = firstLine(visible(label), 200);
    return {
      label: withoutIcons(shown === '' ? firstLine(visible(value), 200) : shown),
      ...(label === value ? {} : { description: withoutIcons(firstLine(visible(value), 100)) }),
      value,
    };
  });
};

const yesNo: readonly Row[] = [
  { label: 'Yes', value: true },
  { label: 'No', value: false },
];

/** @param before what was answered already, else the server's default */
export const askField = (
  field: McpFormField,
  title: string,
  before: JsonValue | undefined,
  ports: FieldPorts,
  signal: AbortSignal,
): Promise<FieldAnswer> => {
  const { kind } = field;
  if (kind.type === 'boolean') return askOne(field, title, yesNo, before, signal);
  if (kind.type !== 'choice') return askText(field, title, before, ports, signal);
  return kind.several === undefined
    ? askOne(field, title, rowsOf(field), before, signal)
    : askSeveral(field, title, rowsOf(field), before, ports, signal);
};

/** As it is shown before it is sent. */
export const answerText = (field: McpFormField, value: JsonValue | undefined): string => {
  if (value === undefined) return 'left out';
  const { kind } = field;
  const labelOf = (one: JsonValue): string => {
    if (kind.type !== 'choice') return String(one);
    return kind.options.find((option) => option.value === one)?.label ?? String(one);
  };
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  const text = Array.isArray(value) ? value.map(labelOf).join(', ') : labelOf(value);
  return text === '' ? 'nothing' : firstLine(visible(text), 200);
};
