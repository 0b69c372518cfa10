/**
 * The one place where approvals wait. Any number may be pending; every surface (dialog, chat, command, phone) answers
 * the same record, the first answer wins, and whatever goes wrong counts as a no. So does no answer in time.
 */
import { type ApprovalRequest, type Approver, CoveredByRule, type Decision } from './approver.ts';

export type AnswerResult = 'accepted' | 'alreadyAnswered' | 'unknown';

export interface PendingApproval {
  readonly request: ApprovalRequest;
  /** 1 for the oldest. */
  readonly position: number;
}

export interface ApprovalListener {
  onAsked?(request: ApprovalRequest): void;
  onAnswered?(request: ApprovalRequest, decision: Decision): void;
}

export interface ApprovalBroker extends Approver {
  /** Oldest first. */
  pending(): readonly PendingApproval[];
  /** Takes the first answer; a later one, or one that comes after the question expired, changes nothing and says so. */
  answer(stepId: string, decision: Decision): AnswerResult;
  listen(listener: ApprovalListener): () => void;
  /** Everything pending, and everything asked from now on, is denied. */
  close(): void;
}

/** Calls once, after so many milliseconds or later. @returns takes it back */
export type SetTimer = (call: () => void, milliseconds: number) => () => void;

const realTimer: SetTimer = (call, milliseconds) => {
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
};

/** Timers take no longer delay; what expires later is looked at again then. */
const longestDelay = 2 ** 31 - 1;

const denied = (surface: string): Decision => ({ approved: false, scope: 'once', by: 'rule', surface });

const expired: Decision = { ...denied('nobody answered in time'), isExpired: true };

/** Answered ids kept to tell a late click from an unknown one. */
const answeredLimit = 1_000;

export const createApprovals = (options: {
  now(): number;
  /** Absent: the real one. */
  readonly setTimer?: SetTimer;
  /** A listener that throws is reported here and hurts nobody else. */
  readonly onError: (error: unknown) => void;
}): ApprovalBroker => {
  const { now, setTimer = realTimer } = options;
  interface Waiting {
    readonly request: ApprovalRequest;
    readonly settle: (decision: Decision) => void;
  }
  const waiting = new Map<string, Waiting>();
  const answered = new Set<string>();
  const listeners = new Set<ApprovalListener>();
  let stopTimer: (() => void) | undefined;
  let isClosed = false;

  const tell = (call: (listener: ApprovalListener) => void): void => {
    for (const listener of listeners) {
      try {
        call(listener);
      } catch (error) {
        options.onError(error);
      }
    }
  };

  const settle = (stepId: string, { request, settle: resolve }: Waiting, decision: Decision): void => {
    waiting.delete(stepId);
    answered.add(stepId);
    if (answered.size > answeredLimit) {
      const [oldest] = answered;
      if (oldest !== undefined) answered.delete(oldest);
    }
    resolve(decision);
    watchClock();
    tell((listener) => listener.onAnswered?.(request, decision));
  };

  /** Also called at every touch: a timer may be late, as after the computer slept. */
  const expire = (): void => {
    const at = now();
    for (const [stepId, entry] of [...waiting]) {
      const { expiresAt } = entry.request.prompt;
      // A listener may have answered it meanwhile.
      if (expiresAt !== undefined && expiresAt <= at && waiting.has(stepId)) settle(stepId, entry, expired);
    }
  };

  /** One timer, for what expires first. */
  const watchClock = (): void => {
    stopTimer?.();
    stopTimer = undefined;
    const times = [...waiting.values()].flatMap(({ request }) => request.prompt.expiresAt ?? []);
    if (times.length === 0) return;
    const delay = Math.max(0, Math.min(longestDelay, Math.min(...times) - now()));
    stopTimer = setTimer(() => {
      expire();
      watchClock();
    }, delay);
  };

  const answer = (stepId: string, decision: Decision): AnswerResult => {
    expire();
    const entry = waiting.get(stepId);
    if (entry === undefined) return answered.has(stepId) ? 'alreadyAnswered' : 'unknown';
    settle(stepId, entry, decision);
    return 'accepted';
  };

  const ask = (request: ApprovalRequest, signal: AbortSignal): Promise<Decision> => {
    const { id } = request.step;
    expire();
    if (isClosed) return Promise.resolve(denied('the window is closing'));
    if (signal.aborted) return Promise.resolve(denied('cancelled'));
    if (waiting.has(id) || answered.has(id)) {
      return Promise.resolve(denied('the same step was asked twice'));
    }
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const onAbort = () => {
      const reason: unknown = signal.reason;
      answer(id, reason instanceof CoveredByRule ? reason.decision : denied('cancelled'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    waiting.set(id, {
      request,
      settle: (decision) => {
        signal.removeEventListener('abort', onAbort);
        resolve(decision);
      },
    });
    tell((listener) => listener.onAsked?.(request));
    expire();
    watchClock();
    return promise;
  };

  return {
    ask,
    answer,
    pending: () => {
      expire();
      return [...waiting.values()].map(({ request }, index) => ({ request, position: index + 1 }));
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      isClosed = true;
      for (const id of [...waiting.keys()]) answer(id, denied('the window is closing'));
    },
  };
};
