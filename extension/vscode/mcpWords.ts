/** MCP servers in words. Pure. */
import type { McpTarget } from '../core/mcp.ts';
import { redact } from '../core/redact.ts';
import type { McpPendingChange, McpServerConfig, McpServerInfo, McpState } from '../shared/mcp.ts';
import { joinArguments } from './mcpArguments.ts';
import { visible } from './skillWords.ts';
import { count, firstLine } from './words.ts';

/** Names come from files, and from servers: a line, nothing hidden. */
export const called = (name: string, limit = 100): string => {
  const line = firstLine(visible(name), limit);
  return line === '' ? 'no name' : line;
};

export const isRemote = ({ transport }: Pick<McpServerConfig, 'transport'>): boolean =>
  transport.type !== 'stdio';

/** What is approved: its command, or its address. */
export const subjectOf = ({ config }: Pick<McpServerInfo, 'config'>): 'address' | 'command' =>
  config !== undefined && isRemote(config) ? 'address' : 'command';

/** `13 tools`, `11 of 13 tools`. */
export const toolsText = ({ tools }: Pick<McpServerInfo, 'tools'>): string => {
  const on = tools.filter(({ isEnabled }) => isEnabled).length;
  return on === tools.length ? count(on, 'tool') : `${on} of ${count(tools.length, 'tool')}`;
};

/** As much as stands behind a name in a list. */
export const stateText = (info: McpServerInfo): string => {
  const { state, tools } = info;
  switch (state.kind) {
    case 'invalid':
      return `cannot be used: ${firstLine(visible(state.problem))}`;
    case 'shadowed':
      return `hidden by ${called(state.by)}`;
    case 'untrusted':
      return 'waits until this workspace is trusted';
    case 'disabled':
      return 'off';
    case 'unapproved':
      return state.hasChanged
        ? `its ${subjectOf(info)} has changed: approve it to start it`
        : `approve its ${subjectOf(info)} to start it`;
    case 'stopped':
      return tools.length === 0 ? 'stopped' : `stopped, ${toolsText(info)}`;
    case 'starting':
      return 'starting…';
    case 'ready':
      return `ready, ${toolsText(info)}`;
    case 'signIn':
      return 'needs sign-in';
    case 'failed':
      return `failed: ${firstLine(visible(state.reason))}`;
  }
};

/** What the state means and what to do, for the tooltip. */
export const stateMeaning = (info: McpServerInfo): string => {
  const { state } = info;
  switch (state.kind) {
    case 'invalid':
      return visible(state.problem);
    case 'shadowed':
      return `Another server of this name counts: that of ${called(state.by)}. Give one of them another name to use both.`;
    case 'untrusted':
      return 'In Restricted Mode no MCP server is started.';
    case 'disabled':
      return 'Turned off: agents have none of its tools. Enable it to use it.';
    case 'unapproved':
      return state.hasChanged
        ? `Its ${subjectOf(info)} is not what was approved. It is not started until you have looked at what it is now.`
        : `It is not started until you have looked at its ${subjectOf(info)} and approved it.`;
    case 'stopped':
      return 'It starts when an agent uses it.';
    case 'starting':
      return 'It has not answered yet.';
    case 'ready':
      return `It runs. Protocol ${visible(state.protocolVersion)}.`;
    case 'signIn':
      return 'It wants you to sign in: a browser opens for that.';
    case 'failed':
      return visible(state.reason);
  }
};

/** Those that agents would see otherwise. What is gone is hidden from nobody. */
export const hiddenOf = (pending: readonly McpPendingChange[]): readonly McpPendingChange[] =>
  pending.filter(({ kind }) => kind !== 'removed');

/** `2 changed tools`, `1 new tool and its instructions`: what is hidden. Empty where nothing is. */
export const hiddenText = (pending: readonly McpPendingChange[]): string => {
  const hidden = hiddenOf(pending);
  const tools = hidden.filter(({ what }) => what !== 'instructions');
  const kinds = new Set(tools.map(({ kind }) => kind));
  const kind = kinds.size > 1 ? 'new or changed' : kinds.has('added') ? 'new' : 'changed';
  return [
    ...(tools.length === 0 ? [] : [count(tools.length, `${kind} tool`)]),
    ...(tools.length === hidden.length ? [] : ['its instructions']),
  ].join(' and ');
};

