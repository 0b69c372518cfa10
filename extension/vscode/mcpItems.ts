/** Rows of the view of MCP servers. */
import * as vscode from 'vscode';
import type { McpPendingChange, McpServerInfo, McpState, McpToolHints } from '../shared/mcp.ts';
import {
  called,
  contextOf,
  factsOf,
  hiddenOf,
  pendingText,
  sourceText,
  stateMeaning,
  stateText,
  statusText,
} from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { count, firstLine } from './words.ts';

const states = vscode.TreeItemCollapsibleState;

const warning = ['warning', 'list.warningForeground'] as const;

const icons: Record<McpState['kind'], readonly [icon: string, color?: string]> = {
  invalid: ['error', 'list.errorForeground'],
  shadowed: ['eye-closed', 'disabledForeground'],
  untrusted: ['workspace-untrusted', 'disabledForeground'],
  disabled: ['circle-slash', 'disabledForeground'],
  unapproved: ['shield', 'list.warningForeground'],
  stopped: ['circle-outline', 'disabledForeground'],
  starting: ['loading~spin'],
  ready: ['plug', 'charts.green'],
  signIn: ['account', 'list.warningForeground'],
  failed: ['error', 'list.errorForeground'],
};

const iconOf = ([icon, color]: readonly [string, string?]): vscode.ThemeIcon =>
  new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));

/** Longer texts of servers are cut in tooltips; `Show Definition of an MCP Tool…` has them whole. */
const longestText = 2_000;

const cut = (text: string): string => (text.length <= longestText ? text : `${text.slice(0, longestText)}…`);

/** What the server says of a tool; hints, and told as such. */
export const hintsText = (hints: McpToolHints): readonly string[] => [
  ...(hints.readOnly === true ? ['it only reads'] : []),
  ...(hints.destructive === true ? ['it may destroy'] : []),
  ...(hints.idempotent === true ? ['doing it twice is as doing it once'] : []),
  ...(hints.openWorld === true ? ['it reaches outside of its own data'] : []),
];

export type McpToolInfo = McpServerInfo['tools'][number];

/** Everything that is known of a tool, as text. */
export const toolText = (server: string, tool: McpToolInfo): string => {
  const hints = hintsText(tool.hints);
  return visible(
    [
      `${tool.name} of the MCP server ${server}`,
      ...(tool.title === undefined || tool.title === '' ? [] : [`Title: ${tool.title}`]),
      `Models call it: ${tool.modelName}`,
      ...(tool.isEnabled ? [] : ['Turned off: models do not see it.']),
      ...tool.flags.map((flag) => `Look twice: ${flag}`),
      ...(hints.length === 0 ? [] : [`The server says: ${hints.join('; ')}`]),
      '',
      tool.description === '' ? 'It has no description.' : tool.description,
      '',
      'Input schema:',
      JSON.stringify(tool.inputSchema, undefined, 2),
      ...(tool.outputSchema === undefined
        ? []
        : ['', 'Output schema:', JSON.stringify(tool.outputSchema, undefined, 2)]),
    ].join('\n'),
  );
};

/** Plain text: names, commands and reasons in it are of other people. */
const tooltipOf = (info: McpServerInfo): string =>
  [
    called(info.name),
    '',
    `State: ${stateText(info)}`,
    // Such as `failed: …`, cut above.
    cut(stateMeaning(info)),
    ...(info.pending.length === 0 ? [] : [`Changed: ${pendingText(info.pending)}`]),
    '',
    `From: ${sourceText(info)} (${visible(info.source.file)})`,
    ...(info.config === undefined ? [] : factsOf(info.config).map(cut)),
    ...(info.isSignedIn ? ['Signed in'] : []),
    info.isOwnWords
      ? 'Its answers count as your own words'
      : 'Its answers are words of somebody else: after them, steps ask',
    ...(info.allowsSampling ? ['It may ask the model, after a question each time'] : []),
  ].join('\n');

/** Two entries of one name in one file are two rows. */
export const idOf = ({ name, source }: McpServerInfo, turn: number): string =>
  JSON.stringify(['server', source.place, source.file, name, ...(turn === 0 ? [] : [turn])]);

const openedBy = (info: McpServerInfo): readonly [command: string, title: string] | undefined => {
  switch (info.state.kind) {
    case 'invalid':
    case 'shadowed':
      return ['anycowork.editMcpServer', 'Open Its Entry'];
    case 'unapproved':
      return ['anycowork.showMcpCommand', 'Show What It Starts'];
    case 'failed':
      return ['anycowork.showMcpLog', 'Show Its Log'];
    default:
      return undefined;
  }
};

