import type { AcceptedChange, ApprovalPrompt, Effect, FileDiff } from '../shared/event.ts';
import type { JsonObject, UserBlock } from '../shared/message.ts';
import type { AcceptedText } from './approver.ts';
import type { ToolSpec } from './provider.ts';

export interface ToolOutput {
  readonly content: readonly UserBlock[];
  /** The tool ran and reports a failure the model can act on (exit code 1, no match). */
  readonly isError: boolean;
  /** In a few words, for the step's line: `12 matches`, `exit code 1`, `lines 1-80`. */
  readonly summary: string;
  readonly diffs: readonly FileDiff[];
  /** Who else than the person and their files speaks in this output: `a web page (example.org)`. Suspends what runs without asking until the person's next message. */
  readonly taint?: string;
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

/** What a step would do to one path. */
export interface PathAccess {
  /** As WorkspacePath.label: relative to its root, prefixed by the root's name where there are several. */
  readonly label: string;
  /** Absolute real path. */
  readonly file: string;
  /** Absolute real path of the open folder it lies in; empty outside of all. */
  readonly root: string;
  /** `/`-separated real path below that folder, whatever it is called; `.` is the folder. Rules compare it. */
  readonly below: string;
  readonly kind: 'read' | 'write' | 'move' | 'delete';
}

/** A command line as it would be run. */
export interface CommandAccess {
  readonly line: string;
  /** Label of the folder it runs in. */
  readonly folder: string;
  /** Where that folder lies, as of a path. */
  readonly root: string;
  readonly below: string;
  readonly isSandboxed: boolean;
  /** Of a sandboxed one: it reaches the internet. */
  readonly hasNetwork?: boolean;
  /** Of a sandboxed one: it can change no file of the workspace. */
  readonly isReadOnly?: boolean;
  /** It is no command line but a program of a skill; `line` is only how that is shown. */
  readonly skill?: SkillAccess;
  /** What else it is given, of which some may name files: kept for an undo, and for nothing else. */
  readonly words?: readonly string[];
}

/** Which program of which skill. */
export interface SkillAccess {
  readonly id: string;
  /** Of its files: a rule holds for these and no others. */
  readonly hash: string;
  readonly entry: string;
}

/** Everything the policy looks at; exact. */
export interface StepAccess {
  readonly paths: readonly PathAccess[];
  readonly command?: CommandAccess;
  /** Of a tool from outside: whose it is, and the hash of its server's command or address and of its definition. */
  readonly outside?: { readonly server: string; readonly definition: string };
  /** Why it always asks, whatever the mode and the rules: `.git is protected: …`. */
  readonly caution?: string;
}

/** A tool call whose input has been understood and checked, ready to be decided upon and run once. */
export interface PreparedStep {
  readonly title: string;
  readonly effect: Effect;
  readonly targets: readonly string[];
  readonly access: StepAccess;
  /** Present on every write, execute and network step, and on reads that need consent (secret-looking files). */
  readonly approval?: StepQuestion;
  /** What Review opens; empty for steps that do not edit text. */
  readonly changes: readonly FileChange[];
  /** Of a step that the person amended: what it writes instead of what was proposed. */
  readonly accepted?: readonly AcceptedChange[];
  /**
   * @param emit live output for the step's card
   * @throws ToolError for a failure the model should read; the signal's reason when aborted
   */
  run(signal: AbortSignal, emit: (text: string) => void): Promise<ToolOutput>;
  /**
   * The step with the texts as the person left them in the review, for steps that edit text. What it answers to the
   * model says what was accepted. @throws ToolError when nothing is left of the change
   */
  amend?(accepted: readonly AcceptedText[]): PreparedStep;
}

/** What a tool knows of the question it would ask; the policy adds why, and what can be allowed for longer. */
export type StepQuestion = Pick<ApprovalPrompt, 'title' | 'detail' | 'diffs' | 'isSandboxed'>;

export interface Tool {
  readonly spec: ToolSpec;
  /** Parses and checks; changes nothing. @throws ToolError with a message the model can act on */
  prepare(input: JsonObject, signal: AbortSignal): Promise<PreparedStep>;
  /**
   * Of a tool that only stands for others: the one that is meant, and its input. That one is decided on, shown and kept as
   * the step. @throws ToolError with a message the model can act on
   */
  redirect?(input: JsonObject): { readonly tool: Tool; readonly input: JsonObject };
}

/** A failure that goes to the model as an error result, with its message as the text. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}
