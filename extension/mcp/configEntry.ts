/** One entry of a configuration file: VS Code's shape and that of `mcpServers`, by whatever words their programs use. */
import type { McpProtocol, RemoteTransportConfig, StdioTransportConfig } from '../shared/mcp.ts';
import {
  type Fields,
  fieldOf,
  filledField,
  flagField,
  numberField,
  recordField,
  textField,
  textsField,
} from './configFields.ts';
import { fieldsOf, type JsonNode, jsonOf, NodeProblem } from './configNodes.ts';
import { withVariables } from './variables.ts';

const defaultCallTimeout = 600;
export const mostCallTimeout = 86_400;

/** Words in use for the way to a server. */
const typeWords: Readonly<Record<string, 'stdio' | 'http' | 'sse'>> = {
  stdio: 'stdio',
  local: 'stdio',
  http: 'http',
  streamablehttp: 'http',
  sse: 'sse',
};

export interface EntryOptions {
  /** What the program of the file means by `timeout`: seconds (Cline) or milliseconds (Claude Code). */
  readonly timeoutUnit?: 'seconds' | 'milliseconds';
  /** Entries that their file turns off are taken too. */
  readonly takesDisabled?: boolean;
}

export interface ParsedEntry {
  readonly transport: StdioTransportConfig | RemoteTransportConfig;
  readonly protocol: McpProtocol;
  readonly callTimeoutMs: number;
}

const environmentProblem = (name: string): string | undefined =>
  name === '' || /[=\0]/.test(name) ? 'the name of a variable must not be empty or have a =' : undefined;

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const headerProblem = (name: string): string | undefined =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) ? undefined : `"${name}" cannot be the name of a header`;

const typeOf = (fields: Fields, at: number): 'stdio' | 'http' | 'sse' => {
  for (const name of ['type', 'transport', 'transportType']) {
    const node = fieldOf(fields, name);
    // Some programs have an object there.
    if (node === undefined || (name === 'transport' && node.type === 'object')) continue;
    const word = textField(fields, name) ?? '';
    const type = Object.entries(typeWords).find(([each]) => each === word.toLowerCase().replace(/[-_]/g, ''));
    if (type !== undefined) return type[1];
    throw new NodeProblem(
      node.offset,
      `\`${name}\` is "${word}", which is not supported: use stdio, http or sse`,
    );
  }
  if (fieldOf(fields, 'command') !== undefined) return 'stdio';
  if (fieldOf(fields, 'url') !== undefined || fieldOf(fields, 'serverUrl') !== undefined) return 'http';
  throw new NodeProblem(at, 'it has neither a `command` to start nor a `url` to connect to');
};

const stdioOf = (fields: Fields, at: number): StdioTransportConfig => {
  const command = filledField(fields, 'command');
  if (command === undefined) throw new NodeProblem(at, 'its type is stdio, but it has no `command`');
  const envFile = filledField(fields, 'envFile');
  const cwd = filledField(fields, 'cwd');
  return {
    type: 'stdio',
    command,
    args: textsField(fields, 'args'),
    env: recordField(fields, 'env', environmentProblem),
    ...(envFile !== undefined && { envFile }),
    ...(cwd !== undefined && { cwd }),
  };
};

const scopesOf = (fields: Fields): readonly string[] | undefined => {
  const node = fieldOf(fields, 'scopes');
  if (node === undefined) return undefined;
  return node.type === 'string'
    ? (textField(fields, 'scopes') ?? '').split(/\s+/).filter((scope) => scope !== '')
    : textsField(fields, 'scopes');
};

const oauthOf = (fields: Fields): RemoteTransportConfig['oauth'] => {
  const node = fieldOf(fields, 'oauth');
  if (node === undefined) return undefined;
  if (node.type !== 'object') throw new NodeProblem(node.offset, '`oauth` has to be an object');
  const own = fieldsOf(node);
  const clientId = filledField(own, 'clientId');
  const clientSecret = filledField(own, 'clientSecret');
  if (clientSecret !== undefined && clientId === undefined) {
    throw new NodeProblem(
      own.get('clientSecret')?.offset ?? node.offset,
      '`oauth` has a `clientSecret`, but no `clientId`',
    );
  }
  const scopes = scopesOf(own);
  return {
    ...(clientId !== undefined && { clientId }),
    ...(clientSecret !== undefined && { clientSecret }),
    ...(scopes !== undefined && { scopes }),
  };
};

