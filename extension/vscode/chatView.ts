import * as vscode from 'vscode';
import { createEventPoster, type EventPoster } from '../core/eventPoster.ts';
import type { Jobs } from '../core/jobs.ts';
import type { ChatState } from '../shared/chat.ts';
import { parseToHost, type Surroundings, type ToHost, type ToWebviewBody } from '../shared/protocol.ts';

/** Milliseconds between posts of streaming text. */
const postInterval = 33;

export interface ChatSource {
  /** The chat to show. `taken` is called in the tick it is true in. */
  snapshot(taken: (chat: ChatState) => void): Promise<void>;
  surroundings(): Promise<Surroundings>;
  handle(message: ToHost, post: (body: PlainBody) => void): Promise<void>;
  isShown(sessionId: string): boolean;
}

export type PlainBody = Exclude<ToWebviewBody, { type: 'snapshot' } | { type: 'event' }>;

export interface ChatView {
  /** Takes the view over from VS Code: html is set by then. */
  attach(view: vscode.WebviewView): void;
  /** Shows another chat, or the same one anew. */
  reload(): Promise<void>;
  refreshSurroundings(): Promise<void>;
  /** Posts when a view is there and visible. */
  post(body: PlainBody): void;
}

/** The border to the webview: parses what comes in, numbers what goes out. Decides nothing. */
export const createChatView = (
  source: ChatSource,
  jobs: Jobs,
  log: { error(error: unknown): void },
): ChatView & vscode.Disposable => {
  let poster: EventPoster | undefined;
  /** False until the snapshot that later events build on has been posted. */
  let isFollowing = false;
  let snapshots = 0;

  const unlisten = jobs.onEvent((event, sessionId) => {
    if (isFollowing && source.isShown(sessionId)) poster?.postEvent(event);
  });

  const reload = async (): Promise<void> => {
    const target = poster;
    if (target === undefined) return;
    snapshots += 1;
    const mine = snapshots;
    isFollowing = false;
    const surroundings = await source.surroundings();
    await source.snapshot((chat) => {
      // A newer request overtook this one while it read.
      if (mine !== snapshots || target !== poster) return;
      target.postSnapshot({ type: 'snapshot', chat, surroundings });
      isFollowing = true;
    });
  };

  const post = (body: PlainBody): void => poster?.post(body);

  const receive = async (value: unknown): Promise<void> => {
    try {
      const message = parseToHost(value);
      if (message.type === 'ready') await reload();
      else await source.handle(message, post);
    } catch (error) {
      log.error(error);
      const reason = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(`AnyCowork: ${reason}`);
    }
  };

  return {
    attach: (view) => {
      const mine = createEventPoster({
        interval: postInterval,
        // Not awaited: an awaited post costs milliseconds, and a lost one shows as a gap in `seq`.
        send: (message) => void view.webview.postMessage(message),
      });
      poster?.dispose();
      poster = mine;
      isFollowing = false;
      mine.setVisible(true);
      const subscriptions = [
        view.webview.onDidReceiveMessage(receive),
        view.onDidChangeVisibility(() => {
          mine.setVisible(view.visible);
          // A hidden view got nothing meanwhile. One that was disposed asks with `ready` once it has loaded again.
          if (view.visible) void receive({ type: 'ready' });
          else isFollowing = false;
        }),
      ];
      view.onDidDispose(() => {
        for (const subscription of subscriptions) subscription.dispose();
        mine.dispose();
        if (poster === mine) {
          poster = undefined;
          isFollowing = false;
        }
      });
    },
    reload,
    refreshSurroundings: async () => {
      if (poster === undefined) return;
      post({ type: 'surroundings', surroundings: await source.surroundings() });
    },
    post,
    dispose: () => {
      unlisten();
      poster?.dispose();
      poster = undefined;
    },
  };
};
