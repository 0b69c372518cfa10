/** The form for a new MCP server: a field after the other. */
import * as vscode from 'vscode';
import { joinArguments, splitArguments } from './mcpArguments.ts';
import {
  addressProblem,
  looksSecret,
  nameProblem,
  readValue,
  type TypedValue,
  valueProblem,
} from './mcpEntry.ts';
import { visible } from './skillWords.ts';
import { count, withoutIcons } from './words.ts';

type Validation = string | vscode.InputBoxValidationMessage | undefined;

const tell = (message: string, severity: 'Info' | 'Warning'): vscode.InputBoxValidationMessage => ({
  message,
  severity: vscode.InputBoxValidationSeverity[severity],
});

/** Longer ones are cut in what stands below a field. */
const mostShown = 400;

/** What stands below the field while one types a command or its arguments. */
export const argumentsMessage = (text: string, isWindows: boolean, ofProgram: boolean): Validation => {
  if (text.trim() === '') return undefined;
  const split = splitArguments(text, isWindows);
  if ('problem' in split) return split.problem;
  const shown = split.words.map((word) => `‹${visible(word)}›`);
  const list = (words: readonly string[]): string => {
    const line = words.join(' ');
    return line.length <= mostShown ? line : `${line.slice(0, mostShown)}…`;
  };
  const [program = '', ...rest] = shown;
  const words = ofProgram
    ? `Program ${program}${rest.length === 0 ? '' : `, ${count(rest.length, 'argument')}: ${list(rest)}`}`
    : `${count(shown.length, 'argument')}: ${list(shown)}`;
  return split.literal === ''
    ? tell(words, 'Info')
    : tell(`${words}. No shell reads this: ${split.literal} is passed on as it stands.`, 'Warning');
};

/** @returns program and arguments; undefined when the person thought better of it */
export const askCommand = async (
  title: string,
  isWindows: boolean,
): Promise<readonly string[] | undefined> => {
  const typed = await vscode.window.showInputBox({
    title: `${title} (1/5): program`,
    prompt: 'The program that is the server, or the whole command line',
    placeHolder: 'npx -y @modelcontextprotocol/server-memory',
    ignoreFocusOut: true,
    validateInput: (text) => argumentsMessage(text, isWindows, true),
  });
  if (typed === undefined) return undefined;
  const first = splitArguments(typed, isWindows);
  const [program, ...rest] = 'words' in first ? first.words : [];
  if (program === undefined) return undefined;
  const line = await vscode.window.showInputBox({
    title: `${title} (2/5): arguments`,
    prompt: 'In one line; quotes hold together what has spaces. May be empty',
    value: joinArguments(rest, isWindows),
    ignoreFocusOut: true,
    validateInput: (text) => argumentsMessage(text, isWindows, false),
  });
  if (line === undefined) return undefined;
  const args = splitArguments(line, isWindows);
  return 'words' in args ? [program, ...args.words] : undefined;
};

export const addressMessage = (text: string): Validation => {
  if (text.trim() === '') return undefined;
  const problem = addressProblem(text);
  if (problem !== undefined) return problem;
  const isLocal = /^https?:\/\/(?:localhost|127\.|\[::1\])/i.test(text.trim());
  return /^http:/i.test(text.trim()) && !isLocal
    ? tell('Without https everybody on the way can read and change what is sent.', 'Warning')
    : undefined;
};

/** @returns undefined when the person thought better of it */
export const askAddress = async (title: string): Promise<string | undefined> => {
  const typed = await vscode.window.showInputBox({
    title: `${title} (1/4): address`,
    prompt: 'Of the server: streamable HTTP, or SSE where it only speaks that',
    placeHolder: 'https://example.com/mcp',
    ignoreFocusOut: true,
    validateInput: addressMessage,
  });
  const url = typed?.trim() ?? '';
  return addressProblem(url) === undefined ? url : undefined;
};

const valueWords = {
  env: {
    step: 'environment',
    one: 'Variable',
    prompt: 'A variable of its environment as NAME=value; empty when there is none (any more)',
    example: 'API_TOKEN=…',
  },
  header: {
    step: 'headers',
    one: 'Header',
    prompt: 'A header of each request as NAME=value; empty when there is none (any more)',
    example: 'Authorization=Bearer …',
  },
} as const;

/** More are for the file itself. */
const mostValues = 50;

export const valueMessage = (text: string, kind: 'env' | 'header'): Validation => {
  if (text.trim() === '') return undefined;
  const problem = valueProblem(text, kind);
  if (problem !== undefined) return problem;
  const typed = readValue(text);
  if (typed.value === undefined)
    return tell(
      `Without =: ${typed.name} is asked for at the first start, and kept in secret storage.`,
      'Info',
    );
  return looksSecret(typed)
    ? tell('It looks like a secret: after this you are asked whether it goes to secret storage.', 'Info')
    : undefined;
};

export interface AskedValues {
  readonly typed: readonly TypedValue[];
  /** Names of those whose values are kept out of the file. */
  readonly secret: ReadonlySet<string>;
}

/** One after the other until nothing is typed. @returns undefined when the person thought better of it */
export const askValues = async (
  title: string,
  step: string,
  kind: 'env' | 'header',
): Promise<AskedValues | undefined> => {
  const words = valueWords[kind];
  const found = new Map<string, TypedValue>();
  while (found.size < mostValues) {
    const names = [...found.keys()].join(', ');
    const text = await vscode.window.showInputBox({
      title: `${title} (${step}): ${words.step}`,
      prompt: names === '' ? words.prompt : `${words.prompt}. So far: ${names}`,
      placeHolder: words.example,
      ignoreFocusOut: true,
      validateInput: (each) => valueMessage(each, kind),
    });
    if (text === undefined) return undefined;
    if (text.trim() === '') break;
    if (valueProblem(text, kind) !== undefined) return undefined;
    const value = readValue(text);
    found.set(value.name, value);
  }
  const typed = [...found.values()];
  const asked = typed.filter(({ value }) => value === undefined).map(({ name }) => name);
  const given = typed.filter(({ value }) => value !== undefined);
  if (given.length === 0) return { typed, secret: new Set(asked) };
  const items = given.map((each) => ({
    label: withoutIcons(each.name),
    picked: looksSecret(each),
    description: looksSecret(each) ? 'looks like a secret' : '',
    name: each.name,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} (${step}): which are secrets?`,
    placeHolder: 'Those go to VS Code’s secret storage; the values of the others stand in the file',
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen === undefined
    ? undefined
    : { typed, secret: new Set([...asked, ...chosen.map(({ name }) => name)]) };
};

/** @param clash what the name would do to another server @returns undefined when the person thought better of it */
export const askName = async (
  title: string,
  value: string,
  clash: (name: string) => { readonly isSameFile: boolean; readonly label: string } | undefined,
): Promise<string | undefined> => {
  const problemOf = (text: string): string | undefined => {
    const problem = nameProblem(text);
    if (problem !== undefined) return problem;
    return clash(text.trim())?.isSameFile === true
      ? 'There is a server of this name in that file.'
      : undefined;
  };
  const typed = await vscode.window.showInputBox({
    title,
    prompt: 'Its name: agents see its tools as name__tool',
    value,
    ignoreFocusOut: true,
    validateInput: (text) => {
      const found = problemOf(text) ?? clash(text.trim());
      if (found === undefined || typeof found === 'string') return found;
      return tell(`${found.label} has a server of this name: one of the two will be hidden.`, 'Warning');
    },
  });
  return typed === undefined || problemOf(typed) !== undefined ? undefined : typed.trim();
};
