import * as vscode from 'vscode';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { FileChange } from '../core/tool.ts';
import type { StepRecord } from '../shared/chat.ts';
import type { FileDiff } from '../shared/event.ts';

export const reviewScheme = 'anycowork-review';

export interface Review {
  /** Opens the diff of a step's files, or its full input where it edits none. */
  open(stepId: string): Promise<void>;
}

/** Steps whose full contents are kept for the diff editor; older ones show the stored patch. */
const keptSteps = 50;

export const stepIdOf = (uri: unknown): string | undefined => {
  if (!(uri instanceof vscode.Uri) || uri.scheme !== reviewScheme) return undefined;
  return new URLSearchParams(uri.query).get('step') ?? undefined;
};

/** What a step changed or, while it waits in another window, would change. */
const diffsOf = ({ diffs, prompt }: StepRecord): readonly FileDiff[] =>
  diffs.length > 0 ? diffs : (prompt?.diffs ?? []);

const patchText = (record: StepRecord): string =>
  diffsOf(record)
    .map((diff) => {
      const cut = diff.omittedLines > 0 ? `\n… ${diff.omittedLines} more lines\n` : '';
      return `--- ${diff.path}\n+++ ${diff.movedTo ?? diff.path}\n${diff.patch}${cut}`;
    })
    .join('\n');

const reviewedStep = (tab: vscode.Tab): string | undefined => {
  const { input } = tab;
  if (input instanceof vscode.TabInputTextDiff) return stepIdOf(input.modified);
  return input instanceof vscode.TabInputText ? stepIdOf(input.uri) : undefined;
};

/** A review that was answered is not left behind to close by hand. */
const closeReviews = async (stepId: string): Promise<void> => {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const answered = tabs.filter((tab) => reviewedStep(tab) === stepId);
  if (answered.length > 0) await vscode.window.tabGroups.close(answered, true);
};

/** Diffs and full inputs as read-only documents. */
export const createReview = (
  approvals: ApprovalBroker,
  findStep: (stepId: string) => Promise<StepRecord | undefined>,
): Review & vscode.Disposable => {
  const texts = new Map<string, string>();
  const changesByStep = new Map<string, readonly FileChange[]>();

  const document = (stepId: string, side: string, path: string, text: string): vscode.Uri => {
    const query = new URLSearchParams({ step: stepId, side }).toString();
    const uri = vscode.Uri.from({ scheme: reviewScheme, path: `/${path}`, query });
    texts.set(uri.toString(), text);
    return uri;
  };

  const openChanges = async (
    stepId: string,
    changes: readonly FileChange[],
    state: string,
  ): Promise<void> => {
    const pairs = changes.map((change) => ({
      change,
      before: document(stepId, 'before', change.path, change.before ?? ''),
      after: document(stepId, 'after', change.path, change.after ?? ''),
    }));
    const [first] = pairs;
    if (first !== undefined && pairs.length === 1) {
      const what = first.change.before === undefined ? 'new file' : 'current ↔ proposed';
      const title = `${first.change.path} (${what}, ${state})`;
      await vscode.commands.executeCommand('vscode.diff', first.before, first.after, title, {
        preview: true,
      });
      return;
    }
    const resources = pairs.map(({ change, before, after }) => [
      vscode.Uri.file(change.file),
      change.before === undefined ? undefined : before,
      change.after === undefined ? undefined : after,
    ]);
    await vscode.commands.executeCommand('vscode.changes', `${pairs.length} files (${state})`, resources);
  };

  const openText = async (stepId: string, name: string, text: string): Promise<void> => {
    const opened = await vscode.workspace.openTextDocument(document(stepId, 'input', name, text));
    await vscode.window.showTextDocument(opened, { preview: true });
  };

  const open = async (stepId: string): Promise<void> => {
    const request = approvals.pending().find((each) => each.request.step.id === stepId)?.request;
    if (request !== undefined) {
      if (request.changes.length > 0) await openChanges(stepId, request.changes, 'waiting for your approval');
      else
        await openText(
          stepId,
          `${request.step.tool}.txt`,
          `${request.prompt.title}\n\n${request.prompt.detail}\n`,
        );
      return;
    }
    const changes = changesByStep.get(stepId);
    const record = await findStep(stepId);
    if (changes !== undefined) await openChanges(stepId, changes, record?.status ?? 'answered');
    else if (record !== undefined && diffsOf(record).length > 0) {
      await openText(stepId, `${record.step.tool}.diff`, patchText(record));
    } else if (record !== undefined) {
      const input = record.prompt?.detail ?? JSON.stringify(record.step.input, undefined, 2);
      await openText(stepId, `${record.step.tool}.txt`, `${record.step.title}\n\n${input}\n`);
    } else {
      vscode.window.showInformationMessage('This step is not there any more.');
    }
  };

  const unlisten = approvals.listen({
    onAsked: ({ step, changes }) => {
      if (changes.length === 0) return;
      changesByStep.set(step.id, changes);
      const [oldest] = changesByStep.keys();
      if (changesByStep.size > keptSteps && oldest !== undefined) changesByStep.delete(oldest);
    },
    onAnswered: ({ step }) => void closeReviews(step.id),
  });
  const subscriptions = [
    vscode.workspace.registerTextDocumentContentProvider(reviewScheme, {
      provideTextDocumentContent: (uri) =>
        texts.get(uri.toString()) ?? 'This was shown in an earlier window. Open it again from the chat.',
    }),
    vscode.workspace.onDidCloseTextDocument((closed) => {
      if (closed.uri.scheme === reviewScheme) texts.delete(closed.uri.toString());
    }),
  ];
  return {
    open,
    dispose: () => {
      unlisten();
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
};
