import { type PagePlace, type Store, StoreError } from '../../extension/core/store.ts';
import type { Agent } from '../../extension/shared/agent.ts';
import { type ChatItem, emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent, EventOf } from '../../extension/shared/event.ts';
import { addUsage, noUsage, textOf } from '../../extension/shared/message.ts';
import type { Session, SessionStatus, SessionSummary } from '../../extension/shared/session.ts';
import { keptConsent } from './keptConsent.ts';
import { createFakeTelegramStore, type FakeTelegramStore } from './telegramStore.ts';

export interface FakeStore extends Store {
  readonly events: AgentEvent[];
  readonly telegram: FakeTelegramStore;
  /** Set to make every `record` fail from then on. */
  failure: Error | undefined;
}

interface Kept {
  summary: SessionSummary;
  /** With rows. */
  items: readonly ChatItem[];
  usages: EventOf<'Usage'>[];
}

const rowOf = (item: ChatItem): number => item.row ?? 0;
const isAtWork = ({ status }: SessionSummary): boolean => status === 'running' || status === 'waiting';

/** What an import and a copy have of an item: a step that has not ended is interrupted, and none can be undone. */
const ended = (item: ChatItem, sessionId: string, at: number): ChatItem => {
  if (item.kind !== 'step') return item;
  const { undo: _, ...record } = item.record;
  const isOpen = record.status === 'waiting' || record.status === 'running';
  const step = { ...record.step, sessionId };
  return {
    ...item,
    record: { ...record, step, ...(isOpen ? { status: 'interrupted' as const, endedAt: at } : {}) },
  };
};

const wordsOf = (item: ChatItem): string =>
  item.kind === 'step'
    ? textOf(item.record.result?.content ?? [])
    : item.kind === 'notice'
      ? ''
      : textOf(item.message.content);

