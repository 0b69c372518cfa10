/** Work that a person watches and may cancel. */
import * as vscode from 'vscode';
import { firstLine, withoutLinks } from './words.ts';

/** @param part 0 to 1, where it is known */
export type Report = (text: string, part?: number) => void;

/** @returns undefined when the person cancelled it */
export const cancellable = async <T>(
  title: string,
  work: (report: Report, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> => {
  const controller = new AbortController();
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: withoutLinks(title),
    cancellable: true,
  };
  let done = 0;
  try {
    return await vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => controller.abort());
      return work((text, part) => {
        const percent = part === undefined ? done : Math.min(100, Math.round(part * 100));
        progress.report({ message: withoutLinks(firstLine(text)), increment: Math.max(0, percent - done) });
        done = Math.max(done, percent);
      }, controller.signal);
    });
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  }
};
