/** From a configuration to what is started or connected to. Consent and start go the same way up to the last values. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { McpError, type ResolvedTransport } from '../core/mcp.ts';
import type { McpInput, McpServerConfig } from '../shared/mcp.ts';
import { addressProblem, headerValueProblem } from './configEntry.ts';
import { readEnvFile } from './envFile.ts';
import {
  type Environment,
  filledText,
  literalOf,
  type McpFolder,
  type Part,
  partsOf,
  type VariableContext,
} from './variables.ts';

export interface ResolvePorts {
  /** The open folders, in the order of the editor. */
  folders(): readonly McpFolder[];
  /** Absolute. */
  readonly home: string;
  /** The editor's own, for `${env:NAME}`. */
  environment(): Environment;
  readonly platform: NodeJS.Platform;
}

type Named = readonly (readonly [name: string, value: readonly Part[]])[];

/** A configuration with all variables replaced but for inputs and the environment. */
export type Expanded =
  | {
      readonly type: 'stdio';
      readonly command: readonly Part[];
      readonly args: readonly (readonly Part[])[];
      /** In the order of their names, as `headers`. */
      readonly env: Named;
      readonly envFile?: readonly Part[];
      readonly cwd: readonly Part[];
    }
  | {
      readonly type: 'http' | 'sse';
      readonly url: readonly Part[];
      readonly headers: Named;
      readonly oauth?: {
        readonly clientId?: readonly Part[];
        readonly clientSecret?: readonly Part[];
        readonly scopes?: readonly (readonly Part[])[];
      };
    };

export const pathsOf = (platform: NodeJS.Platform): path.PlatformPath =>
  platform === 'win32' ? path.win32 : path.posix;

