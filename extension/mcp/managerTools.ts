/** What agents get of the servers they may use: tools and instructions, out of what the person has accepted. */
import type { McpCaller, McpServers } from '../core/mcp.ts';
import { McpError } from '../core/mcp.ts';
import { ToolError } from '../core/tool.ts';
import type { McpDefinitions, McpServerConfig, McpToolDefinition } from '../shared/mcp.ts';
import { unchangedInstructions, unchangedTools } from './changes.ts';
import { instructionsText } from './fencedText.ts';
import type { ManagerBase } from './managerBase.ts';
import { mayUseServer } from './managerOffers.ts';
import { limitTools } from './manyTools.ts';
import { createMcpTool, type McpTool } from './mcpTool.ts';
import { modelNames } from './modelNames.ts';
import { nameLine } from './plainText.ts';
import { type Approved, type BookEntry, barWords, isApproved } from './serverBook.ts';
import type { Session } from './serverRun.ts';
import type { McpConnection } from './types.ts';

/** A server that ends again and again while a call waits for it. */
const mostRounds = 3;

export const noDefinitions: McpDefinitions = { tools: [] };

/** The name that each tool has for models: by server, then tool. Of all servers that count and have been accepted. */
export const namesIn = (entries: readonly BookEntry[]): ReadonlyMap<string, ReadonlyMap<string, string>> =>
  modelNames(
    entries
      .filter(({ bar }) => bar?.kind !== 'shadowed')
      .map(({ name, record }) => ({ name, tools: (record?.definitions ?? noDefinitions).tools })),
  );

/** For the question whether a tool may be called. Variables stand in it as they are written: they may be secrets. */
const aboutServer = ({ transport }: McpServerConfig): string =>
  transport.type === 'stdio' ? [transport.command, ...transport.args].join(' ') : transport.url;

const liveTool = (session: Session, name: string): McpToolDefinition | undefined =>
  session.list.definitions().tools.find((tool) => tool.name === name);

