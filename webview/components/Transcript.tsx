import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ChatState } from '../../extension/shared/chat.ts';
import { type Chunk, chunkItems } from '../chunks.ts';
import { classifyLink } from '../links.ts';
import { memo } from '../memo.ts';
import { rowsOf } from '../rows.ts';
import { olderRequest } from '../state.ts';
import { useFollow } from '../useFollow.ts';
import { useView, type View } from '../view.ts';
import { EndPill } from './EndPill.tsx';
import { Item } from './Item.tsx';
import { Reads } from './Reads.tsx';

/** Chunks drawn when a chat opens, and each time the reader comes near the top. */
const firstChunks = 2;
const moreChunks = 2;
/** Distance from the top, in pixels, at which earlier messages are fetched. */
const nearTop = 800;

const keyOf = (view: View, id: string): string => view.current().previewIds.get(id) ?? id;

const ChunkRows = memo(({ chunk, endId }: { chunk: Chunk; endId: string }) => {
  const view = useView();
  return (
    <div class={endId === '' ? 'chunk settled' : 'chunk'}>
      {rowsOf(chunk.items).map((row) =>
        row.kind === 'item' ? (
          <Item key={keyOf(view, row.item.id)} item={row.item} isLast={row.item.id === endId} />
        ) : (
          <Reads key={`reads-${row.id}`} label={row.label} items={row.items} />
        ),
      )}
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

export interface TranscriptProps {
  readonly chat: ChatState;
  readonly loadingOlder: boolean;
  readonly olderProblem: string;
}

/** The chat itself. Draws only what changed, and only the part of a long chat that was looked at. */
export const Transcript = ({ chat, loadingOlder, olderProblem }: TranscriptProps) => {
  const view = useView();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const chunks = useRef<readonly Chunk[]>([]);
  const [topKey, setTopKey] = useState('');
  const { isFollowing, toEnd, onScroll, hold } = useFollow(scroller, content);

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

  const earlierLabel = loadingOlder ? 'Loading earlier messages' : 'Show earlier messages';
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

  const fillTop = () => {
    const element = scroller.current;
    const isNear = element !== null && element.scrollTop < nearTop && !isFollowing;
    // What could not be read is not asked for with every scroll.
    if (isNear && (start > 0 || olderProblem === '')) showEarlier();
  };
  // A page that came in may have been a short one.
  useLayoutEffect(fillTop, [all.length, firstKey, isFollowing]);

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
          fillTop();
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
          {olderProblem !== '' && (
            <p class="earlier-problem" role="alert">
              {olderProblem} They are kept.
            </p>
          )}
          {hasEarlier && (
            <button type="button" class="text-button earlier" onClick={showEarlier}>
              {olderProblem !== '' && start === 0 ? 'Try again' : earlierLabel}
            </button>
          )}
          {shown.map((chunk, index) => (
            <ChunkRows
              key={chunk.key}
              chunk={chunk}
              endId={index === shown.length - 1 ? (chunk.items.at(-1)?.id ?? '') : ''}
            />
          ))}
        </div>
      </div>
      {!isFollowing && <EndPill items={chat.items} onPress={toEnd} />}
    </div>
  );
};
