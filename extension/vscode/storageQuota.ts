import * as vscode from 'vscode';
import type { StorageUse } from '../core/storageReport.ts';
import { formatBytes } from './words.ts';

const warnedKey = 'anycowork.storage.warnedAt';

/** Adding up what is on the disk takes a while where there is much. */
const lookInterval = 60 * 60_000;
const warnInterval = 24 * 60 * 60_000;

export interface QuotaWatch {
  /** Something was kept. Looks from time to time whether it has become too much; never waits, never throws. */
  written(): void;
}

/** Warns the person, once a day, of a history that takes more than they want it to. Deletes nothing. */
export const createQuotaWatch = (options: {
  use(): Promise<StorageUse>;
  /** 0: no quota. */
  quotaBytes(): number;
  /** Shared by the windows of a user, so that one of them warns. */
  state: vscode.Memento;
  now(): number;
  manage(): void;
  logError(error: unknown): void;
}): QuotaWatch => {
  const { state, now } = options;
  let lookedAt: number | undefined;

  const look = async (quota: number): Promise<void> => {
    const { bytes } = await options.use();
    if (bytes <= quota) return;
    const warnedAt = state.get<number>(warnedKey);
    // A clock that was set back must not silence it for long.
    if (warnedAt !== undefined && Math.abs(now() - warnedAt) < warnInterval) return;
    await state.update(warnedKey, now());
    const manage = 'Manage Storage';
    const message = `The history of AnyCowork takes ${formatBytes(bytes)}, more than the ${formatBytes(quota)} that are set. Nothing was deleted.`;
    if ((await vscode.window.showWarningMessage(message, manage)) === manage) options.manage();
  };

  return {
    written: () => {
      const quota = options.quotaBytes();
      if (quota === 0 || (lookedAt !== undefined && now() - lookedAt < lookInterval)) return;
      lookedAt = now();
      look(quota).catch(options.logError);
    },
  };
};
