/** Undo of a step, and files as they were before a message: shown first, asked, done, and undone again. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { isBlocked, isSameState, type PlannedPath } from '../core/restorePlan.ts';
import type { Store } from '../core/store.ts';
import type { FileRestorer, PutBackResult } from '../core/undo.ts';
import { type FileVersion, undoIdPrefix } from '../shared/undo.ts';
import type { ChatPicker } from './chatPicker.ts';
import { givenItem } from './commandInput.ts';
import { askToUndo, isOpen, type UndoRequest } from './undoAsk.ts';
import { type Choices, chooseForConflicts, findItem, pickStep, stepsFrom } from './undoChoices.ts';
import { doneAgain, undoOfStep, whollyUndone } from './undoMarks.ts';
import { undoEntry } from './undoRecord.ts';
import { showPlan, showVersions } from './undoShow.ts';
import { createUndoTurns } from './undoTurns.ts';
import type { UndoView } from './undoView.ts';
import { blockedText, namesOf, resultText } from './undoWords.ts';
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

/** `nothing`: there was nothing to do, or the person kept everything as it is. */
type Outcome = 'done' | 'nothing' | 'stopped';

/** So many are put back at once: a notification that can be cancelled would only flash up. */
const atOnce = 20;

const progressPlace = (paths: number): vscode.ProgressLocation =>
  paths > atOnce ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;

const notTrusted = 'A folder that is not trusted is never changed. Trust it first, then undo again.';
const undoThat = 'Undo That';

const isSamePlan = (one: readonly PlannedPath[], other: readonly PlannedPath[]): boolean =>
  one.length === other.length &&
  one.every(({ file, standing, now }, index) => {
    const path = other[index];
    return path?.file === file && path.standing === standing && isSameState(path.now, now);
  });

