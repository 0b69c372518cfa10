/** What is said before and after files are put back. Pure. */
import type { PlannedPath } from '../core/restorePlan.ts';
import type { FileState } from '../shared/undo.ts';
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

/** After the label. */
export const whatHappens = ({ target, now }: PlannedPath): string => {
  if (target.kind === 'missing') return now.kind === 'folder' ? 'is removed if it is empty' : 'is deleted';
  if (now.kind === 'missing') return 'is made again';
  if (target.kind === 'file' && now.kind === 'file' && target.hash === now.hash)
    return 'gets its earlier mode';
  return target.kind === now.kind ? 'gets its earlier content' : `becomes a ${target.kind} again`;
};

const whyNot = ({ standing }: PlannedPath): string =>
  standing === 'outside' ? 'it is not in a folder that is open' : 'what it was is not kept any more';

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
  const blocked = of('forgotten', 'outside').map((path) => `${path.label}: ${whyNot(path)}`);
  if (blocked.length > 0) parts.push(`Stays as it is:\n${listed(blocked)}`);
  if (unknown.length > 0)
    parts.push(`Also changed, and stays as it is, because it is not known how it was:\n${listed(unknown)}`);
  if (hasCommand) parts.push('What commands change in .git and node_modules is not followed.');
  return parts.join('\n\n');
};

/** Of what could not be put back. */
export const blockedText = (plan: readonly PlannedPath[]): string =>
  listed(shownPaths(plan).map((path) => `${path.label}: ${whyNot(path)}`));
