/** The question before files are put back. */
import * as vscode from 'vscode';
import type { PlannedPath } from '../core/restorePlan.ts';
import type { StepRecord } from '../shared/chat.ts';
import type { FileVersion } from '../shared/undo.ts';
import type { UndoTurns } from './undoTurns.ts';
import { expectationText, fileCount } from './undoWords.ts';
import { withoutLinks } from './words.ts';

/** What is to be taken back. */
export interface UndoRequest {
  readonly sessionId: string;
  /** What was taken back is an undo; of these steps it counts again, once that is done, that they are undone. */
  readonly again?: readonly string[];
  readonly versions: readonly FileVersion[];
  readonly steps: readonly StepRecord[];
  /** `Undo 3 files?` */
  question(files: string): string;
  /** For the record of decisions, and after it is done: `Undid npm test`. */
  readonly done: string;
  /** What the buttons say; the second takes the chat back too. */
  readonly buttons: readonly [string] | readonly [string, string];
  /** Takes the chat back. */
  rewind?(): Promise<void>;
}

const lookFirst = 'Look First';

/** What can be put back. */
export const isOpen = ({ standing }: PlannedPath): boolean =>
  standing === 'asLeft' || standing === 'changedSince';

/** Leaves open what is shown: unlike a dialog, a notification lets it be scrolled. */
const askBeside = (
  turns: UndoTurns,
  question: string,
  buttons: readonly string[],
): Promise<string | undefined> =>
  turns.untilPressed(
    vscode.window.showWarningMessage(
      withoutLinks(
        `${question} Nothing is changed before you choose. Out of sight, this waits under the bell in the status bar.`,
      ),
      ...buttons,
    ),
  );

/**
 * @param asked `isAnew`: files changed while the person looked
 * @returns which of the request's buttons was pressed, -1 for none
 */
export const askToUndo = async (
  turns: UndoTurns,
  request: UndoRequest,
  asked: { readonly plan: readonly PlannedPath[]; readonly isAnew: boolean },
): Promise<{ readonly index: number; readonly hasLooked: boolean }> => {
  const { plan, isAnew } = asked;
  const expectation = expectationText({
    plan,
    unknown: [...new Set(request.steps.flatMap(({ undo }) => undo?.unknown ?? []))],
    hasCommand: request.steps.some(({ step, undo }) => step.effect === 'execute' && undo !== undefined),
  });
  const detail = isAnew ? `Files changed while you looked. Now it is so:\n\n${expectation}` : expectation;
  const question = request.question(fileCount(plan.filter(isOpen)));
  const asksMore = plan.some(({ standing }) => standing === 'changedSince');
  const buttons = request.buttons.map((button) => (asksMore ? `${button}…` : button));
  const pressed = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail },
    ...buttons,
    lookFirst,
  );
  const hasLooked = pressed === lookFirst;
  const chosen = hasLooked ? await askBeside(turns, question, buttons) : pressed;
  return { index: chosen === undefined ? -1 : buttons.indexOf(chosen), hasLooked };
};
