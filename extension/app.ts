/** The composition root: builds the adapters, hands ports to the core, wires listeners. Loaded on first use. */
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { createAgents } from './core/agents.ts';
import { both } from './core/both.ts';
import { createBranches } from './core/branches.ts';
import { createChats } from './core/chats.ts';
import { attachedOf, findStep } from './core/findStep.ts';
import type { EventListener } from './core/jobs.ts';
import { redact } from './core/redact.ts';
import { samplingTarget } from './core/samplingTarget.ts';
import { createTitles } from './core/titles.ts';
import { type LazyMcp, lazyMcp } from './lazyMcp.ts';
import { type LazySkills, lazySkills } from './lazySkills.ts';
import { type LazyTelegram, lazyTelegram } from './lazyTelegram.ts';
import { providerDescriptions as descriptions } from './providers/descriptions.ts';
import { createProviders } from './providers/index.ts';
import { keyVariables } from './providers/models.ts';
import { createWindowSandbox } from './sandboxSetUp.ts';
import type { ModelRef } from './shared/message.ts';
import { createSqlStore } from './storage/sqlStore.ts';
import { showSurfaces } from './surfaces.ts';
import { createAnswers } from './vscode/answers.ts';
import { createAttachments } from './vscode/attachments.ts';
import { createChatActions } from './vscode/chatActions.ts';
import { createChatHandlers } from './vscode/chatHandlers.ts';
import { type ChatView, createChatView } from './vscode/chatView.ts';
import { type Commands, createCommands, createWindowPicker } from './vscode/commands.ts';
import { createCurrentChat } from './vscode/currentChat.ts';
import { keepInStep } from './vscode/inStep.ts';
import { createKeys } from './vscode/keys.ts';
import { createLog } from './vscode/log.ts';
import { openWithText } from './vscode/mergedDocument.ts';
import { createModelChoice } from './vscode/modelChoice.ts';
import { createReview } from './vscode/review.ts';
import type { RulesTree } from './vscode/rulesTree.ts';
import { createRulesView } from './vscode/rulesView.ts';
import { createSecretBox } from './vscode/secretBox.ts';
import {
  baseUrl,
  budgetLimits,
  defaultModelSetting,
  generatesTitles,
  liveBytes,
  onSettingsChange,
} from './vscode/settings.ts';
import { createSpendingSource } from './vscode/spending.ts';
import { createStorageCare } from './vscode/storageCare.ts';
import { createTelegramTokens } from './vscode/telegramTokens.ts';
import { createUndoCommands } from './vscode/undoCommands.ts';
import { createUndoView } from './vscode/undoView.ts';
import { withoutLinks } from './vscode/words.ts';
import { workspaceRoots } from './vscode/workspaceRoots.ts';
import { createWindows } from './windows.ts';
import { createWork } from './work.ts';
import { realRootsOf } from './workspace/realRoots.ts';

export interface App {
  readonly commands: Commands & LazySkills['commands'] & LazyTelegram['commands'] & LazyMcp['commands'];
  readonly rules: RulesTree;
  readonly skills: RulesTree;
  readonly telegram: RulesTree;
  readonly schedules: RulesTree;
  readonly mcp: RulesTree;
  /** Starts the bots and schedules of the open folders. */
  autoStart(): Promise<void>;
  attach(view: vscode.WebviewView, early: readonly unknown[]): void;
  onEvent(listener: EventListener): () => void;
  /** Stops jobs, denies what is pending, flushes the store, ends what commands left running. */
  close(): Promise<void>;
}

