/** Keeps the view in step with what other windows do. */
import type * as vscode from 'vscode';
import type { Chats } from '../core/chats.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import type { Store } from '../core/store.ts';
import { endsJob } from '../shared/event.ts';
import type { ChatView } from './chatView.ts';
import type { CurrentChat } from './currentChat.ts';

/** Of the end of a chat, by which it is told whether anything has happened in it. */
const lookedAtItems = 5;

/** Milliseconds in which what another window writes is taken together. */
const rereadDelay = 250;

export const keepInStep = (ports: {
  readonly store: Pick<Store, 'onExternalChange'>;
  readonly elsewhere: Pick<Elsewhere, 'isFollowed' | 'onEvent' | 'onStale'>;
  readonly jobs: Pick<Jobs, 'runningIn'>;
  readonly chats: Pick<Chats, 'get' | 'page'>;
  readonly current: Pick<CurrentChat, 'sessionId' | 'isInMiddle'>;
  readonly view: Pick<ChatView, 'reload' | 'refreshSurroundings' | 'sessionsChanged'>;
  titleChanged(sessionId: string, title: string): void;
  logError(error: unknown): void;
}): vscode.Disposable => {
  const { store, elsewhere, jobs, chats, current, view } = ports;
  let timer: NodeJS.Timeout | undefined;
  /** How the shown chat looked when it was read last because of another window. */
  let lookBefore = '';

  /** Other windows write all the time, mostly into other chats: a whole page is read and drawn only where it is another one. */
  const isAsBefore = async (shown: string): Promise<boolean> => {
    const [session, page] = await Promise.all([chats.get(shown), chats.page(shown, lookedAtItems)]);
    const look = JSON.stringify([session, page.items]);
    const isSame = look === lookBefore;
    lookBefore = look;
    return isSame;
  };

  /** What is around a chat whose items come by themselves. */
  const refresh = async (shown: string | undefined): Promise<void> => {
    await view.refreshSurroundings();
    const session = shown === undefined ? undefined : await chats.get(shown);
    if (session !== undefined) ports.titleChanged(session.id, session.title);
  };

  const reread = async (): Promise<void> => {
    view.sessionsChanged();
    const shown = current.sessionId();
    const isLive =
      shown !== undefined && (jobs.runningIn(shown) !== undefined || elsewhere.isFollowed(shown));
    // In the middle of a chat nobody waits for what is new at its end.
    if (shown === undefined || isLive || current.isInMiddle() || (await isAsBefore(shown)))
      await refresh(shown);
    else await view.reload();
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      reread().catch(ports.logError);
    }, rereadDelay);
  };

  const unlisten = [
    // Another window wrote: perhaps into the chat that is shown here, or it deleted it.
    store.onExternalChange(soon),
    // What was followed is read once more, from where it is kept.
    elsewhere.onEvent((event) => {
      if (endsJob(event)) soon();
    }),
    elsewhere.onStale((sessionId) => {
      view.sessionsChanged();
      if (sessionId === current.sessionId()) view.reload().catch(ports.logError);
    }),
  ];
  return {
    dispose: () => {
      clearTimeout(timer);
      for (const each of unlisten) each();
    },
  };
};
