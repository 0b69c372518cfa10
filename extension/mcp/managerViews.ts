/** Servers as the view shows them. */
import { createHash } from 'node:crypto';
import type { McpServers } from '../core/mcp.ts';
import type { McpServerInfo } from '../shared/mcp.ts';
import { type FlagsFor, pendingChanges, unchangedTools } from './changes.ts';
import { flagsOf, instructionFlags, type OtherTool } from './flags.ts';
import type { ManagerBase } from './managerBase.ts';
import { namesIn, noDefinitions } from './managerTools.ts';
import type { BookEntry } from './serverBook.ts';

/** Looks for flags are kept: descriptions are long, and views draw often. */
const mostFlags = 5_000;

export const createServerViews = (
  { book, runOf, content }: ManagerBase,
  isSignedIn: (entry: BookEntry) => Promise<boolean>,
): McpServers['list'] => {
  const looked = new Map<string, readonly string[]>();
  const flagsAmong = (others: readonly OtherTool[]): FlagsFor => {
    const named = JSON.stringify(others.map(({ server, name }) => [server, name]));
    const names = createHash('sha256').update(named).digest('hex');
    return (of) => {
      const key = `${typeof of === 'string' ? of : of.hash}\n${names}`;
      const flags =
        looked.get(key) ?? (typeof of === 'string' ? instructionFlags(of, others) : flagsOf(of, others));
      if (looked.size > mostFlags) looked.clear();
      looked.set(key, flags);
      return flags;
    };
  };

  return async () => {
    const entries = await book.read();
    const names = namesIn(entries);
    const counting = entries.filter(({ bar }) => bar?.kind !== 'shadowed');
    const all = counting.flatMap(({ name, record }) =>
      (record?.definitions ?? noDefinitions).tools.map((tool) => ({ server: name, name: tool.name })),
    );
    return Promise.all(
      entries.map(async (entry): Promise<McpServerInfo> => {
        const { name, source, config, bar, hash, record } = entry;
        // Two entries of one name and place cannot be: what is invalid, or hidden, has no run of its own.
        const mayRun = bar?.kind !== 'shadowed' && bar?.kind !== 'invalid';
        const run = mayRun ? runOf(entry) : undefined;
        const session = run?.session();
        const accepted = record?.definitions;
        const live = hash === undefined ? undefined : run?.live(hash);
        const flagsFor = flagsAmong(all.filter(({ server }) => server !== name));
        const tools = accepted === undefined ? [] : unchangedTools(accepted, live);
        const counts = content.counts(session?.connection);
        return {
          name,
          source,
          state: bar ?? run?.state() ?? { kind: 'stopped' },
          ...(config === undefined ? {} : { config }),
          tools: tools.map((tool) => ({
            ...tool,
            modelName: names.get(name)?.get(tool.name) ?? tool.name,
            isEnabled: record?.disabledTools.includes(tool.name) !== true,
            flags: flagsFor(tool),
          })),
          pending: accepted === undefined ? [] : pendingChanges(accepted, live, flagsFor),
          ...counts,
          isOwnWords: record?.isOwnWords === true,
          allowsSampling: record?.allowsSampling === true,
          isSignedIn: mayRun && (await isSignedIn(entry)),
        };
      }),
    );
  };
};
