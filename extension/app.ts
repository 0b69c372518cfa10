/** The composition root: builds the adapters, hands ports to the core, wires listeners. Loaded on first use. */
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { createAgents } from './core/agents.ts';
import { createApprovals } from './core/approvals.ts';
import { createBranches } from './core/branches.ts';
import { createChats } from './core/chats.ts';
import { createElsewhere, serveOtherWindows } from './core/elsewhere.ts';
import { createJobs, type EventListener } from './core/jobs.ts';
import type { ProviderDescriptions } from './core/provider.ts';
import { systemPrompt } from './core/systemPrompt.ts';
import { createTitles } from './core/titles.ts';
import { toolEnvironment } from './core/toolEnvironment.ts';
import { createProviders } from './providers/index.ts';
import { fallbackModels, keyVariables, needsKey, providerNames } from './providers/models.ts';
import type { StepRecord } from './shared/chat.ts';
import { endsJob } from './shared/event.ts';
import { type ModelRef, type ProviderId, providerIds } from './shared/message.ts';
import { createRelay } from './storage/relay.ts';
import { createSqlStore } from './storage/sqlStore.ts';
import { createTools } from './tools/index.ts';
import { createLeftProcesses } from './tools/leftProcesses.ts';
import { findRipgrep } from './tools/ripgrep.ts';
import { createSeenFiles } from './tools/seenFiles.ts';
import { createAnswers } from './vscode/answers.ts';
import { createChatActions } from './vscode/chatActions.ts';
import { createChatHandlers } from './vscode/chatHandlers.ts';
import { type ChatView, createChatView } from './vscode/chatView.ts';
import { type Commands, createCommands } from './vscode/commands.ts';
import { createCurrentChat } from './vscode/currentChat.ts';
import { createEditor } from './vscode/editor.ts';
import { keepInStep } from './vscode/inStep.ts';
import { createKeys } from './vscode/keys.ts';
import { createLog } from './vscode/log.ts';
import { showModalApprovals } from './vscode/modalApprover.ts';
import { createModelChoice } from './vscode/modelChoice.ts';
import { createReview } from './vscode/review.ts';
import {
  baseUrl,
  defaultModelSetting,
  generatesTitles,
  liveBytes,
  onSettingsChange,
  quotaBytes,
  usesDialogs,
} from './vscode/settings.ts';
import { showStatusBar } from './vscode/statusBar.ts';
import { createStorageCare } from './vscode/storageCare.ts';
import { createQuotaWatch } from './vscode/storageQuota.ts';
import { withoutLinks } from './vscode/words.ts';
import { workspaceRoots } from './vscode/workspaceRoots.ts';
import { createWorkspaceFiles } from './workspace/files.ts';

export interface App {
  readonly commands: Commands;
  attach(view: vscode.WebviewView, early: readonly unknown[]): void;
  onEvent(listener: EventListener): () => void;
  /** Stops jobs, denies what is pending, flushes the store, ends what commands left running. */
  close(): Promise<void>;
}

/** Input tokens after which tool results are taken out of a request; a good part of the smallest current models. */
const contextBudgets: Record<ProviderId, number> = {
  gemini: 800_000,
  openai: 220_000,
  anthropic: 160_000,
  openaiCompatible: 100_000,
};

const descriptions: ProviderDescriptions = Object.fromEntries(
  providerIds.map((id) => [
    id,
    {
      name: providerNames[id],
      needsKey: needsKey[id],
      keyVariables: keyVariables[id],
      fallbackModels: fallbackModels[id],
    },
  ]),
) as ProviderDescriptions; // fromEntries forgets that every provider is there.

const both =
  (...ends: readonly (() => void)[]) =>
  (): void => {
    for (const end of ends) end();
  };

