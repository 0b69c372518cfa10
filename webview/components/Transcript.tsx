import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ChatState } from '../../extension/shared/chat.ts';
import { type Chunk, chunkItems } from '../chunks.ts';
import { classifyLink } from '../links.ts';
import { memo } from '../memo.ts';
import { type Row, rowsOf } from '../rows.ts';
import { newerRequest, olderRequest, type ViewState } from '../state.ts';
import { useFollow } from '../useFollow.ts';
import { useReveal } from '../useReveal.ts';
import { useView, type View } from '../view.ts';
import { ApprovalGroup } from './ApprovalGroup.tsx';
import { EndPill } from './EndPill.tsx';
import { Item } from './Item.tsx';
import { Reads } from './Reads.tsx';

/** Chunks drawn when a chat opens, and each time the reader comes near the top. */
const firstChunks = 2;
const moreChunks = 2;
/** Distance from the top and the bottom, in pixels, at which more messages are fetched. */
const nearEdge = 800;

const keyOf = (view: View, id: string): string => view.current().previewIds.get(id) ?? id;

const drawRow = (view: View, row: Row, endId: string) => {
  switch (row.kind) {
    case 'item':
      return <Item key={keyOf(view, row.item.id)} item={row.item} isLast={row.item.id === endId} />;
    case 'reads':
      return <Reads key={`reads-${row.id}`} label={row.label} items={row.items} />;
    case 'group':
      return (
        <ApprovalGroup key={`group-${row.id}`} records={row.items.map(({ record }) => record)}>
          {row.items.map((item) => (
            <Item key={item.id} item={item} isLast={item.id === endId} />
          ))}
        </ApprovalGroup>
      );
  }
};

const ChunkRows = memo(({ chunk, endId }: { chunk: Chunk; endId: string }) => {
  const view = useView();
  return (
    <div class={endId === '' ? 'chunk settled' : 'chunk'}>
      {rowsOf(chunk.items).map((row) => drawRow(view, row, endId))}
    </div>
  );
});

const openLink = (view: View, target: EventTarget | null): boolean => {
  const element = target instanceof Element ? target.closest('[data-href]') : null;
  const link = classifyLink(element?.getAttribute('data-href') ?? '');
  if (link === undefined) return false;
  if (link.kind === 'link') view.post({ type: 'openLink', href: link.href });
  else
    view.post({ type: 'openFile', path: link.path, ...(link.line === undefined ? {} : { line: link.line }) });
  return true;
};

/** How it stands with the pages before or behind what is here. */
export interface Paging {
  readonly isLoading: boolean;
  /** Why the last one did not come; empty when it did. */
  readonly problem: string;
}

const labelOf = (which: 'earlier' | 'later', { isLoading, problem }: Paging): string => {
  if (problem !== '') return 'Try again';
  return isLoading ? `Loading ${which} messages` : `Show ${which} messages`;
};

const Unread = ({ problem }: { problem: string }) => (
  <p class="unread-problem" role="alert">
    {problem} They are kept.
  </p>
);

/** The element of an item, or of the line that it is folded into. */
const elementOf = (content: HTMLElement | null, chunk: Chunk, itemId: string): HTMLElement | undefined => {
  const row = rowsOf(chunk.items).find(
    (each) => each.kind === 'reads' && each.items.some(({ id }) => id === itemId),
  );
  const find = (id: string) => content?.querySelector<HTMLElement>(`[data-item="${CSS.escape(id)}"]`);
  return find(itemId) ?? (row?.kind === 'reads' ? find(row.id) : undefined) ?? undefined;
};

export interface TranscriptProps {
  readonly chat: ChatState;
  readonly older: Paging;
  readonly newer: Paging;
  readonly focus: ViewState['focus'];
  readonly endCount: number;
}

