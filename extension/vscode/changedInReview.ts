/** What is asked where an edit is approved out of sight of what the person made of it in the review. */
import { structuredPatch } from 'diff';
import * as vscode from 'vscode';
import type { AcceptedText } from '../core/approver.ts';
import type { FileChange } from '../core/tool.ts';

/** `proposed`: as the agent wanted it, whatever was typed. */
export type ChangedPick = 'changed' | 'proposed' | 'review';

export interface ChangedEdit {
  readonly title: string;
  readonly changes: readonly FileChange[];
  readonly accepted: readonly AcceptedText[];
  /** The person left out all that it would change. */
  readonly leavesNothing: boolean;
}

/** A dialog does not scroll everywhere. */
const shownLines = 24;
const lineLength = 120;
/** Milliseconds after which it is too much to compare for a dialog. */
const diffTime = 500;

const plain = (text: string): string => text.replaceAll(/\r\n?/g, '\n');

/** From what was proposed to what is there now; undefined where that is too much for a dialog. Pure. */
export const changedText = ({ changes, accepted }: ChangedEdit): string | undefined => {
  const lines: string[] = [];
  for (const { file, text } of accepted) {
    const change = changes.find((each) => each.file === file);
    const options = { context: 1, timeout: diffTime };
    const patch = structuredPatch('', '', plain(change?.after ?? ''), plain(text), '', '', options);
    if (patch === undefined) return undefined;
    lines.push(change?.path ?? file, ...patch.hunks.flatMap((hunk) => hunk.lines));
  }
  const isShort = lines.length <= shownLines && lines.every((line) => line.length <= lineLength);
  return isShort ? lines.join('\n') : undefined;
};

/** @returns undefined when it was closed without a choice */
export const askAboutChanged = async (edit: ChangedEdit): Promise<ChangedPick | undefined> => {
  const text = changedText(edit);
  const changed = {
    title: edit.leavesNothing ? 'Reject' : 'Approve as Changed',
    pick: 'changed' as const,
  };
  const choices: readonly { readonly title: string; readonly pick: ChangedPick }[] = [
    // Enter presses the first one.
    { title: 'Review', pick: 'review' },
    // Nobody approves what they have not seen; what was left out altogether is only rejected.
    ...(text === undefined && !edit.leavesNothing ? [] : [changed]),
    { title: 'Approve as Proposed', pick: 'proposed' },
  ];
  const detail = edit.leavesNothing
    ? 'Every change of it was left out in the review.'
    : `What was typed in the review, against what the agent proposed:\n\n${text ?? 'More than a dialog can show: choose Review to see it.'}`;
  const question = edit.leavesNothing
    ? `${edit.title} Nothing is left of it: reject it?`
    : `${edit.title} It was changed in the review. Approve it as changed?`;
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, ...choices))?.pick;
};
