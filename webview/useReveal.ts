import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** How long the item is marked, and how long its place is kept while what is around it gets its height. Milliseconds. */
const markedFor = 2_500;
const settlesWithin = 600;

/** In the middle of the view; what is too tall for that, with its beginning near the top. */
const scrollTo = (scroller: HTMLElement, element: Element): void => {
  const view = scroller.getBoundingClientRect();
  const { top, height } = element.getBoundingClientRect();
  const room = (view.height - height) / 2;
  scroller.scrollTop += top - view.top - Math.max(room, Math.min(48, view.height / 8));
};

/** The focus goes along where it would not be taken from anything. */
const takeFocus = (scroller: HTMLElement, element: HTMLElement): void => {
  const { activeElement } = document;
  const isFree =
    activeElement === null || activeElement === document.body || scroller.contains(activeElement);
  if (!isFree) return;
  const target = element.querySelector<HTMLElement>(':scope > .step-line > .step-toggle') ?? element;
  if (target === element) target.tabIndex = -1;
  target.focus({ preventScroll: true });
};

export interface Reveal {
  /** Brings an element into view and marks it for a moment. */
  readonly reveal: (element: HTMLElement) => void;
  /** To be called before something else is gone to. */
  readonly letGo: () => void;
}

/** Where a search leads. The reader who scrolls away meanwhile is not held. */
export const useReveal = (scroller: RefObject<HTMLElement | null>): Reveal => {
  const end = useRef(() => {});
  useEffect(() => () => end.current(), []);
  const reveal = (element: HTMLElement) => {
    end.current();
    const view = scroller.current;
    if (view === null) return;
    const began = performance.now();
    let frame = 0;
    // Heights of what has never been drawn are guesses: each frame corrects the place until they are known.
    const keepInView = () => {
      if (!element.isConnected) return;
      scrollTo(view, element);
      frame = performance.now() - began < settlesWithin ? requestAnimationFrame(keepInView) : 0;
    };
    const release = () => cancelAnimationFrame(frame);
    const signs = ['wheel', 'pointerdown', 'keydown', 'touchstart'] as const;
    for (const sign of signs) view.addEventListener(sign, release, { passive: true });
    // The element's own: what is drawn meanwhile does not take it away.
    element.dataset.marked = '';
    const timer = setTimeout(() => end.current(), markedFor);
    end.current = () => {
      release();
      clearTimeout(timer);
      for (const sign of signs) view.removeEventListener(sign, release);
      delete element.dataset.marked;
    };
    keepInView();
    takeFocus(view, element);
  };
  return { reveal, letGo: () => end.current() };
};
