/** One undo at a time in a window: two would show, ask about and change the same files. */
import * as vscode from 'vscode';

export interface UndoTurns {
  /** @returns undefined where another one is under way, which the person is told */
  alone<T>(work: () => Promise<T>): Promise<T | undefined>;
  /**
   * While the person looks at what is shown, another undo may take the place of this one.
   * @returns what was pressed; undefined too when another one was begun
   */
  untilPressed(pressed: Thenable<string | undefined>): Promise<string | undefined>;
  /** Once what is under way now has ended. */
  ended(): Promise<void>;
}

export const createUndoTurns = (): UndoTurns => {
  let running: Promise<unknown> | undefined;
  let giveWay: (() => void) | undefined;

  const alone: UndoTurns['alone'] = async (work) => {
    if (giveWay !== undefined) {
      giveWay();
      await running;
    }
    if (running !== undefined) {
      vscode.window.showInformationMessage(
        'Another undo is under way in this window. Nothing was changed by this one. Finish or cancel the other, then undo again.',
      );
      return undefined;
    }
    const done = work();
    running = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      running = undefined;
    }
  };

  const untilPressed: UndoTurns['untilPressed'] = async (pressed) => {
    const replaced = Promise.withResolvers<undefined>();
    let isReplaced = false;
    giveWay = () => {
      giveWay = undefined;
      isReplaced = true;
      replaced.resolve(undefined);
    };
    // It stays to be pressed: nothing closes a notification but the person.
    const late = Promise.resolve(pressed).then((button) => {
      if (!isReplaced) return button;
      if (button !== undefined)
        vscode.window.showInformationMessage(
          'Another undo was begun after this question. Nothing was changed. Undo again to be asked anew.',
        );
      return undefined;
    });
    try {
      return await Promise.race([late, replaced.promise]);
    } finally {
      giveWay = undefined;
    }
  };

  return { alone, untilPressed, ended: async () => void (await running) };
};
