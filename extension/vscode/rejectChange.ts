/** Leaves one change of an edit out of what will be accepted. To accept one is to leave it in. */
import * as vscode from 'vscode';
import { type Hunk, hunkFrom, hunksOf, leaveOut } from './hunks.ts';

/** A right side that can be changed. */
export interface EditedSide {
  readonly stepId: string;
  readonly uri: vscode.Uri;
  /** The left side. */
  readonly before: string;
}

interface Found {
  readonly side: EditedSide;
  readonly document: vscode.TextDocument;
  readonly editor: vscode.TextEditor | undefined;
  readonly hunk: Hunk;
}

const sideOf = (sides: readonly EditedSide[], document: vscode.TextDocument): EditedSide | undefined =>
  sides.find(({ uri }) => uri.toString() === document.uri.toString());

/** In the editor with the cursor; else in another one that is seen; else wherever there is one. */
const findChange = async (sides: readonly EditedSide[]): Promise<Found | undefined> => {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  const editors = [...(activeTextEditor === undefined ? [] : [activeTextEditor]), ...visibleTextEditors];
  for (const editor of editors) {
    const side = sideOf(sides, editor.document);
    if (side === undefined) continue;
    const line = editor === activeTextEditor ? editor.selection.active.line : 0;
    const hunk = hunkFrom(hunksOf(side.before, editor.document.getText()), line);
    if (hunk !== undefined) return { side, document: editor.document, editor, hunk };
  }
  for (const side of sides) {
    const document = await vscode.workspace.openTextDocument(side.uri);
    const [hunk] = hunksOf(side.before, document.getText());
    if (hunk !== undefined) return { side, document, editor: undefined, hunk };
  }
  return undefined;
};

const goToNext = (editor: vscode.TextEditor, before: string, line: number): void => {
  const next = hunkFrom(hunksOf(before, editor.document.getText()), line);
  if (next === undefined) return;
  const at = new vscode.Position(Math.min(next.rightStart, editor.document.lineCount - 1), 0);
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
};

const offerToReject = async (stepId: string): Promise<void> => {
  const reject = 'Reject';
  const answer = await vscode.window.showInformationMessage(
    'Nothing is left of this edit: reject it?',
    reject,
  );
  if (answer !== reject) return;
  await vscode.commands.executeCommand('anycowork.rejectAction', stepId, {
    reason: 'Every change of it was left out in the review.',
  });
};

export const leaveOutChange = async (
  sides: readonly EditedSide[],
  leavesNothing: (stepId: string) => boolean,
): Promise<void> => {
  const found = await findChange(sides);
  if (found === undefined) {
    const empty = sides.find(({ stepId }) => leavesNothing(stepId));
    if (empty !== undefined) await offerToReject(empty.stepId);
    else void vscode.window.showInformationMessage('No change that waits for your approval is shown here.');
    return;
  }
  const { side, document, editor, hunk } = found;
  const { startLine, startCharacter, endLine, endCharacter, text } = leaveOut(
    hunk,
    side.before,
    document.getText(),
  );
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(startLine, startCharacter, endLine, endCharacter), text);
  if (!(await vscode.workspace.applyEdit(edit))) {
    void vscode.window.showWarningMessage('The change could not be left out: the editor refused the edit.');
    return;
  }
  if (editor !== undefined) goToNext(editor, side.before, startLine);
  if (leavesNothing(side.stepId)) await offerToReject(side.stepId);
};
