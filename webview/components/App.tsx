import { h } from 'preact';
import { canSend, isSending, type ViewState } from '../state.ts';
import { useStopKey } from '../useStopKey.ts';
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
const Announcements = ({ text, count }: { text: string; count: number }) => (
  <div class="visually-hidden" aria-live="polite" data-test="announcements">
    <p key={count}>{text}</p>
  </div>
);

const Main = ({ state }: { state: ViewState }) => {
  if (state.failure !== undefined)
    return <Failure message={state.failure} isRetrying={state.sync === 'waiting'} />;
  if (!state.loaded) return <Loading />;
  if (state.chat.items.length === 0) return <EmptyState surroundings={state.surroundings} />;
  // Another chat is another transcript: it starts at its own end.
  const { chat, loadingOlder, olderProblem } = state;
  return (
    <Transcript key={chat.sessionId} chat={chat} loadingOlder={loadingOlder} olderProblem={olderProblem} />
  );
};

export const App = ({ state }: { state: ViewState }) => {
  const { chat, surroundings } = state;
  useStopKey();
  const isShown = state.failure === undefined;
  const activity = isShown ? activityOf(chat) : undefined;
  const hasItems = isShown && chat.items.length > 0;
  return (
    <main class="app" data-busy={activity?.kind ?? ''}>
      <div class="app-body" inert={state.sessionsOpen}>
        {hasItems && <Header title={chat.title} changes={state.changes} contextTokens={chat.contextTokens} />}
        <div class="progress" aria-hidden="true" />
        <div class="app-main">
          <Main state={state} />
          {activity !== undefined && <StatusLine activity={activity} />}
        </div>
        <Composer
          draft={state.draft}
          isSending={isSending(state)}
          isSendable={canSend(state)}
          refusal={state.refusal}
          focusCount={state.focusCount}
          job={chat.job}
          surroundings={surroundings}
          usage={chat.usage}
        />
      </div>
      {state.sessionsOpen && (
        <SessionList
          sessions={state.sessions}
          problem={state.sessionsProblem}
          changes={state.sessionsChanges}
          currentId={chat.sessionId}
          folder={surroundings.folder}
        />
      )}
      <Announcements text={state.announcer.text} count={state.announcer.count} />
    </main>
  );
};
