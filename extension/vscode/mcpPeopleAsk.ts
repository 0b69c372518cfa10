/** How servers' questions are asked: one at a time, closed when they are over, and not answered by a stray Enter. */
import * as vscode from 'vscode';
import { createOneAtATime } from '../core/oneAtATime.ts';
import { withoutIcons } from './words.ts';

/** Signals as VS Code takes them: what is open closes when it aborts. */
export const tokenOf = (signal: AbortSignal): vscode.CancellationToken => ({
  get isCancellationRequested() {
    return signal.aborted;
  },
  onCancellationRequested: (listener, thisArgs) => {
    const onAbort = (): void => void Reflect.apply(listener, thisArgs, [undefined]);
    if (signal.aborted) queueMicrotask(onAbort);
    else signal.addEventListener('abort', onAbort, { once: true });
    return new vscode.Disposable(() => signal.removeEventListener('abort', onAbort));
  },
});

/** Never aborts: of questions that only the person ends. */
export const noSignal: AbortSignal = new AbortController().signal;

/**
 * A question waits for those before it. When its signal aborts it is over at once; a modal message cannot be closed by
 * code, and the next question waits until the person has closed it.
 */
export type AskInTurn = <T>(signal: AbortSignal, whenOver: T, ask: () => Promise<T>) => Promise<T>;

export const createAskInTurn = (): AskInTurn => {
  const inTurn = createOneAtATime();
  return (signal, whenOver, ask) =>
    new Promise((resolve, reject) => {
      const onAbort = (): void => resolve(whenOver);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      inTurn(async () => (signal.aborted ? whenOver : ask()))
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', onAbort));
    });
};

/** What a person chooses from while they read. */
export interface Choice<T> {
  readonly label: string;
  readonly detail?: string;
  readonly pick: T;
}

/**
 * A list that stays open, also while documents are read.
 * @param choices the first one is taken by an Enter that was meant for something else: it must do no harm
 * @returns undefined when it was closed, by the person or the signal
 */
export const choose = async <T>(
  title: string,
  placeHolder: string,
  choices: readonly Choice<T>[],
  signal: AbortSignal,
): Promise<T | undefined> => {
  const items = choices.map(({ label, detail, pick }) => ({
    label: withoutIcons(label),
    ...(detail === undefined ? {} : { detail: withoutIcons(detail) }),
    pick,
  }));
  const options = { title, placeHolder, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick(items, options, tokenOf(signal)))?.pick;
};

/**
 * A modal question lies over the document that it is about, and so the person says when they have read it.
 * @returns whether they want to be asked now
 */
export const waitForReader = async (
  title: string,
  signal: AbortSignal,
  show: () => Promise<void>,
): Promise<boolean> => {
  await show();
  for (;;) {
    const picked = await choose(
      title,
      'This stays open while you read',
      [
        { label: 'Decide…', detail: 'Once you have read the document', pick: 'decide' as const },
        { label: 'Show It Again', pick: 'show' as const },
        { label: 'Not Now', detail: 'Everything stays as it is', pick: 'leave' as const },
      ],
      signal,
    );
    if (picked !== 'show') return picked === 'decide';
    await show();
  }
};

/** As `showWarningMessage`: Enter presses the first button, Esc none. */
export const askModal = async (
  title: string,
  detail: string,
  buttons: readonly string[],
): Promise<string | undefined> =>
  vscode.window.showWarningMessage(title, { modal: true, detail }, ...buttons);
