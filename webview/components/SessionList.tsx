import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionSummary } from '../../extension/shared/session.ts';
import { groupSessions } from '../sessions.ts';
import { useNow } from '../useNow.ts';
import { useView } from '../view.ts';
import { IconButton } from './IconButton.tsx';
import { SessionRow } from './SessionRow.tsx';
import { TextField } from './TextField.tsx';

export interface SessionListProps {
  readonly sessions: readonly SessionSummary[] | undefined;
  /** Why the list did not come, or not anew; empty when it did. */
  readonly problem: string;
  /** Grows each time the list has to be asked for again. */
  readonly changes: number;
  readonly currentId: string;
  readonly folder: string;
}

/** Moves the focus among the rows, and from the field above them into the first. */
const moveFocus = (list: HTMLElement, by: 1 | -1): void => {
  const rows = [...list.querySelectorAll<HTMLElement>('.session-open')];
  const at = rows.findIndex((row) => row.parentElement?.contains(document.activeElement) === true);
  rows[at === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
};

/** Every chat, over the current one: this folder's first, by day. */
export const SessionList = ({ sessions, problem, changes, currentId, folder }: SessionListProps) => {
  const { post, update } = useView();
  const now = useNow(60_000);
  const dialog = useRef<HTMLElement>(null);
  const [filter, setFilter] = useState('');

  useEffect(() => {
    post({ type: 'listSessions' });
  }, [post, changes]);
  useEffect(() => {
    dialog.current?.focus();
  }, []);

  const close = () =>
    update((state) => ({ ...state, sessionsOpen: false, focusCount: state.focusCount + 1 }));
  const open = (sessionId: string) => {
    if (sessionId !== currentId) post({ type: 'openSession', sessionId });
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (dialog.current !== null) moveFocus(dialog.current, event.key === 'ArrowDown' ? 1 : -1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const groups = groupSessions(sessions ?? [], { filter, now, folder });
  return (
    <section
      ref={dialog}
      class="sessions"
      data-test="sessions"
      role="dialog"
      aria-label="Chats"
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <div class="sessions-bar">
        <h2>Chats</h2>
        <IconButton
          icon="add"
          label="New chat"
          onPress={() => {
            post({ type: 'newChat' });
            close();
          }}
        />
        <IconButton icon="close" label="Close the list of chats (Esc)" onPress={close} />
      </div>
      {(sessions?.length ?? 0) > 8 && (
        <TextField class="sessions-filter" label="Find by title" onText={setFilter} />
      )}
      {problem !== '' && (
        <p class="sessions-note" role="alert">
          {problem} They are kept.{' '}
          <button type="button" class="text-button" onClick={() => post({ type: 'listSessions' })}>
            Try again
          </button>
        </p>
      )}
      {sessions === undefined && problem === '' && <p class="sessions-note">Loading chats</p>}
      {sessions?.length === 0 && <p class="sessions-note">No chats yet. What you ask is kept here.</p>}
      {sessions !== undefined && sessions.length > 0 && groups.length === 0 && (
        <p class="sessions-note">No chat has this in its title.</p>
      )}
      <div class="sessions-groups">
        {groups.map((group) => (
          <section key={group.label} aria-label={group.label}>
            <h3>{group.label}</h3>
            <ul>
              {group.sessions.map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  isCurrent={session.id === currentId}
                  now={now}
                  onOpen={() => open(session.id)}
                />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </section>
  );
};
