/** A person looks at a skill before it is used: the document, what is different, and the question. */
import * as vscode from 'vscode';
import type { InstallOffer, OfferedSkill, SkillInstaller, SkillRecords } from '../core/skills.ts';
import type { LoadedSkill, SkillGrants } from '../shared/skill.ts';
import { changedFiles, changesText, type Side } from './skillDiff.ts';
import type { ComparedFile, SkillDocuments } from './skillDocuments.ts';
import { keepGrants } from './skillGrants.ts';
import { type ReviewedSkill, reviewReport, reviewSummary } from './skillReviewText.ts';
import { grantsOf, visible, wishesOf } from './skillWords.ts';

export interface ReviewPorts {
  readonly installer: Pick<SkillInstaller, 'scan' | 'reviewedCopy' | 'markReviewed'>;
  readonly records: Pick<SkillRecords, 'get' | 'change'>;
  readonly documents: SkillDocuments;
}

/** A modal question covers the document that it is about. */
const readFirst = 'Read It First';

/** What there is to read. */
interface Reading {
  readonly label: string;
  readonly detail: string;
  show(): Promise<void>;
}

/**
 * Stays while documents are read. It lies over their tabs, so it has them too.
 * @returns whether the person wants to be asked now
 */
const waitForReader = async (question: string, readings: readonly Reading[]): Promise<boolean> => {
  const decide = {
    label: 'Decide…',
    detail: 'Once you have read the document, and the files that it leads to',
  };
  const leave = { label: 'Not Now', detail: 'Everything stays as it is' };
  const options = { title: question, placeHolder: 'This stays open while you read', ignoreFocusOut: true };
  for (;;) {
    const picked = await vscode.window.showQuickPick<vscode.QuickPickItem>(
      [decide, ...readings, leave],
      options,
    );
    const reading = readings.find((each) => each === picked);
    if (reading === undefined) return picked === decide;
    await reading.show();
  }
};

/** @returns what is granted with the answer; undefined: no */
const ask = async (
  question: string,
  reviewed: ReviewedSkill,
  readings: readonly Reading[],
  [plain, withWishes]: readonly [plain: string, withWishes: string],
): Promise<SkillGrants | undefined> => {
  const wishes = wishesOf(reviewed.skill, reviewed.place);
  const detail =
    wishes.length === 0
      ? reviewSummary(reviewed)
      : `${reviewSummary(reviewed)}\n\nWhat you do not grant it asks for at each run.`;
  const buttons = wishes.length === 0 ? [plain] : [plain, withWishes];
  for (;;) {
    const answer = await vscode.window.showWarningMessage(
      question,
      { modal: true, detail },
      // Enter presses the first one, and may have been meant for the editor: it trusts nothing.
      readFirst,
      ...buttons,
    );
    if (answer === plain) return {};
    if (answer === withWishes) return grantsOf(wishes);
    if (answer !== readFirst || !(await waitForReader(question, readings))) return undefined;
  }
};

/** Shows all there is to read, the report in front. @returns it, to be shown again */
const show = async (
  documents: SkillDocuments,
  reviewed: ReviewedSkill,
  folder: string,
  compared: readonly ComparedFile[],
): Promise<readonly Reading[]> => {
  const name = visible(reviewed.skill.name);
  const difference: Reading = {
    label: 'Show What Is Different',
    detail: changesText(compared),
    show: () => documents.compare(`${name}: before ↔ now`, compared),
  };
  const report: Reading = {
    label: 'Show the Review',
    detail: 'Files, programs, what it asks for, and reasons to look',
    show: () => documents.show(`Review of ${name}`, reviewReport(reviewed), folder),
  };
  const readings = compared.length === 0 ? [report] : [difference, report];
  for (const reading of readings) await reading.show();
  return readings;
};

/** Before it is installed, or in the place of one that is. @returns what is granted; undefined: no */
export const reviewOffered = async (
  documents: SkillDocuments,
  offer: InstallOffer,
  offered: OfferedSkill,
): Promise<SkillGrants | undefined> => {
  const { skill, replaces } = offered;
  const compared = replaces === undefined ? [] : changedFiles(sideFrom(replaces), offered);
  const reviewed: ReviewedSkill = {
    ...offered,
    place: 'installed',
    from: offer.label,
    ...(offer.commit === undefined ? {} : { commit: offer.commit }),
    grants: {},
    ...(replaces === undefined
      ? {}
      : {
          changes: `Against the installed one: ${changesText(compared)} What was granted to it has to be granted again.`,
        }),
  };
  const readings = await show(documents, reviewed, offered.folder, compared);
  const name = visible(skill.name);
  try {
    return await (replaces === undefined
      ? ask(`Install the skill ${name}?`, reviewed, readings, ['Install', 'Install with What It Asks For'])
      : ask(`Replace the skill ${name}?`, reviewed, readings, ['Update', 'Update with What It Asks For']));
  } finally {
    await documents.close(offered.folder);
  }
};

const sideFrom = ({ source, files }: LoadedSkill): Side => ({ folder: source.folder, files });

const comparedWithReviewed = async (
  { installer }: ReviewPorts,
  skill: LoadedSkill,
): Promise<readonly ComparedFile[] | undefined> => {
  const copy = await installer.reviewedCopy(skill);
  return copy === undefined ? undefined : changedFiles(copy, sideFrom(skill));
};

/** A skill that is there already. @returns whether it counts as reviewed from now on */
export const reviewLoaded = async (ports: ReviewPorts, skill: LoadedSkill): Promise<boolean> => {
  const { installer, records, documents } = ports;
  const [findings, record] = await Promise.all([
    installer.scan(skill.source.folder, skill.files),
    records.get(skill.source, skill.name),
  ]);
  const compared = skill.state === 'changed' ? await comparedWithReviewed(ports, skill) : [];
  const reviewed: ReviewedSkill = {
    skill,
    files: skill.files,
    hash: skill.hash,
    problems: skill.problems,
    findings,
    place: skill.source.place,
    from: skill.source.label,
    ...(record.commit === undefined ? {} : { commit: record.commit }),
    grants: skill.grants,
    ...(skill.state === 'changed'
      ? {
          changes: `Since it was reviewed: ${compared === undefined ? 'there is no copy of it as it was, so read all of it.' : changesText(compared)}`,
        }
      : {}),
  };
  const readings = await show(documents, reviewed, skill.source.folder, compared ?? []);
  if (skill.state !== 'unreviewed' && skill.state !== 'changed') return false;
  const grants = await ask(`Have you looked at the skill ${visible(skill.id)}?`, reviewed, readings, [
    'Mark as Reviewed',
    'Mark as Reviewed and Grant',
  ]);
  if (grants === undefined) return false;
  await installer.markReviewed(skill);
  // For these files only, so what an earlier version was granted does not count for them.
  if (Object.keys(grants).length > 0) await keepGrants(records, skill, grants);
  return true;
};