/** Keeps rows in memory, through the same reducer that the views use. Nothing of it lies on a disk. */
export const fakeStore = (): FakeStore => {
  const agents = new Map<string, Agent>();
  const chats = new Map<string, Kept>();
  const sessionOfJob = new Map<string, string>();
  const agentOfJob = new Map<string, string>();
  const consent = keptConsent((id) => {
    const chat = chats.get(id);
    return chat && { ...chat, isAtWork: isAtWork(chat.summary) };
  });
  const telegram = createFakeTelegramStore();
  let rows = 0;

  const existing = (id: string): Kept => {
    const chat = chats.get(id);
    if (chat === undefined) throw new StoreError('This chat has been deleted. Nothing was changed.');
    return chat;
  };
  const add = (session: Session): Kept => {
    if (chats.has(session.id)) throw new StoreError(`There is a chat ${session.id} already.`);
    const summary: SessionSummary = { ...session, status: 'idle', shelf: 'active', isPinned: false };
    const chat: Kept = { summary, items: [], usages: [] };
    chats.set(session.id, chat);
    return chat;
  };
  const numbered = (items: readonly ChatItem[]): readonly ChatItem[] =>
    items.map((item) => {
      rows += 1;
      return { ...item, row: rows };
    });
  const copy = (from: Kept, to: Session, throughRow: number, at: number): Kept => {
    const chat = add(to);
    const items = from.items.filter((item) => rowOf(item) <= throughRow);
    chat.items = numbered(items.map((item) => ended(item, to.id, at)));
    return chat;
  };
  const statusAfter = (event: AgentEvent, before: SessionStatus): SessionStatus => {
    switch (event.type) {
      case 'JobStarted':
      case 'StepApproved':
      case 'StepRejected':
      case 'StepCompleted':
        return 'running';
      case 'ApprovalRequired':
        return 'waiting';
      case 'JobFailed':
        return 'failed';
      case 'JobCompleted':
      case 'JobCancelled':
        return 'idle';
      default:
        return before;
    }
  };

  const record = (event: AgentEvent): void => {
    if (event.type === 'JobStarted') {
      sessionOfJob.set(event.jobId, event.sessionId);
      agentOfJob.set(event.jobId, event.agentId);
    }
    const chat = existing(sessionOfJob.get(event.jobId) ?? '');
    const { summary } = chat;
    const status = statusAfter(event, summary.status);
    chat.summary =
      event.type === 'JobStarted'
        ? { ...summary, status, shelf: 'active', updatedAt: Math.max(summary.updatedAt, event.at) }
        : { ...summary, status };
    if (event.type === 'Usage') chat.usages.push(event);
    telegram.record(event);
    consent.record(event, summary.id, agentOfJob.get(event.jobId) ?? '');
    const before = { ...emptyChat(summary.agentId, summary.model), sessionId: summary.id, items: chat.items };
    const { items } = reduceChat(before, event);
    chat.items = items.map((item) => (item.row === undefined ? (numbered([item])[0] ?? item) : item));
  };

  const readPage = (items: readonly ChatItem[], limit: number, place: PagePlace | undefined) => {
    const all = items.map(rowOf);
    const from = (row: number): number => {
      const index = all.findIndex((each) => each >= row);
      return index === -1 ? all.length : index;
    };
    const end = all.length;
    let start = end - limit;
    if (place !== undefined && 'before' in place) start = from(place.before) - limit;
    else if (place !== undefined && 'after' in place) start = from(place.after + 1);
    else if (place !== undefined) {
      start = Math.max(0, Math.min(from(place.around) - Math.floor(limit / 2), end - limit));
    }
    const stop = Math.min(end, start + limit);
    const first = Math.max(0, start);
    return { items: items.slice(first, stop), hasOlder: first > 0, hasNewer: stop < end };
  };

  const store: FakeStore = {
    events: [],
    telegram,
    failure: undefined,
    open: async () => undefined,
    listAgents: async () => [...agents.values()],
    saveAgent: async (agent) => void agents.set(agent.id, agent),
    deleteAgent: async (id) => void agents.delete(id),
    listSessions: async ({ shelf, limit, folderFirst }) => {
      const rank = ({ isPinned, folder }: SessionSummary): number =>
        isPinned ? 0 : folder === folderFirst ? 1 : 2;
      const all = [...chats.values()]
        .map(({ summary }) => summary)
        .filter((summary) => summary.shelf === shelf)
        .sort((a, b) => rank(a) - rank(b) || b.updatedAt - a.updatedAt || (a.id < b.id ? -1 : 1));
      return { sessions: all.slice(0, limit), hasMore: all.length > limit };
    },
    getSession: async (id) => chats.get(id)?.summary,
    saveSession: async (session) => void add(session),
    updateSession: async (id, { title, ...change }) => {
      const chat = chats.get(id);
      if (chat === undefined) return;
      const isTaken = title !== undefined && (title.by !== 'model' || chat.summary.titleBy === 'message');
      chat.summary = {
        ...chat.summary,
        ...change,
        ...(isTaken ? { title: title.text, titleBy: title.by } : {}),
      };
    },
    deleteSession: async (id) => {
      chats.delete(id);
      telegram.forgetSession(id);
      consent.forget(
        id,
        [...sessionOfJob].flatMap(([jobId, sessionId]) => (sessionId === id ? [jobId] : [])),
      );
    },
    copySession: async ({ from, to, throughRow }) =>
      void copy(existing(from), to, throughRow ?? Number.POSITIVE_INFINITY, to.updatedAt),
    rewindSession: async ({ sessionId, fromRow, earlier, at }) => {
      const chat = existing(sessionId);
      if (isAtWork(chat.summary)) {
        throw new StoreError('The agent is still working in this chat.');
      }
      if (!chat.items.some((item) => item.row === fromRow)) {
        throw new StoreError('This part of the chat is not there any more.');
      }
      const kept = copy(chat, earlier, Number.POSITIVE_INFINITY, at);
      kept.summary = { ...kept.summary, shelf: 'archived' };
      const gone = new Map(
        chat.items.flatMap((item) =>
          item.kind === 'step' && rowOf(item) >= fromRow ? [[item.id, item.record.undo] as const] : [],
        ),
      );
      consent.move(new Set(gone.keys()), sessionId, earlier.id);
      kept.items = kept.items.map((item) => {
        const undo = gone.get(item.id);
        return item.kind === 'step' && undo !== undefined
          ? { ...item, record: { ...item.record, undo } }
          : item;
      });
      chat.items = chat.items.filter((item) => rowOf(item) < fromRow);
      const updatedAt = Math.max(chat.summary.updatedAt, at);
      // What it ends with now is what it says about itself.
      const last = chat.items.at(-1);
      const hasFailed = last?.kind === 'notice' && last.notice.kind === 'failed';
      chat.summary = { ...chat.summary, updatedAt, status: hasFailed ? 'failed' : 'idle' };
    },
    importSession: async (session, items) => {
      const chat = add(session);
      chat.items = numbered(items.map((item) => ended(item, session.id, session.updatedAt)));
    },
    search: async ({ text, limit }) => {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const has = (each: string): boolean => words.every((word) => each.toLowerCase().includes(word));
      const found = [...chats.values()]
        .filter(({ summary }) => words.length > 0 && summary.shelf !== 'deleted')
        .flatMap(({ summary, items }) => {
          const hits = items
            .toReversed()
            .flatMap((item) =>
              item.kind !== 'notice' && has(wordsOf(item))
                ? [{ row: rowOf(item), kind: item.kind, snippet: wordsOf(item), ranges: [], at: 0 }]
                : [],
            );
          return has(summary.title) || hits.length > 0
            ? [
                {
                  session: summary,
                  titleRanges: [],
                  hits: hits.slice(0, 3),
                  moreHits: Math.max(0, hits.length - 3),
                },
              ]
            : [];
        });
      return { sessions: found.slice(0, limit), hasMore: found.length > limit, unsearched: [] };
    },
    record: async (event) => {
      if (store.failure !== undefined) throw store.failure;
      store.events.push(event);
      if (['Token', 'Thinking', 'StepProgress', 'Retrying'].includes(event.type)) return;
      record(event);
    },
    saveDraft: async () => undefined,
    recordDecision: async () => undefined,
    readPage: async (sessionId, limit, place) => readPage(chats.get(sessionId)?.items ?? [], limit, place),
    readAll: async (sessionId) => chats.get(sessionId)?.items ?? [],
    sessionUsage: async (sessionId, exceptJobId) => {
      const usages = (chats.get(sessionId)?.usages ?? []).filter(
        ({ jobId, isAside }) => isAside === true || jobId !== exceptJobId,
      );
      return {
        total: usages.map(({ usage }) => usage).reduce(addUsage, noUsage),
        lastRequest: usages.findLast(({ isAside }) => isAside !== true)?.usage ?? noUsage,
        costUsd: usages.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0),
        unpriced: usages.filter(({ costUsd }) => costUsd === undefined).length,
      };
    },
    ...consent.methods,
    markUndone: async (sessionId, stepIds, at) => {
      consent.markUndone(sessionId, stepIds, at);
      const chat = chats.get(sessionId);
      if (chat === undefined) return;
      chat.items = chat.items.map((item) => {
        if (item.kind !== 'step' || !stepIds.includes(item.id) || item.record.undo === undefined) return item;
        const { undoneAt: _, ...rest } = item.record.undo;
        const undo = at === undefined ? rest : { ...rest, undoneAt: at };
        return { ...item, record: { ...item.record, undo } };
      });
    },
    jobsElsewhere: async () => [],
    use: async () => ({ folder: '', bytes: 0, parts: [], largest: [] }),
    check: async () => ({ use: await store.use(), findings: [], facts: [] }),
    repair: async () => 'There was nothing to do.',
    free: async () => 0,
    onExternalChange: () => () => undefined,
    close: async () => undefined,
  };
  return store;
};
