/** The review of a step in VS Code's diff editor, where what waits for an answer can still be changed. */
import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { AcceptedText, ApprovalRequest } from '../core/approver.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { FileChange } from '../core/tool.ts';
import type { StepRecord } from '../shared/chat.ts';
import { isSameText } from './hunks.ts';
import { type EditedSide, leaveOutChange } from './rejectChange.ts';
import { createReviewFiles, reviewUri } from './reviewFiles.ts';
import { saveAsTyped } from './reviewSaving.ts';
import { createReviewTabs } from './reviewTabs.ts';
import { fullInputText, inputName, recordText } from './reviewText.ts';

export { stepIdOf } from './reviewFiles.ts';

export interface Review {
  /** Opens the diff of a step's files, or its full input where it edits none. */
  open(stepId: string): Promise<void>;
  /** All waiting steps that the active tab reviews: those of a group are in one. */
  activeSteps(): readonly string[];
  /** The texts of a waiting step that the person changed in the review, saved or not; undefined where there are none. */
  accepted(stepId: string): readonly AcceptedText[] | undefined;
  /** Whether the person left out all that a waiting step would change: to approve it is to reject it. */
  leavesNothing(stepId: string): boolean;
  /** Leaves out the change at the cursor, or the next one. */
  rejectChange(): Promise<void>;
}

/** Steps whose full contents are kept for the diff editor; older ones show the stored patch. */
const keptSteps = 50;

const waiting = 'waiting for your approval';

interface Reviewed {
  readonly stepId: string;
  readonly changes: readonly FileChange[];
}

