import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionSummary } from '../../extension/shared/session.ts';
import { exactTime, relativeTime } from '../format.ts';
import { useView } from '../view.ts';
import { sessionStatusLabels } from '../words.ts';
import { Button } from './Button.tsx';
import { IconButton } from './IconButton.tsx';

export interface SessionRowProps {
  readonly session: SessionSummary;
  readonly isCurrent: boolean;
  readonly now: number;
  readonly onOpen: () => void;
}

/** One chat of the list; asks in its own place before it deletes. */
export const SessionRow = ({ session, isCurrent, now, onOpen }: SessionRowProps) => {
  const { post } = useView();
  const [isAsking, setAsking] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const question = useRef<HTMLDivElement>(null);
  const title = session.title === '' ? 'Untitled chat' : session.title;
  const status = sessionStatusLabels[session.status];

  useEffect(() => {
    // The safe answer has the focus.
    if (isAsking) question.current?.querySelector<HTMLElement>('[data-test=keep]')?.focus();
  }, [isAsking]);

  const keep = () => {
    setAsking(false);
    requestAnimationFrame(() => opener.current?.focus());
  };
  if (isAsking) {
    return (
      <li class="session" data-test="session">
        <div
          ref={question}
          class="session-question"
          role="alertdialog"
          aria-label={`Delete ${title}?`}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            event.preventDefault();
            keep();
          }}
        >
          <p>
            Delete <strong>{title}</strong> for good? Files it changed stay as they are.
          </p>
          <div class="session-buttons">
            <Button
              primary
              label="Delete"
              test="delete-confirm"
              onPress={() => {
                post({ type: 'deleteSession', sessionId: session.id });
                setAsking(false);
              }}
            />
            <Button label="Keep" test="keep" onPress={keep} />
          </div>
        </div>
      </li>
    );
  }
  return (
    <li class={`session${isCurrent ? ' current' : ''}`} data-test="session" data-id={session.id}>
      <button
        ref={opener}
        type="button"
        class="session-open"
        aria-current={isCurrent ? 'true' : undefined}
        title={`${title}\n${exactTime(session.updatedAt)}`}
        onClick={onOpen}
        onKeyDown={(event) => {
          if (event.key === 'Delete') setAsking(true);
        }}
      >
        <span class="session-title">{title}</span>
        {status !== '' && <span class={`session-status ${session.status}`}>{status}</span>}
        <span class="session-time">{relativeTime(session.updatedAt, now)}</span>
      </button>
      <IconButton icon="trash" label={`Delete ${title}`} test="delete" onPress={() => setAsking(true)} />
    </li>
  );
};
