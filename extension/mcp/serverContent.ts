/** Resources and prompts of servers that run, kept until they say that those are others. */
import { isDeepStrictEqual } from 'node:util';
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
  /** As they were listed last, without waiting; what is not known is asked for. */
  knownPrompts(server: string, connection: McpConnection): readonly McpPrompt[];
  changed(connection: McpConnection, what: 'resources' | 'prompts'): void;
  /** As far as they are known. */
  counts(connection: McpConnection | undefined): { readonly resources: number; readonly prompts: number };
}

interface Kept {
  server: string;
  resources?: Promise<readonly ListedResource[]>;
  prompts?: Promise<readonly McpPrompt[]>;
  known: { resources: readonly ListedResource[]; prompts: readonly McpPrompt[] };
}

export const createServerContent = (ports: {
  readonly setTimer: SetTimer;
  readonly log: McpLog;
  /** What was listed is other than before. */
  onChange(): void;
}): ServerContent => {
  const { setTimer, log, onChange } = ports;
  const known = new WeakMap<McpConnection, Kept>();
  const keptOf = (server: string, connection: McpConnection): Kept => {
    const kept = known.get(connection) ?? { server, known: { resources: [], prompts: [] } };
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
      (listed) => {
        if (kept.resources !== listing || isDeepStrictEqual(kept.known.resources, listed)) return;
        kept.known.resources = listed;
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
      (listed) => {
        if (kept.prompts !== listing || isDeepStrictEqual(kept.known.prompts, listed)) return;
        kept.known.prompts = listed;
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
    knownPrompts: (server, connection) => {
      prompts(server, connection).catch((error: unknown) => log.write(server, 'debug', reasonOf(error)));
      return known.get(connection)?.known.prompts ?? [];
    },
    changed: (connection, what) => {
      const kept = known.get(connection);
      if (kept === undefined) return;
      delete kept[what];
      load(kept.server, connection);
    },
    counts: (connection) => {
      const found = connection === undefined ? undefined : known.get(connection)?.known;
      return { resources: found?.resources.length ?? 0, prompts: found?.prompts.length ?? 0 };
    },
  };
};
