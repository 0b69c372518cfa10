/** The jobs of other windows: at most one is followed, that of the chat which is looked at. */
import { type ChatState, emptyChat, type RunningJob, reduceChat, type StepRecord } from '../shared/chat.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import type { ModelRef } from '../shared/message.ts';
import type { ApprovalBroker } from './approvals.ts';
import type { Decision } from './approver.ts';
import type { EventListener, Jobs } from './jobs.ts';
import type { AskResult, Following, Relay } from './relay.ts';
import type { JobElsewhere, Store } from './store.ts';

export interface Elsewhere {
  /**
   * Follows what another window does in this chat, from its beginning on, and nothing else; undefined: nothing at all.
   * Resolves once `running` tells all that has been told there by now.
   */
  attend(sessionId: string | undefined): Promise<void>;
  /**
   * Of the chat that is attended to: the job that another window runs in it, and what that has made so far; without
   * `made` where it cannot be followed.
   */
  running(sessionId: string): { readonly job: RunningJob; readonly made?: ChatState } | undefined;
  /** Whose events come, and keep the chat up to date. */
  isFollowed(sessionId: string): boolean;
  /** The events of the job that is followed, from when `attend` has resolved. */
  onEvent(listener: EventListener): () => void;
  /** The chat has to be read anew: its job is followed from now on, or nothing more will be told of it. */
  onStale(listener: (sessionId: string) => void): () => void;
  /** Steps that wait for an answer in the job that is followed. */
  waiting(): readonly StepRecord[];
  onWaiting(listener: () => void): () => void;
  /** All of them. Asks the store. */
  list(): Promise<readonly JobElsewhere[]>;
  /** Where another window works in this chat, in words that follow "in". Asks the store. */
  whereIn(sessionId: string): Promise<string | undefined>;
  /** Asks the window in which the job runs. */
  stop(jobId: string): Promise<AskResult>;
  decide(stepId: string, decision: Decision): Promise<AskResult>;
  close(): void;
}

/** Milliseconds between two looks whether the window that is followed is still there. */
const lookInterval = 2_000;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds that the end of a job may take from the store to the one who follows it. */
const endDelay = 300;

const marked = (event: AgentEvent): AgentEvent =>
  event.type === 'JobStarted' ? { ...event, isElsewhere: true } : event;

/** Times, and milliseconds between them, to look for what a job tells that has just begun. */
const attempts = 5;
const attemptDelay = 60;

const changesWaiting = ({ type }: AgentEvent): boolean =>
  type === 'ApprovalRequired' || type === 'StepApproved' || type === 'StepRejected';

interface Attended extends JobElsewhere {
  readonly model: ModelRef;
  /** Settled once it is known whether it can be followed. */
  begun: Promise<void>;
  /** Both, or neither. */
  following?: Following;
  made?: ChatState;
  isTrying: boolean;
  /** What was told of it is gone, or damaged. */
  isLost: boolean;
}

