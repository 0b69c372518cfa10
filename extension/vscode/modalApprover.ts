import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { ApprovalRequest, Decision } from '../core/approver.ts';
import type { Review } from './review.ts';
import { withoutLinks } from './words.ts';

interface Choice extends vscode.MessageItem {
  readonly pick: 'reject' | 'approve' | 'session' | 'review';
}

/** A dialog does not scroll everywhere, and its buttons must stay on the screen. */
const patchLines = 24;
const lineLength = 120;

/** The change itself as far as a dialog can show it, and how much more there is to review. */
const patchOf = ({ prompt }: ApprovalRequest): string => {
  const lines = prompt.diffs.flatMap(({ path, patch }) =>
    patch === '' ? [] : [...(prompt.diffs.length > 1 ? [path] : []), ...patch.split('\n')],
  );
  const omitted = prompt.diffs.reduce((sum, diff) => sum + diff.omittedLines, 0);
  const more = lines.length - patchLines + omitted;
  return [
    ...lines
      .slice(0, patchLines)
      .map((line) => (line.length > lineLength ? `${line.slice(0, lineLength)}…` : line)),
    ...(more > 0 ? [`… ${more} more lines: choose Review to see them.`] : []),
  ].join('\n');
};

const detailOf = (request: ApprovalRequest, waiting: number): string => {
  const { prompt } = request;
  return [
    prompt.detail,
    patchOf(request),
    prompt.caution === undefined ? '' : `Careful: ${prompt.caution}.`,
    prompt.grant === undefined
      ? ''
      : `“Approve for this session” covers, in this chat: ${prompt.grant.label}.`,
    waiting > 0 ? `${waiting} more waiting.` : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

const choicesOf = (request: ApprovalRequest): Choice[] => [
  // VS Code focuses the first one that does not close: Enter, perhaps meant for the editor, only looks. Esc rejects.
  { title: 'Review', pick: 'review' },
  { title: 'Approve', pick: 'approve' },
  ...(request.prompt.grant === undefined
    ? []
    : [{ title: 'Approve for this session', pick: 'session' as const }]),
  { title: 'Reject', pick: 'reject', isCloseAffordance: true },
];

const decisionOf = (pick: Exclude<Choice['pick'], 'review'>): Decision => ({
  approved: pick !== 'reject',
  scope: pick === 'session' ? 'session' : 'once',
  by: 'user',
  surface: 'dialog',
});

/**
 * Asks with VS Code's modal message, one at a time. A modal cannot be closed by code: when another surface answered
 * meanwhile, the late click changes nothing and says so.
 */
export const showModalApprovals = (
  approvals: ApprovalBroker,
  review: Review,
  isEnabled: () => boolean,
  logError: (error: unknown) => void,
): vscode.Disposable => {
  const queue: ApprovalRequest[] = [];
  let isShowing = false;

  const isPending = (request: ApprovalRequest): boolean =>
    approvals.pending().some((each) => each.request.step.id === request.step.id);

  const show = async (request: ApprovalRequest): Promise<void> => {
    const waiting = approvals.pending().length - 1;
    const options = { modal: true, detail: detailOf(request, waiting) };
    const title = `${request.agentName}: ${request.prompt.title}`;
    const choice = await vscode.window.showWarningMessage(title, options, ...choicesOf(request));
    if (choice?.pick === 'review') {
      // Still pending: it is answered from the diff's title bar or the card in the chat.
      if (isPending(request)) await review.open(request.step.id);
      return;
    }
    const result = approvals.answer(request.step.id, decisionOf(choice?.pick ?? 'reject'));
    if (result !== 'accepted') {
      vscode.window.showInformationMessage(
        withoutLinks(`“${request.prompt.title}” had already been answered. Your choice changed nothing.`),
      );
    }
  };

  const pump = async (): Promise<void> => {
    if (isShowing) return;
    isShowing = true;
    try {
      for (let request = queue.shift(); request !== undefined; request = queue.shift()) {
        if (!isPending(request)) continue;
        try {
          await show(request);
        } catch (error) {
          logError(error);
          approvals.answer(request.step.id, {
            approved: false,
            scope: 'once',
            by: 'rule',
            surface: 'the dialog could not be shown',
          });
        }
      }
    } finally {
      isShowing = false;
    }
  };

  const unlisten = approvals.listen({
    onAsked: (request) => {
      if (!isEnabled()) return;
      queue.push(request);
      void pump();
    },
  });
  return { dispose: unlisten };
};
