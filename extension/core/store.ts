import type { Agent, Session, SessionSummary } from '../shared/agent.ts';
import type { ChatItem } from '../shared/chat.ts';
import type { AgentEvent } from '../shared/event.ts';
import type { TokenUsage } from '../shared/message.ts';
import type { Decision } from './approver.ts';

/** Thrown when something could not be kept; the message is for a person and says what was kept and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

export interface ChatPage {
  /** Oldest first; each has its `row`. */
  readonly items: readonly ChatItem[];
  readonly hasOlder: boolean;
}

/** Rows in, rows out. A write is acknowledged (its promise resolves) only once it would survive a power cut. */
export interface Store {
  /** Opens and migrates; also closes jobs of dead processes as interrupted. Called by the first use of any other method. */
  open(): Promise<void>;

  listAgents(): Promise<readonly Agent[]>;
  saveAgent(agent: Agent): Promise<void>;
  deleteAgent(id: string): Promise<void>;

  /** Newest first. */
  listSessions(limit: number): Promise<readonly SessionSummary[]>;
  getSession(id: string): Promise<SessionSummary | undefined>;
  saveSession(session: Session): Promise<void>;
  deleteSession(id: string): Promise<void>;

  /** Keeps what an event says: messages, steps, approvals, job status, usage. Token, Thinking, StepProgress and Retrying keep nothing. */
  record(event: AgentEvent): Promise<void>;
  /** The partial reply of a running job, so that a crash loses at most what came since. Cleared by TurnCompleted. */
  saveDraft(jobId: string, text: string): Promise<void>;
  recordDecision(stepId: string, decision: Decision, at: number): Promise<void>;

  /** The newest `limit` items before `beforeRow` (or the newest of all). */
  readPage(sessionId: string, limit: number, beforeRow?: number): Promise<ChatPage>;
  /** Every item of a session, oldest first: what the model's history is made from. */
  readAll(sessionId: string): Promise<readonly ChatItem[]>;
  sessionUsage(sessionId: string): Promise<{ readonly total: TokenUsage; readonly lastRequest: TokenUsage }>;

  /** Fires after another window changed something. */
  onExternalChange(listener: () => void): () => void;
  close(): Promise<void>;
}