export const createElsewhere = (options: {
  readonly relay: Relay;
  readonly store: Pick<Store, 'jobsElsewhere' | 'getSession'>;
  logError(error: unknown): void;
}): Elsewhere => {
  const { relay, store, logError } = options;
  const listeners = new Set<EventListener>();
  const stale = new Set<(sessionId: string) => void>();
  const waitingListeners = new Set<() => void>();
  let attended: Attended | undefined;
  let calls = 0;
  let isSwept = false;
  let timer: ReturnType<typeof setInterval> | undefined;

  const tell = <L>(all: ReadonlySet<L>, call: (listener: L) => void): void => {
    for (const listener of all) {
      try {
        call(listener);
      } catch (error) {
        logError(error);
      }
    }
  };

  const waiting = (): readonly StepRecord[] =>
    attended?.made?.items.flatMap((item) =>
      item.kind === 'step' && item.record.status === 'waiting' ? [item.record] : [],
    ) ?? [];
  let waitingCount = 0;
  const tellWaiting = (): void => {
    const { length } = waiting();
    if (length === waitingCount) return;
    waitingCount = length;
    tell(waitingListeners, (listener) => listener());
  };

  const leave = (): void => {
    attended?.following?.close();
    attended = undefined;
    tellWaiting();
    clearInterval(timer);
    timer = undefined;
  };

  const look = async (job: Attended): Promise<void> => {
    const running = await store.jobsElsewhere();
    if (attended !== job) return;
    if (running.some(({ jobId }) => jobId === job.jobId)) {
      if (job.following !== undefined || job.isTrying || job.isLost) return;
      // It took long to begin telling: on a busy machine, or a slow drive.
      await follow(job, 1);
      if (job.following !== undefined) tell(stale, (listener) => listener(job.sessionId));
      return;
    }
    // The store has it no more; what it said last may still be on its way.
    await pause(endDelay);
    await job.following?.read();
    if (attended !== job) return;
    leave();
    await relay.forget(job.jobId);
    tell(stale, (listener) => listener(job.sessionId));
  };

  /** @returns undefined when nothing of it is there, or only its end */
  const tryToFollow = async (job: Attended): Promise<Following | undefined> => {
    let made = emptyChat('', job.model);
    let isReady = false;
    const following = await relay.follow(job.jobId, {
      onEvent: (event) => {
        const told = marked(event);
        made = reduceChat(made, told);
        if (attended !== job) return;
        job.made = made;
        // Before anybody is told, who may read the chat at once.
        if (endsJob(event)) leave();
        if (isReady) tell(listeners, (listener) => listener(told, job.sessionId));
        if (isReady && changesWaiting(event)) tellWaiting();
      },
      onLost: () => {
        delete job.following;
        delete job.made;
        job.isLost = true;
        if (attended !== job) return;
        tellWaiting();
        tell(stale, (listener) => listener(job.sessionId));
        look(job).catch(logError);
      },
    });
    isReady = true;
    if (attended === job && made.job !== undefined) return following;
    following?.close();
    delete job.made;
    return undefined;
  };

  const follow = async (job: Attended, tries: number): Promise<void> => {
    job.isTrying = true;
    try {
      for (let attempt = 0; attempt < tries && attended === job; attempt += 1) {
        if (attempt > 0) await pause(attemptDelay);
        const following = await tryToFollow(job);
        if (following === undefined) continue;
        job.following = following;
        tellWaiting();
        return;
      }
    } finally {
      job.isTrying = false;
    }
  };

  const attend: Elsewhere['attend'] = async (sessionId) => {
    if (attended !== undefined && attended.sessionId === sessionId) return attended.begun;
    calls += 1;
    const mine = calls;
    leave();
    if (sessionId === undefined) return;
    const [running, session] = await Promise.all([store.jobsElsewhere(), store.getSession(sessionId)]);
    if (!isSwept) {
      isSwept = true;
      relay.sweep(new Set(running.map(({ jobId }) => jobId))).catch(logError);
    }
    const found = running.find((each) => each.sessionId === sessionId);
    if (mine !== calls || found === undefined || session === undefined) return;
    const job: Attended = {
      ...found,
      model: session.model,
      begun: Promise.resolve(),
      isTrying: false,
      isLost: false,
    };
    attended = job;
    timer = setInterval(() => void look(job).catch(logError), lookInterval);
    job.begun = follow(job, attempts);
    await job.begun;
  };

  return {
    attend,
    running: (sessionId) => {
      if (attended === undefined || attended.sessionId !== sessionId) return undefined;
      const { jobId, startedAt, following, made } = attended;
      if (following !== undefined && made?.job !== undefined) return { job: made.job, made };
      return { job: { id: jobId, startedAt, isElsewhere: true } };
    },
    isFollowed: (sessionId) => attended?.sessionId === sessionId && attended.following !== undefined,
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onStale: (listener) => {
      stale.add(listener);
      return () => stale.delete(listener);
    },
    waiting,
    onWaiting: (listener) => {
      waitingListeners.add(listener);
      return () => waitingListeners.delete(listener);
    },
    list: () => store.jobsElsewhere(),
    whereIn: async (sessionId) => {
      const jobs = await store.jobsElsewhere();
      if (jobs.every((job) => job.sessionId !== sessionId)) return undefined;
      const place = attended?.sessionId === sessionId ? attended.following?.place : undefined;
      return place === undefined || place === '' ? 'another window' : `another window (${place})`;
    },
    stop: (jobId) => relay.ask(jobId, { type: 'stop' }),
    decide: async (stepId, decision) => {
      const isShown = attended?.made?.items.some(({ id }) => id === stepId) === true;
      const jobs = isShown ? [] : await store.jobsElsewhere();
      const job = isShown ? attended : jobs.find(({ waitingSteps }) => waitingSteps.includes(stepId));
      if (job === undefined) return 'unknown';
      return relay.ask(job.jobId, { type: 'decide', stepId, decision: withoutTexts(decision) });
    },
    close: () => {
      calls += 1;
      leave();
    },
  };
};

/** What is to be written can be changed only in the window whose files are written. */
const withoutTexts = ({ accepted: _, ...decision }: Decision): Decision => decision;

/** Tells other windows of the jobs of this one, and does what they ask. The same record counts: the first answer wins. */
export const serveOtherWindows = (
  relay: Relay,
  jobs: Pick<Jobs, 'onEvent' | 'running' | 'cancel'>,
  approvals: Pick<ApprovalBroker, 'pending' | 'answer'>,
): (() => void) => {
  relay.onAsk((jobId, ask) => {
    if (ask.type === 'stop') {
      if (jobs.running().every((job) => job.jobId !== jobId)) return 'unknown';
      // Its end is told like every other; who asked need not wait for what a step takes to stop.
      void jobs.cancel(jobId);
      return 'accepted';
    }
    const { stepId, decision } = ask;
    const asked = approvals.pending().find(({ request }) => request.step.id === stepId);
    if (asked !== undefined && asked.request.jobId !== jobId) return 'unknown';
    const surface = `${decision.surface}, in another window`;
    return approvals.answer(stepId, { ...withoutTexts(decision), surface });
  });
  return jobs.onEvent(relay.tell);
};
