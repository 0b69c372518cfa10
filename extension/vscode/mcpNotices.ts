/** Tells a person when tools of MCP servers are hidden until they have looked, and when a server wants a sign-in. */
import * as vscode from 'vscode';
import type { McpServers } from '../core/mcp.ts';
import type { McpServerInfo, McpState } from '../shared/mcp.ts';
import { tellMcpFailure } from './mcpSignIn.ts';
import { called, hiddenOf } from './mcpWords.ts';
import { count, withoutLinks } from './words.ts';

/** Milliseconds after which a state counts: a start passes through several. */
const confirmMs = 500;

/** Pure. */
export const changedText = ({ name, pending }: Pick<McpServerInfo, 'name' | 'pending'>): string => {
  const hidden = hiddenOf(pending);
  const changed = hidden.filter(({ kind, what }) => kind === 'changed' && what !== 'instructions').length;
  const added = hidden.filter(({ kind, what }) => kind === 'added' && what !== 'instructions').length;
  const parts = [
    ...(changed === 0 ? [] : [`has changed ${changed} of its tools`]),
    ...(added === 0 ? [] : [`has ${count(added, 'new tool')}`]),
    ...(changed + added === hidden.length ? [] : ['has changed its instructions']),
  ];
  const they = hidden.length === 1 && changed + added === 1 ? 'it is' : 'they are';
  return `The MCP server ${called(name)} ${parts.join(' and ')}; ${they} hidden until you look.`;
};

/** Once for each change. Not for what failed: the step that needed it says so. */
export const tellMcpChanges = (ports: {
  readonly servers: Pick<McpServers, 'list' | 'onChange' | 'pendingHash'>;
  review(name: string): Promise<unknown>;
  /** As `McpSignInAsk.offer`. */
  offerSignIn(name: string): Promise<void>;
  showLog(name: string): void;
  logError(error: unknown): void;
  readonly confirmMs?: number;
}): vscode.Disposable => {
  const { servers, logError } = ports;
  const told = new Set<string>();
  /** How each server was when it was last looked at. */
  let known: ReadonlyMap<string, McpState['kind']> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let hasChanged = false;
  let isOver = false;

  const tellChange = async (info: McpServerInfo): Promise<void> => {
    const hash = await servers.pendingHash(info.name);
    const key = JSON.stringify([info.name, hash]);
    if (isOver || told.has(key)) return;
    told.add(key);
    const [review, log] = ['Review', 'Log'];
    const answer = await vscode.window.showWarningMessage(withoutLinks(changedText(info)), review, log);
    if (answer === log) ports.showLog(info.name);
    if (answer !== review) return;
    await ports.review(info.name).catch((error: unknown) => tellMcpFailure(info.name, error, ports));
  };

  const look = async (): Promise<void> => {
    // Of those hidden by others nothing is running.
    const all = (await servers.list()).filter(({ state }) => state.kind !== 'shadowed');
    const before = known;
    known = new Map(all.map(({ name, state }) => [name, state.kind]));
    if (isOver) return;
    for (const info of all) {
      if (hiddenOf(info.pending).length > 0) tellChange(info).catch(logError);
      const was = before?.get(info.name);
      if (info.state.kind === 'signIn' && was !== undefined && was !== 'signIn')
        ports.offerSignIn(info.name).catch(logError);
    }
  };

  /** One look at a time; another one follows where something has changed meanwhile. */
  const lookNow = (): void => {
    isLooking = true;
    hasChanged = false;
    look()
      .catch(logError)
      .finally(() => {
        isLooking = false;
        if (hasChanged) lookSoon();
      });
  };

  const lookSoon = (): void => {
    hasChanged = true;
    if (isOver || isLooking || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      lookNow();
    }, ports.confirmMs ?? confirmMs);
  };

  lookNow();
  const unlisten = servers.onChange(lookSoon);
  return {
    dispose: () => {
      isOver = true;
      clearTimeout(timer);
      unlisten();
    },
  };
};
