import { useMemo } from 'preact/hooks';
import type { SessionSummary, Shelf } from '../extension/shared/session.ts';
import { closeList, editSession, forgetMoved, type ListState, moveSession } from './list.ts';
import { useView } from './view.ts';

/** What a person does with a chat of the list. It shows at once; the host's answer comes with the next list. */
export interface SessionActions {
  /** With a row: there, and not at its end. */
  readonly open: (sessionId: string, row?: number) => void;
  readonly close: () => void;
  readonly startNew: () => void;
  readonly pin: (session: SessionSummary, isPinned: boolean) => void;
  readonly rename: (session: SessionSummary, title: string) => void;
  readonly move: (session: SessionSummary, to: Shelf) => void;
  /** For good; the host asks first. */
  readonly purge: (session: SessionSummary) => void;
  /** Puts the chat that was moved last back. */
  readonly undo: () => void;
}

export const useSessionActions = (): SessionActions => {
  const { post, update, current } = useView();
  return useMemo(() => {
    const change = (next: (list: ListState) => ListState) =>
      update((state) => ({ ...state, list: next(state.list) }));
    const close = () =>
      update((state) => ({ ...state, list: closeList(state.list), focusCount: state.focusCount + 1 }));
    return {
      open: (sessionId, row) => {
        const { chat } = current();
        const isShown = sessionId === chat.sessionId;
        if (row !== undefined) {
          post({ type: 'openSession', sessionId, row });
          // What is found takes the focus as soon as it is there.
          change(closeList);
          return;
        }
        if (!isShown) post({ type: 'openSession', sessionId });
        else if (chat.hasNewer) post({ type: 'showNewest' });
        close();
      },
      close,
      startNew: () => {
        post({ type: 'newChat' });
        close();
      },
      pin: ({ id }, isPinned) => {
        change((list) => editSession(list, id, { isPinned }));
        post({ type: 'changeSession', sessionId: id, change: { isPinned } });
      },
      rename: ({ id }, title) => {
        change((list) => editSession(list, id, { title }));
        post({ type: 'changeSession', sessionId: id, change: { title } });
      },
      move: (session, shelf) => {
        change((list) => moveSession(list, session, shelf));
        post({ type: 'changeSession', sessionId: session.id, change: { shelf } });
      },
      purge: ({ id }) => {
        change(forgetMoved);
        post({ type: 'purgeSession', sessionId: id });
      },
      undo: () => {
        const { moved } = current().list;
        if (moved === undefined) return;
        change((list) => editSession(list, moved.sessionId, { shelf: moved.from }));
        post({ type: 'changeSession', sessionId: moved.sessionId, change: { shelf: moved.from } });
      },
    };
  }, [post, update, current]);
};
