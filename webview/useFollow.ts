import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** In pixels: nearer to the end than this counts as being there. */
const tolerance = 12;

export interface Follow {
  readonly isFollowing: boolean;
  /** Goes to the end, and follows it from there. */
  readonly toEnd: () => void;
  /** Follows no longer: something else is to be looked at. */
  readonly leave: () => void;
  readonly onScroll: () => void;
  /** To be called before the person folds or unfolds something: what they look at must stay where it is. */
  readonly hold: () => void;
}

const isAtEnd = (element: HTMLElement): boolean =>
  element.scrollHeight - element.clientHeight - element.scrollTop <= tolerance;

export interface FollowOptions {
  readonly startsAtEnd: boolean;
  /** Whether what ends here is the end: where more is to come in below, nothing follows it. */
  readonly isEnd: boolean;
}

/** Keeps `scroller` at its end while the reader is there. */
export const useFollow = (
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  { startsAtEnd, isEnd }: FollowOptions,
): Follow => {
  const [isFollowing, setFollowing] = useState(startsAtEnd);
  const following = useRef(startsAtEnd);
  const canFollow = useRef(isEnd);
  canFollow.current = isEnd;
  const held = useRef(false);
  const lastTop = useRef(0);

  const set = useCallback((value: boolean) => {
    following.current = value;
    setFollowing(value);
  }, []);

  const stick = useCallback(() => {
    const element = scroller.current;
    if (element === null || !following.current || held.current) return;
    element.scrollTop = element.scrollHeight;
    lastTop.current = element.scrollTop;
  }, [scroller]);

  // After every drawing, in the same frame: the end never shows up late.
  useLayoutEffect(stick);

  useEffect(() => {
    if (scroller.current === null || content.current === null) return;
    const observer = new ResizeObserver(stick);
    observer.observe(scroller.current);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [scroller, content, stick]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    // Growth alone must not stop the following, only going up does.
    const wentUp = element.scrollTop < lastTop.current - 1;
    lastTop.current = element.scrollTop;
    if (isAtEnd(element) && canFollow.current) set(true);
    else if (wentUp) set(false);
  }, [scroller, set]);

  const toEnd = useCallback(() => {
    held.current = false;
    set(true);
    stick();
  }, [set, stick]);

  const leave = useCallback(() => {
    set(false);
    lastTop.current = scroller.current?.scrollTop ?? 0;
  }, [scroller, set]);

  const hold = useCallback(() => {
    held.current = true;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        held.current = false;
        const element = scroller.current;
        if (element !== null) set(isAtEnd(element) && canFollow.current);
      }),
    );
  }, [scroller, set]);

  return { isFollowing, toEnd, leave, onScroll, hold };
};