export const createApp = (context: vscode.ExtensionContext): App => {
  const newId = randomUUID;
  const now = Date.now;
  const keys = createKeys(context.secrets, keyVariables, process.env, now);
  const log = createLog(() => keys.live());
  const logError = (error: unknown): void => log.error(error);

  const ownerId = `${process.pid}-${newId()}`;

  let storageProblem: string | undefined;
  const store = createSqlStore({
    folder: context.globalStorageUri.fsPath,
    workerFile: path.join(context.extensionPath, 'dist', 'storageWorker.js'),
    wasmFile: path.join(context.extensionPath, 'dist', 'sql-wasm.wasm'),
    ownerId,
    liveBytes: liveBytes(),
    now,
    report: (problem) => {
      log.warn(problem);
      storageProblem = problem;
      void vscode.window.showWarningMessage(withoutLinks(`AnyCowork: ${problem}`));
      refresh();
    },
  });

  // Takes about as long as the view's page takes to load. A failure is told by the first call that needs the store.
  store.open().catch(() => undefined);

  const provider = createProviders({ apiKey: (id) => keys.get(id), baseUrl });
  const models = createModelChoice({
    keys,
    descriptions,
    provider,
    providerWithKey: (id, key) => createProviders({ apiKey: async () => key, baseUrl })(id),
    hasBaseUrl: (id) => baseUrl(id) !== undefined,
    settingModel: defaultModelSetting,
    logError,
  });
  const agents = createAgents({ store, defaultModel: models.defaultModel, newId, now });
  const approvals = createApprovals({ onError: logError });

  const editor = createEditor();
  const files = createWorkspaceFiles({ roots: workspaceRoots, editor });
  /** What each chat's model has read, for the version check of its edits. */
  const seenBySession = new Map<string, ReturnType<typeof createSeenFiles>>();
  const seenIn = (sessionId: string) => {
    const seen = seenBySession.get(sessionId) ?? createSeenFiles();
    seenBySession.set(sessionId, seen);
    return seen;
  };
  const ripgrep = () => findRipgrep(vscode.env.appRoot);
  const leftProcesses = createLeftProcesses();

  const jobs = createJobs({
    store,
    approvals,
    provider: (model: ModelRef) => provider(model.provider),
    tools: (agent, session) => {
      if (!vscode.workspace.isTrusted || workspaceRoots().length === 0) return [];
      const every = createTools({
        files,
        editor,
        seen: seenIn(session.id),
        ripgrep,
        environment: () => toolEnvironment(process.env, Object.values(keyVariables).flat(), keys.live()),
        spillFolder: path.join(context.globalStorageUri.fsPath, 'output'),
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
    newId,
    now,
    logError,
  });
  const relay = createRelay({
    folder: context.globalStorageUri.fsPath,
    ownerId,
    place: () => vscode.workspace.name ?? '',
    newId,
    now,
    logError,
  });
  const elsewhere = createElsewhere({ relay, store, logError });
  const unlistenWindows = serveOtherWindows(relay, jobs, approvals);
  const answers = createAnswers({ jobs, approvals, elsewhere });
  const chats = createChats({
    store,
    agents,
    jobs,
    elsewhere,
    folder: () => workspaceRoots()[0]?.path ?? '',
    isTrusted: () => vscode.workspace.isTrusted,
    newId,
    now,
  });

  const branches = createBranches({
    store,
    chats,
    onRewound: async (sessionId) => {
      // The model has forgotten what it read since.
      seenBySession.delete(sessionId);
      view.sessionsChanged();
      if (sessionId === current.sessionId()) await view.reload();
    },
    newId,
    now,
  });
  const titleChanged = (sessionId: string, title: string): void => {
    if (sessionId === current.sessionId()) view.post({ type: 'title', sessionId, title });
  };
  const titles = createTitles({
    store,
    jobs,
    provider: (model) => provider(model.provider),
    isEnabled: () => generatesTitles() && vscode.workspace.isTrusted,
    onTitled: (sessionId, title) => {
      titleChanged(sessionId, title);
      view.sessionsChanged();
    },
    now,
    logError,
  });

  const findStep = async (stepId: string): Promise<StepRecord | undefined> => {
    const sessionId = current.sessionId();
    if (sessionId === undefined) return undefined;
    const item = (await store.readAll(sessionId)).find((each) => each.kind === 'step' && each.id === stepId);
    return item?.kind === 'step' ? item.record : undefined;
  };
  const review = createReview(approvals, findStep);
  const current = createCurrentChat({
    chats,
    branches,
    agents,
    models,
    descriptions,
    state: context.workspaceState,
    newId,
    storageProblem: () => storageProblem,
    onChanged: () => view.reload(),
  });
  const actions = createChatActions({
    chats,
    branches,
    store,
    current,
    agentName: async (agentId) => (await agents.list()).find(({ id }) => id === agentId)?.name,
    sessionsChanged: () => view.sessionsChanged(),
    titleChanged,
    refreshSurroundings: () => view.refreshSurroundings(),
  });
  const handle = createChatHandlers({
    chats,
    current,
    actions,
    answers,
    models,
    review,
    files,
    logError,
  });
  const view: ChatView & vscode.Disposable = createChatView(
    {
      snapshot: async (taken) => {
        const shown = current.sessionId();
        await elsewhere.attend(
          shown === undefined || jobs.runningIn(shown) !== undefined ? undefined : shown,
        );
        await current.snapshot(taken);
      },
      surroundings: current.surroundings,
      handle,
      isShown: (sessionId) => current.sessionId() === sessionId,
      onHidden: () => void elsewhere.attend(undefined),
    },
    { onEvent: (listener) => both(jobs.onEvent(listener), elsewhere.onEvent(listener)) },
    log,
  );

  const focusChat = async (): Promise<void> => {
    await vscode.commands.executeCommand('anycowork.chat.focus');
    view.post({ type: 'focusComposer' });
  };
  const storageCare = createStorageCare({
    store,
    actions,
    folder: context.globalStorageUri.fsPath,
    sessionsChanged: () => view.sessionsChanged(),
    now,
  });
  const commands = createCommands({
    chats,
    branches,
    actions,
    agents,
    jobs,
    approvals,
    elsewhere,
    answers,
    store,
    storageCare,
    current,
    models,
    review,
    folder: () => workspaceRoots()[0]?.path ?? '',
    focusChat,
    showSessions: async () => {
      await focusChat();
      view.post({ type: 'showSessions' });
    },
    sessionsChanged: () => view.sessionsChanged(),
    editInView: (sessionId, itemId) => view.post({ type: 'editMessage', sessionId, itemId }),
    refresh: view.reload,
    showLog: log.show,
    newId,
    now,
  });
  const quota = createQuotaWatch({
    use: () => store.use(),
    quotaBytes,
    state: context.globalState,
    now,
    manage: () => void vscode.commands.executeCommand('anycowork.manageStorage'),
    logError,
  });

  const refresh = (): void => void view.refreshSurroundings().catch(logError);
  const unlistenApprovals = approvals.listen({
    onAnswered: ({ step }, decision) => {
      store.recordDecision(step.id, decision, now()).catch(logError);
    },
  });
  const unlistenJobs = jobs.onEvent((event) => {
    if (endsJob(event)) quota.written();
    // Its message has been kept, so the store can be written again.
    if (event.type !== 'JobStarted' || storageProblem === undefined) return;
    storageProblem = undefined;
    refresh();
  });
  context.subscriptions.push(
    keys,
    log,
    review,
    storageCare,
    view,
    showModalApprovals(approvals, review, usesDialogs, logError),
    showStatusBar(approvals, jobs, elsewhere),
    onSettingsChange(refresh),
    context.secrets.onDidChange(refresh),
    vscode.workspace.onDidChangeWorkspaceFolders(refresh),
    vscode.workspace.onDidGrantWorkspaceTrust(refresh),
    keepInStep({ store, elsewhere, jobs, chats, current, view, titleChanged, logError }),
    { dispose: elsewhere.close },
    { dispose: unlistenWindows },
    { dispose: unlistenJobs },
    { dispose: unlistenApprovals },
  );

  return {
    commands,
    attach: view.attach,
    onEvent: jobs.onEvent,
    close: async () => {
      // First, so that what the broker then denies is not taken for somebody's answer.
      const stopped = jobs.close();
      titles.close();
      approvals.close();
      await stopped;
      // Together: VS Code does not wait long.
      await Promise.all([store.close(), leftProcesses.end()]);
      await relay.close();
    },
  };
};