/** The chat itself. Draws only what changed, and only the part of a long chat that was looked at. */
export const Transcript = ({ chat, older, newer, focus, endCount }: TranscriptProps) => {
  const view = useView();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const chunks = useRef<readonly Chunk[]>([]);
  const [topKey, setTopKey] = useState('');
  const { isFollowing, toEnd, leave, onScroll, hold } = useFollow(scroller, content, {
    startsAtEnd: !chat.hasNewer && !chat.items.some(({ id }) => id === focus.itemId),
    isEnd: !chat.hasNewer,
  });
  const { reveal, letGo } = useReveal(scroller);

  chunks.current = chunkItems(chunks.current, chat.items);
  const all = chunks.current;
  const drawnKey = useRef('');
  // While the reader follows the end, what moves far above it is let go; away from it, what is drawn stays.
  const wantedKey = topKey === '' && !isFollowing ? drawnKey.current : topKey;
  const topIndex = all.findIndex((chunk) => chunk.key === wantedKey);
  const start = topIndex === -1 ? Math.max(0, all.length - firstChunks) : topIndex;
  const shown = all.slice(start);

  // Where the first drawn chunk stands before another comes in front of it: it must stand there afterwards too.
  const firstKey = shown[0]?.key ?? '';
  const anchor = useRef<{ element: Element; top: number }>(undefined);
  const firstElement = content.current?.querySelector('.chunk') ?? undefined;
  if (firstKey !== drawnKey.current && firstElement !== undefined && !isFollowing) {
    anchor.current = { element: firstElement, top: firstElement.getBoundingClientRect().top };
  }
  useLayoutEffect(() => {
    drawnKey.current = firstKey;
    const held = anchor.current;
    anchor.current = undefined;
    if (held === undefined || scroller.current === null || !held.element.isConnected) return;
    scroller.current.scrollTop += held.element.getBoundingClientRect().top - held.top;
  });

  useEffect(() => {
    if (isFollowing) setTopKey('');
  }, [isFollowing]);

  const seenEnds = useRef(endCount);
  useLayoutEffect(() => {
    if (endCount === seenEnds.current) return;
    seenEnds.current = endCount;
    letGo();
    toEnd();
  });

  const revealed = useRef(0);
  useLayoutEffect(() => {
    if (focus.count === revealed.current) return;
    const index = all.findIndex((chunk) => chunk.items.some(({ id }) => id === focus.itemId));
    const chunk = all[index];
    if (chunk !== undefined) {
      leave();
      const key = all[Math.max(0, index - 1)]?.key ?? '';
      setTopKey(key);
      // It is there with the next drawing.
      if (index < start) return;
      const element = elementOf(content.current, chunk, focus.itemId);
      if (element !== undefined) reveal(element);
    }
    revealed.current = focus.count;
  });

  const hasEarlier = start > 0 || chat.hasOlder;
  const showEarlier = useCallback(() => {
    const known = chunks.current;
    const index = known.findIndex((chunk) => chunk.key === firstKey);
    const key = known[Math.max(0, index - moreChunks)]?.key ?? '';
    if (index > 0) {
      setTopKey(key);
      return;
    }
    const request = olderRequest(view.current());
    if (request === undefined) return;
    // What comes in front of the first chunk is to be shown: nothing is anchored to it any more.
    setTopKey(known[0]?.key ?? '');
    view.update((state) => ({ ...state, loadingOlder: true, olderProblem: '' }));
    view.post(request);
  }, [view, firstKey]);
  const showLater = () => {
    const request = newerRequest(view.current());
    if (request === undefined) return;
    view.update((state) => ({ ...state, loadingNewer: true, newerProblem: '' }));
    view.post(request);
  };
  const showNewest = () => {
    // What is under way of later messages is not wanted any more: the end is.
    view.update((state) => ({ ...state, loadingNewer: false }));
    view.post({ type: 'showNewest' });
  };

  const fill = () => {
    const element = scroller.current;
    if (element === null || isFollowing) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    // What could not be read is not asked for with every scroll.
    if (scrollTop < nearEdge && (start > 0 || older.problem === '')) showEarlier();
    if (scrollHeight - clientHeight - scrollTop < nearEdge && newer.problem === '') showLater();
  };
  // A page that came in may have been a short one.
  useLayoutEffect(fill, [all.length, firstKey, isFollowing, chat.items.length]);

  return (
    <div class="transcript-frame">
      <div
        ref={scroller}
        class="transcript"
        role="log"
        aria-label="Chat"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={() => {
          onScroll();
          fill();
        }}
        onClickCapture={(event) => {
          if (event.target instanceof Element && event.target.closest('[aria-expanded], summary') !== null)
            hold();
        }}
        onClick={(event) => {
          if (openLink(view, event.target)) event.preventDefault();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && openLink(view, event.target)) event.preventDefault();
        }}
      >
        <div ref={content} class="transcript-content">
          {older.problem !== '' && <Unread problem={older.problem} />}
          {hasEarlier && (
            <button type="button" class="text-button more-messages" onClick={showEarlier}>
              {labelOf('earlier', start > 0 ? { ...older, problem: '' } : older)}
            </button>
          )}
          {shown.map((chunk, index) => (
            <ChunkRows
              key={chunk.key}
              chunk={chunk}
              endId={index === shown.length - 1 ? (chunk.items.at(-1)?.id ?? '') : ''}
            />
          ))}
          {newer.problem !== '' && <Unread problem={newer.problem} />}
          {chat.hasNewer && (
            <button type="button" class="text-button more-messages" onClick={showLater}>
              {labelOf('later', newer)}
            </button>
          )}
        </div>
      </div>
      {!isFollowing && (
        <EndPill
          items={chat.items}
          hasNewer={chat.hasNewer}
          onPress={() => {
            letGo();
            if (chat.hasNewer) showNewest();
            else toEnd();
          }}
        />
      )}
    </div>
  );
};
