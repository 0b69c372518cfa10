/** What a person reads before they trust a skill, as a Markdown document that reads well as plain text. Pure. */
import type { ScanFinding } from '../core/skills.ts';
import type { Skill, SkillFile, SkillGrants, SkillPlace, SkillProblem } from '../shared/skill.ts';
import type { Report, ReportLink } from './skillDocuments.ts';
import {
  argumentsOf,
  defaultText,
  executionWords,
  foreign,
  imageOf,
  isGranted,
  visible,
  wishesOf,
  workspaceText,
} from './skillWords.ts';
import { count, formatBytes } from './words.ts';

export interface ReviewedSkill {
  readonly skill: Skill;
  readonly files: readonly SkillFile[];
  readonly hash: string;
  readonly problems: readonly SkillProblem[];
  readonly findings: readonly ScanFinding[];
  readonly place: SkillPlace;
  /** `github.com/a/b`. */
  readonly from: string;
  readonly commit?: string;
  readonly grants: SkillGrants;
  /** What is different from before, in a sentence. */
  readonly changes?: string;
}

/** Lines, some with a part that leads to a file. */
const createLines = () => {
  const lines: string[] = [];
  const links: ReportLink[] = [];
  return {
    add: (...added: readonly string[]): void => void lines.push(...added),
    /** @param line holds `label` right behind `before` */
    link: (
      before: string,
      label: string,
      after: string,
      target: Pick<ReportLink, 'file' | 'atLine'>,
    ): void => {
      links.push({ line: lines.length, from: before.length, to: before.length + label.length, ...target });
      lines.push(`${before}${label}${after}`);
    },
    section: (title: string): void => void lines.push('', `## ${title}`, ''),
    report: (): Report => ({ text: `${lines.join('\n')}\n`, links }),
  };
};

type Lines = ReturnType<typeof createLines>;

const placed = (lines: Lines, file: string, line: number | undefined, text: string): void =>
  lines.link('- ', `${visible(file)}${line === undefined ? '' : `:${line}`}`, ` ${text}`, {
    file,
    ...(line === undefined ? {} : { atLine: line }),
  });

const aboutLines = ({ skill, from, commit, hash }: ReviewedSkill): readonly string[] => [
  `- From: ${foreign(from)}${commit === undefined ? '' : `, commit ${commit}`}`,
  ...(skill.version === undefined ? [] : [`- Version: ${foreign(skill.version)}`]),
  ...(skill.author === undefined ? [] : [`- By: ${foreign(skill.author)} (as it says itself)`]),
  ...(skill.license === undefined ? [] : [`- License: ${foreign(skill.license)}`]),
  ...(skill.compatibility === undefined ? [] : [`- Needs: ${foreign(skill.compatibility)}`]),
  `- SHA-256 over all files: ${hash}`,
];

const asks = (lines: Lines, { skill, place, grants }: ReviewedSkill): void => {
  const wishes = wishesOf(skill, place);
  lines.section('What it asks for beyond the default');
  if (wishes.length === 0) lines.add('Nothing.');
  for (const wish of wishes) {
    const granted = isGranted(wish, grants) ? ' Granted.' : '';
    lines.add(`- **${foreign(wish.label)}** ${wish.meaning}${granted}`);
  }
  const { name, meaning } = executionWords[skill.mode];
  lines.add('', `The default: ${defaultText}.`);
  if (skill.entries.length === 0) return;
  lines.add(
    '',
    `Where its programs run: ${name}. ${meaning}${skill.requiresSandbox ? ' It needs the sandbox.' : ''}`,
    `In the container it ${workspaceText(skill.sandbox)} (/workspace) and its own files (/skill), and runs in the image ${foreign(imageOf(skill))}.`,
  );
};

