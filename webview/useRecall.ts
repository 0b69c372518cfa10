import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import { typeText } from './compose.ts';
import { sentTexts } from './state.ts';
import { useView } from './view.ts';

export interface Recall {
  /** @returns whether the key was used: up at the very start of the text, down at its very end. */
  readonly onArrow: (event: KeyboardEvent) => boolean;
  readonly reset: () => void;
}

/** Arrow up and down go through what was sent in this chat; past the newest stands what was being written. */
export const useRecall = (input: RefObject<HTMLTextAreaElement | null>): Recall => {
  const { update, current } = useView();
  /** How many messages back; 0 is the text being written. */
  const back = useRef(0);
  const written = useRef('');

  const onArrow = (event: KeyboardEvent): boolean => {
    const element = input.current;
    if (element === null || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    const { selectionStart, selectionEnd, value } = element;
    const isUp = event.key === 'ArrowUp';
    // While going through, the caret stands at the end, from where up goes on.
    const isRecalled = back.current > 0 && selectionStart === value.length;
    const isAtEdge = isUp
      ? (selectionStart === 0 && selectionEnd === 0) || isRecalled
      : selectionStart === value.length && back.current > 0;
    if (!isAtEdge) return false;
    const sent = sentTexts(current().chat.items);
    const next = back.current + (isUp ? 1 : -1);
    if (next > sent.length) return true;
    if (back.current === 0) written.current = value;
    back.current = next;
    const text = next === 0 ? written.current : (sent.at(-next) ?? '');
    update((state) => typeText(state, text));
    // Set here as well: the caret goes to the end of the new text, not of the old one.
    element.value = text;
    element.setSelectionRange(text.length, text.length);
    return true;
  };
  return {
    onArrow,
    reset: () => {
      back.current = 0;
    },
  };
};
