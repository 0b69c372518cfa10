import type { ApprovalPrompt, Effect, FileDiff } from '../shared/event.ts';
import type { JsonObject, UserBlock } from '../shared/message.ts';
import type { ToolSpec } from './provider.ts';

export interface ToolOutput {
  readonly content: readonly UserBlock[];
  /** The tool ran and reports a failure the model can act on (exit code 1, no match). */
  readonly isError: boolean;
  /** In a few words, for the step's line: `12 matches`, `exit code 1`, `lines 1-80`. */
  readonly summary: string;
  readonly diffs: readonly FileDiff[];
}

/** A file before and after a step, for the diff editor. `undefined`: the file does not exist on that side. */
export interface FileChange {
  /** Workspace-relative, for titles. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A tool call whose input has been understood and checked, ready to be decided upon and run once. */
export interface PreparedStep {
  readonly title: string;
  readonly effect: Effect;
  readonly targets: readonly string[];
  /** Present on every write, execute and network step, and on reads that need consent (secret-looking files). */
  readonly approval?: ApprovalPrompt;
  /** What Review opens; empty for steps that do not edit text. */
  readonly changes: readonly FileChange[];
  /**
   * @param emit live output for the step's card
   * @throws ToolError for a failure the model should read; the signal's reason when aborted
   */
  run(signal: AbortSignal, emit: (text: string) => void): Promise<ToolOutput>;
}

export interface Tool {
  readonly spec: ToolSpec;
  /** Parses and checks; changes nothing. @throws ToolError with a message the model can act on */
  prepare(input: JsonObject, signal: AbortSignal): Promise<PreparedStep>;
}

/** A failure that goes to the model as an error result, with its message as the text. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}
