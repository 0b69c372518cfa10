/** What the person decides about files that somebody else changed since, and which step they mean. */
import * as vscode from 'vscode';
import { newestFirst } from '../core/newestFirst.ts';
import type { PlannedPath } from '../core/restorePlan.ts';
import type { Store } from '../core/store.ts';
import type { FileRestorer } from '../core/undo.ts';
import type { ChatItem, StepRecord } from '../shared/chat.ts';
import type { FileVersion } from '../shared/undo.ts';
import { isChange } from './undoMarks.ts';
import { type Merged, mergeOut, readableText, type TextChange } from './undoMerge.ts';
import { namesOf } from './undoWords.ts';
import { count, timeOf, withoutIcons } from './words.ts';

export interface Choices {
  readonly takeEarlier: readonly PlannedPath[];
  readonly merge: readonly { readonly path: PlannedPath; readonly merged: Merged }[];
  readonly keep: readonly PlannedPath[];
}

/** @returns the text without what the steps did; undefined where that is no text, or not kept any more */
const mergedOf = async (restorer: FileRestorer, path: PlannedPath): Promise<Merged | undefined> => {
  if (path.target.kind !== 'file' || path.now.kind !== 'file') return undefined;
  const now = readableText(await restorer.readNow(path));
  if (now === undefined) return undefined;
  const changes: TextChange[] = [];
  for (const { before, after } of path.changes) {
    const texts = [readableText(await restorer.read(before)), readableText(await restorer.read(after))];
    const [earlier, later] = texts;
    if (earlier === undefined || later === undefined) return undefined;
    changes.push({ before: earlier, after: later });
  }
  return changes.length === 0 ? undefined : mergeOut(now, changes);
};

type Choice = 'keep' | 'earlier' | 'merge';
interface ChoiceItem extends vscode.QuickPickItem {
  readonly choice: Choice;
  readonly forAll?: true;
}

const mergeItem = ({ conflicts }: Merged): ChoiceItem => ({
  label: 'Merge in the editor',
  detail:
    conflicts === 0
      ? 'What the agent did is taken out, the other changes stay. Not saved: you look through it first.'
      : `What the agent did is taken out where that is clear; ${count(conflicts, 'place')} you decide. Not saved.`,
  choice: 'merge',
});

/** @returns undefined when the person thought better of it */
export const chooseForConflicts = async (
  restorer: FileRestorer,
  conflicts: readonly PlannedPath[],
): Promise<Choices | undefined> => {
  const choices = {
    takeEarlier: [] as PlannedPath[],
    merge: [] as Choices['merge'][number][],
    keep: [] as PlannedPath[],
  };
  const take = (path: PlannedPath, choice: Choice): void => {
    (choice === 'keep' ? choices.keep : choices.takeEarlier).push(path);
  };
  for (const [index, path] of conflicts.entries()) {
    const merged = await mergedOf(restorer, path);
    const left = conflicts.length - index;
    const isGone = path.target.kind === 'missing';
    const items: ChoiceItem[] = [
      { label: 'Keep it as it is now', choice: 'keep' },
      {
        label: isGone ? 'Delete it, as it was not there before' : 'Take the earlier version',
        detail:
          'What is there now is kept: “Undo That” brings it back, and later “Undo Step…” in the Command Palette.',
        choice: 'earlier',
      },
      ...(merged === undefined ? [] : [mergeItem(merged)]),
      ...(left < 2
        ? []
        : [
            {
              label: `Keep this and the other ${left - 1} as they are now`,
              choice: 'keep',
              forAll: true,
            } as const,
            { label: `Take the earlier version of all ${left}`, choice: 'earlier', forAll: true } as const,
          ]),
    ];
    const chosen = await vscode.window.showQuickPick(items, {
      title: `${withoutIcons(path.label)} was changed since (${index + 1} of ${conflicts.length})`,
      placeHolder: 'Choose what happens to it; nothing is changed before you have chosen for all',
      ignoreFocusOut: true,
    });
    if (chosen === undefined) return undefined;
    if (chosen.forAll === true) {
      for (const each of conflicts.slice(index)) take(each, chosen.choice);
      break;
    }
    if (chosen.choice === 'merge' && merged !== undefined) choices.merge.push({ path, merged });
    else take(path, chosen.choice);
  }
  return choices;
};

export const findItem = async (
  store: Pick<Store, 'readPage'>,
  sessionId: string,
  itemId: string,
): Promise<ChatItem | undefined> => {
  for await (const item of newestFirst(store, sessionId)) if (item.id === itemId) return item;
  return undefined;
};

/** The steps from a row on. */
export const stepsFrom = async (
  store: Pick<Store, 'readPage'>,
  sessionId: string,
  fromRow: number,
): Promise<readonly StepRecord[]> => {
  const found: StepRecord[] = [];
  for await (const item of newestFirst(store, sessionId)) {
    if ((item.row ?? fromRow) < fromRow) break;
    if (item.kind === 'step') found.push(item.record);
  }
  return found;
};

/** Steps and undos that are offered at most, and undos among them. */
const mostOffered = 200;
const mostUndos = 100;

interface StepItem extends vscode.QuickPickItem {
  readonly stepId: string;
  readonly at: number;
}

/** Undos that have not been undone themselves. */
const undoItems = (versions: readonly FileVersion[], now: number): readonly StepItem[] => {
  const standing = versions.filter((version) => version.undoneAt === undefined && isChange(version));
  return [...Map.groupBy(standing, ({ stepId }) => stepId)].slice(-mostUndos).map(([stepId, own]) => {
    const at = own[0]?.at ?? 0;
    const description = `${count(own.length, 'file')} · ${timeOf(at, now)}`;
    return { label: withoutIcons(`Undo of ${namesOf(own)}`), description, stepId, at };
  });
};

/** @returns the id of a step or an undo that can be undone; undefined when there is none, or the person thought better of it */
export const pickStep = async (
  store: Pick<Store, 'readPage' | 'listVersions'>,
  sessionId: string,
  now: number,
): Promise<string | undefined> => {
  const items: StepItem[] = [...undoItems(await store.listVersions(sessionId, { of: 'undos' }), now)];
  for await (const item of newestFirst(store, sessionId)) {
    if (items.length >= mostOffered) break;
    if (item.kind !== 'step') continue;
    const { step, undo, startedAt } = item.record;
    if (undo === undefined || undo.files === 0 || undo.undoneAt !== undefined) continue;
    items.push({
      label: withoutIcons(step.title),
      description: withoutIcons(`${step.tool} · ${count(undo.files, 'file')} · ${timeOf(startedAt, now)}`),
      stepId: step.id,
      at: startedAt,
    });
  }
  if (items.length === 0) {
    vscode.window.showInformationMessage('There is no step in this chat that can be undone.');
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    items.toSorted((a, b) => b.at - a.at),
    {
      title: 'Undo a step, or an undo',
      placeHolder: 'Choose what is taken back; the newest stands first',
      matchOnDescription: true,
    },
  );
  return picked?.stepId;
};
