import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import { createEventPoster, type EventPoster } from '../core/eventPoster.ts';
import type { Jobs } from '../core/jobs.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { ChatState } from '../shared/chat.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import { parseToHost, type Surroundings, type ToHost, type ToWebviewBody } from '../shared/protocol.ts';
import { withoutLinks } from './words.ts';

/** More than a person can cause before a view has loaded. */
const waitingLimit = 20;

/** Milliseconds between posts of streaming text. */
const postInterval = 33;

/** Milliseconds in which changes of the list of chats are told together. */
const listInterval = 200;

/** Milliseconds until a chat that could not be read is read once more: a storage thread that died is soon back. */
const retryPause = 500;

export interface ChatSource {
  /**
   * The chat to show, and the row to mark in it. `taken` is called in the tick it is true in.
   * @param taken returns false when the view has no use for it any more
   */
  snapshot(taken: (chat: ChatState, focusRow: number | undefined) => boolean): Promise<void>;
  surroundings(): Promise<Surroundings>;
  handle(message: ToHost, post: (body: PlainBody) => void): Promise<void>;
  isShown(sessionId: string): boolean;
  /** Nobody looks at the chat any more, until the next snapshot. */
  onHidden?(): void;
}

export type PlainBody = Exclude<ToWebviewBody, { type: 'snapshot' } | { type: 'event' }>;

export interface ChatView {
  /** Takes the view over from VS Code: its html is set, and `early` is what it has said by now. */
  attach(view: vscode.WebviewView, early: readonly unknown[]): void;
  /** Shows another chat, or the same one anew. Does not throw: the view says when that failed. */
  reload(): Promise<void>;
  refreshSurroundings(): Promise<void>;
  /** Another window may have changed what the list of chats shows. */
  sessionsChanged(): void;
  /** Posts now, or as soon as a view has loaded. */
  post(body: PlainBody): void;
}

const misunderstood =
  'The chat asked for something that could not be understood, so nothing was done. Reload the window, then try again.';

const refusal =
  'Your message could not be sent as it is; text and pictures are kept here. Shorten it, or take out a picture, then send it again.';

const unreadable = (error: unknown): string =>
  `The chat could not be shown. ${reasonOf(error)} What was saved is kept, and so is what you have typed.`;

/** Whether the list of chats says something else of the job from this event on; `waiting` follows along. */
const changesStatus = (event: AgentEvent, waiting: Set<string>): boolean => {
  switch (event.type) {
    case 'ApprovalRequired':
      waiting.add(event.jobId);
      return true;
    case 'StepApproved':
    case 'StepRejected':
      return waiting.delete(event.jobId);
    default:
      if (event.type !== 'JobStarted' && !endsJob(event)) return false;
      waiting.delete(event.jobId);
      return true;
  }
};

/** Of a message that could not be parsed as a whole. */
const requestIdOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'requestId' in value && typeof value.requestId === 'string'
    ? value.requestId
    : undefined;

