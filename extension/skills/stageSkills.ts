/** From an origin to what could be installed: fetched, found, read, scanned; nothing of it runs. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { InstallOffer, InstallOrigin, OfferedSkill, ScanFinding } from '../core/skills.ts';
import type { LoadedSkill, Skill, SkillFile, SkillProblem } from '../shared/skill.ts';
import { copyFolder } from './folderSource.ts';
import type { GitOptions } from './gitProcess.ts';
import { fetchFromGit } from './gitSource.ts';
import { findSkills } from './marketplace.ts';
import { labelOfOrigin } from './originText.ts';
import {
  createStagedTree,
  refusal,
  type StagedTree,
  shownName,
  type TreeBounds,
  treeBounds,
} from './stagedTree.ts';
import { unpackZip } from './zipSource.ts';

/** What the folder of a skill is read as; broken ones have problems and may have no skill. */
export type ReadSkill = (folder: string) => Promise<{
  readonly skill?: Skill | undefined;
  readonly files: readonly SkillFile[];
  readonly hash: string;
  readonly problems: readonly SkillProblem[];
}>;

export interface StagePorts {
  readonly readSkill: ReadSkill;
  readonly scan: (folder: string, files: readonly SkillFile[]) => Promise<readonly ScanFinding[]>;
  /** The installed skill of that name: to be replaced, or in the way. */
  readonly findInstalled: (
    name: string,
    origin: InstallOrigin,
  ) => Promise<{ readonly skill: LoadedSkill; readonly mayReplace: boolean } | undefined>;
  /** The skill from elsewhere that has this id, and would lose it. */
  readonly findDisplaced: (id: string) => Promise<LoadedSkill | undefined>;
  readonly git?: GitOptions;
  readonly bounds?: TreeBounds;
}

const shownLinks = 5;

