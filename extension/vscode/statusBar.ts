import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import { endsJob } from '../shared/event.ts';

/**
 * One item: how many steps wait for an answer, or that an agent works; hidden otherwise. Opens the chat that waits. Of
 * this window's own jobs only: several windows that all ask for the same answer would only be a nuisance.
 */
export const showStatusBar = (
  approvals: ApprovalBroker,
  jobs: Jobs,
  elsewhere: Pick<Elsewhere, 'waiting' | 'onWaiting'>,
): vscode.Disposable => {
  const item = vscode.window.createStatusBarItem('anycowork.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'AnyCowork';

  const update = (): void => {
    const waiting = approvals.pending().length;
    const running = jobs.running().length;
    // For the commands, which answer also what is followed in another window.
    const hasPending = waiting > 0 || elsewhere.waiting().length > 0;
    void vscode.commands.executeCommand('setContext', 'anycowork.hasPending', hasPending);
    const [first] = approvals.pending();
    item.command =
      first === undefined
        ? 'anycowork.openChat'
        : { title: 'Open', command: 'anycowork.openSession', arguments: [first.request.step.sessionId] };
    if (waiting > 0) {
      item.text = `$(bell-dot) ${waiting} waiting for you`;
      item.tooltip = approvals
        .pending()
        .map(({ request }) => `${request.agentName}: ${request.prompt.title}`)
        .join('\n');
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