export const createReview = (ports: {
  readonly approvals: Pick<ApprovalBroker, 'pending' | 'listen'>;
  readonly elsewhere: Pick<Elsewhere, 'waiting' | 'onWaiting'>;
  findStep(stepId: string): Promise<StepRecord | undefined>;
  logError(error: unknown): void;
  /** Milliseconds after which what was typed is kept; absent: as a person does not notice. */
  readonly saveDelay?: number;
}): Review & vscode.Disposable => {
  const { approvals, elsewhere } = ports;
  const tabs = createReviewTabs();
  /** Of steps that were answered in this window: what was proposed, or accepted instead. */
  const answered = new Map<string, readonly FileChange[]>();

  const pendingStep = (stepId: string): ApprovalRequest | undefined =>
    approvals.pending().find(({ request }) => request.step.id === stepId)?.request;
  const isWaiting = (stepId: string): boolean =>
    pendingStep(stepId) !== undefined || elsewhere.waiting().some(({ step }) => step.id === stepId);

  const files = createReviewFiles((stepId) => pendingStep(stepId) !== undefined);

  const afterOf = (stepId: string, { path, after }: FileChange): string | undefined =>
    after === undefined ? undefined : (files.text(reviewUri(stepId, 'after', path)) ?? after);

  const accepted: Review['accepted'] = (stepId) => {
    const texts = (pendingStep(stepId)?.changes ?? []).flatMap((change) => {
      const text = afterOf(stepId, change);
      const isOwn = text === undefined || change.after === undefined || isSameText(text, change.after);
      return isOwn ? [] : [{ file: change.file, text }];
    });
    return texts.length === 0 ? undefined : texts;
  };
  const leavesNothing: Review['leavesNothing'] = (stepId) => {
    const changes = pendingStep(stepId)?.changes ?? [];
    return (
      accepted(stepId) !== undefined &&
      changes.every((change) => {
        const text = afterOf(stepId, change);
        return text !== undefined && isSameText(text, change.before ?? '');
      })
    );
  };
  const activeSteps = (): readonly string[] => tabs.active().filter(isWaiting);
  const editedSides = (): readonly EditedSide[] =>
    activeSteps().flatMap((stepId) =>
      (pendingStep(stepId)?.changes ?? []).flatMap(({ path, before, after }) =>
        after === undefined
          ? []
          : [{ stepId, uri: reviewUri(stepId, 'after', path), before: before ?? '', after }],
      ),
    );

  const contexts = new Map<string, boolean>();
  const setContext = (key: string, value: boolean): void => {
    if (contexts.get(key) === value) return;
    contexts.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const refresh = (): void => {
    setContext('anycowork.isReviewing', activeSteps().length > 0);
    setContext('anycowork.isReviewEditable', editedSides().length > 0);
  };

  const openChanges = async (steps: readonly Reviewed[], state: string): Promise<void> => {
    const pairs = steps.flatMap(({ stepId, changes }) =>
      changes.map((change) => {
        const before = reviewUri(stepId, 'before', change.path);
        const after = reviewUri(stepId, 'after', change.path);
        files.add(before, change.before ?? '', false);
        files.add(after, change.after ?? '', state === waiting && change.after !== undefined);
        return { change, before, after };
      }),
    );
    const [first, second] = pairs;
    if (first === undefined) return;
    if (second === undefined) {
      const { path, before, after } = first.change;
      const what =
        before === undefined ? 'new file' : after === undefined ? 'to be deleted' : 'current ↔ proposed';
      await vscode.commands.executeCommand(
        'vscode.diff',
        first.before,
        first.after,
        `${path} (${what}, ${state})`,
        { preview: true },
      );
      return;
    }
    const more = pairs.length > 2 ? ` and ${pairs.length - 2} more` : '';
    const label = tabs.label(
      `${first.change.path}, ${second.change.path}${more}: ${state}`,
      steps.map(({ stepId }) => stepId),
    );
    const resources = pairs.map(({ change, before, after }) => [
      vscode.Uri.file(change.file),
      change.before === undefined ? undefined : before,
      change.after === undefined ? undefined : after,
    ]);
    await vscode.commands.executeCommand('vscode.changes', label, resources);
  };

  const openText = async (stepId: string, name: string, text: string): Promise<void> => {
    const uri = reviewUri(stepId, 'text', name);
    files.add(uri, text, false);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  };

  /** Steps that are asked together are looked at together, where they all edit. */
  const togetherWith = (request: ApprovalRequest): readonly ApprovalRequest[] => {
    const { groupId } = request.prompt;
    if (groupId === undefined) return [request];
    const group = approvals.pending().map((each) => each.request);
    const own = group.filter((each) => each.prompt.groupId === groupId);
    return own.every(({ changes }) => changes.length > 0) ? own : [request];
  };

  const open = async (stepId: string): Promise<void> => {
    const request = pendingStep(stepId);
    if (request !== undefined && request.changes.length > 0) {
      const steps = togetherWith(request).map(({ step, changes }) => ({ stepId: step.id, changes }));
      await openChanges(steps, waiting);
    } else if (request !== undefined) {
      await openText(stepId, inputName(request.step), fullInputText(request.step, request.prompt));
    } else {
      const changes = answered.get(stepId);
      const record = await ports.findStep(stepId);
      if (changes !== undefined) await openChanges([{ stepId, changes }], record?.status ?? 'answered');
      else if (record !== undefined) {
        const { name, text } = recordText(record);
        await openText(stepId, name, text);
      } else void vscode.window.showInformationMessage('This step is not there any more.');
    }
    refresh();
  };

  const keep = (stepId: string, changes: readonly FileChange[]): void => {
    if (changes.length === 0) return;
    answered.set(stepId, changes);
    const [oldest] = answered.keys();
    if (answered.size > keptSteps && oldest !== undefined) answered.delete(oldest);
  };
  /** A review that was answered is not left behind to close by hand. */
  const finish = async (stepId: string): Promise<void> => {
    await files.save(stepId);
    await tabs.close(stepId, isWaiting);
    files.forget(stepId);
    refresh();
  };

  const unlisten = [
    approvals.listen({
      onAsked: refresh,
      onAnswered: ({ step, changes }, decision) => {
        const textOf = ({ file, after }: FileChange): string | undefined =>
          decision.accepted?.find((each) => each.file === file)?.text ?? after;
        keep(
          step.id,
          changes.map((change) => ({ ...change, after: textOf(change) })),
        );
        refresh();
        finish(step.id).catch(ports.logError);
      },
    }),
    elsewhere.onWaiting(refresh),
  ];
  const subscriptions = [
    files,
    saveAsTyped((stepId) => activeSteps().includes(stepId), ports.logError, ports.saveDelay),
    vscode.window.tabGroups.onDidChangeTabs(refresh),
    vscode.window.tabGroups.onDidChangeTabGroups(refresh),
  ];
  return {
    open,
    activeSteps,
    accepted,
    leavesNothing,
    rejectChange: () => leaveOutChange(editedSides(), leavesNothing),
    dispose: () => {
      for (const each of unlisten) each();
      for (const each of subscriptions) each.dispose();
    },
  };
};
