/** Which step runs, asks, or is refused, and why. Pure: everything it looks at is an argument. */
import type { Effect } from '../shared/event.ts';
import type { ApprovalMode, Rule, RuleOffer } from '../shared/rule.ts';
import { type CommandShell, commandText, parseCommandLine } from './commandLine.ts';
import { offersFor } from './offers.ts';
import {
  builtInEffect,
  cutLabel,
  findsTools,
  isHeld,
  isInsideLabel,
  isSkillTool,
  matchingRules,
  ruleText,
  shellOf,
} from './ruleMatch.ts';
import type { StepAccess } from './tool.ts';

export interface PolicyStep {
  readonly tool: string;
  readonly effect: Effect;
  readonly access: StepAccess;
}

export interface PolicyContext {
  readonly isTrusted: boolean;
  readonly mode: ApprovalMode;
  readonly agentId: string;
  readonly sessionId: string;
  /** Absolute real path of the first workspace folder: rules for tools from outside hold there. */
  readonly folder: string;
  /** Of all chats and folders; those that do not apply are passed over here. */
  readonly rules: readonly Rule[];
  /** Whose words have come in since the person's last message: `a web page (example.org)`. */
  readonly taint?: string;
  /**
   * Since the person's last message: a file that was changed unasked, or what ran in the sandbox and may have changed
   * some, until the person has approved a command knowing of it. A rule allowed `npm test` as it was; what it runs may be what was written there.
   */
  readonly uncheckedEdit?: string;
  /** What commands are run by: `cmd` on Windows, where rules do not cover them. */
  readonly shell: CommandShell;
}

/** `reason` is shown on the step. */
export type PolicyDecision =
  | {
      readonly action: 'run';
      readonly reason: string;
      readonly ruleIds: readonly string[];
      /** It runs because it can be taken back: where that turns out not to be so, it asks. */
      readonly mustBeUndoable: boolean;
    }
  | {
      readonly action: 'ask';
      readonly reason: string;
      readonly isCautioned: boolean;
      readonly offers: readonly RuleOffer[];
      /** It names an edit that nobody saw: who approves it knows of such edits. */
      readonly namesEdit?: true;
    }
  | { readonly action: 'refuse'; readonly reason: string };

type Run = Extract<PolicyDecision, { action: 'run' }>;

const run = (reason: string, more: Partial<Run> = {}): Run => ({
  action: 'run',
  reason,
  ruleIds: [],
  mustBeUndoable: false,
  ...more,
});

type Ask = Extract<PolicyDecision, { action: 'ask' }>;

const ask = (reason: string, offers: readonly RuleOffer[] = []): Ask => ({
  action: 'ask',
  reason,
  isCautioned: false,
  offers,
});

const byRule = (step: PolicyStep, context: PolicyContext): PolicyDecision | undefined => {
  const rules = matchingRules(step, context);
  if (rules.length === 0) return undefined;
  const words = rules.map(ruleText).join(', ');
  return run(`${rules.length === 1 ? 'rule' : 'rules'}: ${words}`, { ruleIds: rules.map(({ id }) => id) });
};

const byMode = (step: PolicyStep, { mode }: PolicyContext): PolicyDecision | undefined => {
  const known = builtInEffect(step.tool);
  if (known === undefined) return undefined;
  if (known === 'read') {
    if (findsTools(step.tool)) return run('tools of MCP servers may be looked for');
    return run(isSkillTool(step.tool) ? 'skills may be read' : 'reads inside the workspace run');
  }
  if (mode !== 'smart' && mode !== 'autopilot') return undefined;
  const { paths, command } = step.access;
  if (known === 'write' && command === undefined && paths.length > 0) {
    if (!paths.every(({ root, below }) => root !== '' && isInsideLabel(below))) return undefined;
    return run(`${mode} mode: edits inside the workspace run, and can be undone`, { mustBeUndoable: true });
  }
  if (mode === 'autopilot' && known === 'execute' && isHeld(command)) {
    return run(`autopilot mode: sandboxed ${isSkillTool(step.tool) ? 'programs of skills' : 'commands'} run`);
  }
  return undefined;
};

/** Which part of a command line stands in the way. */
const uncovered = (step: PolicyStep, context: PolicyContext): string => {
  const { command } = step.access;
  if (command === undefined) return 'no rule covers it';
  if (isSkillTool(step.tool)) {
    if (!command.isSandboxed) return 'asked every time: it is not sandboxed';
    return isHeld(command) ? 'no rule covers it' : 'asked every time: it reaches the internet';
  }
  const parsed = parseCommandLine(command.line, shellOf(command, context.shell));
  if (parsed.kind === 'problem') return `asked every time: ${parsed.problem}`;
  if (parsed.commands.length === 1) return 'no rule covers it';
  const open = parsed.commands.find((argv) => {
    const access = { ...step.access, command: { ...command, line: commandText(argv) } };
    return matchingRules({ ...step, access }, context).length === 0;
  });
  return open === undefined ? 'no rule covers it' : `no rule covers ${cutLabel(commandText(open))}`;
};

const decideTrusted = (step: PolicyStep, context: PolicyContext): PolicyDecision => {
  const { caution } = step.access;
  if (caution !== undefined) return { action: 'ask', reason: caution, isCautioned: true, offers: [] };
  const known = builtInEffect(step.tool);
  if (known !== undefined && known !== step.effect) return ask('it does something else than its tool should');
  if (known !== undefined && step.access.outside !== undefined)
    return ask('a tool from outside is called as one of ours');
  // What a tool from outside says of itself is not known to be true: its reads may as well be requests to anywhere.
  if (context.taint !== undefined && known !== 'read') return ask(`after words from ${context.taint}`);
  const ofRule = byRule(step, context);
  const ofMode = byMode(step, context);
  // What the sandbox holds may run what it likes.
  if (
    ofRule !== undefined &&
    known === 'execute' &&
    !isHeld(step.access.command) &&
    context.uncheckedEdit !== undefined
  ) {
    const edit = cutLabel(context.uncheckedEdit);
    return { ...ask(`files it may run were changed without being looked at: ${edit}`), namesEdit: true };
  }
  return ofRule ?? ofMode ?? ask(uncovered(step, context), offersFor(step, context));
};

/**
 * Strictest wins: trust, then what always asks, then taint, then rules and mode; what nothing covers asks, and so does a
 * command by rule behind edits that nobody saw. Never throws: whatever goes wrong asks.
 */
export const decide = (step: PolicyStep, context: PolicyContext): PolicyDecision => {
  try {
    if (context.isTrusted !== true) return { action: 'refuse', reason: 'this workspace is not trusted' };
    return decideTrusted(step, context);
  } catch {
    return ask('its rules could not be read');
  }
};
