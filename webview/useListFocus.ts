import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** What the arrows go through: chats, and what was found in them. */
const stops = '[data-key]';

export interface ListFocus {
  /** The one stop that Tab reaches; empty for the first. */
  readonly activeKey: string;
  readonly onFocusIn: (event: FocusEvent) => void;
  /** One further or back; @returns false where there is nothing. */
  readonly step: (by: 1 | -1) => boolean;
  readonly toEdge: (which: 'first' | 'last') => boolean;
  /** The focus goes to this stop as soon as it is there. */
  readonly want: (key: string) => void;
  /** To be called before a chat goes: the one below it takes the focus, or the one above. */
  readonly leave: (sessionId: string) => void;
}

const keyOf = (element: Element | null | undefined): string =>
  element instanceof HTMLElement ? (element.dataset.key ?? '') : '';

/** The focus among the rows of the list. It outlives that rows move to other groups, or go. */
export const useListFocus = (root: RefObject<HTMLElement | null>): ListFocus => {
  const [activeKey, setActiveKey] = useState('');
  const wanted = useRef('');

  const all = () => [...(root.current?.querySelectorAll<HTMLElement>(stops) ?? [])];
  const find = (key: string) => all().find((element) => keyOf(element) === key);
  const at = (elements: readonly HTMLElement[]) => {
    const { activeElement } = document;
    const line = activeElement?.closest('.session, .hit');
    return elements.findIndex((element) => element === activeElement || line?.contains(element) === true);
  };

  useLayoutEffect(() => {
    // While a native menu has the focus, taking it would close the menu.
    const isLost = document.activeElement === document.body && document.hasFocus();
    const element = find(wanted.current) ?? (isLost && activeKey !== '' ? find(activeKey) : undefined);
    if (element !== undefined) {
      wanted.current = '';
      element.focus();
    } else if (isLost && activeKey !== '') root.current?.focus();
  });

  const step = (by: 1 | -1): boolean => {
    const elements = all();
    const index = at(elements);
    const next = index === -1 ? (by === 1 ? elements[0] : undefined) : elements[index + by];
    next?.focus();
    return next !== undefined;
  };
  return {
    activeKey,
    onFocusIn: useCallback((event: FocusEvent) => {
      const line = event.target instanceof Element ? event.target.closest('.session, .hit') : null;
      const key = keyOf(line?.querySelector(stops));
      if (key !== '') setActiveKey(key);
    }, []),
    step,
    toEdge: (which) => {
      const elements = all();
      const element = which === 'first' ? elements[0] : elements.at(-1);
      element?.focus();
      return element !== undefined;
    },
    want: (key) => {
      wanted.current = key;
    },
    leave: (sessionId) => {
      const rows = all().filter((element) => element.matches('.session-open'));
      const index = rows.findIndex((element) => keyOf(element) === sessionId);
      wanted.current = keyOf(rows[index + 1] ?? rows[index - 1]);
    },
  };
};
