/** The skills of a window, loaded when something first needs them. A part of app.ts. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Agents } from './core/agents.ts';
import { planExecution } from './core/executionPlan.ts';
import type { ImageRecipe, Sandbox } from './core/sandbox.ts';
import { recordingInstaller, recordingRecords, recordingRunner } from './core/skillAudit.ts';
import { isUsable } from './core/skills.ts';
import type { WorkspaceRoot } from './core/workspace.ts';
import type { Agent, ExecutionSettings } from './shared/agent.ts';
import type { NewAuditEntry } from './shared/audit.ts';
import type { AttachedSkill, LoadedSkill, SkillChoice } from './shared/skill.ts';
import { createSkillCatalog } from './skills/catalog.ts';
import { catalogueText } from './skills/catalogueText.ts';
import { toSkillMarkdown } from './skills/exportSkill.ts';
import { createSkillInstaller } from './skills/installer.ts';
import { readOriginText } from './skills/originText.ts';
import { createSkillRecords } from './skills/records.ts';
import { createSkillRunner } from './skills/runner.ts';
import { descriptionFilesOf, parseSkillFiles } from './skills/skillFile.ts';
import { readSkillFolder } from './skills/skillFolder.ts';
import { attachSkill } from './skills/skillText.ts';
import { createStagings } from './skills/stagings.ts';
import { createHostProcess } from './tools/hostProcess.ts';
import { createKeptOutput } from './tools/keptOutput.ts';
import { createLiveOutput } from './tools/liveOutput.ts';
import { createImageConsent } from './vscode/imageConsent.ts';
import { createSandboxCommands } from './vscode/sandboxCommands.ts';
import { commandImage } from './vscode/settings.ts';
import { tellChangedSkills } from './vscode/skillChanged.ts';
import { createSkillCommands } from './vscode/skillCommands.ts';
import { createSkillDiagnostics } from './vscode/skillDiagnostics.ts';
import { createSkillDocuments } from './vscode/skillDocuments.ts';
import { createSkillsView } from './vscode/skillsView.ts';
import { watchFolder } from './vscode/skillWatch.ts';

const recipesSchema = z.object({
  images: z.array(z.object({ name: z.string(), base: z.string(), packages: z.array(z.string()) })),
});

export type SkillSet = ReturnType<typeof createSkillSet>;

export const createSkillSet = (ports: {
  readonly sandbox: Sandbox;
  readonly agents: Agents;
  /** Absolute paths: of the product's storage, and of the extension itself. */
  readonly storage: string;
  readonly extension: string;
  /** The open folders, with their real paths. */
  roots(): Promise<readonly WorkspaceRoot[]>;
  /** The same as they are called. */
  folders(): readonly WorkspaceRoot[];
  /** Of the agent of the shown chat. */
  execution(): Promise<ExecutionSettings>;
  /** The environment of a program on this computer, without keys. */
  environment(): Record<string, string>;
  /** Absolute; long outputs go there. */
  readonly spillFolder: string;
  /** Keeps one line of the record of decisions. */
  audit(entry: NewAuditEntry): Promise<void>;
  now(): number;
  logError(error: unknown): void;
}) => {
  const { sandbox, agents, now, logError } = ports;
  const folder = path.join(ports.storage, 'skills');
  const bundled = path.join(ports.extension, 'skills');
  const home = homedir();
  const isTrusted = (): boolean => vscode.workspace.isTrusted;

  let recipes: readonly ImageRecipe[] | undefined;
  const readRecipes = (): readonly ImageRecipe[] => {
    recipes ??= recipesSchema.parse(
      JSON.parse(readFileSync(path.join(bundled, 'images.json'), 'utf8')),
    ).images;
    return recipes;
  };

  const records = createSkillRecords({ folder: path.join(folder, 'records'), logError, watch: watchFolder });
  const catalog = createSkillCatalog({
    bundled,
    installed: path.join(folder, 'installed'),
    home,
    roots: () => ports.folders().map(({ path: root }) => root),
    isTrusted,
    records,
    watch: watchFolder,
    logError: (message, error) => {
      logError(message);
      if (error !== undefined) logError(error);
    },
  });
  const images = createImageConsent({ sandbox, recipes: readRecipes, logError });
  const copies = createStagings(path.join(folder, 'runs'), path.join(folder, 'installed'));
  copies.sweep().catch(logError);
  const runner = createSkillRunner({
    sandbox,
    copies,
    host: createHostProcess(),
    plan: planExecution,
    folder: async () => (await ports.roots())[0]?.path,
    isTrusted,
    environment: ports.environment,
    hashOf: async (skill) => {
      const { hash } = await readSkillFolder(skill);
      const known = (await catalog.list()).find(({ source }) => source.folder === skill);
      // A change that no watcher has told of must not be refused for ever as one of this very moment.
      if (known !== undefined && known.hash !== hash) catalog.refresh();
      return hash;
    },
    keepOutput: () => createKeptOutput(ports.spillFolder),
    liveOutput: createLiveOutput,
    records,
    imageMissing: images.imageMissing,
    platform: process.platform,
    now,
    logError,
  });
  const installer = createSkillInstaller({
    folder,
    records,
    readSkill: readSkillFolder,
    skills: catalog.list,
    logError,
    now,
  });
  const documents = createSkillDocuments();

  /** In any state. */
  const skillsOf = async (agent: Agent): Promise<readonly LoadedSkill[]> =>
    (await catalog.list()).filter(({ id }) => agent.skills === 'all' || agent.skills.includes(id));
  const usableBy = async (agent: Agent): Promise<readonly LoadedSkill[]> =>
    (await skillsOf(agent)).filter(isUsable);

  const skillCommands = createSkillCommands({
    catalog,
    installer: recordingInstaller(installer, ports),
    records: recordingRecords(records, ports),
    runner: recordingRunner(runner, ports),
    documents,
    readOrigin: (text) => readOriginText(text, home),
    toMarkdown: toSkillMarkdown,
    execution: ports.execution,
    roots: ports.roots,
    isTrusted,
    home,
    logError,
  });

  const watching = vscode.Disposable.from(
    documents,
    createSkillDiagnostics({
      parse: async (file, text) => {
        const around = path.dirname(file);
        const names = (await readSkillFolder(around)).files.map((each) => each.path);
        const { yaml, markdown, readme } = descriptionFilesOf(names);
        const texts = await Promise.all(
          [yaml, markdown, readme]
            .filter((name) => name !== undefined)
            .map(async (name) => ({
              file: name,
              // As it stands in the editor; the others as they lie on the disk.
              content:
                name === path.basename(file) ? Buffer.from(text) : await readFile(path.join(around, name)),
            })),
        );
        return parseSkillFiles(path.basename(around), names, texts).problems;
      },
      logError,
    }),
    tellChangedSkills({ catalog, review: skillCommands.reviewSkill, logError }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => catalog.refresh()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => catalog.refresh()),
  );

  return {
    catalog,
    runner,
    images,
    skillsOf,
    /** For the system prompt of an agent. */
    catalogueText: async (agent: Agent): Promise<string> => catalogueText(await usableBy(agent)),
    /** What a person may have this agent use. */
    choices: async (agent: Agent): Promise<readonly SkillChoice[]> =>
      (await usableBy(agent))
        .filter(({ isForPeople }) => isForPeople)
        .map(({ id, description, triggers, argumentHint, state }) => ({
          id,
          description,
          triggers,
          ...(argumentHint === undefined ? {} : { argumentHint }),
          isReviewed: state === 'ready',
        })),
    /** Those of these that the agent may use. */
    attach: async (ids: readonly string[], agent: Agent): Promise<readonly AttachedSkill[]> =>
      (await usableBy(agent))
        .filter(({ id, isForPeople }) => isForPeople && ids.includes(id))
        .map((skill) => attachSkill(skill)),
    commands: {
      ...skillCommands,
      ...createSandboxCommands({
        sandbox,
        images,
        recipes: readRecipes,
        catalog,
        agents,
        documents,
        commandImage,
        roots: ports.roots,
        isTrusted,
        now,
        logError,
      }),
    },
    view: createSkillsView({ catalog, records, now }),
    close: () => {
      watching.dispose();
      catalog.close();
      records.close();
    },
  } as const;
};
