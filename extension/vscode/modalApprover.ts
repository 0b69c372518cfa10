import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { ApprovalRequest } from '../core/approver.ts';
import type { Effect } from '../shared/event.ts';
import type { Answers } from './answers.ts';
import { askInDialog } from './askInDialog.ts';
import { decisionOf, groupLimit, notificationOf, type Question, questionTitle } from './asking.ts';
import type { DesktopNotifier } from './notify.ts';
import type { Review } from './review.ts';
import type { ApprovalSurface } from './settings.ts';
import { withoutLinks } from './words.ts';

/** Milliseconds within which the steps of a group are asked, one after the other. */
const groupDelay = 50;

/** Milliseconds after a window got the focus: whoever comes to press a notification's button must get to it. */
const focusDelay = 1_000;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export interface AskingPorts {
  readonly approvals: Pick<ApprovalBroker, 'pending' | 'answer' | 'listen'>;
  /** Knows what an edit was left as in the review. */
  readonly answers: Pick<Answers, 'decide'>;
  readonly review: Pick<Review, 'open'>;
  readonly desktop: Pick<DesktopNotifier, 'notify'>;
  surface(effect: Effect): ApprovalSurface;
  /** The job was started from a phone, or by a schedule: perhaps nobody sits here. */
  isFromElsewhere(jobId: string): boolean;
  notifiesWhenUnfocused(): boolean;
  /** Takes secrets out of a line that leaves VS Code. */
  redact(text: string): string;
  logError(error: unknown): void;
  readonly delays?: { readonly group: number; readonly focus: number };
}

/**
 * Asks with VS Code's own messages: modal ones one at a time, in the order of the questions. A modal cannot be closed by
 * code: when another surface answered meanwhile, the late click changes nothing and says so. While the window has no
 * focus, a notification takes the modal's place, and so it does where the work was begun elsewhere.
 */
