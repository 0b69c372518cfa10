import type { Store } from '../../extension/core/store.ts';
import type { Agent } from '../../extension/shared/agent.ts';
import { type ChatState, emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { noUsage } from '../../extension/shared/message.ts';

export interface FakeStore extends Store {
  readonly events: AgentEvent[];
  /** Set to make every `record` fail from then on. */
  failure: Error | undefined;
}

/** Keeps rows in memory, through the same reducer that the views use. */
export const fakeStore = (): FakeStore => {
  const agents = new Map<string, Agent>();
  const sessions = new Map<string, Session>();
  const chats = new Map<string, ChatState>();
  const sessionOfJob = new Map<string, string>();
  const store: FakeStore = {
    events: [],
    failure: undefined,
    open: async () => undefined,
    listAgents: async () => [...agents.values()],
    saveAgent: async (agent) => void agents.set(agent.id, agent),
    deleteAgent: async (id) => void agents.delete(id),
    listSessions: async (limit) => [...sessions.values()].reverse().slice(0, limit).map(summary),
    getSession: async (id) => {
      const session = sessions.get(id);
      return session === undefined ? undefined : summary(session);
    },
    saveSession: async (session) => void sessions.set(session.id, session),
    deleteSession: async (id) => {
      sessions.delete(id);
      chats.delete(id);
    },
    record: async (event) => {
      if (store.failure !== undefined) throw store.failure;
      store.events.push(event);
      if (event.type === 'JobStarted') sessionOfJob.set(event.jobId, event.sessionId);
      if (event.type === 'Token' || event.type === 'Thinking' || event.type === 'StepProgress') return;
      const sessionId = sessionOfJob.get(event.jobId) ?? '';
      const model = sessions.get(sessionId)?.model ?? { provider: 'gemini', model: 'fake' };
      const state = chats.get(sessionId) ?? emptyChat('agent', model);
      const next = reduceChat(state, event);
      chats.set(sessionId, {
        ...next,
        items: next.items.map((item, index) => ({ ...item, row: index + 1 })),
      });
    },
    saveDraft: async () => undefined,
    recordDecision: async () => undefined,
    readPage: async (sessionId, limit, beforeRow = Number.MAX_SAFE_INTEGER) => {
      const items = (chats.get(sessionId)?.items ?? []).filter((item) => (item.row ?? 0) < beforeRow);
      return { items: items.slice(-limit), hasOlder: items.length > limit };
    },
    readAll: async (sessionId) => chats.get(sessionId)?.items ?? [],
    sessionUsage: async (sessionId) => ({
      total: chats.get(sessionId)?.usage ?? noUsage,
      lastRequest: noUsage,
    }),
    onExternalChange: () => () => undefined,
    close: async () => undefined,
  };
  const summary = (session: Session) => ({ ...session, status: 'idle' as const });
  return store;
};
