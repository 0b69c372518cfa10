import { render } from 'preact';
import { App } from './components/App.tsx';
import { draftFromSaved, draftToSave } from './draft.ts';
import { editingFromSaved, editingToSave } from './editing.ts';
import { connectHost } from './host.ts';
import { initialState, receive, type ViewState } from './state.ts';
import { type View, ViewContext } from './view.ts';

/** How long to wait for a snapshot before asking again, in milliseconds. */
const snapshotDeadline = 5_000;

const host = connectHost();
const root = document.querySelector('#root') ?? document.body.appendChild(document.createElement('div'));
const saved = host.loadState();
let state = initialState(draftFromSaved(saved), editingFromSaved(saved));
let kept = state;
let isScheduled = false;

const draw = () => {
  isScheduled = false;
  if (state.draft !== kept.draft || state.editing !== kept.editing) {
    kept = state;
    const { draft, editing } = state;
    host.saveState({
      draft: draftToSave(draft),
      ...(editing === undefined ? {} : { editing: editingToSave(editing) }),
    });
  }
  render(
    <ViewContext.Provider value={view}>
      <App state={state} />
    </ViewContext.Provider>,
    root,
  );
};

/** However many messages arrive, the page is drawn once per frame. */
const change = (next: ViewState) => {
  if (next === state) return;
  const lostTrack = state.sync !== 'waiting' && next.sync === 'waiting';
  state = next;
  if (lostTrack) askForSnapshot();
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(draw);
};

const view: View = {
  post: host.post,
  update: (next) => change(next(state)),
  current: () => state,
};

const askForSnapshot = () => {
  host.post({ type: 'ready' });
  setTimeout(() => {
    if (state.sync === 'waiting' && !document.hidden) askForSnapshot();
  }, snapshotDeadline);
};

host.onMessage((message) => change(receive(state, message)));

document.addEventListener('visibilitychange', () => {
  // While hidden nothing was sent here.
  if (!document.hidden) askForSnapshot();
});

window.addEventListener('focus', () => {
  // The view was chosen, but nothing in it: then the person wants to write.
  if (document.activeElement === document.body)
    view.update((now) => ({ ...now, focusCount: now.focusCount + 1 }));
});

draw();
askForSnapshot();

/** The toolkit makes a style element to find out what the browser can do, and takes the page's nonce from here. */
const offerNonce = () => {
  const meta = document.createElement('meta');
  meta.setAttribute('property', 'csp-nonce');
  meta.content = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? '';
  document.head.append(meta);
};

const loadToolkit = () => {
  offerNonce();
  void import('./toolkit.ts');
};
if (document.readyState === 'complete') loadToolkit();
else window.addEventListener('load', loadToolkit, { once: true });
