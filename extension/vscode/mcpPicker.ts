/** Which MCP server a command is about: given by code with its name, by a menu with a row of the view, else chosen. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { McpServers } from '../core/mcp.ts';
import type { McpServerInfo } from '../shared/mcp.ts';
import { idSchema, parse } from './commandInput.ts';
import { McpCountItem, McpPendingItem, McpServerItem, McpToolItem } from './mcpItems.ts';
import { called, sourceText, statusText } from './mcpWords.ts';
import { count, withoutIcons } from './words.ts';

const noServers = 'There are no MCP servers yet. “Add MCP Server…” adds one.';

export interface McpChoice {
  readonly title: string;
  /** Which can be chosen. */
  readonly fits?: (info: McpServerInfo) => boolean;
  /** Said where none fits. */
  readonly none?: string;
  /** Said of one that was named and does not fit. */
  readonly misfit?: string;
}

/** The server that a row stands for, or stands below. */
export const serverOfRow = (given: unknown): McpServerInfo | undefined =>
  given instanceof McpServerItem ||
  given instanceof McpToolItem ||
  given instanceof McpPendingItem ||
  given instanceof McpCountItem
    ? given.info
    : undefined;

/** As a row knew it; of a name that stands in several files, the one that counts. */
const findServer = (all: readonly McpServerInfo[], given: McpServerInfo | string) => {
  if (typeof given !== 'string') {
    const same = all.filter(({ name, source }) => name === given.name && source.file === given.source.file);
    return same.find(({ source }) => source.line === given.source.line) ?? same[0];
  }
  const named = all.filter(({ name }) => name === given);
  return named.find(({ state }) => state.kind !== 'shadowed') ?? named[0];
};

/**
 * @returns as it is now; undefined when the person thought better of it, or there is nothing to choose
 * @throws InputError for a name that there is not, or a server that does not fit
 */
export const pickServer = async (
  servers: Pick<McpServers, 'list'>,
  given: unknown,
  { title, fits = () => true, none = noServers, misfit = none }: McpChoice,
): Promise<McpServerInfo | undefined> => {
  const all = await servers.list();
  if (given !== undefined && given !== null) {
    const wanted = serverOfRow(given) ?? parse(idSchema, given);
    const found = findServer(all, wanted);
    const name = called(typeof wanted === 'string' ? wanted : wanted.name);
    if (found === undefined)
      throw new InputError(
        `There is no MCP server ${name} here. It may have been removed; the view MCP Servers has those that there are.`,
      );
    if (!fits(found)) throw new InputError(`${name}: ${misfit}`);
    return found;
  }
  const fitting = all.filter(fits);
  if (fitting.length === 0) {
    vscode.window.showInformationMessage(all.length === 0 ? noServers : none);
    return undefined;
  }
  const items = fitting.map((info) => ({
    label: withoutIcons(called(info.name)),
    description: withoutIcons(statusText(info)),
    detail: withoutIcons(sourceText(info)),
    info,
  }));
  const options = { title, placeHolder: 'Choose an MCP server', matchOnDescription: true };
  return (await vscode.window.showQuickPick(items, options))?.info;
};

export interface PickedTool {
  readonly info: McpServerInfo;
  readonly tool: McpServerInfo['tools'][number];
}

/** A tool: of the row that was clicked; by code of a server's name and its own; else chosen. As `pickServer`. */
export const pickTool = async (
  servers: Pick<McpServers, 'list'>,
  given: unknown,
  name: unknown,
  choice: { readonly title: string; readonly none: string; fits(tool: PickedTool['tool']): boolean },
): Promise<PickedTool | undefined> => {
  const info = await pickServer(servers, given, {
    title: choice.title,
    fits: ({ state, tools }) => state.kind !== 'shadowed' && tools.some(choice.fits),
    none: choice.none,
  });
  if (info === undefined) return undefined;
  // A menu passes arguments of its own behind the row.
  const wanted =
    given instanceof McpToolItem
      ? given.tool.name
      : name === undefined || serverOfRow(given) !== undefined
        ? undefined
        : parse(idSchema, name);
  if (wanted !== undefined) {
    const tool = info.tools.find((each) => each.name === wanted);
    if (tool === undefined)
      throw new InputError(`The MCP server ${called(info.name)} has no tool ${called(wanted)} any more.`);
    return { info, tool };
  }
  const items = info.tools.filter(choice.fits).map((tool) => ({
    label: withoutIcons(called(tool.name)),
    description:
      tool.flags.length === 0
        ? ''
        : count(tool.flags.length, 'reason to look twice', 'reasons to look twice'),
    detail: withoutIcons(called(tool.description === '' ? (tool.title ?? tool.name) : tool.description, 120)),
    tool,
  }));
  const options = {
    title: `${choice.title}: ${called(info.name)}`,
    placeHolder: 'Choose a tool',
    matchOnDetail: true,
  };
  const tool = (await vscode.window.showQuickPick(items, options))?.tool;
  return tool === undefined ? undefined : { info, tool };
};
