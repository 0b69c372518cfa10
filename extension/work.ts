/** Builds what agents work with: tools, rules, budgets, undo, and the jobs themselves. A part of app.ts. */
import path from 'node:path';
import * as vscode from 'vscode';
import { createApprovals } from './core/approvals.ts';
import { skillsInUse } from './core/attachedSkills.ts';
import { createBudgets } from './core/budgets.ts';
import { createJobs } from './core/jobs.ts';
import type { Provider } from './core/provider.ts';
import { createRuleBook } from './core/rules.ts';
import type { Sandbox } from './core/sandbox.ts';
import type { Store } from './core/store.ts';
import { systemPrompt } from './core/systemPrompt.ts';
import { toolEnvironment } from './core/toolEnvironment.ts';
import type { LazyMcp } from './lazyMcp.ts';
import { keyVariables } from './providers/models.ts';
import { priceOf } from './providers/prices.ts';
import { type Agent, mayUseTool } from './shared/agent.ts';
import type { ModelRef, ProviderId } from './shared/message.ts';
import type { AttachedSkill } from './shared/skill.ts';
import type { SkillSet } from './skillSet.ts';
import { createSkillTools } from './skills/index.ts';
import { createNarrowing } from './skills/narrowTools.ts';
import { createCommandPlaces } from './tools/commandPlace.ts';
import { createTools } from './tools/index.ts';
import { createLeftProcesses } from './tools/leftProcesses.ts';
import { findRipgrep } from './tools/ripgrep.ts';
import { createSeenFiles, type SeenFiles } from './tools/seenFiles.ts';
import { createEditor } from './vscode/editor.ts';
import {
  approvalExpiry,
  assumedPrice,
  baseUrl,
  budgetLimits,
  commandImage,
  ownPrices,
  undoQuotaBytes,
} from './vscode/settings.ts';
import { workspaceRoots } from './vscode/workspaceRoots.ts';
import { watchWorkspace } from './vscode/workspaceWatch.ts';
import { createBeforeImages } from './workspace/beforeImages.ts';
import { createWorkspaceFiles } from './workspace/files.ts';
import { createPutBack } from './workspace/putBack.ts';
import { realRootsOf } from './workspace/realRoots.ts';
import { createStepUndo } from './workspace/stepUndo.ts';

/** Input tokens after which tool results are taken out of a request; a good part of the smallest current models. */
const contextBudgets: Record<ProviderId, number> = {
  gemini: 800_000,
  openai: 220_000,
  anthropic: 160_000,
  openaiCompatible: 100_000,
};

