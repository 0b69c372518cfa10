import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { deletedForMs, type SessionSummary } from '../../extension/shared/session.ts';
import { plural } from '../format.ts';
import {
  forgetEdits,
  foundSessions,
  isSearched,
  type ListState,
  listedSessions,
  mostFound,
  pageOfFound,
  showMoreSessions,
  showShelf,
  typeSearch,
} from '../list.ts';
import { groupSessions } from '../sessions.ts';
import { useListFocus } from '../useListFocus.ts';
import { useListKeys } from '../useListKeys.ts';
import { useNow } from '../useNow.ts';
import { useSearch } from '../useSearch.ts';
import { useSessionActions } from '../useSessionActions.ts';
import { useView } from '../view.ts';
import { shelfLabels } from '../words.ts';
import { FoundRow, hitKey } from './FoundRow.tsx';
import { SearchBar } from './SearchBar.tsx';
import { SearchStatus } from './SearchStatus.tsx';
import { type RowActions, SessionRow } from './SessionRow.tsx';
import { Shelves } from './Shelves.tsx';
import { UndoBar } from './UndoBar.tsx';

const dayMs = 24 * 60 * 60 * 1_000;
/** A change that no list has confirmed by then shows as the host says. In milliseconds. */
const confirmedWithin = 5_000;

const emptyTexts = {
  active: 'No chats yet. What you ask is kept here.',
  archived: 'Nothing in the archive. Chats you put away are kept here.',
  deleted: 'No deleted chats.',
} as const;

export interface SessionListProps {
  readonly list: ListState;
  readonly currentId: string;
  readonly folder: string;
}

/** Every chat, over the current one: this folder's first, by day; or those in which a search finds something. */
export const SessionList = ({ list, currentId, folder }: SessionListProps) => {
  const { post, update } = useView();
  const now = useNow(60_000);
  const dialog = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [renamingId, setRenamingId] = useState<string>();
  const focus = useListFocus(dialog);
  const search = useSearch(list);
  const plain = useSessionActions();
  const { shelf, limit, changes, text, moved } = list;

  const change = (next: (list: ListState) => ListState) =>
    update((state) => ({ ...state, list: next(state.list) }));
  const ask = () => post({ type: 'listSessions', shelf, limit });
  useEffect(ask, [post, shelf, limit, changes]);
  useEffect(() => field.current?.focus(), []);
  const hasEdits = list.edits.size > 0;
  useEffect(() => {
    if (!hasEdits) return;
    const timer = setTimeout(() => change(forgetEdits), confirmedWithin);
    return () => clearTimeout(timer);
  }, [list.edits]);

  // One object for all rows, so that a row is drawn again only when it is another. What it needs stands in refs.
  const { leave, want } = focus;
  const latest = useRef({ leave, want, renaming: renamingId });
  latest.current = { leave, want, renaming: renamingId };
  const actions: RowActions = useMemo(
    () => ({
      ...plain,
      pin: (session, isPinned) => {
        latest.current.want(session.id);
        plain.pin(session, isPinned);
      },
      move: (session, to) => {
        latest.current.leave(session.id);
        plain.move(session, to);
      },
      startRename: (sessionId, by) => {
        const { renaming } = latest.current;
        if (sessionId === undefined && by === 'key' && renaming !== undefined) latest.current.want(renaming);
        setRenamingId(sessionId);
      },
    }),
    [plain],
  );
  const undo = () => {
    if (moved !== undefined) want(moved.sessionId);
    actions.undo();
  };

  const sessions = useMemo(() => listedSessions(list), [list]);
  const found = useMemo(() => foundSessions(list), [list]);
  const searching = isSearched(list) ? list.search : undefined;
  // Until the first answer the list stays as it is.
  const showsFound = searching !== undefined && (searching.isAnswered || found.length > 0);
  const filter = shelf === 'deleted' ? text : '';
  const groups = useMemo(
    () => (showsFound ? [] : groupSessions(sessions, { filter, now, folder })),
    [showsFound, sessions, filter, now, folder],
  );
  const keys = showsFound
    ? found.flatMap(({ session, hits }) => [session.id, ...hits.map((hit) => hitKey(session.id, hit))])
    : groups.flatMap((group) => group.sessions.map(({ id }) => id));
  const tabStop = keys.includes(focus.activeKey) ? focus.activeKey : (keys[0] ?? '');
  const sessionOf = (id: string): SessionSummary | undefined =>
    (showsFound ? found.map(({ session }) => session) : sessions).find((session) => session.id === id);

  const onKeyDown = useListKeys({
    field,
    focus,
    text,
    canUndo: moved !== undefined,
    actions: { ...actions, undo },
    sessionOf,
    onText: (next) => change((before) => typeSearch(before, next)),
  });

  const isNothing = list.sessions !== undefined && keys.length === 0 && !showsFound;
  return (
    <section
      ref={dialog}
      class="sessions"
      data-test="sessions"
      role="dialog"
      aria-label="Chats"
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onFocusIn={focus.onFocusIn}
    >
      <SearchBar
        field={field}
        shelf={shelf}
        text={text}
        actions={actions}
        onText={(next) => {
          change((before) => typeSearch(before, next));
          field.current?.focus();
        }}
      />
      <Shelves shelf={shelf} onShow={(next) => change((before) => showShelf(before, next))} />
      <div class="sessions-groups" role="tabpanel" aria-label={shelfLabels[shelf]}>
        <SearchStatus search={searching} count={found.length} onRetry={() => search(list.search?.limit)} />
        {list.problem !== '' && (
          <p class="sessions-note" role="alert">
            {list.problem} They are kept.{' '}
            <button type="button" class="text-button" onClick={ask}>
              Try again
            </button>
          </p>
        )}
        {list.sessions === undefined && list.problem === '' && !showsFound && (
          <p class="sessions-note">Loading chats</p>
        )}
        {isNothing && (
          <p class="sessions-note">
            {shelf === 'deleted' && sessions.length > 0
              ? `No deleted chat has “${text.trim()}” in its title. What stands in deleted chats is not searched.`
              : emptyTexts[shelf]}
          </p>
        )}
        {shelf === 'deleted' && (
          <p class="sessions-note">Kept for {plural(deletedForMs / dayMs, 'day')}, then gone for good.</p>
        )}
        {showsFound && (
          <ul class="found" aria-label="Found">
            {found.map((each) => (
              <FoundRow
                key={each.session.id}
                found={each}
                isCurrent={each.session.id === currentId}
                tabStop={tabStop}
                isRenaming={each.session.id === renamingId}
                now={now}
                actions={actions}
              />
            ))}
          </ul>
        )}
        {groups.map((group) => (
          <section key={group.label} aria-label={group.label}>
            <h3>{group.label}</h3>
            <ul>
              {group.sessions.map((session) => (
                <SessionRow
                  key={session.id}
                  session={session}
                  isCurrent={session.id === currentId}
                  isTabStop={session.id === tabStop}
                  isRenaming={session.id === renamingId}
                  now={now}
                  actions={actions}
                />
              ))}
            </ul>
          </section>
        ))}
        {showsFound && searching.hasMore && searching.limit < mostFound && (
          <button
            type="button"
            class="text-button sessions-more"
            onClick={() => search(Math.min(searching.limit + pageOfFound, mostFound))}
          >
            Show more
          </button>
        )}
        {!showsFound && list.hasMore && (
          <button type="button" class="text-button sessions-more" onClick={() => change(showMoreSessions)}>
            Show more
          </button>
        )}
      </div>
      <UndoBar moved={moved} onUndo={undo} />
    </section>
  );
};
