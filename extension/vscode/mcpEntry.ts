/** Entries of MCP configuration files, put together from what a person typed or took over from elsewhere. Pure. */
import type { McpImportable, McpTarget } from '../core/mcp.ts';
import { redact } from '../core/redact.ts';
import type { McpServerConfig, McpServerInfo } from '../shared/mcp.ts';
import type { JsonObject, JsonValue } from '../shared/message.ts';
import { called, targetOf } from './mcpWords.ts';
import { visible } from './skillWords.ts';

/** `NAME=value` as typed; without a value it is asked for at the first start. */
export interface TypedValue {
  readonly name: string;
  readonly value: string | undefined;
}

const hasVariable = (value: string): boolean => value.includes('${');

export const looksSecret = ({ name, value }: TypedValue): boolean => {
  if (value === undefined) return true;
  if (hasVariable(value)) return false;
  return (
    /token|key|secret|passw|credential|auth|cookie|\bpat\b/i.test(name.replaceAll('_', ' ')) ||
    redact(value, []) !== value ||
    /^(?:gh[pousr]_|xox[abp]-|Basic\s)/.test(value)
  );
};

/** @returns why it is none */
export const valueProblem = (text: string, kind: 'env' | 'header'): string | undefined => {
  const { name, value } = readValue(text);
  if (kind === 'env' && !/^[A-Za-z_][A-Za-z0-9_.()-]*$/.test(name))
    return 'Type NAME=value: a name of letters, digits and _, such as API_TOKEN=…';
  if (kind === 'header' && !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
    return 'Type NAME=value: the name of a header, such as Authorization=Bearer …';
  if (visible(value ?? '') !== (value ?? ''))
    return 'There is a hidden character in the value. Type it anew.';
  return undefined;
};

export const readValue = (text: string): TypedValue => {
  const at = text.indexOf('=');
  return at === -1
    ? { name: text.trim(), value: undefined }
    : { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
};

/** A part of an entry, what is asked for it, and the values that go to secret storage, by input id. */
export interface FilledValues {
  readonly values: Readonly<Record<string, string>>;
  readonly inputs: readonly JsonObject[];
  readonly secrets: Readonly<Record<string, string>>;
}

/** The scheme of a header stays readable in the file. */
const schemeOf = (value: string | undefined): string =>
  /^(?:Bearer|Basic|Token)\s+/i.exec(value ?? '')?.[0] ?? '';

/** Ids of inputs are letters, digits and a few marks, so that `${input:id}` ends where it should. */
const idPart = (name: string): string => name.replaceAll(/[^A-Za-z0-9_.-]+/g, '-');

const idOf = (server: string, name: string, used: ReadonlySet<string>): string =>
  firstFree(`${idPart(server)}.${idPart(name)}`, (id) => used.has(id));

/** `name`, `name-2`, `name-3`… */
export const firstFree = (name: string, isTaken: (name: string) => boolean): string => {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) {
    const next = `${name}-${number}`;
    if (!isTaken(next)) return next;
  }
};

/** @param secret names of those whose values are kept out of the file */
export const fillValues = (
  server: string,
  typed: readonly TypedValue[],
  secret: ReadonlySet<string>,
  usedIds: ReadonlySet<string>,
): FilledValues => {
  const used = new Set(usedIds);
  const values = new Map<string, string>();
  const secrets = new Map<string, string>();
  const inputs: JsonObject[] = [];
  for (const { name, value } of typed) {
    if (!secret.has(name) && value !== undefined) {
      values.set(name, value);
      continue;
    }
    const id = idOf(server, name, used);
    used.add(id);
    const scheme = schemeOf(value);
    values.set(name, `${scheme}\${input:${id}}`);
    inputs.push({ type: 'promptString', id, description: `${name} of ${server}`, password: true });
    if (value !== undefined) secrets.set(id, value.slice(scheme.length));
  }
  return { values: Object.fromEntries(values), inputs, secrets: Object.fromEntries(secrets) };
};

/** @returns why a server cannot be called so */
export const nameProblem = (name: string): string | undefined => {
  if (name.trim() === '') return 'Type a name.';
  if (name.trim().length > 100) return 'At most 100 characters.';
  return visible(name) === name && !name.includes('\n')
    ? undefined
    : 'There is a hidden character in the name.';
};

/** A short name by what is started: `memory` of `npx -y @modelcontextprotocol/server-memory@1`. */
export const nameOfCommand = (words: readonly string[]): string => {
  const name = words.find(
    (word, index) => !word.startsWith('-') && (index > 0 || words.length === 1 || !isRunner(word)),
  );
  const parts = (name ?? words[0] ?? '').split(/[\\/]/);
  const short = (parts.at(-1) ?? '')
    .replace(/(?!^)@.*$/, '')
    .replace(/\.(?:exe|cmd|m?js|ts|py|sh)$/i, '')
    .replace(/^(?:mcp-server-|server-|mcp-)/, '')
    .replace(/-mcp(?:-server)?$/, '');
  // Of `@playwright/mcp` the scope says more.
  const scope = parts[0]?.startsWith('@') === true ? parts[0].slice(1) : undefined;
  return shortName(/^(?:mcp|server)$/.test(short) && scope !== undefined ? scope : short);
};

const shortName = (text: string): string =>
  idPart(text)
    .slice(0, 40)
    .replaceAll(/^[-.]+|[-.]+$/g, '') || 'server';

const isRunner = (word: string): boolean =>
  /^(?:npx|uvx|bunx|pnpx|uv|node|python3?|docker|deno|bun)(?:\.(?:exe|cmd))?$/i.test(
    word.split(/[\\/]/).at(-1) ?? '',
  );

/** The part of the host that says most: `githubcopilot` of `https://api.githubcopilot.com/mcp/`. */
export const nameOfAddress = (url: string): string => {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const parts = host.split('.').filter((part) => !/^(?:www|mcp|api)$/.test(part));
  return shortName((/^[\d.:[\]]+$/.test(host) ? host : (parts.at(-2) ?? parts[0])) ?? '');
};

/** @returns why it is none */
export const addressProblem = (text: string): string | undefined => {
  const typed = text.trim();
  if (!/^https?:\/\//i.test(typed)) return 'Type an address that begins with https:// (or http://).';
  // Variables are replaced before it is used.
  const plain = typed.replaceAll(/\$\{[^}]*\}/g, 'x');
  if (!URL.canParse(plain)) return 'This is no address. Copy it whole: https://example.com/mcp';
  const { username, password } = new URL(plain);
  return username === '' && password === ''
    ? undefined
    : 'Names and passwords do not belong into an address. Give them as a header in the next step.';
};

const sameList = (a: JsonValue | undefined, b: readonly string[]): boolean =>
  Array.isArray(a) ? a.length === b.length && b.every((each, index) => a[index] === each) : b.length === 0;

/** Whether an entry starts, or connects to, the same. */
export const isSameEntry = (entry: JsonObject, { transport }: Pick<McpServerConfig, 'transport'>): boolean =>
  transport.type === 'stdio'
    ? entry.command === transport.command && sameList(entry.args, transport.args)
    : entry.url === transport.url;

const isSameTarget = (a: McpTarget | undefined, b: McpTarget): boolean =>
  a?.place === b.place && (a.place === 'anycowork' ? b.place === 'anycowork' && a.folder === b.folder : true);

/** Ids of inputs that servers of a file ask for: one of the same id would share its value. */
export const usedInputIds = (all: readonly McpServerInfo[], target: McpTarget): ReadonlySet<string> =>
  new Set(
    all
      .filter((info) => isSameTarget(targetOf(info), target))
      .flatMap(({ config }) => config?.inputs.map(({ id }) => id) ?? []),
  );

/** What else is called so: in the same file there is no second one; elsewhere one of them would be hidden. */
export const nameClash = (
  name: string,
  all: readonly McpServerInfo[],
  target: McpTarget,
): { readonly isSameFile: boolean; readonly label: string } | undefined => {
  const named = all.filter((info) => info.name === name);
  const same = named.find((info) => isSameTarget(targetOf(info), target));
  const found = same ?? named[0];
  return found === undefined
    ? undefined
    : { isSameFile: same !== undefined, label: called(found.source.label) };
};

/** Every text in a value. */
const mapTexts = (value: JsonValue, map: (text: string) => string): JsonValue => {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map));
  return typeof value === 'object' && value !== null ? mapObject(value, map) : value;
};

const mapObject = (value: JsonObject, map: (text: string) => string): JsonObject =>
  Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, map)]));

/** The same server with ids of inputs that nobody else in the file has. */
export const withFreeInputs = (
  importable: Pick<McpImportable, 'entry' | 'inputs' | 'secrets'>,
  used: ReadonlySet<string>,
): Pick<McpImportable, 'entry' | 'inputs' | 'secrets'> => {
  const taken = new Set(used);
  const free = new Map<string, string>();
  for (const { id } of importable.inputs) {
    if (typeof id !== 'string') continue;
    const next = firstFree(id, (each) => taken.has(each));
    taken.add(next);
    free.set(id, next);
  }
  const idNow = (id: string): string => free.get(id) ?? id;
  return {
    entry: mapObject(importable.entry, (text) =>
      text.replaceAll(/\$\{input:([^}]*)\}/g, (_all, id: string) => `\${input:${idNow(id)}}`),
    ),
    inputs: importable.inputs.map((input) =>
      typeof input.id === 'string' ? { ...input, id: idNow(input.id) } : input,
    ),
    secrets: Object.fromEntries(Object.entries(importable.secrets).map(([id, value]) => [idNow(id), value])),
  };
};