/** `2 changed tools are hidden until you look`; empty where nobody has to look. */
export const pendingText = (pending: readonly McpPendingChange[]): string => {
  const hidden = hiddenOf(pending);
  if (hidden.length === 0)
    return pending.length === 0 ? '' : `${count(pending.length, 'tool')} gone from its list`;
  const isOne = hidden.length === 1 && hidden[0]?.what !== 'instructions';
  return `${hiddenText(pending)} ${isOne ? 'is' : 'are'} hidden until you look`;
};

/** What stands behind the name of a server, everywhere. */
export const statusText = (info: McpServerInfo): string =>
  [stateText(info), pendingText(info.pending)].filter((part) => part !== '').join(' · ');

/** What would be started or where it connects, on one line, as its file has it. */
export const commandLine = ({ transport }: Pick<McpServerConfig, 'transport'>): string =>
  transport.type === 'stdio' ? joinArguments([transport.command, ...transport.args], false) : transport.url;

const namesText = (label: string, values: Readonly<Record<string, string>>): readonly string[] => {
  const names = Object.keys(values);
  return names.length === 0 ? [] : [`${label}: ${names.join(', ')}`];
};

/** The facts of its file, a line each; values that can be secrets are left out. */
export const factsOf = (config: McpServerConfig): readonly string[] => {
  const { transport } = config;
  const facts =
    transport.type === 'stdio'
      ? [
          `Command: ${commandLine(config)}`,
          ...(transport.cwd === undefined ? [] : [`Folder: ${transport.cwd}`]),
          ...namesText('Environment', transport.env),
          ...(transport.envFile === undefined ? [] : [`Environment file: ${transport.envFile}`]),
        ]
      : [`Address: ${commandLine(config)}`, ...namesText('Headers', transport.headers)];
  return facts.map((fact) => visible(redact(fact, [])));
};

/** `.vscode/mcp.json, line 3`. */
export const sourceText = ({ source }: Pick<McpServerInfo, 'source'>): string =>
  `${called(source.label)}, line ${source.line}`;

/** Whether its entry is ours to change; the other files belong to other programs too. */
export const isOurs = ({ source }: Pick<McpServerInfo, 'source'>): boolean =>
  source.place === 'user' || source.place === 'anycowork';

export const targetOf = ({ source }: Pick<McpServerInfo, 'source'>): McpTarget | undefined => {
  if (source.place === 'user') return { place: 'user' };
  return source.place === 'anycowork' && source.folder !== undefined
    ? { place: 'anycowork', folder: source.folder }
    : undefined;
};

/** It was approved at least once, and is not turned off. */
const isInUse = ({ kind }: McpState): boolean =>
  kind === 'stopped' || kind === 'starting' || kind === 'ready' || kind === 'signIn' || kind === 'failed';

/** What can be done with a server. The words are those that the menus of the manifest ask for. */
export const serverMarks = {
  canStart: ({ state: { kind } }) => kind === 'unapproved' || kind === 'stopped' || kind === 'failed',
  canStop: ({ state: { kind } }) => kind === 'starting' || kind === 'ready',
  canRestart: ({ state: { kind } }) => kind === 'ready',
  canEnable: ({ state: { kind } }) => kind === 'disabled',
  canDisable: ({ state }) => isInUse(state) || state.kind === 'unapproved' || state.kind === 'untrusted',
  canReview: ({ pending }) => pending.length > 0,
  canSignIn: ({ state: { kind } }) => kind === 'signIn',
  canSignOut: ({ isSignedIn }) => isSignedIn,
  canTrust: ({ state, isOwnWords }) => isInUse(state) && !isOwnWords,
  canDistrust: ({ isOwnWords }) => isOwnWords,
  canAllow: ({ state, allowsSampling }) => isInUse(state) && !allowsSampling,
  canDeny: ({ allowsSampling }) => allowsSampling,
  canForget: ({ state, config }) =>
    state.kind !== 'shadowed' && config !== undefined && config.inputs.length > 0,
  canShow: ({ state, config }) => state.kind !== 'shadowed' && config !== undefined,
  isConfigured: ({ config }) => config !== undefined,
} as const satisfies Readonly<Record<string, (info: McpServerInfo) => boolean>>;

export const contextOf = (info: McpServerInfo): string =>
  [
    'server',
    ...Object.entries(serverMarks)
      .filter(([, holds]) => holds(info))
      .map(([mark]) => mark),
  ].join(' ');
