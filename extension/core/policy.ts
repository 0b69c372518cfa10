/** Which step runs, asks, or is refused, and why. Pure: everything it looks at is an argument. */
import type { Effect } from '../shared/event.ts';
import type { ApprovalMode, Rule, RuleOffer } from '../shared/rule.ts';
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
  /** Absolute path of the first workspace folder. */
  readonly folder: string;
  /** Of all chats and folders; those that do not apply are passed over here. */
  readonly rules: readonly Rule[];
  /** Whose words have come in since the person's last message: `a web page (example.org)`. */
  readonly taint?: string;
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
    }
  | { readonly action: 'refuse'; readonly reason: string };

/** Strictest wins: trust, then what always asks, then taint, then rules and mode; what nothing covers asks. */
export const decide = (step: PolicyStep, context: PolicyContext): PolicyDecision => {
  if (!context.isTrusted) return { action: 'refuse', reason: 'this workspace is not trusted' };
  const { caution } = step.access;
  if (caution !== undefined) return { action: 'ask', reason: caution, isCautioned: true, offers: [] };
  if (step.effect === 'read')
    return { action: 'run', reason: 'reads inside the workspace run', ruleIds: [], mustBeUndoable: false };
  return { action: 'ask', reason: 'no rule covers it', isCautioned: false, offers: [] };
};
