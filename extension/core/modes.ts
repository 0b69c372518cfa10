/** In which mode a chat is worked in, and how the record of decisions tells of a change of it. Pure. */
import type { Agent } from '../shared/agent.ts';
import type { NewAuditEntry } from '../shared/audit.ts';
import { type ApprovalMode, approvalModes } from '../shared/rule.ts';
import type { Session } from '../shared/session.ts';

/** The one in which less runs unasked. */
export const stricterMode = (a: ApprovalMode, b: ApprovalMode): ApprovalMode =>
  approvalModes.find((mode) => mode === a || mode === b) ?? 'ask';

/**
 * A chat's own mode was chosen in sight of the folder it was begun in, and counts there. Where it is gone on with in
 * another one nothing more runs unasked than its agent may; an agent that is not there any more may nothing.
 * @param open absolute path of the first open folder
 */
export const modeOf = (
  { mode, folder }: Pick<Session, 'mode' | 'folder'>,
  agent: Pick<Agent, 'execution'> | undefined,
  open: string,
): ApprovalMode => {
  const ofAgent = agent?.execution.mode ?? 'ask';
  if (mode === undefined) return ofAgent;
  return folder === open ? mode : stricterMode(mode, ofAgent);
};

/** @param whose `the chat`, or which agent */
export const modeEntry = (
  whose: string,
  [before, after]: readonly [ApprovalMode, ApprovalMode],
  rest: Pick<NewAuditEntry, 'at' | 'reason' | 'sessionId' | 'agentId'>,
): NewAuditEntry => ({
  kind: 'mode',
  outcome: 'changed',
  title: `Approval mode of ${whose}: ${after}`,
  detail: `from ${before} to ${after}`,
  by: 'user',
  ruleIds: [],
  ...rest,
});
