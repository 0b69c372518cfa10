import type { ApprovalPrompt } from '../shared/event.ts';

/** A question as any version has kept it: an earlier one with what could be granted, and why to be careful. */
export interface KeptPrompt extends Partial<ApprovalPrompt> {
  readonly title: string;
  readonly detail: string;
  readonly diffs: ApprovalPrompt['diffs'];
  readonly grant?: unknown;
  readonly caution?: string;
}

/** Nothing that was granted before the rules came is offered any more. */
export const promptOfToday = ({ grant: _, caution, ...kept }: KeptPrompt): ApprovalPrompt => ({
  offers: [],
  reason: caution ?? '',
  isCautioned: caution !== undefined,
  ...kept,
});
