import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** In pixels: nearer to the end than this counts as being there. */
const tolerance = 12;

export interface Follow {
  readonly isFollowing: boolean;
  /** Goes to the end, and follows it from there. */
  readonly toEnd: () => void;
  readonly onScroll: () => void;
  /** To be called before the person folds or unfolds something: what they look at must stay where it is. */
  readonly hold: () => void;
}

const isAtEnd = (element: HTMLElement): boolean =>
  element.scrollHeight - element.clientHeight - element.scrollTop <= tolerance;

/** Keeps `scroller` at its end while the reader is there. */
export const useFollow = (
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): Follow => {
  const [isFollowing, setFollowing] = useState(true);
  const following = useRef(true);
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
    if (isAtEnd(element)) set(true);
    else if (wentUp) set(false);
  }, [scroller, set]);

  const toEnd = useCallback(() => {
    held.current = false;
    set(true);
    stick();
  }, [set, stick]);

  const hold = useCallback(() => {
    held.current = true;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        held.current = false;
        const element = scroller.current;
        if (element !== null) set(isAtEnd(element));
      }),
    );
  }, [scroller, set]);

  return { isFollowing, toEnd, onScroll, hold };
};
