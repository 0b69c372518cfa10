/** Keeps what is typed into a review saved, so that closing it asks nothing. */
import * as vscode from 'vscode';
import { stepIdOf } from './reviewFiles.ts';

/** Milliseconds after a change. 800 after it VS Code opens a tab of its own for an unsaved file of a multi-diff editor. */
const saveDelay = 300;

/** @param isShown whether the active tab reviews this step: only what it shows can be saved without being formatted */
export const saveAsTyped = (
  isShown: (stepId: string) => boolean,
  logError: (error: unknown) => void,
  delay = saveDelay,
): vscode.Disposable => {
  /** One for each document that was typed into. */
  const timers = new Map<string, NodeJS.Timeout>();
  const save = async (document: vscode.TextDocument, stepId: string): Promise<void> => {
    timers.delete(document.uri.toString());
    if (document.isClosed || !document.isDirty || !isShown(stepId)) return;
    await vscode.commands.executeCommand('workbench.action.files.saveWithoutFormatting');
  };
  const subscription = vscode.workspace.onDidChangeTextDocument(({ document }) => {
    const stepId = stepIdOf(document.uri);
    const name = document.uri.toString();
    if (stepId === undefined || !document.isDirty || timers.has(name)) return;
    timers.set(
      name,
      setTimeout(() => void save(document, stepId).catch(logError), delay),
    );
  });
  return {
    dispose: () => {
      for (const timer of timers.values()) clearTimeout(timer);
      subscription.dispose();
    },
  };
};
