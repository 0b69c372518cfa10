/** What is said before and after files are put back. Pure. */
import { isBlocked, type PlannedPath } from '../core/restorePlan.ts';
import type { PutBackResult } from '../core/undo.ts';
import type { FileState, FileVersion } from '../shared/undo.ts';
import type { Choices } from './undoChoices.ts';
import { count } from './words.ts';

const shownLines = 12;

export const isLeaf = ({ kind }: FileState): boolean => kind === 'file' || kind === 'link';

/** Files and links; folders where there is nothing else: those follow from their files. */
export const shownPaths = (paths: readonly PlannedPath[]): readonly PlannedPath[] => {
  const leaves = paths.filter(({ target, now }) => isLeaf(target) || isLeaf(now));
  return leaves.length > 0 ? leaves : paths;
};

export const fileCount = (paths: readonly PlannedPath[]): string => {
  const shown = shownPaths(paths);
  const areFiles = shown.some(({ target, now }) => isLeaf(target) || isLeaf(now));
  return count(shown.length, areFiles ? 'file' : 'folder');
};

/** `3 files`; `1 of 3 files` where not all that were to be put back are. */
export const shareOf = (done: readonly PlannedPath[], plan: readonly PlannedPath[]): string => {
  const wanted = plan.filter(({ standing }) => standing !== 'nothing');
  const some = shownPaths(wanted).filter(({ file }) => done.some((path) => path.file === file));
  const all = fileCount(wanted);
  return some.length === shownPaths(wanted).length ? all : `${some.length.toLocaleString('en')} of ${all}`;
};

/** `a.ts and 2 more`. */
export const namesOf = (versions: readonly FileVersion[]): string => {
  const leaves = versions.filter(
    ({ before, after }) => isLeaf(before) || (after !== undefined && isLeaf(after)),
  );
  const [first, ...more] = leaves.length > 0 ? leaves : versions;
  return `${first?.label ?? ''}${more.length === 0 ? '' : ` and ${more.length} more`}`;
};

/** After the label. */
export const whatHappens = ({ target, now }: PlannedPath): string => {
  if (target.kind === 'missing') return now.kind === 'folder' ? 'is removed if it is empty' : 'is deleted';
  if (now.kind === 'missing') return 'is made again';
  if (target.kind === 'file' && now.kind === 'file' && target.hash === now.hash)
    return 'gets its earlier mode';
  return target.kind === now.kind ? 'gets its earlier content' : `becomes a ${target.kind} again`;
};

const whyNot = ({ standing }: PlannedPath): string => {
  if (standing === 'unreadable') return 'it cannot be read as it is now';
  return standing === 'outside' ? 'it is not in a folder that is open' : 'what it was is not kept any more';
};

export const listed = (lines: readonly string[], limit = shownLines): string => {
  const more = lines.length - limit;
  return [...lines.slice(0, limit), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
};

export interface Expectation {
  readonly plan: readonly PlannedPath[];
  /** Labels of what steps changed without it being known how it was. */
  readonly unknown: readonly string[];
  /** A command is among the steps. */
  readonly hasCommand: boolean;
}

/** The text below the question: what will happen to each file, and what stays as it is. */
export const expectationText = ({ plan, unknown, hasCommand }: Expectation): string => {
  const of = (...standings: readonly PlannedPath['standing'][]): readonly PlannedPath[] =>
    shownPaths(plan.filter(({ standing }) => standings.includes(standing)));
  const parts: string[] = [];
  const undone = of('asLeft').map((path) => `${path.label} ${whatHappens(path)}`);
  if (undone.length > 0) parts.push(listed(undone));
  const changed = of('changedSince').map(({ label }) => label);
  if (changed.length > 0)
    parts.push(`Changed since these steps; you choose what happens to each:\n${listed(changed)}`);
  const blocked = shownPaths(plan.filter(isBlocked)).map((path) => `${path.label}: ${whyNot(path)}`);
  if (blocked.length > 0) parts.push(`Stays as it is:\n${listed(blocked)}`);
  if (unknown.length > 0)
    parts.push(`Also changed, and stays as it is, because it is not known how it was:\n${listed(unknown)}`);
  if (hasCommand) parts.push('What commands change in .git and node_modules is not followed.');
  return parts.join('\n\n');
};

/** Of what could not be put back. */
export const blockedText = (plan: readonly PlannedPath[]): string =>
  listed(shownPaths(plan).map((path) => `${path.label}: ${whyNot(path)}`));

const inLine = (names: readonly string[]): string => listed(names, 5).replaceAll('\n', ', ');

/** Said afterwards: how much was put back, what was not, and what to do next. */
export const resultText = (outcome: {
  /** `Undid npm test`. */
  readonly done: string;
  readonly plan: readonly PlannedPath[];
  readonly result: PutBackResult;
  readonly choices: Choices;
}): string => {
  const { done, plan, result, choices } = outcome;
  const failed = new Map(result.failed.map(({ path, reason }) => [path.file, reason]));
  const blocked = plan.filter(isBlocked);
  const stays = [
    ...result.failed.map(({ path, reason }) => `${path.label} (${reason})`),
    ...shownPaths(blocked).map((path) => `${path.label} (${whyNot(path)})`),
  ];
  const left = (result.left ?? []).map(({ path, reason }) => `${path.label} (${reason})`);
  const kept = shownPaths(choices.keep).map(({ label }) => label);
  const merged = choices.merge.flatMap(({ path }) => (failed.has(path.file) ? [] : [path.label]));
  const isMoreToDo = kept.length > 0 || merged.length > 0 || failed.size > 0;
  return [
    result.done.length === 0 ? 'Nothing was put back.' : `${done}: ${shareOf(result.done, plan)} as before.`,
    ...(kept.length === 0
      ? []
      : [`Kept as ${kept.length === 1 ? 'it is' : 'they are'} now: ${inLine(kept)}.`]),
    ...(merged.length === 0 ? [] : [`Merged in the editor and not saved yet: ${inLine(merged)}.`]),
    ...(left.length === 0 ? [] : [`Not empty, and so still there: ${inLine(left)}.`]),
    ...(stays.length === 0 ? [] : [`Could not be put back: ${inLine(stays)}.`]),
    ...(isMoreToDo ? ['Undo again for the rest.'] : []),
  ].join(' ');
};
