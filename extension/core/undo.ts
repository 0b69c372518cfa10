/** The ports through which steps are made undoable, and undone. */
import type { Step } from '../shared/event.ts';
import type { FileState, FileVersion, StepUndo } from '../shared/undo.ts';
import type { PlannedPath } from './restorePlan.ts';
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
  /**
   * After the step ended, however. Never throws. It takes some seconds at most, and less once the signal is aborted;
   * what was not looked at by then is among what is unknown. @returns undefined for a step that changed no file
   */
  after(step: Step, prepared: PreparedStep, signal: AbortSignal): Promise<StepUndo | undefined>;
}

export interface PutBackResult {
  /** Under this step's id it is kept what was there; none where nothing was put back. */
  readonly stepId: string | undefined;
  /** Paths that are now as they were. */
  readonly done: readonly PlannedPath[];
  /** Folders among these that stay, because they hold something else by now: what that is, as a sentence. */
  readonly left?: readonly { readonly path: PlannedPath; readonly reason: string }[];
  /** Those that are as they were found, and why, as a sentence without the label. */
  readonly failed: readonly { readonly path: PlannedPath; readonly reason: string }[];
}

/** Puts files back as steps found them. */
export interface FileRestorer {
  /** @param versions oldest first */
  plan(versions: readonly FileVersion[]): Promise<readonly PlannedPath[]>;
  /** A kept content. @returns undefined for what is no file, and where it was forgotten */
  read(state: FileState): Promise<Uint8Array | undefined>;
  /** As it is now: the editor's unsaved text where there is one. @returns undefined for what is no file */
  readNow(path: PlannedPath): Promise<Uint8Array | undefined>;
  /**
   * Keeps what is there, then puts the paths back, whatever their standing. A path that is not any more as it was
   * planned is left alone. @throws CannotUndoError when what is there cannot be kept; then nothing was changed
   * @param onDone called after each path with how many are done
   */
  putBack(
    paths: readonly PlannedPath[],
    of: Pick<FileVersion, 'sessionId' | 'jobId'>,
    signal: AbortSignal,
    onDone: (count: number) => void,
  ): Promise<PutBackResult>;
}
