/** Starts, cancels and publishes jobs: one running job per session, one event stream for every listener. */
import type { Agent } from '../shared/agent.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import type { Message, ModelRef } from '../shared/message.ts';
import type { ApprovalMode } from '../shared/rule.ts';
import type { Session } from '../shared/session.ts';
import type { ApprovalBroker } from './approvals.ts';
import type { Budgets } from './budgets.ts';
import type { CommandShell } from './commandLine.ts';
import { messagesOf } from './history.ts';
import { internalError } from './jobError.ts';
import type { JobOrigin } from './jobOrigin.ts';
import { modeOf, stricterMode } from './modes.ts';
import { decide } from './policy.ts';
import type { Provider } from './provider.ts';
import { ruleFolder } from './ruleMatch.ts';
import type { RuleBook } from './rules.ts';
import { runJob } from './runJob.ts';
import type { Store } from './store.ts';
import type { PreparedStep, Tool } from './tool.ts';
import { newUncheckedEdit, type UncheckedEdit } from './turn.ts';
import type { StepUndoKeeper } from './undo.ts';
import { type StartRequest, userInput } from './userInput.ts';

export type { StartRequest };

export interface StartedJob {
  readonly jobId: string;
  readonly sessionId: string;
}

export interface JobsPorts {
  readonly store: Store;
  readonly approvals: ApprovalBroker;
  readonly rules: Pick<RuleBook, 'list' | 'allow'>;
  readonly budgets: Pick<Budgets, 'check' | 'costOf'>;
  readonly undo: StepUndoKeeper;
  /** What commands are run by. */
  readonly shell: CommandShell;
  /** Milliseconds after which a question expires; undefined: never. */
  approvalExpiry(): number | undefined;
  provider(model: ModelRef): Provider;
  /**
   * The tools an agent has in a session now; none in an untrusted workspace or without a folder.
   * @param messages of the chat, with the one that starts the job
   */
  tools(
    agent: Agent,
    session: Session,
    messages: readonly Message[],
  ): readonly Tool[] | Promise<readonly Tool[]>;
  system(agent: Agent, hasTools: boolean): string | Promise<string>;
  /** Absolute path of the first open folder, as the chats that are begun in it have it; empty without one. */
  folder(): string;
  /** Absolute real path of the first open folder, in which rules for tools from outside hold; empty without one. */
  realFolder(): Promise<string>;
  contextBudget(model: ModelRef): number;
  isTrusted(): boolean;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
}

export type EventListener = (event: AgentEvent, sessionId: string) => void;

export interface Jobs {
  /**
   * Resolves once the message is durable and the job runs.
   * @throws JobBusyError when the session already runs a job; StoreError when the message could not be kept
   */
  start(agent: Agent, session: Session, request: StartRequest): Promise<StartedJob>;
  /** @returns after the job has ended; false when there is no such job */
  cancel(jobId: string): Promise<boolean>;
  /** The job that runs in a session. */
  runningIn(sessionId: string): string | undefined;
  running(): readonly StartedJob[];
  /** By which way it came, where that is not this window's own chat; of a job that runs. */
  viaOf(jobId: string): string | undefined;
  onEvent(listener: EventListener): () => void;
  /**
   * For the end of the window: stops everything and waits until what was said is written. Nobody stopped these jobs, so
   * their ends are not recorded: the store closes them as interrupted.
   */
  close(): Promise<void>;
}

export class JobBusyError extends Error {
  override readonly name = 'JobBusyError';
  /** @param place in which the agent works, where that is another window */
  constructor(place?: string) {
    super(
      place === undefined
        ? 'The agent is still working in this chat. Stop it first, or wait until it is done.'
        : `The agent is working in this chat, in ${place}. Stop it first, or wait until it is done.`,
    );
  }
}

/** Partial replies are kept at most this often while they stream, in milliseconds. */
const draftInterval = 1_000;

/** Told because the window ends, and not by the person, the model or a tool. */
const isBrokenOff = (event: AgentEvent): boolean =>
  event.type === 'StepCompleted'
    ? event.result.outcome !== 'completed'
    : ['StepRejected', 'JobCancelled', 'JobFailed'].includes(event.type);