const reasons = (lines: Lines, findings: readonly ScanFinding[]): void => {
  lines.section(`Reasons to look (${findings.length})`);
  if (findings.length === 0) lines.add('Nothing was found. That is no verdict: read what it does.');
  else lines.add('They are no verdict: most are harmless, and not everything is found.', '');
  for (const { file, line, reason, excerpt } of findings) {
    placed(lines, file, line, `${foreign(reason)}: \`${foreign(excerpt, 200).replaceAll('`', '´')}\``);
  }
};

const programs = (lines: Lines, { entries, runtime }: Skill): void => {
  lines.section(`Programs (${entries.length})`);
  if (entries.length === 0) lines.add('None: it only has instructions.');
  for (const entry of entries) {
    const language = runtime === undefined ? '' : `, ${runtime}`;
    lines.link(
      `- **${foreign(entry.name)}** (`,
      visible(entry.file),
      `${language}): ${foreign(entry.description, 500)}`,
      {
        file: entry.file,
      },
    );
    for (const { name, type, isRequired, description } of argumentsOf(entry.arguments)) {
      const detail = description === '' ? '' : `: ${foreign(description, 300)}`;
      lines.add(`  - ${foreign(name)} (${foreign(type)}${isRequired ? ', required' : ''})${detail}`);
    }
  }
};

const use = (lines: Lines, skill: Skill): void => {
  const { triggers, isForAgents, isForPeople, allowedTools } = skill;
  lines.section('How it is used');
  lines.add(
    `- Agents ${isForAgents ? 'may choose it by themselves.' : 'do not choose it by themselves.'}`,
    ...(isForPeople ? [`- You choose it with /${foreign(skill.name)}.`] : []),
    ...(triggers.length === 0
      ? []
      : [`- It is offered for: ${triggers.map((each) => foreign(each, 100)).join(', ')}`]),
    ...(allowedTools === undefined
      ? []
      : [
          `- While it is used, only these tools: ${foreign(allowedTools.join(', '))}. This allows nothing, it only narrows.`,
        ]),
  );
};

const files = (lines: Lines, all: readonly SkillFile[]): void => {
  const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
  lines.section(`Files (${all.length}, ${formatBytes(bytes)})`);
  const sizes = all.map((file) => formatBytes(file.bytes));
  const width = Math.max(0, ...sizes.map(({ length }) => length));
  all.forEach((file, index) => {
    const size = (sizes[index] ?? '').padStart(width);
    const executable = file.isExecutable ? ' executable' : '';
    lines.link(`- \`${file.sha256}\` ${size} `, visible(file.path), executable, { file: file.path });
  });
};

export const reviewReport = (reviewed: ReviewedSkill): Report => {
  const { skill, problems, findings } = reviewed;
  const lines = createLines();
  lines.add(`# Review of the skill ${foreign(skill.name)}`, '', `> ${foreign(skill.description)}`, '');
  lines.add(...aboutLines(reviewed));
  if (reviewed.changes !== undefined) lines.add('', `**${reviewed.changes}**`);
  asks(lines, reviewed);
  reasons(lines, findings);
  if (problems.length > 0) {
    lines.section(`Problems (${problems.length})`);
    for (const { file, line, message } of problems) placed(lines, file, line, foreign(message));
  }
  programs(lines, skill);
  use(lines, skill);
  files(lines, reviewed.files);
  return lines.report();
};

/** In the question below the document. */
export const reviewSummary = ({ skill, files: all, findings, place }: ReviewedSkill): string => {
  const wishes = wishesOf(skill, place);
  const programsText = skill.entries.length === 0 ? 'no programs' : count(skill.entries.length, 'program');
  return [
    `${count(all.length, 'file')}, ${programsText}, ${count(findings.length, 'reason')} to look. The document behind this question has them all.`,
    ...(wishes.length === 0
      ? ['It asks for nothing beyond the default.']
      : ['It asks for:', ...wishes.map(({ label, meaning }) => `• ${visible(label)}. ${meaning}`)]),
  ].join('\n');
};