export const createApp = (context: vscode.ExtensionContext): App => {
  const newId = randomUUID;
  const storage = context.globalStorageUri.fsPath;
  /** Files that MCP servers gave. */
  const keptFolder = path.join(storage, 'mcp', 'files');
  const now = Date.now;
  const keys = createKeys(context.secrets, keyVariables, process.env, now);
  const tokens = createTelegramTokens(context.secrets);
  const box = createSecretBox(context.secrets);
  const secrets = () => [...keys.live(), ...tokens.live(), ...box.live()];
  const clean = (text: string): string => redact(text, secrets());
  const log = createLog(secrets);
  const logError = (error: unknown): void => log.error(error);

  const ownerId = `${process.pid}-${newId()}`;

  let storageProblem: string | undefined;
  const store = createSqlStore({
    folder: storage,
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
  const folder = (): string => workspaceRoots()[0]?.path ?? '';
  const realRoots = async () =>
    (await realRootsOf(workspaceRoots())).map(({ root: { name }, real }) => ({ name, path: real }));
  const sandbox = createWindowSandbox({ storage, ownerId, newId, now, logError });
  const skills = lazySkills({
    load: async () =>
      (await import('./skillSet.ts')).createSkillSet({
        sandbox,
        agents,
        storage,
        extension: context.extensionPath,
        roots: realRoots,
        folders: workspaceRoots,
        execution: async () => (await current.agentAndModel()).agent.execution,
        environment: () => work.environment(),
        spillFolder: work.spillFolder,
        audit: store.audit,
        now,
        logError,
      }),
    changed: () => refresh(),
    logError,
  });
  const mcp = lazyMcp({
    load: async () =>
      (await import('./mcpSet.ts')).createMcpSet({
        ...{ context, store, secrets: box, redact: clean, now, logError },
        provider: (model) => provider(model.provider),
        environment: () => work.environment(),
        spillFolder: work.spillFolder,
        keptFolder,
        audit: store.audit,
        budgets: () => work.budgets,
        samplingTarget: (sessionId = current.sessionId()) => samplingTarget({ store, jobs }, sessionId),
      }),
    changed: () => refresh(),
    logError,
  });
  const attachments = createAttachments({
    servers: async () => (await mcp.get()).servers,
    agent: async () => (await current.agentAndModel()).agent,
    template: async () => (await mcp.get()).template(),
    attachedOf: (itemId) => attachedOf(store, current.sessionId(), itemId),
    showText: async (title, text) => (await mcp.get()).showText(title, text),
  });
  const work = createWork({
    store,
    folder: storage,
    sandbox,
    skills: skills.get,
    mcp,
    provider: (model: ModelRef) => provider(model.provider),
    secrets,
    newId,
    now,
    logError,
  });
  const { approvals, files, rules, budgets, jobs, shell, environment, restorer } = work;
  const windows = createWindows({ storage, ownerId, store, jobs, approvals, newId, now, logError });
  const { elsewhere } = windows;
  const chats = createChats({
    store,
    agents,
    jobs,
    elsewhere,
    folder,
    attachSkills: work.attachSkills,
    isTrusted: () => vscode.workspace.isTrusted,
    newId,
    now,
  });

  const branches = createBranches({
    store,
    chats,
    onRewound: async (sessionId) => {
      // The model has forgotten what it read since.
      work.forgetSeen(sessionId);
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
    budgets,
    provider: (model) => provider(model.provider),
    isEnabled: () => generatesTitles() && vscode.workspace.isTrusted,
    onTitled: (sessionId, title) => {
      titleChanged(sessionId, title);
      view.sessionsChanged();
    },
    now,
    logError,
  });

  const review = createReview({
    approvals,
    elsewhere,
    findStep: (stepId) => findStep(store, current.sessionId(), stepId),
    logError,
  });
  const answers = createAnswers({ jobs, approvals, elsewhere, review });
  const current = createCurrentChat({
    chats,
    branches,
    agents,
    models,
    descriptions,
    state: context.workspaceState,
    newId,
    storageProblem: () => storageProblem,
    skillChoices: skills.choices,
    promptChoices: mcp.prompts,
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
  const spending = createSpendingSource({ budgets, jobs, store, current });
  const picker = createWindowPicker({ chats, jobs, store, current, folder, now });
  const undoView = createUndoView();
  const undoCommands = createUndoCommands({
    store,
    restorer,
    view: undoView,
    shown: current.sessionId,
    picker,
    runningIn: async (sessionId) =>
      jobs.runningIn(sessionId) ?? (await elsewhere.list()).find((job) => job.sessionId === sessionId)?.jobId,
    stop: (jobId) => answers.stop(jobId),
    isTrusted: () => vscode.workspace.isTrusted,
    rewind: branches.rewind,
    openWithText,
    changed: (sessionId) => {
      if (sessionId === current.sessionId()) void view.reload();
    },
    now,
  });
  const handle = createChatHandlers({
    ...{ chats, current, actions, answers, models, review, files, store, approvals, elsewhere, budgets },
    ...{ spending, undo: undoCommands, attachments, keptFolder, logError },
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
    folder: storage,
    sessionsChanged: () => view.sessionsChanged(),
    now,
  });
  const commands = createCommands({
    ...{ chats, branches, actions, agents, jobs, approvals, elsewhere, answers, store, storageCare },
    ...{ current, models, review, picker, undo: undoCommands, rules, spending, folder, focusChat },
    skills: { list: async () => (await skills.get()).catalog.list() },
    mcp: { list: async () => (await mcp.get()).servers.list() },
    shell,
    limits: budgetLimits,
    roots: realRoots,
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
  const telegram = lazyTelegram({
    load: async () =>
      (await import('./telegramSetUp.ts')).createTelegramSet({
        ...{ context, ownerId, store, chats, jobs, approvals, agents, files, keys, tokens, provider, picker },
        ...{ redact: clean, newId, now, logError },
      }),
    logError,
  });
  const refresh = (): void => void view.refreshSurroundings().catch(logError);
  const unlistenApprovals = approvals.listen({
    onAnswered: ({ step }, decision) => {
      store.recordDecision(step.id, decision, now()).catch(logError);
    },
  });
  const unlistenJobs = jobs.onEvent((event) => {
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
    undoView,
    showSurfaces({
      state: context.globalState,
      store,
      approvals,
      jobs,
      elsewhere,
      answers,
      review,
      spending,
      current,
      environment,
      redact: clean,
      now,
      logError,
    }),
    onSettingsChange(refresh),
    context.secrets.onDidChange(refresh),
    vscode.workspace.onDidChangeWorkspaceFolders(refresh),
    vscode.workspace.onDidGrantWorkspaceTrust(refresh),
    keepInStep({ store, elsewhere, jobs, chats, current, view, titleChanged, logError }),
    { dispose: elsewhere.close },
    { dispose: windows.unlisten },
    { dispose: unlistenJobs },
    { dispose: unlistenApprovals },
  );

  return {
    commands: { ...commands, ...skills.commands, ...telegram.commands, ...mcp.commands },
    skills: skills.view,
    telegram: telegram.view,
    schedules: telegram.schedules,
    mcp: mcp.view,
    autoStart: telegram.autoStart,
    rules: createRulesView({ rules, store, agents, chats, current, roots: realRoots }),
    attach: view.attach,
    onEvent: jobs.onEvent,
    close: async () => {
      // First, so that what the broker then denies is not taken for somebody's answer.
      const stopped = Promise.all([telegram.close(), jobs.close()]);
      titles.close();
      approvals.close();
      await stopped;
      // Together: VS Code does not wait long.
      skills.close();
      await Promise.all([store.close(), work.endProcesses(), sandbox.close(), mcp.close()]);
      await windows.relay.close();
    },
  };
};
