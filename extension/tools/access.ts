/** What the policy is told of a step's paths. */
import type { PathAccess, StepAccess } from '../core/tool.ts';
import type { WorkspaceFiles, WorkspacePath } from '../core/workspace.ts';

const pathAccess =
  (kind: PathAccess['kind']) =>
  ({ label, file, realRoot, below }: WorkspacePath): PathAccess => ({
    label,
    file,
    root: realRoot,
    below,
    kind,
  });

/** Why a path that holds secrets asks every time. */
const secretCaution = ({ label }: WorkspacePath): string => `${label} looks like it holds secrets`;

/** Of names and what may be shown of files; a file's text is `contentAccess`. */
export const readAccess = (targets: readonly WorkspacePath[]): StepAccess => ({
  paths: targets.map(pathAccess('read')),
});

/** Of all the text of one file. */
export const contentAccess = (files: WorkspaceFiles, target: WorkspacePath): StepAccess => ({
  ...readAccess([target]),
  ...(files.looksSecret(target) ? { caution: secretCaution(target) } : {}),
});

/** Why changing one of these asks every time, or undefined. */
const cautionFor = (files: WorkspaceFiles, targets: readonly WorkspacePath[]): string | undefined => {
  for (const target of targets) {
    const reason = files.protectedBecause(target);
    if (reason !== undefined) return reason;
    if (files.looksSecret(target)) return secretCaution(target);
  }
  return undefined;
};

export const changeAccess = (
  files: WorkspaceFiles,
  kind: Exclude<PathAccess['kind'], 'read'>,
  targets: readonly WorkspacePath[],
  /** What else asks every time. */
  more?: string,
): StepAccess => {
  const caution = cautionFor(files, targets) ?? more;
  return { paths: targets.map(pathAccess(kind)), ...(caution === undefined ? {} : { caution }) };
};
