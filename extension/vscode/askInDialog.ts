import * as vscode from 'vscode';
import { choicesOf, detailOf, type Pick, type Question, questionTitle } from './asking.ts';

/**
 * Asks with VS Code's modal message.
 * @param waiting steps that wait besides those of this question
 * @returns undefined when it was closed without a choice
 */
export const askInDialog = async (question: Question, waiting: number): Promise<Pick | undefined> => {
  const options = { modal: true, detail: detailOf(question, waiting) };
  const title = questionTitle(question);
  return (await vscode.window.showWarningMessage(title, options, ...choicesOf(question)))?.pick;
};