/** A path becomes absolute, so that what is started is what is shown; a name is looked up by the system. */
const programOf = (command: string, cwd: string, platform: NodeJS.Platform): string =>
  (platform === 'win32' ? /[/\\]/ : /\//).test(command) ? pathsOf(platform).resolve(cwd, command) : command;

/** What relative paths are below. A server of the person's own is the same one, and approved once, whatever is open. */
export const baseFolderOf = (config: McpServerConfig, { home }: Pick<ResolvePorts, 'home'>): string =>
  config.source.folder ?? home;

const sorted = (record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** @throws McpError naming the variable that has no value */
export const expandConfig = (config: McpServerConfig, ports: ResolvePorts): Expanded => {
  const paths = pathsOf(ports.platform);
  const { transport, source } = config;
  const context: VariableContext = {
    folders: ports.folders(),
    home: ports.home,
    separator: paths.sep,
    ...(source.folder !== undefined && { folder: source.folder }),
  };
  const expand = (text: string): readonly Part[] => {
    try {
      return partsOf(text, context);
    } catch (error) {
      if (!(error instanceof McpError)) throw error;
      throw new McpError(`The MCP server ${config.name} (${source.label}) cannot be used: ${error.message}`);
    }
  };
  const named = (record: Readonly<Record<string, string>>): Named =>
    sorted(record).map(([name, value]) => [name, expand(value)]);
  if (transport.type !== 'stdio') {
    const { type, url, headers, oauth } = transport;
    return {
      type,
      url: expand(url),
      headers: named(headers),
      ...(oauth !== undefined && {
        oauth: {
          ...(oauth.clientId !== undefined && { clientId: expand(oauth.clientId) }),
          ...(oauth.clientSecret !== undefined && { clientSecret: expand(oauth.clientSecret) }),
          ...(oauth.scopes !== undefined && { scopes: oauth.scopes.map(expand) }),
        },
      }),
    };
  }
  const base = baseFolderOf(config, ports);
  const below = (folder: string, parts: readonly Part[]): readonly Part[] => {
    const literal = literalOf(parts);
    return literal === undefined ? parts : [paths.resolve(folder, literal)];
  };
  // The folder's own name may look like a variable.
  const cwd = transport.cwd === undefined ? [base] : below(base, expand(transport.cwd));
  const command = expand(transport.command);
  const literal = literalOf(command);
  const folder = literalOf(cwd);
  const envFile = transport.envFile === undefined ? undefined : below(base, expand(transport.envFile));
  if (envFile?.some((part) => typeof part !== 'string' && 'input' in part) === true) {
    throw new McpError(
      `The MCP server ${config.name} (${source.label}) cannot be started: an input names its environment file, so that nobody could look at it before. Name the file itself in \`envFile\`.`,
    );
  }
  return {
    type: 'stdio',
    command:
      literal === undefined || folder === undefined ? command : [programOf(literal, folder, ports.platform)],
    args: transport.args.map(expand),
    env: named(transport.env),
    ...(envFile !== undefined && { envFile }),
    cwd,
  };
};

const askedValues = async (
  config: McpServerConfig,
  ask: (input: McpInput) => Promise<string | undefined>,
): Promise<ReadonlyMap<string, string>> => {
  const values = new Map<string, string>();
  // One after the other: a person may be asked.
  for (const input of config.inputs) {
    const value = await ask(input);
    if (value === undefined) {
      throw new McpError(
        `The MCP server ${config.name} needs a value for "${input.description}", and none was given. Start it again to be asked.`,
      );
    }
    values.set(input.id, value);
  }
  return values;
};

const isFolder = async (folder: string): Promise<boolean> =>
  (await stat(folder).catch(() => undefined))?.isDirectory() === true;

/** @throws McpError naming the variable, file or folder that is missing */
export const resolveConfig = async (
  config: McpServerConfig,
  ports: ResolvePorts,
  ask: (input: McpInput) => Promise<string | undefined>,
): Promise<ResolvedTransport> => {
  const expanded = expandConfig(config, ports);
  const who = `The MCP server ${config.name} (${config.source.label})`;
  const paths = pathsOf(ports.platform);
  const base = baseFolderOf(config, ports);
  const values = {
    environment: ports.environment(),
    ignoresCase: ports.platform === 'win32',
    inputs: await askedValues(config, ask),
  };
  const fill = (parts: readonly Part[]): string => {
    try {
      const text = filledText(parts, values);
      if (!text.includes('\0')) return text;
      throw new McpError('a value has a NUL character.');
    } catch (error) {
      if (!(error instanceof McpError)) throw error;
      throw new McpError(`${who} cannot be started: ${error.message}`);
    }
  };
  const filled = (named: Named): Record<string, string> =>
    Object.fromEntries(named.map(([name, parts]) => [name, fill(parts)]));

  if (expanded.type !== 'stdio') {
    const url = fill(expanded.url);
    const problem = addressProblem(url);
    if (problem !== undefined)
      throw new McpError(`${who} cannot be reached: ${problem}. Correct its address.`);
    const headers = filled(expanded.headers);
    const broken = headerValueProblem(headers);
    if (broken !== undefined) throw new McpError(`${who} cannot be reached: ${broken}.`);
    const { type, oauth } = expanded;
    return {
      type,
      url,
      headers,
      ...(oauth !== undefined && {
        oauth: {
          ...(oauth.clientId !== undefined && { clientId: fill(oauth.clientId) }),
          ...(oauth.clientSecret !== undefined && { clientSecret: fill(oauth.clientSecret) }),
          ...(oauth.scopes !== undefined && { scopes: oauth.scopes.map(fill) }),
        },
      }),
    };
  }

  const cwd = paths.resolve(base, fill(expanded.cwd));
  if (!(await isFolder(cwd))) {
    throw new McpError(
      `${who} cannot be started: its folder ${cwd} does not exist. Make it, or change \`cwd\` in the entry.`,
    );
  }
  const fromFile: [string, string][] = [];
  if (expanded.envFile !== undefined) {
    const file = paths.resolve(base, fill(expanded.envFile));
    const found = await readEnvFile(file);
    if (found.kind === 'unreadable') {
      throw new McpError(
        `${who} cannot be started: its environment file ${file} cannot be read: ${found.reason}. Make the file, or take \`envFile\` out of the entry.`,
      );
    }
    for (const [name, value] of found.values) fromFile.push([name, value]);
  }
  const typed = config.inputs.flatMap(({ id, isSecret }) => (isSecret ? (values.inputs.get(id) ?? []) : []));
  const command = fill(expanded.command);
  if (command.trim() === '') throw new McpError(`${who} cannot be started: its command is empty.`);
  return {
    type: 'stdio',
    command: programOf(command, cwd, ports.platform),
    args: expanded.args.map(fill),
    env: { ...Object.fromEntries(fromFile), ...filled(expanded.env) },
    cwd,
    ...(typed.length > 0 && { secrets: typed }),
  };
};
