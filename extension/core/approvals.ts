/**
 * The one place where approvals wait. Any number may be pending; every surface (dialog, chat, command, phone) answers
 * the same record, the first answer wins, and whatever goes wrong counts as a no.
 */
import type { ApprovalRequest, Approver, Decision } from './approver.ts';

export type AnswerResult = 'accepted' | 'alreadyAnswered' | 'unknown';

export interface PendingApproval {
  readonly request: ApprovalRequest;
}

export interface ApprovalListener {
  onAsked?(request: ApprovalRequest): void;
  onAnswered?(request: ApprovalRequest, decision: Decision): void;
}

export interface ApprovalBroker extends Approver {
  /** Oldest first. */
  pending(): readonly PendingApproval[];
  /** Takes the first answer; a later one changes nothing and says so. */
  answer(stepId: string, decision: Decision): AnswerResult;
  /** What was granted for the session with "approve for this session". */
  grants(sessionId: string): ReadonlySet<string>;
  listen(listener: ApprovalListener): () => void;
  /** Everything pending, and everything asked from now on, is denied. */
  close(): void;
}

const denied = (surface: string): Decision => ({ approved: false, scope: 'once', by: 'rule', surface });

/** Answered ids kept to tell a late click from an unknown one. */
const answeredLimit = 1_000;

export const createApprovals = (options: {
  /** A listener that throws is reported here and hurts nobody else. */
  readonly onError: (error: unknown) => void;
}): ApprovalBroker => {
  const waiting = new Map<string, PendingApproval & { readonly settle: (decision: Decision) => void }>();
  const answered = new Set<string>();
  const sessionGrants = new Map<string, Set<string>>();
  const listeners = new Set<ApprovalListener>();
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

  const answer = (stepId: string, decision: Decision): AnswerResult => {
    const entry = waiting.get(stepId);
    if (entry === undefined) return answered.has(stepId) ? 'alreadyAnswered' : 'unknown';
    waiting.delete(stepId);
    answered.add(stepId);
    if (answered.size > answeredLimit) {
      const [oldest] = answered;
      if (oldest !== undefined) answered.delete(oldest);
    }
    const { request } = entry;
    const { grant } = request.prompt;
    if (decision.approved && decision.scope === 'session' && grant !== undefined) {
      const grants = sessionGrants.get(request.step.sessionId) ?? new Set();
      sessionGrants.set(request.step.sessionId, grants.add(grant.key));
    }
    entry.settle(decision);
    tell((listener) => listener.onAnswered?.(request, decision));
    return 'accepted';
  };

  const ask = (request: ApprovalRequest, signal: AbortSignal): Promise<Decision> => {
    const { id } = request.step;
    if (isClosed) return Promise.resolve(denied('the window is closing'));
    if (signal.aborted) return Promise.resolve(denied('cancelled'));
    if (waiting.has(id) || answered.has(id)) {
      return Promise.resolve(denied('the same step was asked twice'));
    }
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const onAbort = () => answer(id, denied('cancelled'));
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (decision: Decision) => {
      signal.removeEventListener('abort', onAbort);
      resolve(decision);
    };
    waiting.set(id, { request, settle });
    tell((listener) => listener.onAsked?.(request));
    return promise;
  };

  return {
    ask,
    answer,
    pending: () => [...waiting.values()].map(({ request }) => ({ request })),
    grants: (sessionId) => sessionGrants.get(sessionId) ?? new Set(),
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
