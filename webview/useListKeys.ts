import type { RefObject } from 'preact';
import type { SessionSummary } from '../extension/shared/session.ts';
import type { RowActions } from './components/SessionRow.tsx';
import { isComposing } from './keys.ts';
import type { ListFocus } from './useListFocus.ts';

export interface ListKeysOptions {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly focus: ListFocus;
  readonly text: string;
  readonly canUndo: boolean;
  readonly actions: RowActions;
  readonly sessionOf: (id: string) => SessionSummary | undefined;
  readonly onText: (text: string) => void;
}

/** The keys of the list of chats, wherever in it the focus is. A field for a title keeps its own to itself. */
export const useListKeys = (options: ListKeysOptions): ((event: KeyboardEvent) => void) => {
  const { field, focus, text, canUndo, actions, sessionOf, onText } = options;
  const toField = (): boolean => {
    field.current?.focus();
    field.current?.select();
    return true;
  };
  /** The chat in whose line, and not in a hit below it, the focus is. */
  const focusedSession = (event: KeyboardEvent): SessionSummary | undefined => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.session') : null;
    return row?.dataset.id === undefined ? undefined : sessionOf(row.dataset.id);
  };

  const goBack = (): boolean => {
    if (text === '') actions.close();
    else {
      onText('');
      field.current?.focus();
    }
    return true;
  };
  const remove = (session: SessionSummary | undefined): boolean => {
    if (session === undefined) return false;
    if (session.shelf === 'deleted') actions.purge(session);
    else actions.move(session, 'deleted');
    return true;
  };
  const rename = (session: SessionSummary | undefined): boolean => {
    if (session === undefined || session.shelf === 'deleted') return false;
    actions.startRename(session.id, 'key');
    return true;
  };
  const undo = (): boolean => {
    if (canUndo) actions.undo();
    return canUndo;
  };

  /** @returns whether the key was used */
  const press = (event: KeyboardEvent): boolean => {
    const { key } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    const isInField = event.target === field.current;
    const isTab = event.target instanceof Element && event.target.matches('[role=tab]');
    if (key === 'Escape') return goBack();
    if (isCommand && key.toLowerCase() === 'f') return toField();
    if (isCommand && key.toLowerCase() === 'z' && (!isInField || text === '')) return undo();
    if (key === 'ArrowDown') return focus.step(1);
    if (key === 'ArrowUp') return focus.step(-1) || toField();
    if (isInField) return key === 'Enter' && focus.toEdge('first');
    if (key === 'Home' || key === 'End') return !isTab && focus.toEdge(key === 'Home' ? 'first' : 'last');
    if (key === 'Delete' || (key === 'Backspace' && event.metaKey)) return remove(focusedSession(event));
    if (key === 'F2') return rename(focusedSession(event));
    // What is typed goes into the field: the character itself follows the focus.
    if (key.length === 1 && key !== ' ' && !isCommand && !event.altKey) field.current?.focus();
    return false;
  };

  return (event) => {
    if (isComposing(event) || event.defaultPrevented || !press(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
};
