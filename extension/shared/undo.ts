/** What a finished step can take back. */
export interface StepUndo {
  /** Paths that can be put back as they were. */
  readonly files: number;
  /** Labels of what it changed, as far as known, of which nothing was kept; at most 20. */
  readonly unknown: readonly string[];
  /** When that was done. */
  readonly undoneAt?: number;
}

export type FileState =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'file';
      /** SHA-256 of its bytes, in hexadecimal. */
      readonly hash: string;
      readonly size: number;
      /** Permission bits. */
      readonly mode: number;
    }
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string };

/** An undo is kept like a step, under an id that begins so: it can be undone itself. */
export const undoIdPrefix = 'undo-';

/** One path that one step touched, before and after it. */
export interface FileVersion {
  readonly stepId: string;
  readonly sessionId: string;
  readonly jobId: string;
  /** Absolute real path; unique within its step. */
  readonly file: string;
  /** As people call it. */
  readonly label: string;
  /** Absolute real path of the workspace folder that holds it. */
  readonly root: string;
  readonly before: FileState;
  /** Absent until the step has ended. */
  readonly after?: FileState;
  readonly at: number;
  readonly undoneAt?: number;
}
