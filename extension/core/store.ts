import type { Agent } from '../shared/agent.ts';
import type { AuditEntry, NewAuditEntry } from '../shared/audit.ts';
import type { BudgetScope, LimitKind, Spending } from '../shared/budget.ts';
import type { ChatItem } from '../shared/chat.ts';
import type { AgentEvent } from '../shared/event.ts';
import type { TokenUsage } from '../shared/message.ts';
import type { Rule } from '../shared/rule.ts';
import type { FoundSession, Session, SessionChange, SessionSummary, Shelf } from '../shared/session.ts';
import type { FileVersion } from '../shared/undo.ts';
import type { Decision } from './approver.ts';
import type { FreeableKind, RepairKind, StorageReport, StorageUse } from './storageReport.ts';
import type { TelegramStore } from './telegramStore.ts';

/** Thrown when something could not be kept; the message is for a person and says what was kept and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

export interface ChatPage {
  /** Oldest first; each has its `row`. */
  readonly items: readonly ChatItem[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** Where a page of a chat begins or ends; without one it is the newest. Rows are the store's. */
export type PagePlace =
  | { readonly before: number }
  | { readonly after: number }
  | { readonly around: number };

export interface SessionQuery {
  readonly shelf: Shelf;
  readonly limit: number;
  /** Chats of this folder come before those of others. */
  readonly folderFirst: string;
}

export interface SessionPage {
  /** Pinned ones first, then those of the folder, then the others; newest first in each. */
  readonly sessions: readonly SessionSummary[];
  readonly hasMore: boolean;
}

export interface SearchQuery {
  /** Words as they were typed; the last one may be half a word. All of them must occur. */
  readonly text: string;
  /** Sessions. */
  readonly limit: number;
  /** One of `SearchResult.unsearched`; absent for what lies in memory. */
  readonly coldFile?: string;
}

export interface SearchResult {
  /** Those with a hit in the title first, then by their newest hit. Deleted chats are not searched. */
  readonly sessions: readonly FoundSession[];
  /** There are more than the limit. */
  readonly hasMore: boolean;
  /** Files of old chats that have not been looked into yet: ask for each of them. */
  readonly unsearched: readonly string[];
}

/** Versions of one step or undo, of all steps from a row on, or of all undos. */
export type VersionQuery =
  | { readonly stepId: string }
  | { readonly fromRow: number }
  | { readonly of: 'undos' };

export interface SpentQuery {
  readonly jobId: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly since: number;
}

export interface ScopeSpending {
  readonly spending: Spending;
  /** How often the person has raised a limit of this scope: of a job and a chat ever, else since `since`. */
  readonly raised: number;
  /** Those of them that were of one kind of limit. */
  readonly raisedBy?: Readonly<Partial<Record<LimitKind, number>>>;
}

export interface SessionUsage {
  readonly total: TokenUsage;
  readonly lastRequest: TokenUsage;
  readonly costUsd: number;
  /** Requests whose price is not known. */
  readonly unpriced: number;
}

/** A job that runs in another window. */
export interface JobElsewhere {
  readonly jobId: string;
  readonly sessionId: string;
  readonly startedAt: number;
  readonly waitingSteps: readonly string[];
}

export interface CopyRequest {
  readonly from: string;
  /** The new session. */
  readonly to: Session;
  /** Last row that is copied; absent: all. */
  readonly throughRow?: number;
}

export interface RewindRequest {
  readonly sessionId: string;
  /** This item and all behind it are taken out of the chat. */
  readonly fromRow: number;
  /** Keeps the chat as it was before, as an archived one. */
  readonly earlier: Session;
  readonly at: number;
}

/** Rows in, rows out. A write is acknowledged (its promise resolves) only once it would survive a power cut. */
export interface Store {
  /** Opens and migrates; also closes jobs of dead processes as interrupted. Called by the first use of any other method. */
  open(): Promise<void>;

  listAgents(): Promise<readonly Agent[]>;
  saveAgent(agent: Agent): Promise<void>;
  deleteAgent(id: string): Promise<void>;

  listSessions(query: SessionQuery): Promise<SessionPage>;
  getSession(id: string): Promise<SessionSummary | undefined>;
  /** Adds a new one. */
  saveSession(session: Session): Promise<void>;
  /** @param at when, for the shelf */
  updateSession(id: string, change: SessionChange, at: number): Promise<void>;
  /** For good. @throws StoreError while another window works in it */
  deleteSession(id: string): Promise<void>;
  /** A new session with the same items; steps that have not ended are interrupted in the copy. Usage is not copied. */
  copySession(request: CopyRequest): Promise<void>;
  /** @throws StoreError while a job runs in it */
  rewindSession(request: RewindRequest): Promise<void>;
  /** A new session with these items, which have ended. Their rows are ignored. */
  importSession(session: Session, items: readonly ChatItem[]): Promise<void>;
  search(query: SearchQuery): Promise<SearchResult>;

  /**
   * Keeps what an event says: messages, steps, approvals, job status, usage. Token, Thinking, StepProgress and Retrying
   * keep nothing.
   * @param lastRow with JobStarted: the last row of the chat as the job's history has it, 0 for an empty one
   * @throws StoreError, with nothing changed, when a chat that a job begins in ends with another row by now
   */
  record(event: AgentEvent, lastRow?: number): Promise<void>;
  /** The partial reply of a running job, so that a crash loses at most what came since. Cleared by TurnCompleted. */
  saveDraft(jobId: string, text: string): Promise<void>;
  recordDecision(stepId: string, decision: Decision, at: number): Promise<void>;

  /** At most `limit` items: the newest, or those next to `place`. */
  readPage(sessionId: string, limit: number, place?: PagePlace): Promise<ChatPage>;
  /** Every item of a session, oldest first: what the model's history is made from. */
  readAll(sessionId: string): Promise<readonly ChatItem[]>;
  /** @param exceptJobId a job whose requests are left out: the one that runs, which is the last */
  sessionUsage(sessionId: string, exceptJobId?: string): Promise<SessionUsage>;
  /** Those that run now. Closes first what ran in windows that have died. */
  jobsElsewhere(): Promise<readonly JobElsewhere[]>;

  /** Those of all folders and chats, oldest first; other windows' included. */
  listRules(): Promise<readonly Rule[]>;
  /** Adds it, or puts it in the place of the one with its id. */
  saveRule(rule: Rule): Promise<void>;
  deleteRule(id: string): Promise<void>;

  /** Decisions about steps are kept by `record`; this keeps the others. */
  audit(entry: NewAuditEntry): Promise<void>;
  /** Oldest first, from behind this id on. */
  readAudit(afterId: number, limit: number): Promise<readonly AuditEntry[]>;

  /** What the four scopes have spent; `agent` and `day` since `since` (milliseconds since the epoch). */
  spent(query: SpentQuery): Promise<Readonly<Record<BudgetScope, ScopeSpending>>>;
  /**
   * The person lets a scope spend a limit once more.
   * @param key of the job, chat, agent or day, with the kind of limit behind it: `raisedKey`
   */
  raiseBudget(scope: BudgetScope, key: string, at: number): Promise<void>;

  /** Adds them, or puts them in the place of those with the same step and file. */
  keepVersions(versions: readonly FileVersion[]): Promise<void>;
  /** Of a chat, oldest first. */
  listVersions(sessionId: string, of: VersionQuery): Promise<readonly FileVersion[]>;
  /**
   * Says of the steps, or undos, that all that they did to files was taken back.
   * @param at undefined: that is not so any more, since the undo was undone
   */
  markUndone(sessionId: string, stepIds: readonly string[], at: number | undefined): Promise<void>;
  /** Every content that some version needs. */
  versionHashes(): Promise<readonly string[]>;
  /** These contents are not needed any more, except by chats in which a job runs. The versions stay. */
  forgetVersions(hashes: readonly string[]): Promise<void>;

  /** What bots keep. */
  readonly telegram: TelegramStore;

  /** What the history takes on disk, and which part of it can be freed. */
  use(): Promise<StorageUse>;
  /** Looks through everything that is kept; changes nothing. */
  check(): Promise<StorageReport>;
  /** Mends what `check` found, one kind at a time. @returns what was done, a sentence for a person */
  repair(kind: RepairKind): Promise<string>;
  /** @returns bytes that were freed */
  free(kind: FreeableKind): Promise<number>;

  /** Fires after another window changed something. */
  onExternalChange(listener: () => void): () => void;
  close(): Promise<void>;
}
