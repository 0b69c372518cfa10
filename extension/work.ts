/** Builds what agents work with: tools, rules, budgets, undo, and the jobs themselves. A part of app.ts. */
import path from 'node:path';
import * as vscode from 'vscode';
import { createApprovals } from './core/approvals.ts';
import { createBudgets } from './core/budgets.ts';
import { createJobs } from './core/jobs.ts';
import type { Provider } from './core/provider.ts';
import { createRuleBook } from './core/rules.ts';
import type { Store } from './core/store.ts';
import { systemPrompt } from './core/systemPrompt.ts';
import { toolEnvironment } from './core/toolEnvironment.ts';
import { keyVariables } from './providers/models.ts';
import { priceOf } from './providers/prices.ts';
import type { ModelRef, ProviderId } from './shared/message.ts';
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
    tools: (agent, session) => {
      if (!vscode.workspace.isTrusted || workspaceRoots().length === 0) return [];
      const every = createTools({
        files,
        editor,
        seen: seenIn(session.id),
        ripgrep: () => findRipgrep(vscode.env.appRoot),
        environment,
        spillFolder: path.join(folder, 'output'),
        commandTimeoutMs: agent.execution.commandTimeoutMs,
        leftProcesses,
      });
      const { tools } = agent;
      return tools === 'all' ? every : every.filter((tool) => tools.includes(tool.spec.name));
    },
    system: (agent, hasTools) =>
      systemPrompt(agent.instructions, { platform: process.platform, roots: workspaceRoots(), hasTools }),
    contextBudget: (model) => contextBudgets[model.provider],
    isTrusted: () => vscode.workspace.isTrusted,
  });

  return {
    approvals,
    files,
    rules,
    budgets,
    jobs,
    shell,
    environment,
    restorer: createPutBack(common),
    /** The model of a chat does not know any more what it has read. */
    forgetSeen: (sessionId: string) => void seenBySession.delete(sessionId),
    /** Ends what commands left running. */
    endProcesses: () => leftProcesses.end(),
  } as const;
};
