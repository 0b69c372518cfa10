import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { printFromHost } from '../../support/hostConsole.ts';

/** VS Code starts its own extensions in this time. */
const settleMs = 2_000;

/** Runs in the extension host: prints how long the extension that the folder is named after takes to activate. */
export const run = async (): Promise<void> => {
  const id = vscode.workspace.name ?? '';
  const extension = vscode.extensions.getExtension(id);
  if (extension === undefined) throw new Error(`${id} is not installed.`);
  await sleep(settleMs);
  if (extension.isActive) throw new Error(`${id} was active before it was needed.`);
  const started = performance.now();
  await extension.activate();
  printFromHost(performance.now() - started);
};
