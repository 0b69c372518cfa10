/** The bots and schedules of a window, loaded when something first needs them. A part of app.ts. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { type Agents, InputError } from './core/agents.ts';
import type { ApprovalBroker } from './core/approvals.ts';
import type { Chats } from './core/chats.ts';
import { createDeskSchedule } from './core/deskSchedule.ts';
import type { Jobs } from './core/jobs.ts';
import type { Provider } from './core/provider.ts';
import { createSchedules, type Schedules } from './core/schedules.ts';
import type { Store } from './core/store.ts';
import type { WorkspaceFiles } from './core/workspace.ts';
import { createTranscriber } from './providers/transcribe.ts';
import type { ProviderId } from './shared/message.ts';
import type { Schedule } from './shared/telegram.ts';
import { formatOwner, parseOwner, processState, thisOwner } from './storage/owner.ts';
import { createLeases } from './telegram/lease.ts';
import { createTelegramManager, type TelegramManager } from './telegram/manager.ts';
import { failedMessage, missedMessage, scheduleEntry } from './telegram/scheduleEntries.ts';
import { createAutoStart } from './vscode/autoStart.ts';
import type { ChatPicker } from './vscode/chatPicker.ts';
import type { Keys } from './vscode/keys.ts';
import { createScheduleCommands } from './vscode/scheduleCommands.ts';
import { createScheduleNotices } from './vscode/scheduleNotices.ts';
import { createSchedulesView } from './vscode/schedulesView.ts';
import { assumedPrice, baseUrl } from './vscode/settings.ts';
import { createTelegramCommands } from './vscode/telegramCommands.ts';
import { showPairings } from './vscode/telegramPairing.ts';
import { telegramApiRoot } from './vscode/telegramSettings.ts';
import type { TelegramTokens } from './vscode/telegramTokens.ts';
import { createTelegramView } from './vscode/telegramView.ts';
import { workspaceRoots } from './vscode/workspaceRoots.ts';
import { createReceivedFiles } from './workspace/receivedFiles.ts';

/** How long listing models may take, in milliseconds. */
const listDeadline = 8_000;

export type TelegramSet = ReturnType<typeof createTelegramSet>;

