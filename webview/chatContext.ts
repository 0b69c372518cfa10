import { createContext } from 'preact';
import { useContext, useLayoutEffect, useState } from 'preact/hooks';

/** What the items of a chat need to know of it. Changes rarely: every drawn item is drawn again by it. */
export interface ChatAround {
  readonly sessionId: string;
  /** Why nothing can be edited or answered anew just now; empty when it can. */
  readonly rewindProblem: string;
  /** The item that is brought into view, with all it holds. */
  readonly focusId: string;
  /** Messages of the person before which there are files that can be put back. */
  readonly restorableIds: ReadonlySet<string>;
}

export const ChatContext = createContext<ChatAround>({
  sessionId: '',
  rewindProblem: '',
  focusId: '',
  restorableIds: new Set(),
});

export const useChat = (): ChatAround => useContext(ChatContext);

/** Whether something is unfolded; one of these items being brought into view unfolds it. */
export const useUnfolded = (itemIds: readonly string[]): readonly [boolean, (isOpen: boolean) => void] => {
  const { focusId } = useChat();
  const isFocus = itemIds.includes(focusId);
  const [isOpen, setOpen] = useState(isFocus);
  useLayoutEffect(() => {
    if (isFocus) setOpen(true);
  }, [isFocus]);
  return [isOpen, setOpen];
};
