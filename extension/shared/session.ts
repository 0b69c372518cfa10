import type { ModelRef } from './message.ts';
import type { ApprovalMode } from './rule.ts';

/** Where a title comes from: the first message's first line, the model, or the person, whose title nothing replaces. */
export type TitleSource = 'message' | 'model' | 'person';

/** One conversation. Model belongs to it, not to the window. */
export interface Session {
  readonly id: string;
  readonly title: string;
  readonly titleBy: TitleSource;
  readonly agentId: string;
  readonly model: ModelRef;
  /** Absent: its agent's. */
  readonly mode?: ApprovalMode;
  /** Absolute path of the first workspace folder it was started in; empty without one. */
  readonly folder: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** How the last job of a session stands. */
export type SessionStatus = 'idle' | 'running' | 'waiting' | 'failed' | 'interrupted';

export const shelves = ['active', 'archived', 'deleted'] as const;

/** Where a chat lies: in the list, put away by the person, or deleted and for some days still to be had back. */
export type Shelf = (typeof shelves)[number];

/** A deleted chat can be had back for so long; then it is gone for good. Milliseconds. */
export const deletedForMs = 7 * 24 * 60 * 60 * 1_000;

export interface SessionSummary extends Session {
  readonly status: SessionStatus;
  readonly shelf: Shelf;
  readonly isPinned: boolean;
}

/** What changes about a chat; what is absent stays as it is, whatever another window has made of it meanwhile. */
export interface SessionChange {
  /** A title by the model takes the place of the first message's only. */
  readonly title?: { readonly text: string; readonly by: TitleSource };
  readonly agentId?: string;
  readonly model?: ModelRef;
  readonly mode?: ApprovalMode;
  readonly isPinned?: boolean;
  readonly shelf?: Shelf;
}

/** Half-open range of UTF-16 units in a text. */
export type TextRange = readonly [start: number, end: number];

/** A message, or the result of a step, in which the words of a search occur. */
export interface SearchHit {
  /** The store's row: where the chat opens. */
  readonly row: number;
  readonly kind: 'user' | 'assistant' | 'step';
  /** The words with some of what stands around them, on one line. */
  readonly snippet: string;
  /** What is to be highlighted in the snippet. */
  readonly ranges: readonly TextRange[];
  readonly at: number;
}

/** A chat that was found: by its title, by what stands in it, or both. */
export interface FoundSession {
  readonly session: SessionSummary;
  readonly titleRanges: readonly TextRange[];
  /** Newest first, at most a few; `moreHits` says how many others were seen. */
  readonly hits: readonly SearchHit[];
  readonly moreHits: number;
}
