/** Every command: usable by code with arguments, and from the palette, where it asks for what is missing. */
import { type Agents, InputError } from '../core/agents.ts';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Branches } from '../core/branches.ts';
import type { Chats } from '../core/chats.ts';
import type { CommandShell } from '../core/commandLine.ts';
import type { Elsewhere } from '../core/elsewhere.ts';
import type { Jobs } from '../core/jobs.ts';
import type { McpServers } from '../core/mcp.ts';
import type { RuleBook } from '../core/rules.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { Store } from '../core/store.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import type { AgentEventType } from '../shared/event.ts';
import { createAgentCommands } from './agentCommands.ts';
import type { Answers } from './answers.ts';
import { createAuditExport } from './auditExport.ts';
import type { ChatActions } from './chatActions.ts';
import { createChatFileCommands } from './chatFileCommands.ts';
import { type ChatPicker, createChatPicker } from './chatPicker.ts';
import type { CurrentChat } from './currentChat.ts';
import { createExportEverything } from './exportEverything.ts';
import { createModeCommands } from './modeCommands.ts';
import type { ModelChoice } from './modelChoice.ts';
import type { Review } from './review.ts';
import { createRuleCommands } from './ruleEditor.ts';
import { createSearchCommand } from './searchCommand.ts';
import { createSessionCommands } from './sessionCommands.ts';
import { createSpendingCommands, type Limits, type SpendingSource } from './spending.ts';
import { createStepCommands } from './stepCommands.ts';
import type { StorageCare } from './storageCare.ts';
import { createTalkCommands } from './talkCommands.ts';
import type { createUndoCommands } from './undoCommands.ts';

export interface CommandPorts {
  readonly chats: Chats;
  readonly branches: Branches;
  readonly actions: ChatActions;
  readonly agents: Agents;
  readonly jobs: Jobs;
  readonly approvals: ApprovalBroker;
  readonly elsewhere: Elsewhere;
  readonly answers: Answers;
  readonly store: Store;
  readonly storageCare: StorageCare;
  readonly current: CurrentChat;
  readonly models: ModelChoice;
  readonly review: Review;
  readonly picker: ChatPicker;
  readonly undo: Pick<ReturnType<typeof createUndoCommands>, 'undoStep' | 'restoreBefore'>;
  readonly rules: RuleBook;
  readonly spending: SpendingSource;
  /** For the skills of an agent. */
  readonly skills: Pick<SkillCatalog, 'list'>;
  /** For the MCP servers of an agent. */
  readonly mcp: Pick<McpServers, 'list'>;
  /** What runs commands here, as `PolicyContext.shell`. */
  readonly shell: CommandShell;
  /** The limits of the settings. */
  limits(): Limits;
  /** The open folders, with their real paths. */
  roots(): Promise<readonly WorkspaceRoot[]>;
  /** Absolute path of the first open folder; empty without one. */
  folder(): string;
  /** Reveals the chat. */
  focusChat(): Promise<void>;
  showSessions(): Promise<void>;
  /** The list of chats says something else now. */
  sessionsChanged(): void;
  /** Puts a message of the shown chat into the composer, to be sent in its own place. */
  editInView(sessionId: string, itemId: string): void;
  refresh(): Promise<void>;
  showLog(): void;
  newId(): string;
  now(): number;
}

/** After these a list of chats shows the same as before. */
const silent: readonly AgentEventType[] = ['Token', 'Thinking', 'StepProgress', 'Retrying', 'Usage'];

/** The picker of chats of a window, whose open lists follow what happens to chats. */
export const createWindowPicker = (
  ports: Pick<CommandPorts, 'chats' | 'jobs' | 'store' | 'current' | 'folder' | 'now'>,
): ChatPicker => {
  const { chats, jobs, store, current } = ports;
  return createChatPicker({
    chats,
    shown: current.sessionId,
    folder: ports.folder,
    now: ports.now,
    onSessionsChanged: (listener) => {
      const unlistenJobs = jobs.onEvent(({ type }) => {
        if (!silent.includes(type)) listener();
      });
      const unlistenStore = store.onExternalChange(listener);
      return () => {
        unlistenJobs();
        unlistenStore();
      };
    },
  });
};

/** One implementation per command id; `main.ts` registers them by these names. */
export const createCommands = (ports: CommandPorts) => {
  const { chats, agents, current, undo } = ports;
  const agentName = async (agentId: string): Promise<string | undefined> =>
    (await agents.list()).find(({ id }) => id === agentId)?.name;
  const openAt = async (sessionId: string, row: number | undefined): Promise<void> => {
    if ((await chats.get(sessionId)) === undefined)
      throw new InputError('This chat is not there any more. It may have been removed in another window.');
    await current.open(sessionId, row);
    await ports.focusChat();
  };
  return {
    ...createTalkCommands(ports),
    ...createAgentCommands(ports),
    ...createStepCommands(ports),
    undoStep: undo.undoStep,
    restoreBefore: undo.restoreBefore,
    ...createModeCommands(ports),
    ...createRuleCommands(ports),
    ...createAuditExport(ports),
    ...createSpendingCommands(ports),
    ...createSessionCommands(ports),
    ...createSearchCommand({ ...ports, openAt }),
    ...createChatFileCommands({ ...ports, agentName }),
    ...createExportEverything(ports),
    ...ports.storageCare.commands,
    showLog: async () => ports.showLog(),
  };
};

export type Commands = ReturnType<typeof createCommands>;