/** A server of the person's own costs nothing. */
const isFree = ({ provider }: ModelRef): boolean => {
  const url = baseUrl(provider);
  if (provider !== 'openaiCompatible' || url === undefined || !URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
};

export const createWork = (ports: {
  readonly store: Store;
  /** Absolute path of the product's storage. */
  readonly folder: string;
  readonly sandbox: Sandbox;
  skills(): Promise<SkillSet>;
  readonly mcp: Pick<LazyMcp, 'tools' | 'instructions'>;
  provider(model: ModelRef): Provider;
  /** Keys that no process and no line of text may have. */
  secrets(): Iterable<string>;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
}) => {
  const { store, folder, now, logError } = ports;
  const approvals = createApprovals({ onError: logError, now });
  const editor = createEditor();
  const files = createWorkspaceFiles({ roots: workspaceRoots, editor });
  /** What each chat's model has read, for the version check of its edits. */
  const seenBySession = new Map<string, SeenFiles>();
  const seenIn = (sessionId: string): SeenFiles => {
    const seen = seenBySession.get(sessionId) ?? createSeenFiles();
    seenBySession.set(sessionId, seen);
    return seen;
  };
  const environment = () => toolEnvironment(process.env, Object.values(keyVariables).flat(), ports.secrets());
  const shell = process.platform === 'win32' ? 'cmd' : 'posix';
  const leftProcesses = createLeftProcesses();
  const narrowing = createNarrowing(shell);
  const spillFolder = path.join(folder, 'output');
  const isTrusted = (): boolean => vscode.workspace.isTrusted;
  const images = createBeforeImages({ folder, quotaBytes: undoQuotaBytes, store, now, logError });
  const common = { ...ports, images, editor, roots: workspaceRoots };
  const rules = createRuleBook(ports);
  const budgets = createBudgets({
    store,
    limits: budgetLimits,
    price: (model) => ownPrices().get(model.model) ?? priceOf(model),
    assumedPrice,
    isFree,
    now,
  });

  /** Its job was begun by a phone or a schedule: nobody may sit at this desk. */
  const isAway = (sessionId: string): boolean => {
    const jobId = jobs.runningIn(sessionId);
    return jobId !== undefined && jobs.viaOf(jobId) !== undefined;
  };

  const jobs = createJobs({
    ...ports,
    approvals,
    rules,
    budgets,
    undo: createStepUndo({
      ...common,
      watch: watchWorkspace,
      candidates: async (sessionId) => [...(seenBySession.get(sessionId)?.keys() ?? [])],
      jobOf: (sessionId) => jobs.runningIn(sessionId),
    }),
    shell,
    folder: () => workspaceRoots()[0]?.path ?? '',
    realFolder: async () => (await realRootsOf(workspaceRoots().slice(0, 1)))[0]?.real ?? '',
    approvalExpiry,
    tools: async (agent, session, messages) => {
      if (!isTrusted() || workspaceRoots().length === 0) return [];
      const { catalog, runner, images, skillsOf } = await ports.skills();
      // Out of what was said, so that it holds behind a retry, a fork and a new window too.
      const inUse = await Promise.all(skillsInUse(messages).map(catalog.get));
      narrowing.begin(
        session.id,
        inUse.filter((skill) => skill !== undefined),
      );
      const { execution } = agent;
      const every = createTools({
        files,
        editor,
        seen: seenIn(session.id),
        ripgrep: () => findRipgrep(vscode.env.appRoot),
        environment,
        spillFolder,
        commandTimeoutMs: execution.commandTimeoutMs,
        commandPlaces: createCommandPlaces({
          sandbox: ports.sandbox,
          execution,
          isTrusted,
          commandImage,
          imageMissing: (image) => images.imageMissing(image, `the agent ${agent.name}`),
        }),
        leftProcesses,
      });
      const ofSkills = createSkillTools(
        {
          runner,
          get: catalog.get,
          files,
          execution,
          isInUse: (id) => narrowing.isUsed(session.id, id),
          onUse: (skill) => narrowing.used(session.id, skill),
        },
        await skillsOf(agent),
      );
      const own = [...every, ...ofSkills].filter(({ spec }) => mayUseTool(agent, spec.name));
      const caller = { sessionId: session.id, isAway: isAway(session.id) };
      const outside = await ports.mcp.tools(agent, caller, contextBudgets[session.model.provider]);
      return narrowing.narrow([...own, ...outside], session.id);
    },
    system: async (agent, hasTools) =>
      systemPrompt(agent.instructions, {
        platform: process.platform,
        roots: workspaceRoots(),
        hasTools,
        skills:
          hasTools && mayUseTool(agent, 'use_skill') ? await (await ports.skills()).catalogueText(agent) : '',
        servers: hasTools ? await ports.mcp.instructions(agent) : '',
      }),
    contextBudget: (model) => contextBudgets[model.provider],
    isTrusted,
  });

  return {
    approvals,
    files,
    rules,
    budgets,
    jobs,
    shell,
    environment,
    spillFolder,
    /** As Chats wants it. */
    attachSkills: async (ids: readonly string[], agent: Agent): Promise<readonly AttachedSkill[]> =>
      (await ports.skills()).attach(ids, agent),
    restorer: createPutBack(common),
    /** The model of a chat does not know any more what it has read. */
    forgetSeen: (sessionId: string) => void seenBySession.delete(sessionId),
    /** Ends what commands left running. */
    endProcesses: () => leftProcesses.end(),
  } as const;
};
