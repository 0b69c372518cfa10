/** Which MCP servers an agent may use, as a person chooses them. */
import * as vscode from 'vscode';
import type { McpServers } from '../core/mcp.ts';
import type { Agent } from '../shared/agent.ts';
import { called, sourceText, statusText } from './mcpWords.ts';
import { count, withoutIcons } from './words.ts';

const mcpText = (names: Agent['mcpServers']): string => {
  if (names === 'all') return 'all';
  return names.length === 0 ? 'none' : count(names.length, 'server');
};

const chooseServers = async (
  { name, mcpServers }: Agent,
  servers: Pick<McpServers, 'list'>,
): Promise<{ readonly mcpServers: Agent['mcpServers'] } | undefined> => {
  const title = `MCP servers of ${name}`;
  const ways = [
    { label: 'All', detail: 'Also those that come later', way: 'all' as const },
    { label: 'Only some…', detail: 'Those that you choose', way: 'some' as const },
    { label: 'None', detail: 'It works without MCP servers', way: 'none' as const },
  ];
  const placeHolder = `Now: ${mcpText(mcpServers)}`;
  const way = (await vscode.window.showQuickPick(ways, { title, placeHolder }))?.way;
  if (way === undefined) return undefined;
  if (way !== 'some') return { mcpServers: way === 'all' ? 'all' : [] };
  // Of one name only one counts.
  const all = (await servers.list()).filter(
    ({ state, config }) => state.kind !== 'shadowed' && config !== undefined,
  );
  const items = all.map((info) => ({
    label: withoutIcons(called(info.name)),
    description: withoutIcons(statusText(info)),
    detail: withoutIcons(sourceText(info)),
    picked: mcpServers === 'all' || mcpServers.includes(info.name),
    name: info.name,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Which servers it may use the tools of',
    canPickMany: true,
    matchOnDescription: true,
  });
  if (chosen === undefined) return undefined;
  // Those of other folders are not here, and are not to be lost.
  const elsewhere =
    mcpServers === 'all' ? [] : mcpServers.filter((each) => !all.some((info) => info.name === each));
  return { mcpServers: [...chosen.map((item) => item.name), ...elsewhere] };
};

/** A part of an agent that can be edited, as those of `executionParts`. */
export const mcpPart = (agent: Agent, servers: Pick<McpServers, 'list'>) => ({
  label: 'MCP servers',
  description: mcpText(agent.mcpServers),
  choose: () => chooseServers(agent, servers),
});
