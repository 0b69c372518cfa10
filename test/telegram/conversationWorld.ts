import { InputError } from '../../extension/core/agents.ts';
import type { SendRequest } from '../../extension/core/chats.ts';
import type { JobOrigin } from '../../extension/core/jobOrigin.ts';
import { type EventListener, JobBusyError, type StartedJob } from '../../extension/core/jobs.ts';
import { type Agent, defaultExecution } from '../../extension/shared/agent.ts';
import { type ChatState, emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type { AgentEvent, ErrorAction } from '../../extension/shared/event.ts';
import { type ImageBlock, textOf, type UserBlock } from '../../extension/shared/message.ts';
import type { Session, SessionSummary } from '../../extension/shared/session.ts';
import type { BotPorts } from '../../extension/telegram/context.ts';

/** Chats and jobs that do what the test says; they outlive the windows in which the bot runs. */
export interface World extends Pick<BotPorts, 'history' | 'chats' | 'jobs' | 'agents'> {
  readonly sessions: Map<string, { summary: SessionSummary; state: ChatState }>;
  /** What was sent, in order: the texts of the persons. */
  readonly sent: SendRequest[];
  readonly origins: JobOrigin[];
  complete(jobId: string, text: string): void;
  fail(jobId: string, message: string, actions?: readonly ErrorAction[]): void;
  /** A step of the job that ends at once. */
  step(jobId: string, images?: readonly ImageBlock[]): void;
  /** The only job that runs. */
  job(): string;
  /** As at the desk: nobody of ours began it. */
  startAtDesk(sessionId: string): string;
  /** Its window has died: jobs are interrupted, nobody listens. */
  kill(): void;
  /** Jobs that do not end when they are cancelled. */
  isWedged: boolean;
  /** Thrown by the next send. */
  failure: Error | undefined;
  /** Called where the window may die within a send: before and after the message is kept. */
  moment: () => Promise<void>;
}

export const agent: Agent = {
  id: 'coder',
  name: 'Coder',
  instructions: '',
  model: { provider: 'anthropic', model: 'claude' },
  tools: 'all',
  skills: 'all',
  mcpServers: 'all',
  execution: defaultExecution,
  createdAt: 0,
  updatedAt: 0,
};

export const createWorld = (now: () => number): World => {
  const sessions: World['sessions'] = new Map();
  const running = new Map<string, string>();
  const listeners = new Set<EventListener>();
  const sent: SendRequest[] = [];
  const origins: JobOrigin[] = [];
  let ids = 0;
  const newId = (kind: string): string => {
    ids += 1;
    return `${kind}-${ids}`;
  };

  const sessionOf = (jobId: string): string => {
    const found = [...running].find(([, id]) => id === jobId)?.[0];
    if (found === undefined) throw new Error(`The job ${jobId} does not run.`);
    return found;
  };
  const emit = (sessionId: string, event: AgentEvent): void => {
    const session = sessions.get(sessionId);
    if (session === undefined) return;
    session.state = reduceChat(session.state, event);
    const status =
      event.type === 'JobStarted' ? 'running' : event.type === 'JobFailed' ? 'failed' : undefined;
    if (status !== undefined) session.summary = { ...session.summary, status };
    for (const listener of listeners) listener(event, sessionId);
  };
  const end = (jobId: string, event: AgentEvent): void => {
    const sessionId = sessionOf(jobId);
    running.delete(sessionId);
    const session = sessions.get(sessionId);
    if (session !== undefined) session.summary = { ...session.summary, status: 'idle' };
    emit(sessionId, event);
  };
  const ready = (sessionId: string): Session => {
    const session = sessions.get(sessionId)?.summary;
    if (session === undefined || session.shelf === 'deleted')
      throw new InputError('This chat is not there any more.');
    if (running.has(sessionId)) throw new JobBusyError();
    return session;
  };
  const begin = async (session: Session, request: Partial<SendRequest>): Promise<StartedJob> => {
    const jobId = newId('job');
    const { origin, text = '', images = [], taint } = request;
    running.set(session.id, jobId);
    try {
      await origin?.onStart(jobId);
      await world.moment();
    } catch (error) {
      running.delete(session.id);
      throw error;
    }
    if (origin !== undefined) origins.push(origin);
    const content: UserBlock[] = [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...images];
    const input = {
      role: 'user' as const,
      id: newId('message'),
      content,
      createdAt: now(),
      ...(taint === undefined ? {} : { taint }),
    };
    emit(session.id, {
      type: 'JobStarted',
      jobId,
      at: now(),
      sessionId: session.id,
      agentId: session.agentId,
      ...(content.length === 0 ? {} : { input }),
    });
    await world.moment();
    return { jobId, sessionId: session.id };
  };

  const world: World = {
    sessions,
    sent,
    origins,
    isWedged: false,
    failure: undefined,
    moment: () => Promise.resolve(),
    history: {
      readAll: async (id) => sessions.get(id)?.state.items ?? [],
      getSession: async (id) => sessions.get(id)?.summary,
      audit: async () => undefined,
    },
    agents: { list: async () => [agent], get: async () => agent },
    chats: {
      get: async (id) => sessions.get(id)?.summary,
      setAgent: async () => undefined,
      setModel: async () => undefined,
      list: async () => ({ sessions: [], hasMore: false }),
      goOn: async (id, origin) => begin(ready(id), origin === undefined ? {} : { origin }),
      send: async (request) => {
        const { failure } = world;
        world.failure = undefined;
        if (failure !== undefined) throw failure;
        const { sessionId, newSessionId } = request;
        if (sessionId !== undefined) ready(sessionId);
        const id = sessionId ?? newSessionId ?? newId('session');
        const known = sessions.get(id)?.summary;
        const summary: SessionSummary = known ?? {
          ...{ id, title: request.text, titleBy: 'message', agentId: agent.id, model: agent.model },
          ...{ folder: '/home/user/shop', createdAt: now(), updatedAt: now() },
          ...{ status: 'idle', shelf: 'active', isPinned: false },
        };
        if (known === undefined) sessions.set(id, { summary, state: emptyChat(agent.id, agent.model) });
        sent.push(request);
        try {
          return await begin(summary, request);
        } catch (error) {
          if (known === undefined) sessions.delete(id);
          throw error;
        }
      },
    },
    jobs: {
      running: () => [...running].map(([sessionId, jobId]) => ({ sessionId, jobId })),
      runningIn: (id) => running.get(id),
      onEvent: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      cancel: async (jobId) => {
        if (![...running.values()].includes(jobId)) return false;
        if (world.isWedged) await new Promise(() => undefined);
        end(jobId, { type: 'JobCancelled', jobId, at: now() });
        return true;
      },
    },
    complete: (jobId, text) => {
      const message = {
        role: 'assistant' as const,
        id: newId('reply'),
        model: agent.model,
        content: [{ type: 'text' as const, text }],
        stopReason: 'end' as const,
        createdAt: now(),
      };
      emit(sessionOf(jobId), { type: 'TurnCompleted', jobId, at: now(), message });
      end(jobId, { type: 'JobCompleted', jobId, at: now(), message: text });
    },
    fail: (jobId, message, actions = ['retry']) =>
      end(jobId, { type: 'JobFailed', jobId, at: now(), error: { kind: 'network', message, actions } }),
    step: (jobId, images = []) => {
      const sessionId = sessionOf(jobId);
      const step = {
        ...{
          id: newId('step'),
          sessionId,
          messageId: 'm',
          callId: newId('call'),
          tool: 'run_command',
          input: {},
        },
        ...{ title: 'npm test', effect: 'execute' as const, targets: [] },
      };
      const rest = { jobId, at: now(), step };
      emit(sessionId, { type: 'StepApproved', ...rest, by: 'rule', reason: '' });
      const result = {
        role: 'tool' as const,
        ...{ id: newId('result'), callId: step.callId, toolName: step.tool },
        ...{ content: images, outcome: 'completed' as const, createdAt: now() },
      };
      emit(sessionId, { type: 'StepCompleted', ...rest, result, summary: '', diffs: [] });
    },
    job: () => {
      const [jobId, ...more] = running.values();
      if (jobId === undefined || more.length > 0) throw new Error(`${running.size} jobs run.`);
      return jobId;
    },
    startAtDesk: (sessionId) => {
      const jobId = newId('job');
      running.set(sessionId, jobId);
      emit(sessionId, { type: 'JobStarted', jobId, at: now(), sessionId, agentId: agent.id });
      return jobId;
    },
    kill: () => {
      listeners.clear();
      for (const [sessionId, jobId] of [...running]) {
        running.delete(sessionId);
        const session = sessions.get(sessionId);
        if (session === undefined) continue;
        session.summary = { ...session.summary, status: 'interrupted' };
        const { job: _, ...state } = session.state;
        // Nothing of it was kept where its window died before it had begun.
        if (session.state.job?.id !== jobId) continue;
        const error = { kind: 'interrupted' as const, message: 'The window was closed.', actions: [] };
        session.state = {
          ...state,
          items: [
            ...state.items,
            {
              id: `notice-${jobId}`,
              jobId,
              kind: 'notice',
              notice: { kind: 'interrupted', error },
              at: now(),
            },
          ],
        };
      }
    },
  };
  return world;
};

/** What persons said in a chat, in order. */
export const saidIn = (state: ChatState): readonly string[] =>
  state.items.flatMap((item) => (item.kind === 'user' ? [textOf(item.message.content)] : []));
