import { useRef } from 'preact/hooks';
import { type Shelf, shelves } from '../../extension/shared/session.ts';
import { shelfLabels } from '../words.ts';

/** Which chats are listed. The arrows choose, as in any row of tabs. */
export const Shelves = ({ shelf, onShow }: { shelf: Shelf; onShow: (shelf: Shelf) => void }) => {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const index = (shelves.indexOf(shelf) + by + shelves.length) % shelves.length;
    const next = shelves[index];
    if (next === undefined) return;
    onShow(next);
    list.current?.querySelectorAll('button')[index]?.focus();
  };
  return (
    <div ref={list} class="shelves" role="tablist" aria-label="Which chats" onKeyDown={onKeyDown}>
      {shelves.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          class="shelf"
          data-test={`shelf-${each}`}
          aria-selected={each === shelf}
          tabIndex={each === shelf ? 0 : -1}
          onClick={() => onShow(each)}
        >
          {shelfLabels[each]}
        </button>
      ))}
    </div>
  );
};
