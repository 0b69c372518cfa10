/** Undo of a step, and files as they were before a message: shown first, asked, done, and undone again. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { PlannedPath } from '../core/restorePlan.ts';
import type { Store } from '../core/store.ts';
import type { FileRestorer, PutBackResult } from '../core/undo.ts';
import type { StepRecord } from '../shared/chat.ts';
import type { FileVersion } from '../shared/undo.ts';
import type { ChatPicker } from './chatPicker.ts';
import { givenItem } from './commandInput.ts';
import { type Choices, chooseForConflicts, findItem, pickStep, stepsFrom } from './undoChoices.ts';
import type { ShownFile, UndoView } from './undoView.ts';
import { blockedText, expectationText, fileCount, listed, shownPaths, whatHappens } from './undoWords.ts';
import { withoutLinks } from './words.ts';

export interface UndoCommandPorts {
  readonly store: Pick<Store, 'listVersions' | 'markUndone' | 'audit' | 'readPage'>;
  readonly restorer: FileRestorer;
  readonly view: UndoView;
  /** The chat that the window shows. */
  shown(): string | undefined;
  readonly picker: Pick<ChatPicker, 'message'>;
  /** The job that runs in a chat, in this window or another. */
  runningIn(sessionId: string): Promise<string | undefined>;
  /** Resolves once it has ended, or did not. */
  stop(jobId: string): Promise<unknown>;
  isTrusted(): boolean;
  /** Takes this message and all behind it out of the chat; the chat as it was is kept. */
  rewind(sessionId: string, itemId: string): Promise<void>;
  /** Opens a file with another text, not saved. */
  openWithText(file: string, text: string): Promise<void>;
  /** Steps of the chat say something else now. */
  changed(sessionId: string): void;
  now(): number;
}

/** What is to be taken back. */
interface Request {
  readonly sessionId: string;
  /** Of the chat: they count as undone afterwards; where an undo is undone, not any more. */
  readonly stepIds: readonly string[];
  readonly isRedo?: boolean;
  readonly versions: readonly FileVersion[];
  readonly steps: readonly StepRecord[];
  /** `Undo 3 files?` */
  question(files: string): string;
  /** For the record of decisions, and after it is done: `Undid npm test`. */
  readonly done: string;
  /** What the buttons say; the second takes the chat back too. */
  readonly buttons: readonly [string] | readonly [string, string];
  /** Takes the chat back. */
  rewind?(): Promise<void>;
}

/** `nothing`: there was nothing to do, or the person kept everything as it is. */
type Outcome = 'done' | 'nothing' | 'stopped';

/** More files are not shown side by side. */
const mostShown = 100;

/** So many are put back at once: a notification that can be cancelled would only flash up. */
const atOnce = 20;

const progressPlace = (paths: number): vscode.ProgressLocation =>
  paths > atOnce ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;

const cannotBe = 'A folder that is not trusted is never changed. Trust it first, then undo again.';

/** The steps of which it counts since this undo that they are undone, or not any more; others were so before it. */
const justMarked = ({ isRedo, stepIds, versions }: Request): readonly string[] =>
  stepIds.filter(
    (id) =>
      isRedo === true || versions.some(({ stepId, undoneAt }) => stepId === id && undoneAt === undefined),
  );