export const createUndoCommands = (ports: UndoCommandPorts) => {
  const { store, restorer, view } = ports;
  const turns = createUndoTurns();

  /** @returns whether files may be changed now */
  const isFree = async (sessionId: string): Promise<boolean> => {
    if (!ports.isTrusted()) {
      vscode.window.showWarningMessage(notTrusted);
      return false;
    }
    const jobId = await ports.runningIn(sessionId);
    if (jobId === undefined) return true;
    const stop = 'Stop';
    const message = 'An agent works in this chat. Files can be put back once it has ended.';
    const pressed = await turns.untilPressed(vscode.window.showWarningMessage(message, stop));
    if (pressed !== stop) return false;
    await ports.stop(jobId);
    if ((await ports.runningIn(sessionId)) === undefined) return true;
    vscode.window.showInformationMessage('The agent is being stopped. Undo again when it has ended.');
    return false;
  };

  const putBack = (paths: readonly PlannedPath[], request: UndoRequest): Thenable<PutBackResult> =>
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

  /** Not waited for: it stays until the person looks at it. */
  const offerUndoThat = async (
    sessionId: string,
    pressed: Thenable<string | undefined>,
    of: { readonly undoId: string | undefined; readonly name?: string; readonly again: readonly string[] },
  ): Promise<void> => {
    const { undoId, ...more } = of;
    const ended = turns.ended();
    try {
      if ((await pressed) !== undoThat || undoId === undefined) return;
      await ended;
      await turns.alone(() => undoUndo(sessionId, undoId, more));
    } catch (error) {
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    }
  };

  const tell = (
    request: UndoRequest,
    plan: readonly PlannedPath[],
    result: PutBackResult,
    { choices, again }: { readonly choices: Choices; readonly again: readonly string[] },
  ): void => {
    const message = withoutLinks(resultText({ done: request.done, plan, result, choices }));
    const undoId = result.done.length > 0 ? result.stepId : undefined;
    const buttons = undoId === undefined ? [] : [undoThat];
    const pressed =
      result.failed.length > 0
        ? vscode.window.showWarningMessage(message, ...buttons)
        : vscode.window.showInformationMessage(message, ...buttons);
    void offerUndoThat(request.sessionId, pressed, { undoId, name: request.done, again });
  };

  const mark = async (
    request: UndoRequest,
    ids: readonly string[],
    at: number | undefined,
  ): Promise<void> => {
    if (ids.length > 0) await store.markUndone(request.sessionId, ids, at);
  };

  /** @returns the steps that do not count as undone any more */
  const keepMarks = async (
    request: UndoRequest,
    plan: readonly PlannedPath[],
    { done }: PutBackResult,
  ): Promise<readonly string[]> => {
    const { sessionId, versions, again } = request;
    const undone = whollyUndone(versions, plan, done);
    if (again === undefined) {
      await mark(request, undone, ports.now());
      return [];
    }
    const steps = await store.listVersions(sessionId, { fromRow: 0 });
    const redone = doneAgain(versions, steps, done);
    await mark(request, redone, undefined);
    await mark(request, undone.length === 0 ? [] : [...undone, ...again], ports.now());
    return redone;
  };

  /** Where no file can be put back, the chat still can. */
  const withoutFiles = async (request: UndoRequest, plan: readonly PlannedPath[]): Promise<Outcome> => {
    const { rewind } = request;
    const blocked = plan.filter(isBlocked);
    const detail =
      blocked.length > 0
        ? `Nothing can be put back. ${blockedText(blocked)}`
        : 'The files are as they were before already.';
    if (blocked.length === 0) {
      const undone = whollyUndone(request.versions, plan, []);
      await mark(request, undone, ports.now());
      if (undone.length > 0) ports.changed(request.sessionId);
    }
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

  const rewindToo = async ({ rewind }: UndoRequest): Promise<void> => {
    await rewind?.().catch((error: unknown) => {
      const message = `The files were put back. The chat could not be taken back: ${reasonOf(error)}`;
      vscode.window.showErrorMessage(withoutLinks(message));
    });
  };

  const carryOut = async (
    request: UndoRequest,
    plan: readonly PlannedPath[],
    { choices, isChatToo }: { readonly choices: Choices; readonly isChatToo: boolean },
  ): Promise<Outcome> => {
    const toPut = [...plan.filter(({ standing }) => standing === 'asLeft'), ...choices.takeEarlier];
    if (toPut.length === 0 && choices.merge.length === 0 && !isChatToo) {
      vscode.window.showInformationMessage('Nothing was changed.');
      return 'nothing';
    }
    const result = await openMerged(await putBack(toPut, request), choices);
    await store.audit(undoEntry(request, plan, { result, choices, at: ports.now() }));
    const again = await keepMarks(request, plan, result);
    const hasFailed = result.failed.length > 0;
    if (isChatToo && !hasFailed) await rewindToo(request);
    ports.changed(request.sessionId);
    tell(request, plan, result, { choices, again });
    return hasFailed ? 'stopped' : 'done';
  };

  const takeBack = async (request: UndoRequest): Promise<Outcome> => {
    try {
      for (let isAnew = false; ; isAnew = true) {
        const plan = await restorer.plan(request.versions);
        if (!plan.some(isOpen)) return await withoutFiles(request, plan);
        await showPlan(view, restorer, plan.filter(isOpen));
        const { index, hasLooked } = await askToUndo(turns, request, { plan, isAnew });
        if (index < 0) return 'stopped';
        if (hasLooked && !isSamePlan(plan, await restorer.plan(request.versions))) continue;
        const conflicts = plan.filter(({ standing }) => standing === 'changedSince');
        const choices = await chooseForConflicts(restorer, conflicts);
        if (choices === undefined || !(await isFree(request.sessionId))) return 'stopped';
        return await carryOut(request, plan, { choices, isChatToo: index === 1 });
      }
    } finally {
      await view.close();
    }
  };

  /** What an undo put back is put as it was before it. */
  const undoUndo = async (
    sessionId: string,
    undoId: string,
    { name, again }: { readonly name?: string; readonly again: readonly string[] },
  ): Promise<Outcome> => {
    if (!(await isFree(sessionId))) return 'stopped';
    const versions = await store.listVersions(sessionId, { stepId: undoId });
    if (versions.length === 0)
      throw new InputError(
        'What was there before this undo is not kept any more. The files stay as they are.',
      );
    return takeBack({
      sessionId,
      again,
      versions,
      steps: [],
      question: (files) => `Put ${files} back as before the undo?`,
      done: name === undefined ? `Undid the undo of ${namesOf(versions)}` : `Undid “${name}”`,
      buttons: [undoThat],
    });
  };

  /** What an undone step was, and the way back to it. */
  const showUndone = async (sessionId: string, versions: readonly FileVersion[]): Promise<void> => {
    await showVersions(view, restorer, versions);
    const undoId = undoOfStep(versions, await store.listVersions(sessionId, { of: 'undos' }));
    if (undoId === undefined) return;
    const message = 'This step was undone: its files are as they were before it.';
    const pressed = vscode.window.showInformationMessage(message, undoThat);
    void offerUndoThat(sessionId, pressed, { undoId, again: [] });
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
      // Unless somebody has changed the files again.
      if (!plan.some(isOpen)) {
        await showUndone(sessionId, versions);
        return 'nothing';
      }
    }
    return takeBack({
      sessionId,
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
      if (stepId === undefined) return false;
      const outcome = await turns.alone(() =>
        stepId.startsWith(undoIdPrefix)
          ? undoUndo(sessionId, stepId, { again: [] })
          : undoOne(sessionId, stepId),
      );
      return outcome === 'done';
    },
    restoreBefore: async (session?: unknown, item?: unknown): Promise<boolean> => {
      const { sessionId, itemId } = meant(session, item);
      if (sessionId === undefined) return false;
      const chosen =
        itemId ??
        (
          await ports.picker.message(sessionId, {
            title: 'Restore files to before a message',
            kinds: ['user'],
            none: 'You have not written anything in this chat yet.',
          })
        )?.itemId;
      if (chosen === undefined) return false;
      return (await turns.alone(() => restore(sessionId, chosen, true))) === 'done';
    },
    /** The files only, without asking for the chat. @returns false when the person thought better of it */
    restoreFiles: async (sessionId: string, itemId: string): Promise<boolean> => {
      const outcome = await turns.alone(() => restore(sessionId, itemId, false));
      return outcome === 'done' || outcome === 'nothing';
    },
  };
};