export class McpServerItem extends vscode.TreeItem {
  readonly info: McpServerInfo;
  /** @param turn which of those of its name in its file, from 0 */
  constructor(info: McpServerInfo, turn: number) {
    const { tools, pending, resources, prompts, state } = info;
    const hasChildren = tools.length + pending.length + resources + prompts > 0;
    // What waits to be looked at is seen at once.
    const open = pending.length > 0 ? states.Expanded : states.Collapsed;
    super(called(info.name), hasChildren ? open : states.None);
    this.info = info;
    this.id = idOf(info, turn);
    this.description = statusText(info);
    this.tooltip = tooltipOf(info);
    this.contextValue = contextOf(info);
    const waits = hiddenOf(pending).length > 0 && (state.kind === 'ready' || state.kind === 'stopped');
    this.iconPath = iconOf(waits ? warning : icons[state.kind]);
    this.accessibilityInformation = {
      label: `MCP server ${called(info.name)}: ${statusText(info)}. From ${sourceText(info)}.`,
    };
    // Where Enter has nothing to unfold.
    const [command, title] = (hasChildren ? undefined : openedBy(info)) ?? [];
    if (command !== undefined && title !== undefined) this.command = { command, title, arguments: [this] };
  }
}

export class McpToolItem extends vscode.TreeItem {
  readonly info: McpServerInfo;
  readonly tool: McpToolInfo;
  constructor(server: McpServerItem, tool: McpToolInfo) {
    super(called(tool.name), states.None);
    this.info = server.info;
    this.tool = tool;
    this.id = JSON.stringify([server.id, 'tool', tool.name]);
    const flags = tool.flags.length === 0 ? [] : [`look twice: ${tool.flags.join(', ')}`];
    const about = tool.description === '' ? (tool.title ?? '') : tool.description;
    const parts = [...(tool.isEnabled ? [] : ['off']), ...flags, firstLine(about, 80)];
    this.description = visible(parts.filter((part) => part !== '').join(' · '));
    this.tooltip = cut(toolText(server.info.name, tool));
    this.contextValue = tool.isEnabled ? 'tool toolOn' : 'tool toolOff';
    this.iconPath = iconOf(
      tool.flags.length > 0 ? warning : tool.isEnabled ? ['tools'] : ['circle-slash', 'disabledForeground'],
    );
    this.accessibilityInformation = {
      label: `Tool ${called(tool.name)} of ${called(server.info.name)}, ${tool.isEnabled ? 'on' : 'off'}. ${visible([...flags, firstLine(about)].join('. '))}`,
    };
    this.command = { command: 'anycowork.showMcpTool', title: 'Show Its Definition', arguments: [this] };
  }
}

const kindWords: Record<McpPendingChange['kind'], string> = {
  added: 'new, hidden until you look',
  changed: 'changed, hidden until you look',
  removed: 'gone from the list of the server',
};

/** A change that nobody has looked at. */
export class McpPendingItem extends vscode.TreeItem {
  readonly info: McpServerInfo;
  constructor(server: McpServerItem, change: McpPendingChange, index: number) {
    const name = change.what === 'instructions' ? 'Instructions' : called(change.what.tool);
    super(name, states.None);
    this.info = server.info;
    this.id = JSON.stringify([server.id, 'change', name, index]);
    const flags = change.flags.length === 0 ? [] : [`look twice: ${change.flags.join(', ')}`];
    this.description = visible([kindWords[change.kind], ...flags].join(' · '));
    this.tooltip = visible(
      [`${name}: ${kindWords[change.kind]}.`, ...change.flags.map((flag) => `Look twice: ${flag}`)].join(
        '\n',
      ),
    );
    this.contextValue = 'change';
    this.iconPath = iconOf(change.kind === 'removed' ? ['trash', 'disabledForeground'] : warning);
    this.accessibilityInformation = {
      label: `${name} of ${called(server.info.name)}: ${visible([kindWords[change.kind], ...flags].join('. '))}. Enter shows what is different.`,
    };
    this.command = { command: 'anycowork.reviewMcpChanges', title: 'Review', arguments: [this] };
  }
}

/** How many resources or prompts there are, and how to use them. */
export class McpCountItem extends vscode.TreeItem {
  readonly info: McpServerInfo;
  constructor(server: McpServerItem, kind: 'resource' | 'prompt', number: number) {
    super(kind === 'resource' ? 'Resources' : 'Prompts', states.None);
    const { info } = server;
    this.info = info;
    this.id = JSON.stringify([server.id, kind]);
    const use =
      kind === 'resource'
        ? `type @${called(info.name)} in the chat to attach one`
        : `type /mcp.${called(info.name)} in the chat to use one`;
    this.description = `${number.toLocaleString('en')} · ${use}`;
    this.tooltip = `${count(number, kind)}: ${use}.`;
    this.contextValue = 'counts';
    this.iconPath = new vscode.ThemeIcon(kind === 'resource' ? 'files' : 'comment');
    this.accessibilityInformation = { label: `${count(number, kind)} of ${called(info.name)}: ${use}` };
  }
}
