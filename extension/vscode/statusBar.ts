import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import { endsJob } from '../shared/event.ts';
import type { CurrentChat } from './currentChat.ts';
import { type Limits, type SpendingSource, spendingLines, statusText } from './spending.ts';

/**
 * One item: how many steps wait for an answer, or that an agent works; hidden otherwise. Opens the chat that waits. Of
 * this window's own jobs only: several windows that all ask for the same answer would only be a nuisance.
 */
export const showStatusBar = (
  approvals: Pick<ApprovalBroker, 'pending' | 'listen'>,
  jobs: Pick<Jobs, 'running' | 'onEvent'>,
  elsewhere: Pick<Elsewhere, 'waiting' | 'onWaiting'>,
): vscode.Disposable => {
  const item = vscode.window.createStatusBarItem('anycowork.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'AnyCowork';

  const commandOf = (sessionIds: readonly string[]): vscode.Command | string => {
    if (sessionIds.length > 1) return 'anycowork.showSessions';
    return sessionIds.length === 0
      ? 'anycowork.openChat'
      : { title: 'Open', command: 'anycowork.openSession', arguments: [...sessionIds] };
  };

  const update = (): void => {
    const pending = approvals.pending();
    const running = jobs.running().length;
    // For the commands, which answer also what is followed in another window.
    const hasPending = pending.length > 0 || elsewhere.waiting().length > 0;
    void vscode.commands.executeCommand('setContext', 'anycowork.hasPending', hasPending);
    item.command = commandOf([...new Set(pending.map(({ request }) => request.step.sessionId))]);
    if (pending.length > 0) {
      item.text = `$(bell-dot) ${pending.length} waiting for you`;
      item.tooltip = pending.map(({ request }) => `${request.agentName}: ${request.prompt.title}`).join('\n');
      item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
      item.show();
    } else if (running > 0) {
      item.text = '$(loading~spin) AnyCowork is working';
      item.tooltip = running === 1 ? 'One chat is working' : `${running} chats are working`;
      item.backgroundColor = undefined;
      item.show();
    } else {
      item.hide();
    }
  };
  const unlistenApprovals = approvals.listen({ onAsked: update, onAnswered: update });
  const unlistenWaiting = elsewhere.onWaiting(update);
  const unlistenJobs = jobs.onEvent((event) => {
    if (event.type === 'JobStarted' || endsJob(event)) update();
  });
  return {
    dispose: () => {
      unlistenApprovals();
      unlistenWaiting();
      unlistenJobs();
      item.dispose();
    },
  };
};

/** Milliseconds between two readings of what was spent. */
const spendingInterval = 1_000;

/** What the shown chat and the day have cost, from the first model request of this window on. */
export const showSpendingStatus = (ports: {
  readonly spending: Pick<SpendingSource, 'spent'>;
  readonly jobs: Pick<Jobs, 'onEvent'>;
  readonly current: Pick<CurrentChat, 'onShown'>;
  limits(): Limits;
  logError(error: unknown): void;
  readonly interval?: number;
}): vscode.Disposable => {
  const item = vscode.window.createStatusBarItem('anycowork.spending', vscode.StatusBarAlignment.Left, -1);
  item.name = 'AnyCowork Spending';
  item.command = 'anycowork.showSpending';
  let timer: NodeJS.Timeout | undefined;
  let hasSpent = false;
  let isStale = false;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const spent = await ports.spending.spent();
    const text = statusText(spent);
    if (text === undefined) {
      item.hide();
      return;
    }
    item.text = `$(credit-card) ${text}`;
    item.tooltip = spendingLines(spent, ports.limits()).join('\n');
    item.show();
  };

  /** At once, and then at most once in each interval. */
  const soon = (): void => {
    isStale = true;
    if (timer !== undefined || reading !== undefined) return;
    isStale = false;
    reading = read()
      .catch(ports.logError)
      .finally(() => {
        reading = undefined;
        if (isStale && timer === undefined) soon();
      });
    timer = setTimeout(() => {
      timer = undefined;
      if (isStale) soon();
    }, ports.interval ?? spendingInterval);
  };

  const unlistenJobs = ports.jobs.onEvent((event) => {
    hasSpent ||= event.type === 'Usage';
    if (event.type === 'Usage' || (hasSpent && endsJob(event))) soon();
  });
  const unlistenShown = ports.current.onShown(() => {
    if (hasSpent) soon();
  });
  return {
    dispose: () => {
      clearTimeout(timer);
      unlistenJobs();
      unlistenShown();
      item.dispose();
    },
  };
};
