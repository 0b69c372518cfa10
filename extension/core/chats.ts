/** Conversations: makes the session of a new chat, starts jobs in it, and reads it back. */

import type { Agent } from '../shared/agent.ts';
import {
  type ChatItem,
  type ChatState,
  emptyChat,
  type RunningJob,
  reduceChat,
  titleFrom,
} from '../shared/chat.ts';
import type { AgentEvent } from '../shared/event.ts';
import type { AttachedContext } from '../shared/mcp.ts';
import { addUsage, type ImageBlock, type ModelRef } from '../shared/message.ts';
import type { ApprovalMode } from '../shared/rule.ts';
import type { Session, SessionChange, SessionSummary } from '../shared/session.ts';
import type { AttachedSkill } from '../shared/skill.ts';
import { type Agents, InputError } from './agents.ts';
import { namedSkill } from './attachedSkills.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { JobOrigin } from './jobOrigin.ts';
import { JobBusyError, type Jobs, type StartedJob } from './jobs.ts';
import { modeEntry, modeOf } from './modes.ts';
import type {
  ChatPage,
  PagePlace,
  SearchQuery,
  SearchResult,
  SessionPage,
  SessionQuery,
  Store,
} from './store.ts';
import { attachedText } from './userInput.ts';

export interface SendRequest {
  /** Absent: a new chat. */
  readonly sessionId?: string;
  /** Id of the new chat, where the caller has to know it before its first event. */
  readonly newSessionId?: string;
  /** Agent of a new chat; absent: the first one. */
  readonly agentId?: string;
  /** Model of a new chat; absent: the agent's. */
  readonly model?: ModelRef;
  /** Approval mode of a new chat; absent: the agent's, whatever that becomes. */
  readonly mode?: ApprovalMode;
  readonly text: string;
  readonly images?: readonly ImageBlock[];
  /** Ids of skills that the agent is to use, besides one that the text begins with (`/pdf …`). */
  readonly skills?: readonly string[];
  /** Resources and prompts of MCP servers that go with it. */
  readonly attached?: readonly AttachedContext[];
  /** Where it does not come from this window's own chat. */
  readonly origin?: JobOrigin;
  /** The words are not the person's own: `a forwarded message`. */
  readonly taint?: string;
}

/** @throws InputError */
export const checkNotEmpty = ({
  text,
  images = [],
  attached = [],
}: Pick<SendRequest, 'text' | 'images' | 'attached'>): void => {
  if (text.trim() === '' && images.length === 0 && attached.length === 0)
    throw new InputError('Type a message first.');
};

export interface Chats {
  /** @throws InputError, JobBusyError, StoreError; nothing was sent then */
  send(request: SendRequest): Promise<StartedJob>;
  /** Goes on from where the last job of the chat stopped: retry and continue. */
  goOn(sessionId: string, origin?: JobOrigin): Promise<StartedJob>;
  setModel(sessionId: string, model: ModelRef): Promise<void>;
  setAgent(sessionId: string, agentId: string): Promise<void>;
  /**
   * Counts from the next step on, also of a job that runs. It is kept in the record of decisions.
   * @throws InputError where it would not count: wider than the agent's, for a chat of another folder
   */
  setMode(sessionId: string, mode: ApprovalMode): Promise<void>;
  /** The mode in which a chat is worked in here. */
  modeOf(session: Session, agent: Agent): ApprovalMode;
  get(sessionId: string): Promise<SessionSummary | undefined>;
  /**
   * The chat, where a job may be started in it.
   * @throws InputError in an untrusted folder, and for a chat that is not there or deleted; JobBusyError
   */
  ready(sessionId: string): Promise<SessionSummary>;
  list(query: Omit<SessionQuery, 'folderFirst'>): Promise<SessionPage>;
  search(query: SearchQuery): Promise<SearchResult>;
  /**
   * What a person changes about a chat. To put it on the shelf `deleted` stops what runs in it first.
   * @throws InputError for an unknown id, and where one is to be deleted in which another window works
   */
  change(sessionId: string, change: Pick<SessionChange, 'title' | 'isPinned' | 'shelf'>): Promise<void>;
  /** For good. @throws InputError for a chat that was not deleted before */
  purge(sessionId: string): Promise<void>;
  /**
   * The newest part of a chat or, with a row, the part around it; with what runs in it now. `taken` is called with it
   * in the same tick: every event told before is in it, every event told after is not.
   * @throws InputError for an unknown id
   */
  snapshot(
    sessionId: string,
    limit: number,
    taken: (state: ChatState) => void,
    aroundRow?: number,
  ): Promise<void>;
  /** Without a place the newest items. */
  page(sessionId: string, limit: number, place?: PagePlace): Promise<ChatPage>;
}

