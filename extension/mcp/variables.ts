/** `${…}` in configurations. Values are put in once: what stands in a value is not replaced again. */
import { McpError } from '../core/mcp.ts';
import { cutText } from '../core/text.ts';
import type { RemoteTransportConfig, StdioTransportConfig } from '../shared/mcp.ts';
import { visibleLine } from './visibleText.ts';

export interface McpFolder {
  /** Absolute. */
  readonly path: string;
  readonly name: string;
}

/** What variables stand for, but for inputs and the environment. */
export interface VariableContext {
  readonly folders: readonly McpFolder[];
  /** Of the file that names the variables; absent for the person's own. */
  readonly folder?: string;
  readonly home: string;
  readonly separator: string;
}

/** A piece of a text: literal, or to be filled in later. */
export type Part = string | { readonly input: string } | { readonly env: string; readonly fallback?: string };

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

interface Found {
  /** What stands between `${` and `}`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A pattern would look through the whole text again for each `${` without an end. */
function* placesIn(text: string): Generator<Found> {
  for (let start = text.indexOf('${'); start >= 0; ) {
    const close = text.indexOf('}', start);
    if (close < 0) return;
    yield { name: text.slice(start + 2, close), start, end: close + 1 };
    start = text.indexOf('${', close + 1);
  }
}

/** What stands between `${` and `}`. */
export const variablesIn = (text: string): readonly string[] => [...placesIn(text)].map(({ name }) => name);

/** @param value undefined: it stays as it is */
export const withVariables = (text: string, value: (name: string) => string | undefined): string => {
  let replaced = '';
  let at = 0;
  for (const { name, start, end } of placesIn(text)) {
    replaced += text.slice(at, start) + (value(name) ?? text.slice(start, end));
    at = end;
  }
  return replaced + text.slice(at);
};

const baseName = (folder: string): string => folder.split(/[/\\]/).findLast((part) => part !== '') ?? folder;

/** A name out of a file, for a message. */
const shown = (name: string): string => cutText(visibleLine(name), 100);

const workspaceFolder = ({ folders, folder }: VariableContext, name: string): string => {
  const own = folder ?? folders[0]?.path;
  if (own !== undefined) return own;
  throw new McpError(`\${${name}} has no value: no folder is open. Open one, or write the path instead.`);
};

const namedFolder = ({ folders }: VariableContext, name: string): string => {
  const found = folders.find((each) => each.name === name);
  if (found !== undefined) return found.path;
  throw new McpError(
    `\${workspaceFolder:${shown(name)}} has no value: no folder with the name "${shown(name)}" is open. Open it, or write the path instead.`,
  );
};

const environmentPart = (text: string, whole: string): Part | undefined => {
  const at = text.indexOf(':-');
  const name = at < 0 ? text : text.slice(0, at);
  if (!environmentName.test(name)) return undefined;
  if (at < 0) return { env: name };
  const fallback = text.slice(at + 2);
  if (!fallback.includes('${')) return { env: name, fallback };
  throw new McpError(
    `\${${shown(whole)}} has another variable inside, which is not supported: write the value instead.`,
  );
};

const partOf = (name: string, context: VariableContext): Part => {
  if (name === 'workspaceFolder') return workspaceFolder(context, name);
  if (name === 'workspaceFolderBasename') return baseName(workspaceFolder(context, name));
  if (name === 'userHome') return context.home;
  if (name === 'pathSeparator' || name === '/') return context.separator;
  if (name.startsWith('workspaceFolder:')) return namedFolder(context, name.slice('workspaceFolder:'.length));
  if (name.startsWith('input:')) return { input: name.slice('input:'.length) };
  const part = name.startsWith('env:')
    ? // Windows has variables such as ProgramFiles(x86).
      (environmentPart(name.slice(4), name) ?? { env: name.slice(4) })
    : environmentPart(name, name);
  if (part !== undefined) return part;
  throw new McpError(
    `\${${shown(name)}} is not a variable that AnyCowork knows. It knows workspaceFolder, workspaceFolder:name, workspaceFolderBasename, userHome, pathSeparator, env:NAME and input:id.`,
  );
};

/**
 * @returns the pieces of a text; neighbouring literals are one
 * @throws McpError naming the variable
 */
export const partsOf = (text: string, context: VariableContext): readonly Part[] => {
  const parts: Part[] = [];
  const add = (part: Part): void => {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else if (part !== '') parts.push(part);
  };
  let at = 0;
  for (const { name, start, end } of placesIn(text)) {
    add(text.slice(at, start));
    add(partOf(name, context));
    at = end;
  }
  add(text.slice(at));
  return parts;
};

/** The text, where nothing in it has to be filled in. */
export const literalOf = (parts: readonly Part[]): string | undefined => {
  if (parts.length === 0) return '';
  const [only] = parts;
  return parts.length === 1 && typeof only === 'string' ? only : undefined;
};

export type Environment = Readonly<Record<string, string | undefined>>;

const environmentValue = (
  environment: Environment,
  name: string,
  ignoresCase: boolean,
): string | undefined => {
  if (Object.hasOwn(environment, name)) return environment[name];
  if (!ignoresCase) return undefined;
  const key = Object.keys(environment).find((each) => each.toUpperCase() === name.toUpperCase());
  return key === undefined ? undefined : environment[key];
};

export interface Values {
  readonly environment: Environment;
  /** Windows: names of variables are the same in any case. */
  readonly ignoresCase: boolean;
  readonly inputs: ReadonlyMap<string, string>;
}

/** @throws McpError naming the variable that has no value */
export const filledText = (parts: readonly Part[], { environment, ignoresCase, inputs }: Values): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return part;
      if ('input' in part) {
        const value = inputs.get(part.input);
        if (value !== undefined) return value;
        throw new McpError(`\${input:${shown(part.input)}} has no value.`);
      }
      const value = environmentValue(environment, part.env, ignoresCase);
      if (value !== undefined && (value !== '' || part.fallback === undefined)) return value;
      if (part.fallback !== undefined) return part.fallback;
      throw new McpError(
        `The environment variable ${shown(part.env)}, which the configuration names, is not set in the environment of the editor. Set it and start the editor again, or use \${input:…} instead.`,
      );
    })
    .join('');

/** Every text of a transport in which variables are replaced. */
export const textsOf = (transport: StdioTransportConfig | RemoteTransportConfig): readonly string[] =>
  transport.type === 'stdio'
    ? [
        transport.command,
        ...transport.args,
        ...Object.values(transport.env),
        transport.envFile ?? '',
        transport.cwd ?? '',
      ]
    : [
        transport.url,
        ...Object.values(transport.headers),
        transport.oauth?.clientId ?? '',
        transport.oauth?.clientSecret ?? '',
        ...(transport.oauth?.scopes ?? []),
      ];

/** Ids of the inputs that a transport names, each once. */
export const inputIdsOf = (transport: StdioTransportConfig | RemoteTransportConfig): readonly string[] => [
  ...new Set(
    textsOf(transport)
      .flatMap(variablesIn)
      .flatMap((name) => (name.startsWith('input:') ? [name.slice('input:'.length)] : [])),
  ),
];
