/** What is kept of an undo in the record of decisions. Pure. */
import type { PlannedPath } from '../core/restorePlan.ts';
import type { PutBackResult } from '../core/undo.ts';
import type { NewAuditEntry } from '../shared/audit.ts';
import type { UndoRequest } from './undoAsk.ts';
import type { Choices } from './undoChoices.ts';
import { shareOf, whatHappens } from './undoWords.ts';

export const undoEntry = (
  request: UndoRequest,
  plan: readonly PlannedPath[],
  outcome: { readonly result: PutBackResult; readonly choices: Choices; readonly at: number },
): NewAuditEntry => {
  const { result, choices, at } = outcome;
  const ids = [...new Set(request.versions.map(({ stepId }) => stepId))];
  return {
    at,
    kind: 'undo',
    outcome: 'changed',
    sessionId: request.sessionId,
    ...(ids.length === 1 ? { stepId: ids[0] ?? '' } : {}),
    title: `${request.done}: ${shareOf(result.done, plan)}`,
    detail: [
      ...result.done.map((path) => `${path.file} ${whatHappens(path)}`),
      ...choices.merge.map(({ path }) => `${path.file} is merged in the editor`),
      ...choices.keep.map(({ file }) => `${file} is kept`),
      ...result.failed.map(({ path, reason }) => `${path.file} stays: ${reason}`),
    ].join('\n'),
    by: 'user',
    reason: 'asked for in the window',
    ruleIds: [],
  };
};