/** The border to the webview: parses what comes in, numbers what goes out. Decides nothing. */
export const createChatView = (
  source: ChatSource,
  /** Of the jobs of this window, and of the one in another that is looked at. */
  jobs: Pick<Jobs, 'onEvent'>,
  log: { error(error: unknown): void },
): ChatView & vscode.Disposable => {
  let poster: EventPoster | undefined;
  /** False until the snapshot that later events build on has been posted. */
  let isFollowing = false;
  let snapshots = 0;
  /** Chats that could not be read, since one could or the person heard of it. */
  let failures = 0;
  let isVisible = false;
  /** A page has loaded, and still is there. */
  let isListening = false;
  /** Posts for a view that has not loaded yet. */
  let waiting: PlainBody[] = [];

  /** Jobs that wait for an answer. */
  const waitingJobs = new Set<string>();
  let listTimer: NodeJS.Timeout | undefined;

  const sessionsChanged = (): void => {
    listTimer ??= setTimeout(() => {
      listTimer = undefined;
      if (isListening) poster?.post({ type: 'sessionsChanged' });
    }, listInterval);
  };

  const unlisten = jobs.onEvent((event, sessionId) => {
    if (changesStatus(event, waitingJobs)) sessionsChanged();
    if (isFollowing && source.isShown(sessionId)) poster?.postEvent(event);
  });

  const reload = async (): Promise<void> => {
    const target = poster;
    // A hidden page is not listening, and asks when it is shown.
    if (target === undefined || !isVisible) return;
    snapshots += 1;
    const mine = snapshots;
    isFollowing = false;
    // A newer request overtook this one while it read.
    const isOver = (): boolean => mine !== snapshots || target !== poster || !isVisible;
    try {
      const surroundings = await source.surroundings();
      await source.snapshot((chat, focusRow) => {
        if (isOver()) return false;
        failures = 0;
        const focus = focusRow === undefined ? {} : { focusRow };
        target.postSnapshot({ type: 'snapshot', chat, surroundings, ...focus });
        isFollowing = true;
        return true;
      });
    } catch (error) {
      log.error(error);
      failures += 1;
      const isFirst = failures === 1;
      if (isFirst) await pause(retryPause);
      if (isOver()) return;
      if (isFirst) {
        await reload();
        return;
      }
      failures = 0;
      target.post({ type: 'failed', message: unreadable(error) });
    }
  };

  const post = (body: PlainBody): void => {
    if (isListening) poster?.post(body);
    else waiting = [...waiting, body].slice(-waitingLimit);
  };

  const tell = (text: string): void =>
    void vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${text}`));

  /** @returns undefined for what breaks the protocol; it is refused where an answer is waited for, and told else */
  const parse = (value: unknown): ToHost | undefined => {
    try {
      return parseToHost(value);
    } catch (error) {
      log.error(error);
      const requestId = requestIdOf(value);
      if (requestId === undefined) tell(misunderstood);
      else post({ type: 'refused', requestId, message: refusal });
      return undefined;
    }
  };

  const receive = async (value: unknown): Promise<void> => {
    const message = parse(value);
    if (message === undefined) return;
    try {
      if (message.type === 'ready') {
        // It speaks, so it is shown, whatever order VS Code tells both in.
        isVisible = true;
        poster?.setVisible(true);
        isListening = true;
        for (const body of waiting.splice(0)) poster?.post(body);
        await reload();
      } else await source.handle(message, post);
    } catch (error) {
      log.error(error);
      tell(reasonOf(error));
    }
  };

  return {
    attach: (view, early) => {
      const mine = createEventPoster({
        interval: postInterval,
        // Not awaited: an awaited post costs milliseconds, and a lost one shows as a gap in `seq`.
        send: (messages) => void view.webview.postMessage(messages),
      });
      poster?.dispose();
      poster = mine;
      isFollowing = false;
      isListening = false;
      isVisible = true;
      mine.setVisible(true);
      const subscriptions = [
        view.webview.onDidReceiveMessage(receive),
        view.onDidChangeVisibility(() => {
          // Its page is gone while it is hidden; shown again, it loads anew and asks with `ready`.
          isVisible = view.visible;
          mine.setVisible(view.visible);
          if (view.visible) return;
          isFollowing = false;
          isListening = false;
          source.onHidden?.();
        }),
      ];
      view.onDidDispose(() => {
        for (const subscription of subscriptions) subscription.dispose();
        mine.dispose();
        if (poster === mine) {
          poster = undefined;
          isFollowing = false;
          isListening = false;
          source.onHidden?.();
        }
      });
      for (const value of early) void receive(value);
    },
    reload,
    refreshSurroundings: async () => {
      if (!isFollowing) return;
      post({ type: 'surroundings', surroundings: await source.surroundings() });
    },
    sessionsChanged,
    post,
    dispose: () => {
      unlisten();
      clearTimeout(listTimer);
      poster?.dispose();
      poster = undefined;
    },
  };
};
