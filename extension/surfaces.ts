/** Where else than in the chat a window says what its agents do and ask. A part of app.ts. */
import * as vscode from 'vscode';
import type { ApprovalBroker } from './core/approvals.ts';
import type { Elsewhere } from './core/elsewhere.ts';
import type { Jobs } from './core/jobs.ts';
import type { Store } from './core/store.ts';
import { endsJob } from './shared/event.ts';
import { showApprovals } from './vscode/modalApprover.ts';
import { createDesktopNotifier } from './vscode/notify.ts';
import { approvalSurface, budgetLimits, notifiesWhenUnfocused, quotaBytes } from './vscode/settings.ts';
import { showSpendingStatus, showStatusBar } from './vscode/statusBar.ts';
import { createQuotaWatch } from './vscode/storageQuota.ts';

type Approvals = Parameters<typeof showApprovals>[0];
type Spending = Parameters<typeof showSpendingStatus>[0];

export const showSurfaces = (ports: {
  readonly state: vscode.Memento;
  readonly store: Pick<Store, 'use'>;
  readonly approvals: ApprovalBroker;
  readonly jobs: Jobs;
  readonly elsewhere: Elsewhere;
  readonly answers: Approvals['answers'];
  readonly review: Approvals['review'];
  readonly spending: Spending['spending'];
  readonly current: Spending['current'];
  /** Of a program that is started: without keys. */
  environment(): Record<string, string>;
  redact(text: string): string;
  now(): number;
  logError(error: unknown): void;
}): vscode.Disposable => {
  const { store, jobs, approvals, elsewhere, environment } = ports;
  const desktop = createDesktopNotifier({ platform: process.platform, environment });
  const quota = createQuotaWatch({
    ...ports,
    use: () => store.use(),
    quotaBytes,
    manage: () => void vscode.commands.executeCommand('anycowork.manageStorage'),
  });
  const unlisten = jobs.onEvent((event) => {
    if (endsJob(event)) quota.written();
  });
  return vscode.Disposable.from(
    desktop,
    showApprovals({
      ...ports,
      desktop,
      surface: approvalSurface,
      isFromElsewhere: (jobId) => jobs.viaOf(jobId) !== undefined,
      notifiesWhenUnfocused,
    }),
    showStatusBar(approvals, jobs, elsewhere),
    showSpendingStatus({ ...ports, limits: budgetLimits }),
    { dispose: unlisten },
  );
};
