import { h } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { Announcer } from '../announce.ts';
import { ChatContext } from '../chatContext.ts';
import { canSend, isSending, rewindProblem } from '../compose.ts';
import type { ViewState } from '../state.ts';
import { restorableIds } from '../undo.ts';
import { useEscapeKey } from '../useEscapeKey.ts';
import { useGathered } from '../useGathered.ts';
import { activityOf } from '../words.ts';
import { Composer } from './Composer.tsx';
import { EmptyState } from './EmptyState.tsx';
import { Failure } from './Failure.tsx';
import { Header } from './Header.tsx';
import { SessionList } from './SessionList.tsx';
import { StatusLine } from './StatusLine.tsx';
import { Transcript } from './Transcript.tsx';

const Loading = () => (
  <div class="loading" data-test="loading">
    {h('vscode-progress-ring', { 'aria-label': 'Loading the chat' })}
  </div>
);

/** What a screen reader is told; see announce.ts. */
const Announcements = ({ announcer }: { announcer: Announcer }) => {
  const { count, text } = useGathered(announcer);
  return (
    <div class="visually-hidden" aria-live="polite" data-test="announcements">
      <p key={count}>{text}</p>
    </div>
  );
};

const Main = ({ state }: { state: ViewState }) => {
  if (state.failure !== undefined)
    return <Failure message={state.failure} isRetrying={state.sync === 'waiting'} />;
  if (!state.loaded) return <Loading />;
  if (state.chat.items.length === 0) return <EmptyState surroundings={state.surroundings} />;
  // Another chat is another transcript: it starts at its own end.
  const { chat } = state;
  return (
    <Transcript
      key={chat.sessionId}
      chat={chat}
      older={{ isLoading: state.loadingOlder, problem: state.olderProblem }}
      newer={{ isLoading: state.loadingNewer, problem: state.newerProblem }}
      focus={state.focus}
      endCount={state.endCount}
    />
  );
};

/** The part of the state that every message needs, as one object while it stays the same. */
const useChatAround = (state: ViewState) => {
  const { sessionId } = state.chat;
  const problem = rewindProblem(state) ?? '';
  const focusId = state.focus.itemId;
  const { items } = state.chat;
  const known = useRef<ReadonlySet<string>>(new Set());
  const ids = useMemo(() => restorableIds(known.current, items), [items]);
  known.current = ids;
  return useMemo(
    () => ({ sessionId, rewindProblem: problem, focusId, restorableIds: ids }),
    [sessionId, problem, focusId, ids],
  );
};

export const App = ({ state }: { state: ViewState }) => {
  const { chat, surroundings } = state;
  useEscapeKey();
  const isShown = state.failure === undefined;
  const activity = isShown ? activityOf(chat) : undefined;
  const hasItems = isShown && chat.items.length > 0;
  const around = useChatAround(state);
  return (
    <main class="app" data-busy={activity?.kind ?? ''}>
      <div class="app-body" inert={state.list.isOpen}>
        {hasItems && (
          <Header
            sessionId={chat.sessionId}
            title={chat.title}
            changes={state.changes}
            contextTokens={chat.contextTokens}
          />
        )}
        <div class="progress" aria-hidden="true" />
        <div class="app-main">
          <ChatContext.Provider value={around}>
            <Main state={state} />
          </ChatContext.Provider>
          {activity !== undefined && <StatusLine activity={activity} />}
        </div>
        <Composer
          draft={state.draft}
          editing={state.editing}
          sessionId={chat.sessionId}
          isSending={isSending(state)}
          isSendable={canSend(state)}
          refusal={state.refusal?.message}
          focusCount={state.focusCount}
          job={chat.job}
          surroundings={surroundings}
          usage={chat.usage}
          costUsd={chat.costUsd}
          unpriced={chat.unpriced}
          attaching={state.attaching}
          resources={state.resources}
        />
      </div>
      {state.list.isOpen && (
        <SessionList list={state.list} currentId={chat.sessionId} folder={surroundings.folder} />
      )}
      <Announcements announcer={state.announcer} />
    </main>
  );
};
