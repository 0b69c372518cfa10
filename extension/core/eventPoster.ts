/**
 * Turns the event stream into posts to a view: numbered, at most one post per interval, streaming text joined, nothing
 * while the view is hidden. Nothing is ever reordered. An event waits for the interval's end, so that what follows it
 * goes with it: each post costs the host, the connection and the view milliseconds, which a step of the agent would
 * have to wait for.
 */
import type { AgentEvent } from '../shared/event.ts';
import type { ToWebview, ToWebviewBody } from '../shared/protocol.ts';
import { joinEvents } from './joinEvents.ts';

export interface EventPoster {
  /** Starts again at 0: what follows builds on this snapshot. */
  postSnapshot(body: Extract<ToWebviewBody, { type: 'snapshot' }>): void;
  postEvent(event: AgentEvent): void;
  post(body: Exclude<ToWebviewBody, { type: 'snapshot' } | { type: 'event' }>): void;
  /** A view that is hidden gets nothing; when it is shown again it asks for a snapshot. */
  setVisible(isVisible: boolean): void;
  dispose(): void;
}

export const createEventPoster = (options: {
  /** One post. */
  send(messages: readonly ToWebview[]): void;
  /** Milliseconds; 33 is one frame in two at 60 Hz. */
  readonly interval: number;
}): EventPoster => {
  let seq = 0;
  let isVisible = true;
  let pending: ToWebviewBody[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    pending = [];
  };
  const flush = (): void => {
    const bodies = pending;
    clear();
    // The spread of a distributed Omit and its missing key is the union again.
    options.send(bodies.map((body, index) => ({ ...body, seq: seq + index }) as ToWebview));
    seq += bodies.length;
  };
  const postNow = (body: ToWebviewBody): void => {
    if (!isVisible) return;
    pending.push(body);
    flush();
  };

  return {
    postSnapshot: (body) => {
      clear();
      seq = 0;
      postNow(body);
    },
    postEvent: (event) => {
      if (!isVisible) return;
      const last = pending.at(-1);
      const joined = last?.type === 'event' ? joinEvents(last.event, event) : undefined;
      if (joined !== undefined) pending[pending.length - 1] = { type: 'event', event: joined };
      else pending.push({ type: 'event', event });
      timer ??= setTimeout(flush, options.interval);
    },
    post: postNow,
    setVisible: (visible) => {
      isVisible = visible;
      if (!visible) clear();
    },
    dispose: clear,
  };
};
