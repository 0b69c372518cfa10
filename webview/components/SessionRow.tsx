import type { ComponentChildren } from 'preact';
import type { SessionSummary, TextRange } from '../../extension/shared/session.ts';
import { openContextMenu, sessionContext } from '../context.ts';
import { exactTime, relativeTime } from '../format.ts';
import { memo } from '../memo.ts';
import type { SessionActions } from '../useSessionActions.ts';
import { sessionStatusLabels, sessionTitle } from '../words.ts';
import { Icon } from './Icon.tsx';
import { IconButton } from './IconButton.tsx';
import { Marked } from './Marked.tsx';
import { TitleField } from './TitleField.tsx';

/** What a row may do besides what can be done with any chat. The same object for the life of the list. */
export interface RowActions extends SessionActions {
  readonly startRename: (sessionId: string | undefined, by: 'key' | 'blur') => void;
}

export interface SessionRowProps {
  readonly session: SessionSummary;
  readonly titleRanges?: readonly TextRange[];
  /** By a search, which looks on more than one shelf. */
  readonly isFound?: boolean;
  readonly isCurrent: boolean;
  /** Tab goes here; the arrows go to the others. */
  readonly isTabStop: boolean;
  readonly isRenaming: boolean;
  readonly now: number;
  readonly actions: RowActions;
  readonly children?: ComponentChildren;
}

const noRanges: readonly TextRange[] = [];

const Buttons = ({
  session,
  tabIndex,
  actions,
}: {
  session: SessionSummary;
  tabIndex: number;
  actions: RowActions;
}) => {
  const { shelf, isPinned } = session;
  const title = sessionTitle(session.title);
  const button = (icon: string, label: string, test: string, onPress: (element: HTMLElement) => void) => (
    <IconButton icon={icon} label={label} test={test} tabIndex={tabIndex} onPress={onPress} />
  );
  return (
    <div class="session-buttons">
      {shelf === 'active' && (
        <>
          {isPinned
            ? button('pinned', `Unpin ${title}`, 'unpin', () => actions.pin(session, false))
            : button('pin', `Pin ${title}`, 'pin', () => actions.pin(session, true))}
          {button('archive', `Archive ${title}`, 'archive', () => actions.move(session, 'archived'))}
        </>
      )}
      {shelf === 'archived' &&
        button('unarchive', `Move ${title} back to the chats`, 'unarchive', () =>
          actions.move(session, 'active'),
        )}
      {shelf === 'deleted' ? (
        <>
          {button('discard', `Restore ${title}`, 'restore', () => actions.move(session, 'active'))}
          {button('trash', `Delete ${title} for good`, 'purge', () => actions.purge(session))}
        </>
      ) : (
        button('trash', `Delete ${title}`, 'delete', () => actions.move(session, 'deleted'))
      )}
      {button('ellipsis', `More actions for ${title}`, 'more', openContextMenu)}
    </div>
  );
};

/** One chat of the list. */
export const SessionRow = memo((props: SessionRowProps) => {
  const {
    session,
    titleRanges = noRanges,
    isFound = false,
    isCurrent,
    isTabStop,
    isRenaming,
    now,
    actions,
    children,
  } = props;
  const { id, shelf, status } = session;
  const title = sessionTitle(session.title);
  const label = sessionStatusLabels[status];
  const tabIndex = isTabStop ? 0 : -1;
  return (
    <li class="session-item">
      <div
        class={`session ${shelf}${isCurrent ? ' current' : ''}`}
        data-test="session"
        data-id={id}
        data-vscode-context={sessionContext(session)}
      >
        {isRenaming ? (
          <TitleField
            title={session.title}
            label={`New title of ${title}`}
            onDone={(next, by) => {
              actions.startRename(undefined, by);
              if (next !== undefined) actions.rename(session, next);
            }}
          />
        ) : (
          <>
            <button
              type="button"
              class="session-open"
              data-key={id}
              tabIndex={tabIndex}
              aria-current={isCurrent ? 'true' : undefined}
              title={[title, session.folder, exactTime(session.updatedAt)].filter(Boolean).join('\n')}
              onClick={() => actions.open(id)}
            >
              {status === 'running' && <Icon name="loading" spin />}
              <span class="session-title">
                <Marked text={title} ranges={titleRanges} />
              </span>
              {label !== '' && <span class={`session-status ${status}`}>{label}</span>}
              {shelf === 'archived' && isFound && <span class="session-tag">Archived</span>}
              <span class="session-time">{relativeTime(session.updatedAt, now)}</span>
            </button>
            <Buttons session={session} tabIndex={tabIndex} actions={actions} />
          </>
        )}
      </div>
      {children}
    </li>
  );
});
