/** Which step runs, asks, or is refused, and why. Pure: everything it looks at is an argument. */
import type { PreparedStep } from './tool.ts';

export interface PolicyContext {
  readonly isTrusted: boolean;
  /** Keys of what the person granted for this chat; see GrantScope. */
  readonly grants: ReadonlySet<string>;
}

/** `reason` is shown on the step. */
export type PolicyDecision =
  | { readonly action: 'run'; readonly reason: string }
  | { readonly action: 'ask'; readonly reason: string }
  | { readonly action: 'refuse'; readonly reason: string };

/** Strictest wins: trust, then protected targets, then grants; what no rule covers asks. */
export const decide = (
  prepared: Pick<PreparedStep, 'effect' | 'approval'>,
  context: PolicyContext,
): PolicyDecision => {
  if (!context.isTrusted) return { action: 'refuse', reason: 'this workspace is not trusted' };
  const { approval } = prepared;
  if (approval === undefined) {
    return prepared.effect === 'read'
      ? { action: 'run', reason: 'reads inside the workspace run' }
      : { action: 'ask', reason: 'no rule covers it' };
  }
  if (approval.caution !== undefined) return { action: 'ask', reason: approval.caution };
  if (approval.grant !== undefined && context.grants.has(approval.grant.key)) {
    return { action: 'run', reason: `approved for this session: ${approval.grant.label}` };
  }
  return { action: 'ask', reason: 'no rule covers it' };
};
