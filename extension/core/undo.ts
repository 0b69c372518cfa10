/** The port through which steps are made undoable. */
import type { Step } from '../shared/event.ts';
import type { StepUndo } from '../shared/undo.ts';
import type { PreparedStep } from './tool.ts';

/** Thrown when what a step is about to change cannot be kept; the message says why, after "it could not be undone: ". */
export class CannotUndoError extends Error {
  override readonly name = 'CannotUndoError';
}

export interface StepUndoKeeper {
  /**
   * Keeps what the step may change, durably, before it runs. Of commands it keeps what can be told from outside.
   * @throws CannotUndoError for an edit of which nothing could be kept; the signal's reason when aborted
   */
  before(step: Step, prepared: PreparedStep, signal: AbortSignal): Promise<void>;
  /** After the step ended, however. Never throws. @returns undefined for a step that changed no file */
  after(step: Step, prepared: PreparedStep): Promise<StepUndo | undefined>;
}
