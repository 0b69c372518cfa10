/** The MCP servers of a window before they have been loaded. A part of app.ts. */
import { mcpCommandNames as names } from './commandNames.ts';
import type { McpCaller } from './core/mcp.ts';
import type { Tool } from './core/tool.ts';
import { type Command, lazyCommands, lazyTree, loadOnce } from './lazyPart.ts';
import type { McpSet } from './mcpSet.ts';
import type { Agent } from './shared/agent.ts';
import type { McpPromptChoice } from './shared/mcp.ts';
import type { RulesTree } from './vscode/rulesTree.ts';

/** The view waits for them; a server that does not list its prompts in time has them once it does. Milliseconds. */
const promptsWait = 300;

export interface LazyMcp {
  get(): Promise<McpSet>;
  /** What an agent gets of servers, and of the editor. @param contextTokens what its model takes */
  tools(agent: Agent, caller: McpCaller, contextTokens: number): Promise<readonly Tool[]>;
  instructions(agent: Agent): Promise<string>;
  /** Of servers that run: there are none before this has loaded. */
  prompts(agent: Agent): Promise<readonly McpPromptChoice[]>;
  readonly commands: Readonly<Record<(typeof names)[number], Command>>;
  readonly view: RulesTree;
  close(): Promise<void>;
}

export const lazyMcp = (ports: {
  load(): Promise<McpSet>;
  /** There are other prompts than before. */
  changed(): void;
  logError(error: unknown): void;
  readonly promptsWait?: number;
}): LazyMcp => {
  const { get, loaded } = loadOnce(async () => {
    const set = await ports.load();
    set.onPromptsChanged(ports.changed);
    return set;
  });
  /** What is wrong with servers stands in their view: the rest of an agent's work does not wait for it. */
  const orElse = async <T>(without: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      ports.logError(error);
      return without;
    }
  };
  return {
    get,
    tools: (agent, caller, contextTokens) =>
      orElse([], async () => {
        const { servers, editorTools } = await get();
        const ofServers = await servers.tools(agent, caller, contextTokens);
        // Who works without servers works without those that the editor runs.
        return agent.mcpServers.length === 0 ? ofServers : [...ofServers, ...editorTools.tools()];
      }),
    instructions: (agent) => orElse('', async () => (await get()).servers.instructionsText(agent)),
    prompts: async (agent) => {
      const { promise: late, resolve } = Promise.withResolvers<readonly McpPromptChoice[]>();
      const timer = setTimeout(resolve, ports.promptsWait ?? promptsWait, []);
      const listed = Promise.resolve(loaded()).then((set) => set?.servers.prompts(agent) ?? []);
      try {
        return await Promise.race([listed, late]);
      } catch (error) {
        ports.logError(error);
        return [];
      } finally {
        clearTimeout(timer);
      }
    },
    commands: lazyCommands(names, async () => (await get()).commands),
    view: lazyTree(async () => (await get()).view, ports.logError),
    close: async () => {
      await loaded()
        ?.then((set) => set.close())
        .catch(ports.logError);
    },
  };
};
