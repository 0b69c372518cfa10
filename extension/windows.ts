/** What the windows of one store tell each other. A part of app.ts. */
import * as vscode from 'vscode';
import type { ApprovalBroker } from './core/approvals.ts';
import { createElsewhere, serveOtherWindows } from './core/elsewhere.ts';
import type { Jobs } from './core/jobs.ts';
import type { Store } from './core/store.ts';
import { createRelay } from './storage/relay.ts';

export const createWindows = (ports: {
  /** Absolute path of the product's storage. */
  readonly storage: string;
  readonly ownerId: string;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly approvals: ApprovalBroker;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
}) => {
  const { storage, store, jobs, approvals, logError } = ports;
  const relay = createRelay({ ...ports, folder: storage, place: () => vscode.workspace.name ?? '' });
  const elsewhere = createElsewhere({ relay, store, logError });
  const unlisten = serveOtherWindows(relay, jobs, approvals);
  return { relay, elsewhere, unlisten };
};