export const createUndoCommands = (ports: UndoCommandPorts) => {
  const { store, restorer, view } = ports;

  /** @returns whether files may be changed now */
  const isFree = async (sessionId: string): Promise<boolean> => {
    if (!ports.isTrusted()) {
      vscode.window.showWarningMessage(cannotBe);
      return false;
    }
    const jobId = await ports.runningIn(sessionId);
    if (jobId === undefined) return true;
    const stop = 'Stop';
    const message = 'An agent works in this chat. Files can be put back once it has ended.';
    if ((await vscode.window.showWarningMessage(message, stop)) !== stop) return false;
    await ports.stop(jobId);
    if ((await ports.runningIn(sessionId)) === undefined) return true;
    vscode.window.showInformationMessage('The agent is being stopped. Undo again when it has ended.');
    return false;
  };

  const showPlan = async (paths: readonly PlannedPath[]): Promise<void> => {
    const files: ShownFile[] = [];
    for (const path of shownPaths(paths).slice(0, mostShown)) {
      const { file, label, now, target } = path;
      const left = { state: now, read: () => restorer.readNow(path) };
      files.push({ file, label, left, right: { state: target, read: () => restorer.read(target) } });
    }
    await view.show(files, 'now ↔ as before');
  };

  /** What a step did that has been undone already. */
  const showVersions = async (versions: readonly FileVersion[]): Promise<void> => {
    const files: ShownFile[] = [];
    for (const { file, label, before, after } of versions.slice(0, mostShown)) {
      if (after === undefined) continue;
      const left = { state: before, read: () => restorer.read(before) };
      files.push({ file, label, left, right: { state: after, read: () => restorer.read(after) } });
    }
    await view.show(files, 'before ↔ after the step, undone');
  };

  const putBack = (paths: readonly PlannedPath[], request: Request): Thenable<PutBackResult> =>
    vscode.window.withProgress(
      { location: progressPlace(paths.length), title: 'Putting files back', cancellable: true },
      (progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        const of = { sessionId: request.sessionId, jobId: request.versions[0]?.jobId ?? '' };
        return restorer.putBack(paths, of, controller.signal, (count) =>
          progress.report({ increment: 100 / paths.length, message: `${count} of ${paths.length}` }),
        );
      },
    );

  const keepRecord = (request: Request, result: PutBackResult, choices: Choices): Promise<void> =>
    store.audit({
      at: ports.now(),
      kind: 'undo',
      outcome: 'changed',
      sessionId: request.sessionId,
      ...(request.stepIds.length === 1 ? { stepId: request.stepIds[0] ?? '' } : {}),
      title: `${request.done}: ${fileCount(result.done)}`,
      detail: [
        ...result.done.map((path) => `${path.file} ${whatHappens(path)}`),
        ...choices.merge.map(({ path }) => `${path.file} is merged in the editor`),
        ...choices.keep.map(({ file }) => `${file} is kept`),
        ...result.failed.map(({ path, reason }) => `${path.file} stays: ${reason}`),
      ].join('\n'),
      by: 'user',
      reason: 'asked for in the window',
      ruleIds: [],
    });

  const tellFailures = ({ done, failed }: PutBackResult): void => {
    const lines = failed.map(({ path, reason }) => `${path.label}: ${reason}`);
    const message = `${fileCount(failed.map(({ path }) => path))} could not be put back and stays as found, ${fileCount(done)} put back. You can undo again.`;
    vscode.window.showWarningMessage(withoutLinks(`${message} ${listed(lines, 5).replaceAll('\n', '; ')}.`));
  };

  /** Not waited for: it stays until the person looks at it. */
  const offerRedo = async (request: Request, result: PutBackResult, choices: Choices): Promise<void> => {
    const { stepId } = result;
    const merged = choices.merge.map(({ path }) => path.label);
    const look = merged.length === 0 ? '' : ` Merged in the editor and not saved yet: ${merged.join(', ')}.`;
    const message = withoutLinks(`${request.done}: ${fileCount(result.done)} as before.${look}`);
    const again = 'Undo That';
    const buttons = stepId === undefined ? [] : [again];
    try {
      if ((await vscode.window.showInformationMessage(message, ...buttons)) !== again) return;
      if (stepId === undefined || !(await isFree(request.sessionId))) return;
      const versions = await store.listVersions(request.sessionId, { stepId });
      await takeBack({
        sessionId: request.sessionId,
        stepIds: justMarked(request),
        isRedo: request.isRedo !== true,
        versions,
        steps: [],
        question: (files) => `Put ${files} back as before the undo?`,
        done: `Undid “${request.done}”`,
        buttons: ['Undo That'],
      });
    } catch (error) {
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    }
  };

  /** What the person wants. @returns undefined when they thought better of it */
  const ask = async (
    request: Request,
    plan: readonly PlannedPath[],
  ): Promise<{ readonly choices: Choices; readonly isChatToo: boolean } | undefined> => {
    const of = (standing: PlannedPath['standing']) => plan.filter((path) => path.standing === standing);
    const conflicts = of('changedSince');
    const detail = expectationText({
      plan,
      unknown: [...new Set(request.steps.flatMap(({ undo }) => undo?.unknown ?? []))],
      hasCommand: request.steps.some(({ step, undo }) => step.effect === 'execute' && undo !== undefined),
    });
    const question = request.question(fileCount([...of('asLeft'), ...conflicts]));
    const buttons = request.buttons.map((button) => (conflicts.length > 0 ? `${button}…` : button));
    const pressed = await vscode.window.showWarningMessage(question, { modal: true, detail }, ...buttons);
    if (pressed === undefined) return undefined;
    const choices = await chooseForConflicts(restorer, conflicts);
    return choices === undefined ? undefined : { choices, isChatToo: buttons.indexOf(pressed) === 1 };
  };

  /** Where no file can be put back, the chat still can. */
  const withoutFiles = async (request: Request, plan: readonly PlannedPath[]): Promise<Outcome> => {
    const { rewind } = request;
    const blocked = plan.filter(({ standing }) => standing === 'forgotten' || standing === 'outside');
    const detail =
      blocked.length > 0
        ? `Nothing can be put back. ${blockedText(blocked)}`
        : 'The files are as they were before already.';
    if (rewind === undefined) {
      vscode.window.showInformationMessage(withoutLinks(detail));
      return blocked.length > 0 ? 'stopped' : 'nothing';
    }
    const only = 'Take Back the Chat Only';
    const question = 'There is nothing to put back in the files.';
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, only)) !== only)
      return 'stopped';
    await rewind();
    return 'done';
  };

  /** @returns what could not be opened, too */
  const openMerged = async (result: PutBackResult, { merge }: Choices): Promise<PutBackResult> => {
    const failed = [...result.failed];
    for (const { path, merged } of merge) {
      await ports.openWithText(path.file, merged.text).catch((error: unknown) => {
        failed.push({ path, reason: reasonOf(error) });
      });
    }
    return { ...result, failed };
  };

  const rewindToo = async ({ rewind }: Request): Promise<void> => {
    await rewind?.().catch((error: unknown) => {
      const message = `The files were put back. The chat could not be taken back: ${reasonOf(error)}`;
      vscode.window.showErrorMessage(withoutLinks(message));
    });
  };

  const carryOut = async (
    request: Request,
    plan: readonly PlannedPath[],
    { choices, isChatToo }: { readonly choices: Choices; readonly isChatToo: boolean },
  ): Promise<Outcome> => {
    const toPut = [...plan.filter(({ standing }) => standing === 'asLeft'), ...choices.takeEarlier];
    if (toPut.length === 0 && choices.merge.length === 0 && !isChatToo) {
      vscode.window.showInformationMessage('Nothing was changed.');
      return 'nothing';
    }
    const result = await openMerged(await putBack(toPut, request), choices);
    await keepRecord(request, result, choices);
    if (result.failed.length > 0) {
      ports.changed(request.sessionId);
      tellFailures(result);
      return 'stopped';
    }
    if (request.stepIds.length > 0) {
      const at = request.isRedo === true ? undefined : ports.now();
      await store.markUndone(request.sessionId, request.stepIds, at);
    }
    if (isChatToo) await rewindToo(request);
    ports.changed(request.sessionId);
    void offerRedo(request, result, choices);
    return 'done';
  };

  const takeBack = async (request: Request): Promise<Outcome> => {
    const plan = await restorer.plan(request.versions);
    const open = plan.filter(({ standing }) => standing === 'asLeft' || standing === 'changedSince');
    if (open.length === 0) return withoutFiles(request, plan);
    await showPlan(open);
    try {
      const answer = await ask(request, plan);
      if (answer === undefined || !(await isFree(request.sessionId))) return 'stopped';
      return await carryOut(request, plan, answer);
    } finally {
      await view.close();
    }
  };

  const undoOne = async (sessionId: string, stepId: string): Promise<Outcome> => {
    if (!(await isFree(sessionId))) return 'stopped';
    const item = await findItem(store, sessionId, stepId);
    const versions = await store.listVersions(sessionId, { stepId });
    if (versions.length === 0) {
      vscode.window.showInformationMessage(
        'What this step changed is not kept any more, so it cannot be undone. The files stay as they are.',
      );
      return 'stopped';
    }
    const record = item?.kind === 'step' ? item.record : undefined;
    if (versions.every(({ undoneAt }) => undoneAt !== undefined)) {
      const plan = await restorer.plan(versions);
      // Unless the undo was undone.
      if (!plan.some(({ standing }) => standing === 'asLeft')) {
        await showVersions(versions);
        return 'nothing';
      }
    }
    return takeBack({
      sessionId,
      stepIds: [stepId],
      versions,
      steps: record === undefined ? [] : [record],
      question: (files) => `Undo ${files}?`,
      done: `Undid ${record?.step.title ?? 'a step'}`,
      buttons: ['Undo'],
    });
  };

  const restore = async (sessionId: string, itemId: string, offersChat: boolean): Promise<Outcome> => {
    if (!(await isFree(sessionId))) return 'stopped';
    const row = (await findItem(store, sessionId, itemId))?.row;
    if (row === undefined)
      throw new InputError('This message is not in the chat any more; it may have been taken out.');
    const versions = await store.listVersions(sessionId, { fromRow: row });
    return takeBack({
      sessionId,
      stepIds: [...new Set(versions.map(({ stepId }) => stepId))],
      versions,
      steps: await stepsFrom(store, sessionId, row),
      question: (files) => `Put ${files} back as before this message?`,
      done: 'Restored to before a message',
      buttons: offersChat ? ['Restore Files', 'Restore Files and Chat'] : ['Restore Files'],
      ...(offersChat ? { rewind: () => ports.rewind(sessionId, itemId) } : {}),
    });
  };

  /** The chat that is meant; the palette means the one that is shown. */
  const meant = (session: unknown, item: unknown) => {
    const given = givenItem(session, item);
    const sessionId = given.sessionId ?? ports.shown();
    if (sessionId === undefined) vscode.window.showInformationMessage('Open a chat first.');
    return { sessionId, itemId: given.itemId };
  };

  return {
    undoStep: async (session?: unknown, step?: unknown): Promise<boolean> => {
      const { sessionId, itemId } = meant(session, step);
      if (sessionId === undefined) return false;
      const stepId = itemId ?? (await pickStep(store, sessionId, ports.now()));
      return stepId !== undefined && (await undoOne(sessionId, stepId)) === 'done';
    },
    restoreBefore: async (session?: unknown, item?: unknown): Promise<boolean> => {
      const { sessionId, itemId } = meant(session, item);
      if (sessionId === undefined) return false;
      const chosen =
        itemId ??
        (await ports.picker.message(sessionId, {
          title: 'Restore files to before a message',
          kinds: ['user'],
          none: 'You have not written anything in this chat yet.',
        }));
      return chosen !== undefined && (await restore(sessionId, chosen, true)) === 'done';
    },
    /** The files only, without asking for the chat. @returns false when the person thought better of it */
    restoreFiles: async (sessionId: string, itemId: string): Promise<boolean> =>
      (await restore(sessionId, itemId, false)) !== 'stopped',
  };
};