/** A skill without a name of its own is called after its folder: that of the origin, where it lies at the top. */
const folderName = (origin: InstallOrigin): string => {
  const given =
    origin.kind === 'git'
      ? (origin.path ?? origin.url.replace(/(\.git)?\/*$/, ''))
      : origin.kind === 'zip'
        ? origin.file.replace(/\.\w+$/, '')
        : origin.folder;
  const last = given.split(/[/\\:]/).at(-1) ?? '';
  const name = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);
  return name === '' ? 'skill' : name;
};

const whatOf = (origin: InstallOrigin): string =>
  origin.kind === 'git' ? 'The repository' : origin.kind === 'zip' ? 'The zip file' : 'The folder';

const listLinks = (links: readonly string[]): string => {
  const names = links.slice(0, shownLinks).map((link) => `"${shownName(link)}"`);
  const more = links.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

const fetchInto = async (
  origin: InstallOrigin,
  staging: string,
  tree: StagedTree,
  onProgress: (text: string) => void,
  signal: AbortSignal,
  { git, bounds = treeBounds }: StagePorts,
): Promise<string | undefined> => {
  if (origin.kind === 'git') {
    const work = path.join(staging, 'git');
    const { commit } = await fetchFromGit(origin, work, tree, onProgress, signal, git, bounds);
    await rm(work, { recursive: true, force: true, maxRetries: 5 });
    return commit;
  }
  onProgress(`Reading ${labelOfOrigin(origin)}…`);
  if (origin.kind === 'zip') await unpackZip(origin.file, tree, signal, bounds);
  else await copyFolder(origin.folder, tree, signal);
  return undefined;
};

/**
 * @param staging absolute path of an empty folder of the product's
 * @throws SkillInstallError where there is nothing to install; the signal's reason when aborted
 */
export const stageSkills = async (
  origin: InstallOrigin,
  staging: string,
  onProgress: (text: string) => void,
  signal: AbortSignal,
  ports: StagePorts,
): Promise<InstallOffer> => {
  const label = labelOfOrigin(origin);
  const folder = path.join(staging, 'tree', folderName(origin));
  await mkdir(folder, { recursive: true });
  const tree = createStagedTree(folder, whatOf(origin), ports.bounds);
  const commit = await fetchInto(origin, staging, tree, onProgress, signal, ports);
  const found = await findSkills(folder);
  const problems: SkillProblem[] = [...found.problems];
  const skills: OfferedSkill[] = [];
  for (const [index, below] of found.folders.entries()) {
    signal.throwIfAborted();
    if (found.folders.length > 1) onProgress(`Reading skills… ${index + 1} of ${found.folders.length}`);
    const offered = await offerSkill(path.join(found.top, below));
    if (offered === undefined) continue;
    if (skills.some(({ skill }) => skill.name === offered.skill.name)) {
      const message = `There are two skills named "${offered.skill.name}"; this one was left out.`;
      problems.push({ file: below, severity: 'error', message });
    } else skills.push(offered);
  }
  signal.throwIfAborted();
  if (skills.length === 0) throw nothingFound();
  return { origin, label, skills, problems, ...(commit === undefined ? {} : { commit }) };

  /** @returns undefined where it cannot be used; why is among the problems then */
  async function offerSkill(at: string): Promise<OfferedSkill | undefined> {
    const below = path.relative(folder, at).split(path.sep).join('/');
    const inside = (file: string): string => (below === '' ? file : `${below}/${file}`);
    const links = tree.links.filter((link) => below === '' || link.startsWith(`${below}/`));
    if (links.length > 0) {
      const message = `The skill has links (${listLinks(links)}); it must consist of plain files. Put copies in their place.`;
      problems.push({ file: below, severity: 'error', message });
      return undefined;
    }
    const read = await ports.readSkill(at);
    if (read.skill === undefined || read.problems.some(({ severity }) => severity === 'error')) {
      problems.push(...read.problems.map((problem) => ({ ...problem, file: inside(problem.file) })));
      return undefined;
    }
    const { skill, files, hash } = read;
    const installed = await ports.findInstalled(skill.name, origin);
    const isInTheWay = installed !== undefined && !installed.mayReplace;
    const displaced = await ports.findDisplaced(skill.name);
    return {
      skill,
      files,
      hash,
      problems: [
        ...read.problems,
        ...(isInTheWay ? [nameTaken(skill, installed.skill)] : []),
        ...(displaced === undefined ? [] : [takesName(skill, displaced)]),
      ],
      findings: await ports.scan(at, files),
      folder: at,
      ...(installed?.mayReplace === true ? { replaces: installed.skill } : {}),
    };
  }

  function nothingFound() {
    const errors = problems.filter(({ severity }) => severity === 'error').slice(0, 3);
    if (errors.length > 0) {
      const reasons = errors.map(({ file, line, message }) => {
        const place = `${shownName(file)}${line === undefined ? '' : `:${line}`}`;
        return file === '' ? message : `${place}: ${message}`;
      });
      return refusal(`No skill of ${label} can be installed. ${reasons.join(' ')}`);
    }
    const links = tree.links.length > 0 ? ` Links are not followed: ${listLinks(tree.links)}.` : '';
    return refusal(
      `There is no skill in ${label}: no folder with SKILL.md or skill.yaml, up to four folders deep.${links}`,
    );
  }
};

const nameTaken = (skill: Skill, installed: LoadedSkill): SkillProblem => ({
  file: skill.format,
  severity: 'warning',
  message: `A skill named "${skill.name}" is installed from somewhere else (${installed.source.label}). Uninstall it first; this one does not replace it.`,
});

const takesName = (skill: Skill, { source }: LoadedSkill): SkillProblem => ({
  file: skill.format,
  severity: 'warning',
  message: `Another skill is called \`${skill.name}\` too (${source.label}). Once this one is installed, \`${skill.name}\` means this one, and the other is called \`${source.place}-${skill.name}\`.`,
});
