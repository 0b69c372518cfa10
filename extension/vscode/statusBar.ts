import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Jobs } from '../core/jobs.ts';
import { endsJob } from '../shared/event.ts';

/** One item: how many steps wait for an answer, or that an agent works; hidden otherwise. Opens the chat that waits. */
export const showStatusBar = (approvals: ApprovalBroker, jobs: Jobs): vscode.Disposable => {
  const item = vscode.window.createStatusBarItem('anycowork.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'AnyCowork';

  const update = (): void => {
    const waiting = approvals.pending().length;
    const running = jobs.running().length;
    void vscode.commands.executeCommand('setContext', 'anycowork.hasPending', waiting > 0);
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
  const unlistenJobs = jobs.onEvent((event) => {
    if (event.type === 'JobStarted' || endsJob(event)) update();
  });
  return {
    dispose: () => {
      unlistenApprovals();
      unlistenJobs();
      item.dispose();
    },
  };
};