/** @returns what is wrong with the values of headers, never the values themselves */
export const headerValueProblem = (headers: Readonly<Record<string, string>>): string | undefined => {
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n]/.test(value)) return `the value of the header ${name} has a line break`;
    // What fetch would say of it is for programmers.
    if (/[^\t -~\u0080-\u00ff]/.test(value)) {
      return `the value of the header ${name} has a character that no header can have`;
    }
  }
  return undefined;
};

/** @returns what is wrong with an address whose variables are replaced */
export const addressProblem = (url: string): string | undefined => {
  if (!/^https?:\/\//i.test(url)) return '`url` has to begin with https:// or http://';
  return URL.canParse(url) ? undefined : '`url` is not a valid address';
};

const remoteOf = (fields: Fields, type: 'http' | 'sse', at: number): RemoteTransportConfig => {
  const name = fieldOf(fields, 'url') === undefined ? 'serverUrl' : 'url';
  const url = filledField(fields, name);
  if (url === undefined) throw new NodeProblem(at, `its type is ${type}, but it has no \`url\``);
  const problem = url.includes('${') ? undefined : addressProblem(url);
  if (problem !== undefined) throw new NodeProblem(fields.get(name)?.offset ?? at, problem);
  const headers = recordField(fields, 'headers', headerProblem);
  const literal = Object.entries(headers).map(([each, value]) => [each, withVariables(value, () => '')]);
  const broken = headerValueProblem(Object.fromEntries(literal));
  if (broken !== undefined) throw new NodeProblem(fields.get('headers')?.offset ?? at, broken);
  const oauth = oauthOf(fields);
  return { type, url, headers, ...(oauth !== undefined && { oauth }) };
};

const timeoutOf = (fields: Fields, unit: EntryOptions['timeoutUnit']): number => {
  const own = numberField(fields, 'callTimeout', 1, mostCallTimeout);
  if (own !== undefined) return own;
  const node = unit === undefined ? undefined : fieldOf(fields, 'timeout');
  const value = node === undefined ? undefined : jsonOf(node);
  // Of other programs: what they would not take either is no reason to leave a server out.
  if (typeof value !== 'number' || !(value > 0)) return defaultCallTimeout;
  if (unit === 'seconds') return Math.min(Math.max(value, 1), mostCallTimeout);
  return value < 1_000 ? defaultCallTimeout : Math.min(value / 1_000, mostCallTimeout);
};

const protocolOf = (fields: Fields, type: 'stdio' | 'http' | 'sse'): McpProtocol => {
  const word = textField(fields, 'protocol');
  if (word === undefined) return type === 'stdio' ? '2025' : 'auto';
  if (word === 'auto' || word === '2025') return word;
  throw new NodeProblem(fields.get('protocol')?.offset ?? 0, '`protocol` has to be "auto" or "2025"');
};

/**
 * @param at where the entry begins
 * @throws NodeProblem
 */
export const parseEntry = (node: JsonNode, at: number, options: EntryOptions): ParsedEntry => {
  if (node.type !== 'object') throw new NodeProblem(node.offset, 'the entry of a server has to be an object');
  const fields = fieldsOf(node);
  if (options.takesDisabled !== true) {
    const off = (['disabled', 'enabled'] as const).find(
      (name) => flagField(fields, name) === (name === 'disabled'),
    );
    if (off !== undefined) {
      throw new NodeProblem(
        fields.get(off)?.offset ?? at,
        `its file turns it off: take \`${off}\` out of the entry to use it`,
      );
    }
  }
  const type = typeOf(fields, at);
  return {
    transport: type === 'stdio' ? stdioOf(fields, at) : remoteOf(fields, type, at),
    protocol: protocolOf(fields, type),
    callTimeoutMs: Math.round(timeoutOf(fields, options.timeoutUnit) * 1_000),
  };
};
