import { watch } from 'node:fs';
import path from 'node:path';
import { storeFiles } from './files.ts';

const settleMs = 40;
const pollMs = 1_000;

/**
 * Calls `onMaybeChange` soon after the journal of a store may have changed, at most every 40 ms. Where the system cannot
 * watch the folder (network drives, watch limits), every second.
 * @returns what stops it
 */
export const watchJournal = (folder: string, onMaybeChange: () => void): (() => void) => {
  const name = path.basename(storeFiles(folder).journal);
  let waiting: NodeJS.Timeout | undefined;
  let polling: NodeJS.Timeout | undefined;
  const soon = (): void => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      onMaybeChange();
    }, settleMs).unref();
  };
  const poll = (): void => {
    polling ??= setInterval(onMaybeChange, pollMs).unref();
  };
  const start = (): (() => void) => {
    try {
      const watcher = watch(folder, { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) soon();
      });
      watcher.on('error', poll);
      return () => watcher.close();
    } catch {
      poll();
      return () => undefined;
    }
  };
  const stop = start();
  return () => {
    stop();
    clearTimeout(waiting);
    clearInterval(polling);
  };
};
