/** Rows of the view of skills. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { isUsable, type SkillRecord } from '../core/skills.ts';
import type { LoadedSkill, SkillEntry, SkillPlace, SkillProblem, SkillState } from '../shared/skill.ts';
import {
  grantsText,
  isGranted,
  nameOf,
  placeWords,
  runText,
  shortHash,
  stateWords,
  visible,
  wishesOf,
} from './skillWords.ts';
import { count, firstLine } from './words.ts';

const icons: Record<SkillState, readonly [icon: string, color?: string]> = {
  ready: ['verified', 'charts.green'],
  unreviewed: ['unverified'],
  changed: ['warning', 'list.warningForeground'],
  disabled: ['circle-slash', 'disabledForeground'],
  broken: ['error', 'list.errorForeground'],
};

const iconOf = ([icon, color]: readonly [string, string?]): vscode.ThemeIcon =>
  new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));

/** What can be done with it, as the menus of the manifest ask. */
export const contextOf = (skill: LoadedSkill, record: SkillRecord): string => {
  const { state, source, entries } = skill;
  const flags: readonly (readonly [string, boolean])[] = [
    ['canRun', isUsable(skill) && entries.length > 0],
    ['canReview', state === 'unreviewed' || state === 'changed'],
    ['canGrant', isUsable(skill) && wishesOf(skill, source.place).length > 0],
    ['canDisable', state !== 'disabled' && state !== 'broken'],
    ['canEnable', state === 'disabled'],
    ['canUpdate', source.place === 'installed' && record.origin !== undefined],
    ['canUninstall', source.place === 'installed'],
  ];
  return ['skill', ...flags.filter(([, holds]) => holds).map(([flag]) => flag)].join(' ');
};

const tooltipOf = (skill: LoadedSkill, record: SkillRecord, now: number): string => {
  const { name, meaning } = stateWords[skill.state];
  const wishes = wishesOf(skill, skill.source.place);
  const missing = wishes.filter((wish) => !isGranted(wish, skill.grants));
  const about = [
    ...(skill.version === undefined ? [] : [`version ${skill.version}`]),
    ...(skill.author === undefined ? [] : [`by ${skill.author}`]),
    ...(skill.license === undefined ? [] : [skill.license]),
  ].join(', ');
  const commit = record.commit === undefined ? '' : `, commit ${record.commit.slice(0, 10)}`;
  const granted = grantsText(skill.grants);
  return [
    nameOf(skill),
    firstLine(skill.description, 300),
    '',
    `State: ${name}. ${meaning}`,
    `From: ${skill.source.label}${commit}`,
    ...(about === '' ? [] : [`About: ${about}`]),
    `Granted: ${granted === '' ? 'nothing beyond the default' : granted}`,
    ...(missing.length === 0
      ? []
      : [`Asks for: ${missing.map(({ label }) => label).join(', ')} (asks each time)`]),
    `Files: ${count(skill.files.length, 'file')}, ${shortHash(skill.hash)}`,
    skill.lastRun === undefined ? 'Has not run here yet' : `Last run: ${runText(skill.lastRun, now)}`,
  ]
    .map(visible)
    .join('\n');
};

export class SkillGroupItem extends vscode.TreeItem {
  readonly skills: readonly LoadedSkill[];
  constructor(place: SkillPlace, skills: readonly LoadedSkill[]) {
    const states = vscode.TreeItemCollapsibleState;
    super(placeWords[place], states.Expanded);
    this.id = place;
    this.description = String(skills.length);
    this.skills = skills;
  }
}

export class SkillItem extends vscode.TreeItem {
  readonly skill: LoadedSkill;
  constructor(skill: LoadedSkill, record: SkillRecord, now: number) {
    const states = vscode.TreeItemCollapsibleState;
    const hasChildren = skill.entries.length + skill.problems.length > 0;
    // What is wrong is seen at once.
    const open = skill.state === 'broken' ? states.Expanded : states.Collapsed;
    super(visible(skill.id), hasChildren ? open : states.None);
    this.skill = skill;
    this.id = `skill ${skill.id}`;
    const state = skill.state === 'ready' ? '' : stateWords[skill.state].name;
    // Such as that another skill has its name: seen before the row is unfolded.
    const { length } = skill.problems;
    const problems = length === 0 || skill.state === 'broken' ? '' : count(length, 'problem');
    const about = firstLine(visible(skill.description), 80);
    this.description = [state, problems, about].filter((part) => part !== '').join(' · ');
    this.tooltip = tooltipOf(skill, record, now);
    this.contextValue = contextOf(skill, record);
    this.iconPath = iconOf(icons[skill.state]);
    // Where Enter has nothing to unfold.
    if (!hasChildren)
      this.command = { command: 'anycowork.openSkill', title: 'Show Its Description', arguments: [this] };
  }
}

/** A program. */
export class SkillEntryItem extends vscode.TreeItem {
  readonly skill: LoadedSkill;
  readonly entry: SkillEntry;
  constructor(skill: LoadedSkill, entry: SkillEntry) {
    super(visible(entry.name), vscode.TreeItemCollapsibleState.None);
    this.skill = skill;
    this.entry = entry;
    this.id = `entry ${skill.id} ${entry.name}`;
    this.description = firstLine(visible(entry.description), 80);
    this.tooltip = visible(`${entry.description}\nFile: ${entry.file}`);
    this.contextValue = isUsable(skill) ? 'entry canRun' : 'entry';
    this.iconPath = new vscode.ThemeIcon('play');
    this.command = openCommand(skill, entry.file, undefined);
  }
}

export class SkillProblemItem extends vscode.TreeItem {
  constructor(skill: LoadedSkill, problem: SkillProblem, index: number) {
    super(firstLine(visible(problem.message), 120), vscode.TreeItemCollapsibleState.None);
    const line = problem.line === undefined ? '' : `:${problem.line}`;
    this.id = `problem ${skill.id} ${index}`;
    this.description = `${problem.file}${line}`;
    this.tooltip = visible(problem.message);
    this.contextValue = 'problem';
    this.iconPath = iconOf(
      problem.severity === 'error'
        ? ['error', 'list.errorForeground']
        : ['warning', 'list.warningForeground'],
    );
    this.command = openCommand(skill, problem.file, problem.line);
  }
}

const openCommand = ({ source }: LoadedSkill, file: string, line: number | undefined): vscode.Command => {
  const uri = vscode.Uri.file(path.join(source.folder, ...file.split('/')));
  const at = Math.max(0, (line ?? 1) - 1);
  return {
    command: 'vscode.open',
    title: 'Open',
    arguments: [
      uri,
      { preview: true, ...(line === undefined ? {} : { selection: new vscode.Range(at, 0, at, 0) }) },
    ],
  };
};
