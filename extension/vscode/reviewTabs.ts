/** Which tab shows the review of which steps. */
import * as vscode from 'vscode';
import { stepIdOf } from './reviewFiles.ts';

export interface ReviewTabs {
  /** Makes a label by which the tab of several files can be told from all others. */
  label(wanted: string, stepIds: readonly string[]): string;
  /** The steps that the active tab reviews. */
  active(): readonly string[];
  /** Closes the tabs of these steps that show no other step which `isWaiting`. */
  close(stepId: string, isWaiting: (stepId: string) => boolean): Promise<void>;
}

export const createReviewTabs = (): ReviewTabs => {
  /** The stable API does not tell what a multi-diff editor shows. Its tab is called by the label, and more. */
  const labelled = new Map<string, readonly string[]>();

  const stepsOf = ({ input, label }: vscode.Tab): readonly string[] => {
    if (input instanceof vscode.TabInputTextDiff || input instanceof vscode.TabInputText) {
      const stepId = stepIdOf(input instanceof vscode.TabInputText ? input.uri : input.modified);
      return stepId === undefined ? [] : [stepId];
    }
    // Of two labels that begin alike the longer one is meant.
    const [own] = [...labelled.keys()]
      .filter((each) => label.startsWith(each))
      .sort((a, b) => b.length - a.length);
    return own === undefined ? [] : (labelled.get(own) ?? []);
  };

  return {
    label: (wanted, stepIds) => {
      const key = stepIds.join();
      let label = wanted;
      for (let count = 2; (labelled.get(label) ?? stepIds).join() !== key; count += 1) {
        label = `${wanted} · ${count}`;
      }
      labelled.set(label, stepIds);
      return label;
    },
    active: () => {
      const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
      return tab === undefined ? [] : stepsOf(tab);
    },
    close: async (stepId, isWaiting) => {
      const isDone = (steps: readonly string[]): boolean => steps.includes(stepId) && !steps.some(isWaiting);
      const done = vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .filter((tab) => isDone(stepsOf(tab)));
      if (done.length > 0) await vscode.window.tabGroups.close(done, true);
      for (const [label, steps] of [...labelled]) if (isDone(steps)) labelled.delete(label);
    },
  };
};