export const createChats = (options: {
  readonly store: Store;
  readonly agents: Agents;
  readonly jobs: Jobs;
  /** What other windows do; absent where there are none. */
  readonly elsewhere?: Pick<Elsewhere, 'running' | 'whereIn'>;
  /** Absolute path of the first open folder; empty without one. */
  folder(): string;
  /** Those of these skills that this agent may use; absent where there are no skills. */
  attachSkills?(ids: readonly string[], agent: Agent): Promise<readonly AttachedSkill[]>;
  /** In an untrusted workspace chats can be read, and nothing is sent. */
  isTrusted(): boolean;
  newId(): string;
  now(): number;
}): Chats => {
  const { store, agents, jobs, elsewhere } = options;

  /** The live part of running chats: what the store does not hold yet (streaming text, live output). */
  const live = new Map<string, ChatState>();
  jobs.onEvent((event: AgentEvent, sessionId: string) => {
    const state = live.get(sessionId);
    if (state === undefined) return;
    const next = reduceChat(state, event);
    if (next.job === undefined) live.delete(sessionId);
    else live.set(sessionId, next);
  });
  /** What runs in a chat, here or, as far as that is followed, in another window; and what it has made so far. */
  const runningIn = (
    sessionId: string,
  ): { readonly job: RunningJob; readonly made?: ChatState } | undefined => {
    const made = live.get(sessionId);
    return made?.job === undefined ? elsewhere?.running(sessionId) : { job: made.job, made };
  };

  const existing = async (sessionId: string): Promise<SessionSummary> => {
    const session = await store.getSession(sessionId);
    if (session === undefined)
      throw new InputError('This chat is not there any more. It may have been deleted.');
    return session;
  };

  const checkTrust = (): void => {
    if (options.isTrusted()) return;
    throw new InputError(
      'This folder is not trusted, so agents do not work in it. Trust the folder to go on.',
    );
  };

  /** Where an agent works in this chat, unless here. What a window that died has left behind does not count. */
  const placeOf = async ({ id, status }: SessionSummary): Promise<string | undefined> =>
    status === 'running' || status === 'waiting' ? elsewhere?.whereIn(id) : undefined;

  const ready: Chats['ready'] = async (sessionId) => {
    checkTrust();
    const session = await existing(sessionId);
    if (session.shelf === 'deleted') {
      throw new InputError('This chat is deleted. Restore it first; then the agent can go on in it.');
    }
    if (jobs.runningIn(sessionId) !== undefined) throw new JobBusyError();
    const place = await placeOf(session);
    if (place !== undefined) throw new JobBusyError(place);
    return session;
  };

  const begin = async (
    session: Session,
    request: Parameters<Jobs['start']>[2],
    skillIds: readonly string[] = [],
  ): Promise<StartedJob> => {
    const agent = await agents.get(session.agentId).catch(() => agents.get());
    const named = namedSkill(request.text ?? '');
    const wanted = [...new Set([...skillIds, ...(named === undefined ? [] : [named])])];
    const skills = wanted.length === 0 ? [] : await options.attachSkills?.(wanted, agent);
    if (jobs.runningIn(session.id) !== undefined) throw new JobBusyError();
    live.set(session.id, emptyChat(agent.id, session.model));
    try {
      return await jobs.start(agent, session, skills === undefined ? request : { ...request, skills });
    } catch (error) {
      live.delete(session.id);
      throw error;
    }
  };

  return {
    send: async (request) => {
      const {
        sessionId,
        newSessionId,
        agentId,
        model,
        mode,
        text,
        images = [],
        skills = [],
        attached = [],
      } = request;
      const start = {
        text,
        images,
        attached,
        ...(request.origin === undefined ? {} : { origin: request.origin }),
        ...(request.taint === undefined ? {} : { taint: request.taint }),
      };
      checkNotEmpty(request);
      if (sessionId === undefined) {
        checkTrust();
        const agent = await agents.get(agentId);
        const now = options.now();
        const session: Session = {
          id: newSessionId ?? options.newId(),
          title: titleFrom(text.trim() === '' ? attachedText(attached) : text),
          titleBy: 'message',
          agentId: agent.id,
          model: model ?? agent.model,
          ...(mode === undefined ? {} : { mode }),
          folder: options.folder(),
          createdAt: now,
          updatedAt: now,
        };
        if (mode !== undefined && mode !== agent.execution.mode) {
          const rest = { at: now, sessionId: session.id, agentId: agent.id, reason: 'chosen for a new chat' };
          await store.audit(modeEntry('the chat', [agent.execution.mode, mode], rest));
        }
        await store.saveSession(session);
        try {
          return await begin(session, start, skills);
        } catch (error) {
          // The message stays in the composer; a chat without one would only be in the way.
          await store.deleteSession(session.id).catch(() => undefined);
          throw error;
        }
      }
      return begin(await ready(sessionId), start, skills);
    },
    goOn: async (sessionId, origin) => begin(await ready(sessionId), origin === undefined ? {} : { origin }),
    ready,
    setModel: async (sessionId, model) => {
      await existing(sessionId);
      await store.updateSession(sessionId, { model }, options.now());
    },
    setAgent: async (sessionId, agentId) => {
      const session = await existing(sessionId);
      if (session.agentId === agentId) return;
      const agent = await agents.get(agentId);
      await store.updateSession(sessionId, { agentId: agent.id, model: agent.model }, options.now());
    },
    setMode: async (sessionId, mode) => {
      const session = await existing(sessionId);
      const { agentId } = session;
      const agent = await agents.get(agentId).catch(() => agents.get());
      const before = modeOf(session, agent, options.folder());
      if (modeOf({ ...session, mode }, agent, options.folder()) !== mode) {
        throw new InputError(
          `This chat was begun in another folder${session.folder === '' ? '' : ` (${session.folder})`}, so here no more runs without asking than its agent ${agent.name} may. Begin a new chat here, or change the agent’s mode.`,
        );
      }
      if (session.mode === mode) return;
      // Before it counts: what is not on record does not happen.
      const rest = { at: options.now(), sessionId, agentId, reason: 'chosen in the chat' };
      await store.audit(modeEntry('the chat', [before, mode], rest));
      await store.updateSession(sessionId, { mode }, options.now());
    },
    modeOf: (session, agent) => modeOf(session, agent, options.folder()),
    get: (sessionId) => store.getSession(sessionId),
    list: (query) => store.listSessions({ ...query, folderFirst: options.folder() }),
    search: (query) => store.search(query),
    change: async (sessionId, change) => {
      const session = await existing(sessionId);
      if (change.shelf === 'deleted') {
        const jobId = jobs.runningIn(sessionId);
        const place = jobId === undefined ? await placeOf(session) : undefined;
        if (place !== undefined) {
          throw new InputError(
            `An agent works in this chat, in ${place}. Stop it first, then delete the chat.`,
          );
        }
        if (jobId !== undefined) await jobs.cancel(jobId);
      }
      await store.updateSession(sessionId, change, options.now());
    },
    purge: async (sessionId) => {
      const { shelf } = await existing(sessionId);
      if (shelf !== 'deleted') throw new InputError('Only a deleted chat can be removed for good.');
      await store.deleteSession(sessionId);
    },
    snapshot: async (sessionId, limit, taken, aroundRow) => {
      for (;;) {
        const jobBefore = runningIn(sessionId)?.job.id;
        const [session, page, usage] = await Promise.all([
          existing(sessionId),
          store.readPage(sessionId, limit, aroundRow === undefined ? undefined : { around: aroundRow }),
          store.sessionUsage(sessionId, runningIn(sessionId)?.made === undefined ? undefined : jobBefore),
        ]);
        const running = runningIn(sessionId);
        // A job that ended or began while the rows were read may be in neither: read again.
        if (running?.job.id !== jobBefore) continue;
        const state: ChatState = {
          ...emptyChat(session.agentId, session.model),
          sessionId,
          title: session.title,
          items: page.items,
          hasOlder: page.hasOlder,
          hasNewer: page.hasNewer,
          usage: usage.total,
          costUsd: usage.costUsd,
          unpriced: usage.unpriced,
          contextTokens: usage.lastRequest.input + usage.lastRequest.output,
        };
        if (running === undefined) taken(state);
        else
          taken(running.made === undefined ? { ...state, job: running.job } : withLive(state, running.made));
        return;
      }
    },
    page: (sessionId, limit, place) => store.readPage(sessionId, limit, place),
  };
};

/**
 * Puts what the running job has made (also streaming text, live output) in the place of what the store has of it: the
 * store may be behind, and where the job runs in another window also ahead of what has been told by now.
 */
const withLive = (state: ChatState, live: ChatState): ChatState => {
  const made = new Map(live.items.map((item) => [item.id, item]));
  const stored = state.items
    .filter((item) => item.jobId !== live.job?.id || made.has(item.id))
    .map((item): ChatItem => {
      const { row } = item;
      return { ...(made.get(item.id) ?? item), ...(row === undefined ? {} : { row }) };
    });
  const known = new Set(stored.map((item) => item.id));
  // The store keeps the order of events, so what it does not have yet is what follows the last item it has.
  const added = state.hasNewer
    ? []
    : live.items.slice(live.items.findLastIndex((item) => known.has(item.id)) + 1);
  const hasUsage = live.usage.input + live.usage.output > 0;
  return {
    ...state,
    items: [...stored, ...added],
    usage: addUsage(state.usage, live.usage),
    costUsd: state.costUsd + live.costUsd,
    unpriced: state.unpriced + live.unpriced,
    contextTokens: hasUsage ? live.contextTokens : state.contextTokens,
    ...(live.job === undefined ? {} : { job: live.job }),
  };
};
