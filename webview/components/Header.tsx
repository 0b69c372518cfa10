import { useEffect, useRef, useState } from 'preact/hooks';
import { type Changes, totalsOf } from '../changes.ts';
import { exactNumber, plural, shortNumber } from '../format.ts';
import { memo } from '../memo.ts';
import { useView } from '../view.ts';
import { DiffCounts } from './DiffView.tsx';
import { Icon } from './Icon.tsx';
import { TitleField } from './TitleField.tsx';

export interface HeaderProps {
  /** Empty while the chat is only just beginning. */
  readonly sessionId: string;
  readonly title: string;
  readonly changes: Changes;
  readonly contextTokens: number;
}

/** The files this chat changed; each leads to the diff of the step that changed it last. */
const ChangedFiles = ({ changes, onClose }: { changes: Changes; onClose: () => void }) => {
  const { post } = useView();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector('button')?.focus();
    const onPointerDown = (event: PointerEvent) => {
      const isInside = event.target instanceof Element && event.target.closest('.header-changes') !== null;
      if (!isInside) onClose();
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [onClose]);
  return (
    <ul ref={list} class="changed-files" aria-label="Changed files">
      {[...changes.values()].map((change) => (
        <li key={change.path}>
          <button
            type="button"
            title={`Review the change of ${change.path}`}
            onClick={() => {
              post({ type: 'review', stepId: change.stepId });
              onClose();
            }}
          >
            <span class="changed-path">
              <bdi>{change.path}</bdi>
            </span>
            <DiffCounts added={change.added} removed={change.removed} />
          </button>
        </li>
      ))}
    </ul>
  );
};

const ChangeTotals = ({ changes }: { changes: Changes }) => {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = useRef(() => setOpen(false)).current;
  const { files, added, removed } = totalsOf(changes);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears the Escape of the buttons inside it
    <div
      class="header-changes"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        close();
        opener.current?.focus();
      }}
    >
      <button
        ref={opener}
        type="button"
        class="header-totals"
        data-test="changes"
        aria-expanded={isOpen}
        title={`${plural(files, 'file')} changed in this chat`}
        onClick={() => setOpen(!isOpen)}
      >
        <span class="header-files">{plural(files, 'file')}</span>{' '}
        <DiffCounts added={added} removed={removed} />
      </button>
      {isOpen && <ChangedFiles changes={changes} onClose={close} />}
    </div>
  );
};

/** A double click, Enter or F2 lets one write another title. */
const Title = ({ sessionId, title }: { sessionId: string; title: string }) => {
  const { post, update } = useView();
  const [isEditing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const text = title === '' ? 'New chat' : title;
  if (sessionId === '') return <h2 class="header-title">{text}</h2>;
  const done = (next: string | undefined, by: 'key' | 'blur') => {
    setEditing(false);
    if (by === 'key') requestAnimationFrame(() => button.current?.focus());
    if (next === undefined) return;
    update((state) =>
      state.chat.sessionId === sessionId ? { ...state, chat: { ...state.chat, title: next } } : state,
    );
    post({ type: 'changeSession', sessionId, change: { title: next } });
  };
  if (isEditing) return <TitleField title={title} label="Title of this chat" onDone={done} />;
  return (
    <h2 class="header-title">
      <button
        ref={button}
        type="button"
        data-test="title"
        title={`${text}\nDouble-click, or press F2, to rename`}
        aria-description="Press Enter or F2 to rename"
        onDblClick={() => setEditing(true)}
        onClick={(event) => {
          // Pressed by a key or a screen reader: there is no second click to wait for.
          if (event.detail === 0) setEditing(true);
        }}
        onKeyDown={(event) => {
          if (event.key === 'F2') setEditing(true);
        }}
      >
        {text}
      </button>
    </h2>
  );
};

/** What this chat is called, what it changed so far, and how full its context is. */
export const Header = memo(({ sessionId, title, changes, contextTokens }: HeaderProps) => (
  <header class="header">
    <Title key={sessionId} sessionId={sessionId} title={title} />
    {changes.size > 0 && <ChangeTotals changes={changes} />}
    {contextTokens > 0 && (
      <span
        class="header-context"
        title={`${exactNumber(contextTokens)} tokens in the last request and its answer`}
      >
        <Icon name="layers" />
        {shortNumber(contextTokens)}
        <span class="visually-hidden"> tokens of context</span>
      </span>
    )}
  </header>
));
