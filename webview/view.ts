import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ToHost } from '../extension/shared/protocol.ts';
import type { Post } from './host.ts';
import type { ViewState } from './state.ts';

/** What a component may do besides drawing. The same object for the life of the view. */
export interface View {
  readonly post: Post;
  readonly update: (change: (state: ViewState) => ViewState) => void;
  /** The state as of now, for handlers: a component is drawn from its properties. */
  readonly current: () => ViewState;
}

const missing: View = {
  post: () => {},
  update: () => {},
  current: () => {
    throw new Error('no view around this component');
  },
};

export const ViewContext = createContext<View>(missing);

export const useView = (): View => useContext(ViewContext);

type Action = Extract<ToHost, { type: 'act' }>['action'];

/** What a button under an error or an empty state does, in the chat that is shown. */
export const useAct = (): ((action: Action) => void) => {
  const { post, current } = useView();
  return (action) => post({ type: 'act', action, sessionId: current().chat.sessionId });
};
