import { useEffect, useRef } from 'preact/hooks';
import { forgetMoved, type Moved } from '../list.ts';
import { useView } from '../view.ts';
import { movedText, sessionTitle } from '../words.ts';

/** How long it stays, and how long more while somebody is at it. Milliseconds. */
const staysFor = 20_000;
const staysOn = 5_000;

/** Says what was just done with a chat, and takes it back. The region is always there, so that it is read out. */
export const UndoBar = ({ moved, onUndo }: { moved: Moved | undefined; onUndo: () => void }) => {
  const { update } = useView();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (moved === undefined) return;
    let timer = 0;
    const end = () => {
      if (bar.current?.matches(':hover, :focus-within') === true) timer = window.setTimeout(end, staysOn);
      else update((state) => ({ ...state, list: forgetMoved(state.list) }));
    };
    timer = window.setTimeout(end, staysFor);
    return () => clearTimeout(timer);
  }, [moved, update]);
  return (
    <div ref={bar} class="undo-region" role="status">
      {moved !== undefined && (
        <div class="undo-bar" data-test="undo-bar">
          <span>{movedText(sessionTitle(moved.title), moved.from, moved.to)}</span>
          <button type="button" class="text-button" data-test="undo" title="Undo (Ctrl+Z)" onClick={onUndo}>
            Undo
          </button>
        </div>
      )}
    </div>
  );
};
