import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { useView } from './view.ts';

/** When what holds the focus goes away, `heir` or else the composer takes it: it must not fall out of the view. */
export const useKeepFocus = (
  holder: RefObject<HTMLElement | null>,
  heir?: RefObject<HTMLElement | null>,
): void => {
  const { update } = useView();
  // A layout effect, because it is cleaned up before the elements go; a plain one only after.
  useLayoutEffect(() => {
    const element = holder.current;
    return () => {
      if (element?.contains(document.activeElement) !== true) return;
      if (heir !== undefined) heir.current?.focus({ preventScroll: true });
      else update((state) => ({ ...state, focusCount: state.focusCount + 1 }));
    };
  }, [holder, heir, update]);
};