export const createTelegramSet = (ports: {
  readonly context: vscode.ExtensionContext;
  readonly ownerId: string;
  readonly store: Store;
  readonly chats: Chats;
  readonly jobs: Jobs;
  readonly approvals: ApprovalBroker;
  readonly agents: Agents;
  readonly files: WorkspaceFiles;
  readonly keys: Keys;
  readonly tokens: TelegramTokens;
  readonly picker: ChatPicker;
  provider(id: ProviderId): Provider;
  /** Takes keys and tokens out. */
  redact(text: string): string;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
}) => {
  const { context, store, chats, jobs, approvals, agents, tokens, newId, now, logError } = ports;
  const isTrusted = (): boolean => vscode.workspace.isTrusted;
  const folders = (): readonly string[] => workspaceRoots().map(({ path: folder }) => folder);
  const folder = (): string => folders()[0] ?? '';
  const autoStart = createAutoStart(context.globalState);
  const received = createReceivedFiles({ files: ports.files, roots: workspaceRoots, isTrusted });

  /** What starts by itself is of two kinds, and activation asks for both at once. */
  const rememberAutoStart = async (): Promise<void> => {
    const [bots, schedules] = await Promise.all([store.telegram.listBots(), store.telegram.listSchedules()]);
    const own = bots.filter((bot) => bot.autoStart);
    await autoStart.remember([
      ...own.map((bot) => bot.folder),
      ...schedules.filter(({ isEnabled }) => isEnabled).map((schedule) => schedule.folder),
    ]);
  };

  const manager: TelegramManager = createTelegramManager({
    store: store.telegram,
    history: store,
    chats,
    jobs,
    approvals,
    agents,
    listModels: (current) => ports.provider(current.provider).listModels(AbortSignal.timeout(listDeadline)),
    transcribe: createTranscriber({ apiKey: (id) => ports.keys.get(id), baseUrl }),
    readWorkspaceFile: received.read,
    saveReceived: received.save,
    leases: createLeases({
      folder: path.join(context.globalStorageUri.fsPath, 'telegram'),
      owner: formatOwner(thisOwner(ports.ownerId)),
      stateOf: (owner) => {
        const parsed = parseOwner(owner);
        return parsed === undefined ? 'unknown' : processState(parsed);
      },
      place: () => vscode.workspace.name ?? '',
      now,
      logError,
    }),
    tokens,
    apiRoot: telegramApiRoot,
    folders,
    isTrusted,
    assumedPrice,
    redact: ports.redact,
    schedules: { list: () => schedules.list(), runNow: (id, dueAt) => schedules.runNow(id, dueAt) },
    rememberAutoStart,
    onRunning: () => schedules.wake(),
    newId,
    now,
    logError,
  });

  /** In the chat that its answers go to. @returns false: it has to be told here */
  const tellOnPhone = async (
    { telegram }: Schedule,
    message: Parameters<NonNullable<ReturnType<TelegramManager['service']>>['tell']>[1],
  ): Promise<boolean> => {
    const service = telegram === undefined ? undefined : manager.service(telegram.configId);
    if (telegram === undefined || service === undefined) return false;
    try {
      await service.tell(telegram.chatId, message);
      return true;
    } catch (error) {
      logError(error);
      return false;
    }
  };

  const notices = createScheduleNotices({
    openChat: async (sessionId) => {
      await vscode.commands.executeCommand('anycowork.openSession', sessionId);
    },
    runNow: (id, dueAt) => schedules.runNow(id, dueAt),
    now,
    logError,
  });
  const desk = createDeskSchedule({ chats, jobs, newId, tellEnd: notices.tellEnd });
  const schedules: Schedules = createSchedules({
    store: store.telegram,
    agents,
    folder,
    isTrusted,
    mayRun: ({ telegram }) => telegram === undefined || manager.isRunning(telegram.configId),
    run: async (schedule, dueAt) => {
      const entry = scheduleEntry(schedule, dueAt, now());
      if (entry === undefined) {
        await desk.run(schedule);
        return;
      }
      const service = manager.service(entry.configId);
      if (service === undefined)
        throw new InputError('Its bot has stopped meanwhile. Start it, and run the schedule.');
      if (!(await service.conversations.enqueue(entry)))
        throw new InputError('This run was made up for already. Its answer comes, or has come, in the chat.');
    },
    tellMissed: async (schedule, count, lastDue) => {
      const isTold = await tellOnPhone(schedule, missedMessage(schedule, count, lastDue, now()));
      if (!isTold) notices.tellMissed(schedule, count, lastDue);
    },
    tellFailed: async (schedule, error) => {
      const reason = error instanceof Error ? error.message : 'the log says why';
      if (!(await tellOnPhone(schedule, failedMessage(schedule, reason))))
        notices.tellFailed(schedule, error);
    },
    setTimer: (run, milliseconds) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    newId,
    now,
    logError,
  });
  const unlisten = schedules.onChange(() => void rememberAutoStart().catch(logError));
  // Of a bot whose folder is closed nothing may run here any more.
  const folderWatch = vscode.workspace.onDidChangeWorkspaceFolders(
    () => void manager.follow().catch(logError),
  );
  schedules.start();
  const pairings = showPairings({ bots: manager, logError });

  return {
    commands: {
      ...createTelegramCommands({ bots: manager, agents, picker: ports.picker, folders, now }),
      ...createScheduleCommands({ schedules, bots: manager, agents, now }),
    },
    view: createTelegramView({ bots: manager, agents, now }),
    schedulesView: createSchedulesView({ schedules, bots: manager, agents, folders, now }),
    autoStart: async () => {
      await manager.autoStart();
      schedules.wake();
    },
    close: async () => {
      unlisten();
      folderWatch.dispose();
      pairings.dispose();
      desk.close();
      await Promise.all([schedules.close(), manager.close()]);
    },
  };
};
