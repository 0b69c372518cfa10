/** The MCP servers of this window, in a tree: below each what waits to be looked at, its tools, and what else it has. */
import type { McpServers } from '../core/mcp.ts';
import { McpCountItem, McpPendingItem, McpServerItem, McpToolItem } from './mcpItems.ts';
import type { RulesTree } from './rulesTree.ts';

/** Milliseconds; a start changes several things at once. */
const waitMs = 100;

export const createMcpView = (ports: {
  readonly servers: Pick<McpServers, 'list' | 'onChange'>;
  readonly waitMs?: number;
}): RulesTree => {
  const { servers } = ports;
  return {
    children: async (parent) => {
      if (parent instanceof McpServerItem) {
        const { tools, pending, resources, prompts } = parent.info;
        return [
          ...pending.map((change, index) => new McpPendingItem(parent, change, index)),
          ...tools.map((tool) => new McpToolItem(parent, tool)),
          ...(resources === 0 ? [] : [new McpCountItem(parent, 'resource', resources)]),
          ...(prompts === 0 ? [] : [new McpCountItem(parent, 'prompt', prompts)]),
        ];
      }
      if (parent !== undefined) return [];
      const seen = new Map<string, number>();
      return (await servers.list()).map((info) => {
        const key = JSON.stringify([info.source.place, info.source.file, info.name]);
        const turn = seen.get(key) ?? 0;
        seen.set(key, turn + 1);
        return new McpServerItem(info, turn);
      });
    },
    onChange: (listener) => {
      let timer: NodeJS.Timeout | undefined;
      const unlisten = servers.onChange(() => {
        timer ??= setTimeout(() => {
          timer = undefined;
          listener();
        }, ports.waitMs ?? waitMs);
      });
      return () => {
        clearTimeout(timer);
        unlisten();
      };
    },
  };
};
