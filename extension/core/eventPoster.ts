/**
 * Turns the event stream into posts to a view: numbered, streaming text joined to at most one post per interval,
 * nothing while the view is hidden. Text is never reordered across other events.
 */
import type { AgentEvent } from '../shared/event.ts';
import type { ToWebview, ToWebviewBody } from '../shared/protocol.ts';

export interface EventPoster {
  /** Starts again at 0: what follows builds on this snapshot. */
  postSnapshot(body: Extract<ToWebviewBody, { type: 'snapshot' }>): void;
  postEvent(event: AgentEvent): void;
  post(body: Exclude<ToWebviewBody, { type: 'snapshot' } | { type: 'event' }>): void;
  /** A view that is hidden gets nothing; when it is shown again it asks for a snapshot. */
  setVisible(isVisible: boolean): void;
  dispose(): void;
}

type Joinable = Extract<AgentEvent, { type: 'Token' | 'Thinking' | 'StepProgress' }>;

const isJoinable = (event: AgentEvent): event is Joinable =>
  event.type === 'Token' || event.type === 'Thinking' || event.type === 'StepProgress';

const joins = (a: Joinable, b: Joinable): boolean =>
  a.jobId === b.jobId &&
  a.type === b.type &&
  (a.type !== 'StepProgress' || b.type !== 'StepProgress' || a.stepId === b.stepId);

export const createEventPoster = (options: {
  send(message: ToWebview): void;
  /** Milliseconds; 33 is one frame in two at 60 Hz. */
  readonly interval: number;
}): EventPoster => {
  let seq = 0;
  let isVisible = true;
  let pending: Joinable[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = (body: ToWebviewBody): void => {
    if (!isVisible) return;
    options.send({ ...body, seq } as ToWebview); // The spread of a distributed Omit and its missing key is the union again.
    seq += 1;
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const events = pending;
    pending = [];
    for (const event of events) send({ type: 'event', event });
  };
  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    pending = [];
  };

  return {
    postSnapshot: (body) => {
      clear();
      seq = 0;
      send(body);
    },
    postEvent: (event) => {
      if (!isVisible) return;
      if (!isJoinable(event)) {
        flush();
        send({ type: 'event', event });
        return;
      }
      const last = pending.at(-1);
      if (last !== undefined && joins(last, event)) {
        pending[pending.length - 1] = { ...last, text: last.text + event.text, at: event.at };
      } else {
        pending.push(event);
      }
      timer ??= setTimeout(flush, options.interval);
    },
    post: (body) => {
      flush();
      send(body);
    },
    setVisible: (visible) => {
      isVisible = visible;
      if (!visible) clear();
    },
    dispose: clear,
  };
};