export const showApprovals = (ports: AskingPorts): vscode.Disposable => {
  const { approvals, logError } = ports;
  const delays = ports.delays ?? { group: groupDelay, focus: focusDelay };
  const queue: Question[] = [];
  const gathering = new Map<string, { requests: ApprovalRequest[]; timer: NodeJS.Timeout }>();
  const wakers = new Set<() => void>();
  const expired = new WeakSet<ApprovalRequest>();
  let isShowing = false;
  let isDisposed = false;

  /** What is left of a question. */
  const pendingOf = ({ requests }: Question): Question => {
    const ids = new Set(approvals.pending().map(({ request }) => request.step.id));
    return { requests: requests.filter(({ step }) => ids.has(step.id)) };
  };
  const isAnswered = (question: Question): boolean => pendingOf(question).requests.length === 0;
  const othersThan = ({ requests }: Question): number =>
    Math.max(0, approvals.pending().length - requests.length);

  const answer = async (
    question: Question,
    pick: Parameters<typeof decisionOf>[0] | 'review',
    surface: string,
  ): Promise<void> => {
    if (pick === 'review') {
      // Still pending: it is answered from the diff's title bar or the card in the chat.
      const [first] = pendingOf(question).requests;
      if (first !== undefined) await ports.review.open(first.step.id);
      return;
    }
    const decision = decisionOf(pick, surface);
    const { requests } = question;
    const open = pendingOf(question).requests;
    const late = requests.length - open.length;
    await Promise.all(open.map(({ step }) => ports.answers.decide(step.id, decision)));
    if (late === 0) return;
    const title = questionTitle(question);
    const what = requests.every((each) => expired.has(each)) ? 'expired' : 'been answered';
    void vscode.window.showInformationMessage(
      withoutLinks(
        open.length === 0
          ? `“${title}” had already ${what}. Your choice changed nothing.`
          : `${late} of ${requests.length} steps of “${title}” had already been answered. Your choice counts for the others.`,
      ),
    );
  };

  const failed = (question: Question, error: unknown): void => {
    logError(error);
    for (const { step } of pendingOf(question).requests) {
      approvals.answer(step.id, {
        approved: false,
        scope: 'once',
        by: 'rule',
        surface: 'the question could not be shown',
      });
    }
  };

  const showModal = async (question: Question): Promise<void> => {
    const pick = await askInDialog(question, othersThan(question));
    await answer(question, pick ?? 'reject', 'dialog');
  };

  /** Closed without a choice, it leaves the question to the card in the chat. */
  const showNotification = async (question: Question): Promise<void> => {
    const { message, choices } = notificationOf(question, othersThan(question));
    const choice = await vscode.window.showWarningMessage(withoutLinks(message), ...choices);
    if (choice !== undefined) await answer(question, choice.pick, 'notification');
  };

  const isAway = (): boolean => ports.notifiesWhenUnfocused() && !vscode.window.state.focused;

  /** Until the window has the focus, or there is nothing left to ask. */
  const whileAway = async (question: Question): Promise<void> => {
    for (;;) {
      while (isAway() && !isDisposed && !isAnswered(question)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wakers.add(resolve);
        await promise;
        wakers.delete(resolve);
      }
      if (isDisposed || isAnswered(question)) return;
      await pause(delays.focus);
      if (!isAway()) return;
    }
  };
  const wake = (): void => {
    for (const each of wakers) each();
  };

  const ask = async (asked: Question): Promise<void> => {
    if (isAway()) {
      showNotification(pendingOf(asked)).catch((error: unknown) => failed(asked, error));
      await whileAway(asked);
    }
    const question = pendingOf(asked);
    if (question.requests.length > 0 && !isDisposed) await showModal(question);
  };

  const pump = async (): Promise<void> => {
    if (isShowing) return;
    isShowing = true;
    try {
      for (let question = queue.shift(); question !== undefined; question = queue.shift()) {
        if (isAnswered(question)) continue;
        try {
          await ask(question);
        } catch (error) {
          failed(question, error);
        }
      }
    } finally {
      isShowing = false;
    }
  };

  const begin = (question: Question): void => {
    const [first] = question.requests;
    if (first === undefined || isAnswered(question)) return;
    if (isAway()) ports.desktop.notify(ports.redact(questionTitle(question)));
    const wanted = ports.surface(first.step.effect);
    // A dialog stays, and nothing behind it can be used, after the phone has answered.
    const surface = wanted === 'dialog' && ports.isFromElsewhere(first.jobId) ? 'notification' : wanted;
    if (surface === 'notification') {
      const pending = pendingOf(question);
      showNotification(pending).catch((error: unknown) => failed(pending, error));
    } else if (surface === 'dialog') {
      queue.push(question);
      void pump();
    }
  };

  /** What comes later than the others of its group is another question: nobody has seen it in this one. */
  const beginGroup = (groupId: string): void => {
    const requests = gathering.get(groupId)?.requests ?? [];
    gathering.delete(groupId);
    const { requests: pending } = pendingOf({ requests });
    for (let start = 0; start < pending.length; start += groupLimit) {
      begin({ requests: pending.slice(start, start + groupLimit) });
    }
  };

  const onAsked = (request: ApprovalRequest): void => {
    const { groupId } = request.prompt;
    if (groupId === undefined) {
      begin({ requests: [request] });
      return;
    }
    // Group ids of two jobs have nothing to do with each other.
    const key = `${request.jobId} ${groupId}`;
    const before = gathering.get(key);
    clearTimeout(before?.timer);
    const timer = setTimeout(() => beginGroup(key), delays.group);
    gathering.set(key, { requests: [...(before?.requests ?? []), request], timer });
  };

  const unlisten = approvals.listen({
    onAsked,
    onAnswered: (request, { isExpired }) => {
      if (isExpired === true) expired.add(request);
      wake();
    },
  });
  const watching = vscode.window.onDidChangeWindowState(wake);
  return {
    dispose: () => {
      isDisposed = true;
      unlisten();
      watching.dispose();
      for (const { timer } of gathering.values()) clearTimeout(timer);
      wake();
    },
  };
};
