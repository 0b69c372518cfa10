/** Commands about skills: from the palette, from the view with the row that was clicked, and by code with an id. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { SkillCatalog, SkillInstaller, SkillRecords, SkillRunner } from '../core/skills.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import type { ExecutionSettings } from '../shared/agent.ts';
import type { LoadedSkill, SkillProblem } from '../shared/skill.ts';
import { drawn, type SkillDocuments } from './skillDocuments.ts';
import { askGrants } from './skillGrants.ts';
import { createSkillInstall, type OriginAnswer } from './skillInstall.ts';
import { pickSkill, type SkillChoiceOptions } from './skillPicker.ts';
import { reviewLoaded } from './skillReview.ts';
import { createSkillRun } from './skillRun.ts';
import { createSkillScaffold } from './skillScaffold.ts';
import { visible, wishesOf } from './skillWords.ts';
import { withoutLinks } from './words.ts';

export interface SkillCommandPorts {
  readonly catalog: SkillCatalog;
  readonly installer: SkillInstaller;
  readonly records: SkillRecords;
  readonly runner: SkillRunner;
  readonly documents: SkillDocuments;
  /** What a person types: `owner/repo#ref:path`, a URL, a path; or why it is none. */
  readOrigin(text: string): OriginAnswer;
  /** The skill as the SKILL.md that other products read; or why it can be none. */
  toMarkdown(skill: LoadedSkill): { readonly text?: string; readonly problems: readonly SkillProblem[] };
  /** Of the agent of the shown chat. */
  execution(): Promise<ExecutionSettings>;
  /** The open folders, with their real paths. */
  roots(): Promise<readonly WorkspaceRoot[]>;
  isTrusted(): boolean;
  /** Absolute path of the home folder. */
  readonly home: string;
  logError(error: unknown): void;
}

/** The file that people read, and whether it is Markdown. */
const readFirst = ({ format, files, state, problems }: LoadedSkill): string => {
  if (state === 'broken') return problems[0]?.file ?? format;
  return format === 'skill.yaml' && files.some((file) => file.path === 'README.md') ? 'README.md' : format;
};

const offerPath = async (folder: string): Promise<void> => {
  const copy = 'Copy Path';
  const message = withoutLinks(`The skill is in this folder: ${visible(folder)}`);
  if ((await vscode.window.showInformationMessage(message, copy)) === copy)
    await vscode.env.clipboard.writeText(folder);
};

export const createSkillCommands = (ports: SkillCommandPorts) => {
  const { catalog, records } = ports;
  const install = createSkillInstall(ports);

  /** A command about one skill. @returns undefined where there is none, or the person thought better of it */
  const about =
    <T>(options: SkillChoiceOptions, act: (skill: LoadedSkill) => Promise<T>) =>
    async (given?: unknown): Promise<T | undefined> => {
      const skill = await pickSkill(catalog, given, options);
      return skill === undefined ? undefined : act(skill);
    };

  const setDisabled = async ({ source, name }: LoadedSkill, isDisabled: boolean): Promise<boolean> => {
    await records.change(source, name, (record) => ({ ...record, isDisabled }));
    catalog.refresh();
    return true;
  };

  const isInstalled = ({ source }: LoadedSkill): boolean => source.place === 'installed';

  return {
    showSkills: async () => {
      await vscode.commands.executeCommand('anycowork.skills.focus');
    },
    refreshSkills: async () => catalog.refresh(),
    installSkill: install.installSkill,
    ...createSkillRun(ports),
    ...createSkillScaffold(ports),
    reviewSkill: about(
      {
        title: 'Review a skill',
        fits: () => true,
        none: 'There are no skills yet.',
        isFirst: ({ state }) => state === 'changed' || state === 'unreviewed',
      },
      async (skill) => {
        const isReviewed = await reviewLoaded(ports, skill);
        if (isReviewed) catalog.refresh();
        return isReviewed;
      },
    ),
    updateSkill: about(
      {
        title: 'Update a skill',
        fits: isInstalled,
        none: 'Only installed skills are updated. The others change with their files.',
      },
      install.update,
    ),
    uninstallSkill: about(
      {
        title: 'Uninstall a skill',
        fits: isInstalled,
        none: 'Only installed skills are uninstalled. Turn off a bundled one; of the others delete the folder.',
      },
      install.uninstall,
    ),
    enableSkill: about(
      {
        title: 'Enable a skill',
        fits: ({ state }) => state === 'disabled',
        none: 'No skill is turned off.',
        misfit: 'It is not turned off.',
      },
      (skill) => setDisabled(skill, false),
    ),
    disableSkill: about(
      {
        title: 'Disable a skill',
        fits: ({ state }) => state !== 'disabled' && state !== 'broken',
        none: 'There is no skill to turn off.',
        misfit: 'It cannot be turned off: it is off already, or cannot be read.',
      },
      (skill) => setDisabled(skill, true),
    ),
    grantSkill: about(
      {
        title: 'What a skill may have',
        fits: (skill) => skill.state !== 'broken' && wishesOf(skill, skill.source.place).length > 0,
        none: 'No skill asks for more than the default.',
        misfit: 'It asks for nothing beyond the default, or cannot be read.',
      },
      async (skill) => {
        const isDecided = await askGrants(records, skill);
        if (isDecided) catalog.refresh();
        return isDecided;
      },
    ),
    openSkill: about(
      { title: 'Show a skill', fits: () => true, none: 'There are no skills yet.' },
      async (skill) => {
        const file = readFirst(skill);
        const uri = vscode.Uri.file(path.join(skill.source.folder, ...file.split('/')));
        // A drawn document fetches pictures, and so tells somebody else that it was opened.
        const isDrawn = skill.state === 'ready' && file.endsWith('.md');
        if (isDrawn) await drawn(uri);
        else await vscode.window.showTextDocument(uri, { preview: true });
      },
    ),
    exportSkill: about(
      {
        title: 'Show a skill as SKILL.md',
        fits: ({ state }) => state !== 'broken',
        none: 'There is no skill that can be written down.',
      },
      async (skill) => {
        const { text, problems } = ports.toMarkdown(skill);
        if (text === undefined) throw new InputError(problems.map(({ message }) => message).join(' '));
        const document = await vscode.workspace.openTextDocument({ language: 'markdown', content: text });
        await vscode.window.showTextDocument(document);
      },
    ),
    openSkillFolder: about(
      { title: 'Open the folder of a skill', fits: () => true, none: 'There are no skills yet.' },
      async ({ source }) => {
        const uri = vscode.Uri.file(source.folder);
        const isLocal = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
        if (source.place === 'workspace') await vscode.commands.executeCommand('revealInExplorer', uri);
        else if (isLocal) await vscode.commands.executeCommand('revealFileInOS', uri);
        else offerPath(source.folder).catch(ports.logError);
        return source.folder;
      },
    ),
  };
};
