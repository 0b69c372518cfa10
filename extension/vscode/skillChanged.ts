/** Tells the person when what they have reviewed is something else now. */
import * as vscode from 'vscode';
import { reasonOf } from '../core/reasonOf.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { LoadedSkill } from '../shared/skill.ts';
import { visible } from './skillWords.ts';
import { count, withoutLinks } from './words.ts';

/** Milliseconds after which a change counts: an update puts files in their place first, and notes the review then. */
const confirmMs = 500;

/** More are not named. */
const mostNamed = 5;

/** Pure. */
export const changedText = (ids: readonly string[]): string => {
  const names = ids.slice(0, mostNamed).map(visible).join(', ');
  const more = ids.length > mostNamed ? `, and ${ids.length - mostNamed} more` : '';
  return ids.length === 1
    ? `The skill ${names} has changed since it was reviewed. Nobody can use it until you have looked at what is different.`
    : `${count(ids.length, 'skill')} have changed since they were reviewed. Nobody can use them until you have looked at what is different: ${names}${more}.`;
};

/** Once for each change; not about those that had changed before this window looked for the first time. */
export const tellChangedSkills = (ports: {
  readonly catalog: Pick<SkillCatalog, 'list' | 'onChange'>;
  /** Of one skill, or of one that the person chooses. */
  review(id?: string): Promise<unknown>;
  logError(error: unknown): void;
  readonly confirmMs?: number;
}): vscode.Disposable => {
  const { catalog, logError } = ports;
  /** Folders of those that are known to have changed: ids may move from one skill to another. */
  let known: ReadonlySet<string> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  const changedNow = async (): Promise<readonly LoadedSkill[]> =>
    (await catalog.list()).filter(({ state }) => state === 'changed');

  const look = async (): Promise<void> => {
    const changed = await changedNow();
    const before = known;
    known = new Set(changed.map(({ source }) => source.folder));
    const others = changed.filter(({ source }) => before?.has(source.folder) === false);
    if (isOver || others.length === 0) return;
    const button = 'Review…';
    const message = changedText(others.map(({ id }) => id));
    const answer = await vscode.window.showWarningMessage(withoutLinks(message), button);
    if (answer !== button) return;
    await ports.review(others.length === 1 ? others[0]?.id : undefined).catch((error: unknown) => {
      void vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reasonOf(error)}`));
    });
  };

  const lookSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      look().catch(logError);
    }, ports.confirmMs ?? confirmMs);
  };

  look().catch(logError);
  const unlisten = catalog.onChange(lookSoon);
  return {
    dispose: () => {
      isOver = true;
      clearTimeout(timer);
      unlisten();
    },
  };
};
