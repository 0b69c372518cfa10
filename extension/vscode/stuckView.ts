import * as vscode from 'vscode';

/** Whether the chat was showing when this workspace's last extension host ended. */
const visibleKey = 'anycowork.chatVisible';
/** In the manifest's `when` clause of the view. */
const hiddenContext = 'anycowork.chatReset';

/** VS Code asks for a view a few milliseconds after it has activated the extension. */
const patienceMs = 3_000;

export interface StuckViewWatch extends vscode.Disposable {
  /** VS Code has asked for the view: it is not stuck. */
  resolved(view: vscode.WebviewView): void;
}

/**
 * When an extension host ends between the moment a view is opened and the moment it is resolved (VS Code restarts hosts
 * while it starts, and other extensions crash them), VS Code never asks the next host for that view: it stays blank
 * until the window is reloaded. Taking the view away and putting it back makes it ask again.
 */
export const watchForStuckView = (state: vscode.Memento): StuckViewWatch => {
  const remember = (isVisible: boolean): void => {
    if (state.get<boolean>(visibleKey) !== isVisible) void state.update(visibleKey, isVisible);
  };

  const reset = async (): Promise<void> => {
    await vscode.commands.executeCommand('setContext', hiddenContext, true);
    await vscode.commands.executeCommand('setContext', hiddenContext, false);
    await vscode.commands.executeCommand('anycowork.chat.focus');
  };

  const timer =
    state.get<boolean>(visibleKey) === true ? setTimeout(() => void reset(), patienceMs) : undefined;

  return {
    resolved: (view) => {
      clearTimeout(timer);
      remember(view.visible);
      view.onDidChangeVisibility(() => remember(view.visible));
    },
    dispose: () => clearTimeout(timer),
  };
};
