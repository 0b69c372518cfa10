import type { SessionSummary } from '../shared/session.ts';

/** What can be deleted without touching a chat that is in the list or in the archive. */
export type FreeableKind =
  /** Chats that were deleted and can still be had back. */
  | 'deletedChats'
  /** The databases as they were before migrations. */
  | 'backups'
  /** What was damaged, and kept beside when it was mended. */
  | 'damagedFiles'
  /** Files that no chat refers to. */
  | 'orphans'
  /** Full outputs of commands, whose shortened form stands in the chats. */
  | 'commandOutput'
  /** What files were before steps changed them: without it, these steps cannot be undone. */
  | 'undo';

export interface SpacePart {
  readonly kind: 'database' | 'journal' | 'previousSnapshot' | 'oldChats' | 'attachments' | FreeableKind;
  readonly bytes: number;
  readonly files: number;
}

export interface SessionSpace {
  readonly session: SessionSummary;
  /** Rows and attachments; what several chats share counts in each. */
  readonly bytes: number;
}

export interface StorageUse {
  /** Absolute path. */
  readonly folder: string;
  readonly bytes: number;
  readonly parts: readonly SpacePart[];
  /** Largest first, at most 50. */
  readonly largest: readonly SessionSpace[];
}

export type RepairKind =
  /** Writes a new snapshot from what is in memory. */
  | 'snapshot'
  /** Makes the search index anew. */
  | 'searchIndex'
  /** Deletes files that no chat refers to. */
  | 'orphans'
  /** Forgets what cannot be undone, since what was kept for it is gone. */
  | 'undo';

export interface StorageFinding {
  /** `problem`: something is wrong. `note`: worth knowing. */
  readonly severity: 'problem' | 'note';
  /** What was found, what it means, what was kept; sentences for a person. */
  readonly text: string;
  readonly repair?: RepairKind;
}

export interface StorageReport {
  readonly use: StorageUse;
  readonly findings: readonly StorageFinding[];
  /** What was looked at, and how it stands, one line each: `Snapshot: 1.2 MB, intact`. */
  readonly facts: readonly string[];
}