export const createJobs = (ports: JobsPorts): Jobs => {
  const { store, approvals } = ports;
  interface Running extends StartedJob {
    readonly via: string | undefined;
    readonly controller: AbortController;
    ended: Promise<void>;
  }
  const bySession = new Map<string, Running>();
  /** A job that goes on, or tries again, goes on with what its forerunner left behind. */
  const unchecked = new Map<string, UncheckedEdit>();
  const uncheckedOf = (sessionId: string, isNew: boolean): UncheckedEdit => {
    const known = isNew ? undefined : unchecked.get(sessionId);
    const edit = known ?? newUncheckedEdit();
    unchecked.set(sessionId, edit);
    return edit;
  };
  const listeners = new Set<EventListener>();
  let isClosing = false;

  const publish = (event: AgentEvent, sessionId: string): void => {
    for (const listener of listeners) {
      try {
        listener(event, sessionId);
      } catch (error) {
        ports.logError(error);
      }
    }
  };

  /**
   * Drives one job to its end. It does not begin in a chat in which anything was said after `lastRow`. `onDurableStart` is
   * told how keeping the JobStarted event went; `release` frees the session before the last event is told, so that a
   * listener may start the next job at once.
   */
  const drive = async (
    events: AsyncGenerator<AgentEvent, void>,
    job: StartedJob,
    lastRow: number,
    writes: Promise<void>[],
    release: () => void,
    onDurableStart: (failed?: unknown) => void,
  ): Promise<void> => {
    let draft = '';
    let draftAt = 0;
    for await (const event of events) {
      if (isClosing && isBrokenOff(event)) continue;
      if (event.type === 'Token') {
        draft += event.text;
        if (event.at - draftAt >= draftInterval) {
          draftAt = event.at;
          store.saveDraft(job.jobId, draft).catch(ports.logError);
        }
      } else if (event.type === 'TurnCompleted') {
        draft = '';
      }
      if (event.type === 'JobStarted') {
        try {
          await store.record(event, lastRow);
        } catch (error) {
          onDurableStart(error);
          return;
        }
        publish(event, job.sessionId);
        onDurableStart();
        continue;
      }
      const write = store.record(event);
      // Waited for before the next model request, before a step that changes something, and at the end.
      write.catch(() => undefined);
      writes.push(write);
      const mustBeKept =
        event.type === 'ApprovalRequired' ||
        (event.type === 'StepApproved' && (event.step.effect !== 'read' || event.by !== 'rule'));
      if (endsJob(event)) {
        const lost = (await Promise.allSettled(writes)).find((each) => each.status === 'rejected');
        release();
        publish(lost === undefined ? event : failedToKeep(event, lost.reason), job.sessionId);
      } else {
        if (mustBeKept) await Promise.allSettled(writes);
        publish(event, job.sessionId);
      }
    }
  };

  const failedToKeep = (event: AgentEvent, reason: unknown): AgentEvent => ({
    type: 'JobFailed',
    jobId: event.jobId,
    at: event.at,
    error: internalError(reason, ports.logError),
  });

  const start: Jobs['start'] = async (agent, session, request) => {
    if (isClosing) throw new Error('The window is closing.');
    if (bySession.has(session.id)) throw new JobBusyError();
    const jobId = ports.newId();
    const controller = new AbortController();
    const { signal } = controller;
    const via = request.origin?.via;
    const running: Running = { jobId, sessionId: session.id, via, controller, ended: Promise.resolve() };
    // Taken at once: two sends in the same tick must not both start.
    bySession.set(session.id, running);
    const release = (): void => {
      if (bySession.get(session.id) === running) bySession.delete(session.id);
    };
    const started = Promise.withResolvers<void>();
    const writes: Promise<void>[] = [];
    const { origin } = request;

    const run = async (): Promise<void> => {
      await origin?.onStart(jobId);
      const items = await store.readAll(session.id);
      const history = messagesOf(items);
      const input = userInput(request, ports.newId(), ports.now());
      const messages = [...history, ...(input === undefined ? [] : [input])];
      const tools = await ports.tools(agent, session, messages);
      const provider = ports.provider(session.model);
      /** What was said so far is durable before the model hears it. */
      const flushed = async (): Promise<void> => {
        await Promise.all(writes.splice(0));
      };
      const durable: Provider = {
        listModels: (inner) => provider.listModels(inner),
        async *stream(modelRequest, inner) {
          const ready = flushed();
          ready.catch(() => undefined);
          try {
            // The request is put together meanwhile.
            yield* provider.stream({ ...modelRequest, ready }, inner);
          } finally {
            // Also where the provider failed before it came to waiting.
            await ready;
          }
        },
      };
      const events = runJob(
        {
          id: jobId,
          sessionId: session.id,
          agentId: agent.id,
          agentName: agent.name,
          model: session.model,
          system: await ports.system(agent, tools.length > 0),
          turnLimit: agent.execution.turnLimit,
          history,
          ...(input === undefined ? {} : { input }),
          contextBudget: ports.contextBudget(session.model),
        },
        {
          provider: durable,
          tools: tools.map((tool) => keepFirst(tool, flushed)),
          approver: approvals,
          decide: async (step, { access }, since) => {
            // As they are now: another window may have made a rule, and the person may have changed a mode.
            const [rules, current, folder, all] = await Promise.all([
              ports.rules.list(),
              store.getSession(session.id),
              ports.realFolder(),
              store.listAgents(),
            ]);
            const agentNow = all.find(({ id }) => id === agent.id);
            return decide(
              { tool: step.tool, effect: step.effect, access },
              {
                isTrusted: ports.isTrusted(),
                mode: limitedMode(modeOf(current ?? session, agentNow, ports.folder()), origin),
                agentId: agent.id,
                sessionId: session.id,
                // Not where the chat was begun: steps touch what is open here.
                folder,
                rules,
                shell: ports.shell,
                ...since,
              },
            );
          },
          allow: async (step, offer, decision, { access }) => {
            const folder = ruleFolder({ tool: step.tool, access }, await ports.realFolder());
            if (folder === undefined) throw new Error('A rule was offered that holds in no folder.');
            return ports.rules.allow(step, offer, decision, { agentId: agent.id, folder });
          },
          undo: ports.undo,
          unchecked: uncheckedOf(session.id, input !== undefined),
          checkBudget: async () => {
            // What the last request took counts.
            await flushed();
            const error = await ports.budgets.check({ jobId, sessionId: session.id, agentId: agent.id });
            return error ?? (await origin?.checkBudget());
          },
          costOf: (usage) => ports.budgets.costOf(session.model, usage),
          approvalExpiry: ports.approvalExpiry,
          newId: ports.newId,
          now: ports.now,
          logError: ports.logError,
        },
        signal,
      );
      await drive(events, running, items.at(-1)?.row ?? 0, writes, release, (failed) =>
        failed === undefined ? started.resolve() : started.reject(failed),
      );
    };

    running.ended = run()
      .catch((error: unknown) => {
        started.reject(error);
        ports.logError(error);
      })
      .finally(release);
    await started.promise;
    return { jobId, sessionId: session.id };
  };

  const cancel = async (jobId: string): Promise<boolean> => {
    const running = [...bySession.values()].find((each) => each.jobId === jobId);
    if (running === undefined) return false;
    running.controller.abort(new DOMException('The person stopped the chat.', 'AbortError'));
    await running.ended;
    return true;
  };

  return {
    start,
    cancel,
    runningIn: (sessionId) => bySession.get(sessionId)?.jobId,
    running: () => [...bySession.values()].map(({ jobId, sessionId }) => ({ jobId, sessionId })),
    viaOf: (jobId) => [...bySession.values()].find((each) => each.jobId === jobId)?.via,
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      isClosing = true;
      const running = [...bySession.values()];
      for (const { controller } of running) {
        controller.abort(new DOMException('The window was closed.', 'AbortError'));
      }
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
};

const limitedMode = (mode: ApprovalMode, origin: JobOrigin | undefined): ApprovalMode =>
  origin === undefined ? mode : stricterMode(mode, origin.mode());

/** A step that changes something, or was asked, runs only after its approval has been kept; else the job stops. */
const keepFirst = (tool: Tool, flushed: () => Promise<void>): Tool => {
  const keptFirst = (prepared: PreparedStep): PreparedStep => ({
    ...prepared,
    run: async (signal, emit) => {
      await flushed();
      return prepared.run(signal, emit);
    },
    ...(prepared.amend === undefined
      ? {}
      : { amend: (accepted) => keptFirst(prepared.amend?.(accepted) ?? prepared) }),
  });
  const { redirect } = tool;
  return {
    ...tool,
    ...(redirect === undefined
      ? {}
      : {
          redirect: (input) => {
            const target = redirect(input);
            return { ...target, tool: keepFirst(target.tool, flushed) };
          },
        }),
    prepare: async (input, signal) => {
      const prepared = await tool.prepare(input, signal);
      const isFree = prepared.effect === 'read' && prepared.approval === undefined;
      return isFree ? prepared : keptFirst(prepared);
    },
  };
};
