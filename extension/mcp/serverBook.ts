/** Which servers there are, which of one name counts, and what the person decided about each. */
import { type McpConfigs, McpError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { type McpServerConfig, type McpSource, type McpState, mcpPlaces } from '../shared/mcp.ts';
import type { McpRecord, McpRecords } from './types.ts';

/** Why it does not run, whatever happens; undefined: it may. */
export type Bar = Extract<
  McpState,
  { kind: 'invalid' | 'shadowed' | 'untrusted' | 'disabled' | 'unapproved' }
>;

export interface BookEntry {
  /** Of its name and place. */
  readonly key: string;
  readonly name: string;
  readonly source: McpSource;
  readonly config?: McpServerConfig;
  readonly bar?: Bar;
  /** Of the consent; absent where files and variables do not give one, and where nobody trusts the folder. */
  readonly hash?: string;
  /** Of that consent: it has been approved. */
  readonly record?: McpRecord;
}

/** One that may run. */
export type Approved = BookEntry & {
  readonly config: McpServerConfig;
  readonly hash: string;
  readonly record: McpRecord;
};

export interface ServerBook {
  /** In the order of the places, then of the folders, then of the names. */
  read(): Promise<readonly BookEntry[]>;
  /** The one of that name that counts. @throws McpError where there is none */
  named(name: string): Promise<BookEntry & { readonly config: McpServerConfig }>;
}

export const serverKey = ({ place, folder }: McpSource, name: string): string =>
  JSON.stringify([place, folder ?? '', name]);

export const isApproved = (entry: BookEntry): entry is Approved =>
  entry.bar === undefined &&
  entry.config !== undefined &&
  entry.hash !== undefined &&
  entry.record !== undefined;

/** What the person has to do before it can be used, in a sentence. */
export const barWords = (name: string, bar: Bar): string => {
  const server = `The MCP server ${name}`;
  switch (bar.kind) {
    case 'invalid':
      return `${server} cannot be used: ${bar.problem}`;
    case 'shadowed':
      return `${server} is hidden by one of the same name in ${bar.by}.`;
    case 'untrusted':
      return `${server} does not run in Restricted Mode: no MCP server does until the person trusts this workspace.`;
    case 'disabled':
      return `${server} is disabled: the person can enable it in the view “MCP Servers”.`;
    case 'unapproved':
      return bar.hasChanged
        ? `What ${name} starts or connects to has changed since it was approved. The person has to start the MCP server in the view “MCP Servers”, and approve it there again.`
        : `${server} has not been approved: the person has to start it in the view “MCP Servers”, and approve it there.`;
  }
};

export const createServerBook = (ports: {
  readonly configs: Pick<McpConfigs, 'read' | 'consent'>;
  readonly records: McpRecords;
  isTrusted(): boolean;
}): ServerBook => {
  const { configs, records, isTrusted } = ports;

  const looked = async (config: McpServerConfig): Promise<BookEntry> => {
    const { name, source } = config;
    const key = serverKey(source, name);
    const entry = { key, name, source, config };
    if (!isTrusted()) return { ...entry, bar: { kind: 'untrusted' } };
    let hash: string;
    try {
      ({ hash } = await configs.consent(config));
    } catch (error) {
      if (await records.isDisabled(key)) return { ...entry, bar: { kind: 'disabled' } };
      return { ...entry, bar: { kind: 'invalid', problem: reasonOf(error) } };
    }
    const [isDisabled, record] = await Promise.all([records.isDisabled(key), records.get(hash)]);
    const known = { ...entry, hash, ...(record === undefined ? {} : { record }) };
    if (isDisabled) return { ...known, bar: { kind: 'disabled' } };
    if (record !== undefined) return known;
    const last = await records.lastHash(key);
    return { ...known, bar: { kind: 'unapproved', hasChanged: last !== undefined && last !== hash } };
  };

  const read = async (): Promise<readonly BookEntry[]> => {
    const { servers, problems } = await configs.read();
    const counting = new Map<string, McpServerConfig>();
    for (const config of servers) if (!counting.has(config.name)) counting.set(config.name, config);
    const entries = await Promise.all(
      servers.map(async (config): Promise<BookEntry> => {
        const { name, source } = config;
        const first = counting.get(name);
        if (first === undefined || first === config) return looked(config);
        const bar: Bar = { kind: 'shadowed', by: first.source.label };
        return { key: serverKey(source, name), name, source, config, bar };
      }),
    );
    const invalid = problems.map(({ source, name, problem }): BookEntry => {
      const bar: Bar = { kind: 'invalid', problem };
      return {
        key: serverKey(source, name ?? ''),
        name: name ?? source.label,
        source,
        bar,
      };
    });
    const all = [...entries, ...invalid];
    const files = [...new Set(all.map(({ source }) => source.file))];
    const rank = ({ source }: BookEntry): number =>
      mcpPlaces.indexOf(source.place) * (files.length + 1) + files.indexOf(source.file);
    return all.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  };

  return {
    read,
    named: async (name) => {
      const { servers } = await configs.read();
      const config = servers.find((each) => each.name === name);
      if (config === undefined) {
        throw new McpError(
          `There is no MCP server ${name}. Its entry may have been removed, or cannot be read: look at the view “MCP Servers”.`,
        );
      }
      return { ...(await looked(config)), config };
    },
  };
};
