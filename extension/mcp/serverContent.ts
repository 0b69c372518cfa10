/** Resources and prompts of servers that run, kept until they say that those are others. */
import type { SetTimer } from '../core/approvals.ts';
import type { McpLog } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpConnection, McpPrompt, McpResource } from './types.ts';
import { withLimit } from './waits.ts';

/** Milliseconds for one list. */
export const contentLimit = 40_000;

export type ListedResource = McpResource & { readonly isTemplate: boolean };

export interface ServerContent {
  /** Lists what is not known yet, for the counts. Not waited for. */
  load(server: string, connection: McpConnection): void;
  resources(server: string, connection: McpConnection): Promise<readonly ListedResource[]>;
  prompts(server: string, connection: McpConnection): Promise<readonly McpPrompt[]>;
  changed(connection: McpConnection, what: 'resources' | 'prompts'): void;
  /** As far as they are known. */
  counts(connection: McpConnection | undefined): { readonly resources: number; readonly prompts: number };
}

interface Kept {
  server: string;
  resources?: Promise<readonly ListedResource[]>;
  prompts?: Promise<readonly McpPrompt[]>;
  counts: { resources: number; prompts: number };
}

export const createServerContent = (ports: {
  readonly setTimer: SetTimer;
  readonly log: McpLog;
  onChange(): void;
}): ServerContent => {
  const { setTimer, log, onChange } = ports;
  const known = new WeakMap<McpConnection, Kept>();
  const keptOf = (server: string, connection: McpConnection): Kept => {
    const kept = known.get(connection) ?? { server, counts: { resources: 0, prompts: 0 } };
    known.set(connection, kept);
    return kept;
  };
  const limited = <T>(server: string, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withLimit(
      setTimer,
      contentLimit,
      `The MCP server ${server} did not list its ${what} in time.`,
      undefined,
      work,
    );

  const resources: ServerContent['resources'] = (server, connection) => {
    if (!connection.facts.has.resources) return Promise.resolve([]);
    const kept = keptOf(server, connection);
    if (kept.resources !== undefined) return kept.resources;
    const listing = limited(server, 'resources', async (signal) => {
      const [plain, templates] = await Promise.all([
        connection.listResources(signal),
        // Many servers that have resources know no templates, and say so with an error.
        connection.listTemplates(signal).catch(() => []),
      ]);
      return [
        ...plain.map((resource) => ({ ...resource, isTemplate: false })),
        ...templates.map((resource) => ({ ...resource, isTemplate: true })),
      ];
    });
    kept.resources = listing;
    listing.then(
      ({ length }) => {
        if (kept.resources !== listing || kept.counts.resources === length) return;
        kept.counts.resources = length;
        onChange();
      },
      () => {
        if (kept.resources === listing) delete kept.resources;
      },
    );
    return listing;
  };

  const prompts: ServerContent['prompts'] = (server, connection) => {
    if (!connection.facts.has.prompts) return Promise.resolve([]);
    const kept = keptOf(server, connection);
    if (kept.prompts !== undefined) return kept.prompts;
    const listing = limited(server, 'prompts', (signal) => connection.listPrompts(signal));
    kept.prompts = listing;
    listing.then(
      ({ length }) => {
        if (kept.prompts !== listing || kept.counts.prompts === length) return;
        kept.counts.prompts = length;
        onChange();
      },
      () => {
        if (kept.prompts === listing) delete kept.prompts;
      },
    );
    return listing;
  };

  const load: ServerContent['load'] = (server, connection) => {
    for (const listing of [resources(server, connection), prompts(server, connection)]) {
      listing.catch((error: unknown) => log.write(server, 'warning', reasonOf(error)));
    }
  };

  return {
    load,
    resources,
    prompts,
    changed: (connection, what) => {
      const kept = known.get(connection);
      if (kept === undefined) return;
      delete kept[what];
      load(kept.server, connection);
    },
    counts: (connection) =>
      (connection === undefined ? undefined : known.get(connection)?.counts) ?? { resources: 0, prompts: 0 },
  };
};