export const createManagerTools = (base: ManagerBase): Pick<McpServers, 'tools' | 'instructionsText'> => {
  const { ports, book, runOf } = base;

  /** As the person decided by now. @throws ToolError: it may not run any more */
  const stillAllowed = async ({ name, hash }: Approved, definition: McpToolDefinition): Promise<Approved> => {
    const no = (words: string): never => {
      throw new ToolError(`${words} Tell the person, or go on without it.`);
    };
    let entry: BookEntry;
    try {
      entry = await book.named(name);
    } catch (error) {
      if (error instanceof McpError) return no(error.message);
      throw error;
    }
    if (base.closing.aborted) return no('The window is being closed.');
    if (!isApproved(entry) || entry.hash !== hash) {
      return no(barWords(name, entry.bar ?? { kind: 'unapproved', hasChanged: true }));
    }
    const { record } = entry;
    if (record.disabledTools.includes(definition.name)) {
      return no(`The person has turned off the tool ${nameLine(definition.name)} of the MCP server ${name}.`);
    }
    const accepted = record.definitions?.tools.find((tool) => tool.name === definition.name);
    if (accepted?.hash !== definition.hash) {
      return no(
        `The tool ${nameLine(definition.name)} of the MCP server ${name} is not the one you were given: the person has accepted another one meanwhile, which you get with the next message.`,
      );
    }
    return entry;
  };

  const changedTool = (server: string, name: string): ToolError =>
    new ToolError(
      `The tool ${name} is not the one that the person accepted: the MCP server ${server} has changed it. It was not called, and is hidden until the person has looked at the change in the view “MCP Servers”. Go on without it, or tell them.`,
    );

  /** Calls nothing but the one tool, and that only as it was accepted. */
  const guarded = (
    entry: Approved,
    session: Session,
    definition: McpToolDefinition,
    caller: McpCaller,
  ): McpConnection => ({
    ...session.connection,
    callTool: (call, signal) =>
      session.calls.run(caller, async () => {
        const run = runOf(entry);
        // At the very moment of the call: nothing is waited for behind it.
        if (run.session() !== session || !ports.isTrusted()) {
          throw new McpError(`The MCP server ${entry.name} was stopped. Call it again where it is needed.`);
        }
        const isSame =
          call.name === definition.name &&
          session.list.isFresh() &&
          liveTool(session, call.name)?.hash === definition.hash;
        if (!isSame) throw changedTool(entry.name, definition.name);
        run.used();
        try {
          return await session.connection.callTool(call, signal);
        } finally {
          run.used();
        }
      }),
  });

  const connected = async (
    entry: Approved,
    definition: McpToolDefinition,
    caller: McpCaller,
    signal: AbortSignal,
    emit: (text: string) => void,
  ): Promise<{ readonly session: Session; readonly connection: McpConnection }> => {
    const run = runOf(entry);
    await stillAllowed(entry, definition);
    if (run.session() === undefined) emit(`starting the MCP server ${entry.name}…\n`);
    for (let round = 0; round < mostRounds; round += 1) {
      const session = await run.ensure(entry.hash, signal);
      await session.list.refresh(signal);
      // A start, or a list, may have taken long.
      await stillAllowed(entry, definition);
      signal.throwIfAborted();
      if (run.session() === session && session.list.isFresh()) {
        return { session, connection: guarded(entry, session, definition, caller) };
      }
    }
    throw new McpError(
      `The MCP server ${entry.name} does not stay as it is: it ended, or changed its tools, ${mostRounds} times while it was to be called. The person can look at its log.`,
    );
  };

  const toolOf = (
    entry: Approved,
    definition: McpToolDefinition,
    modelName: string,
    caller: McpCaller,
  ): McpTool => {
    const { name, config, hash } = entry;
    return createMcpTool({
      server: name,
      about: ports.redact(aboutServer(config)),
      definition,
      modelName,
      serverHash: hash,
      callTimeoutMs: config.callTimeoutMs,
      isOwnWords: async () => (await ports.records.get(hash))?.isOwnWords === true,
      connection: async (signal, emit) =>
        (await connected(entry, definition, caller, signal, emit)).connection,
      liveHash: () => {
        const session = runOf(entry).session();
        return session === undefined ? undefined : liveTool(session, definition.name)?.hash;
      },
      spill: ports.spill,
      saveFile: ports.saveFile,
    });
  };

  const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

  const usable = async (
    agent: Parameters<McpServers['tools']>[0],
  ): Promise<{ readonly entries: readonly BookEntry[]; readonly own: readonly Approved[] }> => {
    if (base.closing.aborted) return { entries: [], own: [] };
    const entries = await book.read();
    const own = entries.filter(isApproved).filter(({ name }) => mayUseServer(agent, name));
    return { entries, own: own.sort(byName) };
  };

  return {
    tools: async (agent, caller, contextTokens) => {
      const { entries, own } = await usable(agent);
      const names = namesIn(entries);
      const tools = own.flatMap((entry) => {
        const { name, record, hash } = entry;
        const run = runOf(entry);
        const enabled = unchangedTools(record.definitions ?? noDefinitions, run.live(hash)).filter(
          (tool) => !record.disabledTools.includes(tool.name),
        );
        // One that nobody has seen ready may have some.
        if (enabled.length > 0 || record.definitions === undefined) {
          run.used();
          base.beginSoon(entry);
        }
        return [...enabled].sort(byName).flatMap((tool) => {
          const modelName = names.get(name)?.get(tool.name);
          return modelName === undefined ? [] : [toolOf(entry, tool, modelName, caller)];
        });
      });
      return limitTools(tools, contextTokens);
    },
    instructionsText: async (agent) => {
      const { own } = await usable(agent);
      return instructionsText(
        own.map((entry) => {
          const { name, record, hash } = entry;
          const live = runOf(entry).live(hash);
          const instructions = unchangedInstructions(record.definitions ?? noDefinitions, live);
          return { name, ...(instructions === undefined ? {} : { instructions }) };
        }),
      );
    },
  };
};
