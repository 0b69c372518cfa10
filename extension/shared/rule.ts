/** What a person allowed once and for longer: rules, the modes they work in, and what an approval offers to allow. */

/**
 * `ask`: reads inside the workspace run, all else asks. `smart`: edits inside the workspace run too, since they can be
 * undone. `autopilot`: what the sandbox holds runs too. In every mode a rule lets through what it covers, and what is
 * protected, secret or outside asks.
 */
export const approvalModes = ['ask', 'smart', 'autopilot'] as const;
export type ApprovalMode = (typeof approvalModes)[number];

/** What a rule covers. */
export type RuleMatch =
  /** Steps of these tools whose every path matches the glob: `/`-separated, relative to the rule's folder, dot files too. */
  | { readonly kind: 'path'; readonly tools: readonly string[]; readonly glob: string }
  /**
   * Exactly this command, argument for argument, run in this folder (relative to the rule's; `.` is that). Never a prefix.
   * `isSandboxed`: only where the sandbox holds it; without, on this computer and in the sandbox.
   */
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      readonly folder: string;
      readonly isSandboxed?: true;
    }
  /** This program of a skill whose files are these, in the sandbox, without more than it was granted. */
  | { readonly kind: 'skill'; readonly skill: string; readonly hash: string; readonly entry: string }
  /** Every step of a tool that comes from outside (an MCP server), as long as it is this one: `definition` is its hash. */
  | { readonly kind: 'tool'; readonly tool: string; readonly definition?: string };

/** How long: in one chat, or in one workspace folder until it is deleted. */
export type RuleDuration = 'session' | 'workspace';

export interface Rule {
  readonly id: string;
  readonly match: RuleMatch;
  readonly duration: RuleDuration;
  /** The chat of a session rule. */
  readonly sessionId?: string;
  /**
   * Absolute real path of the one open folder it holds in, wherever that stands among others; for a tool from outside,
   * which has none, it has to be the first.
   */
  readonly folder: string;
  /** The only agent it holds for; absent: all. */
  readonly agentId?: string;
  readonly createdAt: number;
  /** Where it was made: `dialog`, `chat`, `command`, `rules view`. */
  readonly createdIn: string;
}

/** What an approval can be widened to. At most one offer for each duration. */
export interface RuleOffer {
  readonly duration: RuleDuration;
  /** One for each part of a command line; else one. */
  readonly matches: readonly RuleMatch[];
  /** In words, after "always allow": `npm test in this workspace`. */
  readonly label: string;
}
