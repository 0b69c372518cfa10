import type { FollowListener, Relay } from '../../extension/core/relay.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';

/** Windows of one process that tell each other at once. */
export const fakeRelays = () => {
  const told = new Map<string, AgentEvent[]>();
  const listeners = new Map<string, Set<FollowListener>>();
  const answers = new Map<string, Parameters<Relay['onAsk']>[0]>();
  const runner = new Map<string, string>();
  const forgotten: string[] = [];
  const swept: string[][] = [];

  const open = (name: string): Relay => ({
    tell: (event) => {
      runner.set(event.jobId, name);
      told.set(event.jobId, [...(told.get(event.jobId) ?? []), event]);
      for (const listener of [...(listeners.get(event.jobId) ?? [])]) listener.onEvent(event);
    },
    onAsk: (answer) => void answers.set(name, answer),
    follow: async (jobId, listener) => {
      const events = told.get(jobId);
      if (events === undefined) return undefined;
      for (const event of events) listener.onEvent(event);
      const all = listeners.get(jobId) ?? new Set();
      listeners.set(jobId, all.add(listener));
      return { place: 'team-calendar', read: async () => undefined, close: () => void all.delete(listener) };
    },
    ask: async (jobId, ask) => answers.get(runner.get(jobId) ?? '')?.(jobId, ask) ?? 'unknown',
    forget: async (jobId) => void forgotten.push(jobId),
    sweep: async (running) => void swept.push([...running]),
    close: async () => undefined,
  });
  return {
    open,
    forgotten,
    swept,
    /** Who follow this job get to know that nothing more will come. */
    lose: (jobId: string) => {
      for (const listener of [...(listeners.get(jobId) ?? [])]) listener.onLost();
    },
    followers: (jobId: string) => listeners.get(jobId)?.size ?? 0,
    hide: (jobId: string) => void told.delete(jobId),
  };
};
