/** Which chat this window shows, and what people do in it. */
import * as vscode from 'vscode';
import { type Agents, InputError } from '../core/agents.ts';
import type { Branches, Resend } from '../core/branches.ts';
import type { Chats } from '../core/chats.ts';
import type { StartedJob } from '../core/jobs.ts';
import type { ProviderDescriptions } from '../core/provider.ts';
import type { Agent } from '../shared/agent.ts';
import { type ChatState, emptyChat } from '../shared/chat.ts';
import type { McpPromptChoice } from '../shared/mcp.ts';
import type { ModelRef, ProviderId } from '../shared/message.ts';
import type { Surroundings } from '../shared/protocol.ts';
import type { ApprovalMode } from '../shared/rule.ts';
import type { SessionSummary } from '../shared/session.ts';
import type { SkillChoice } from '../shared/skill.ts';
import type { ModelChoice } from './modelChoice.ts';
import { suggestionsFor } from './suggestions.ts';
import { workspaceRoots } from './workspaceRoots.ts';

const sessionKey = 'anycowork.currentSession';

/** Chat items in a snapshot; older ones are paged in. */
export const pageSize = 100;

export interface CurrentChat {
  sessionId(): string | undefined;
  /** Agent and model: of the session, or of the chat that is about to begin. */
  agentAndModel(): Promise<{ readonly agent: Agent; readonly model: ModelRef }>;
  /** @param taken as in ChatSource */
  snapshot(taken: (chat: ChatState, focusRow: number | undefined) => boolean): Promise<void>;
  surroundings(): Promise<Surroundings>;
  /** @param replaces an earlier message of the person's, which this one is sent in the place of */
  send(message: Resend, replaces?: string): Promise<StartedJob>;
  /** The last job of the shown chat is gone on with. */
  goOn(): Promise<StartedJob>;
  /** With a row: shows what stands around it, and marks it. A deleted chat can be opened too. */
  open(sessionId: string, row?: number): Promise<void>;
  /** A part of the chat's middle is looked at: what happens at its end is not shown. */
  isInMiddle(): boolean;
  /** Leaves the middle of the chat. */
  showNewest(): Promise<void>;
  startNew(agentId?: string): Promise<void>;
  setModel(model: ModelRef): Promise<void>;
  setAgent(agentId: string): Promise<void>;
  /** Approval mode: of the session, or of the chat that is about to begin; else its agent's. */
  mode(): Promise<ApprovalMode>;
  setMode(mode: ApprovalMode): Promise<void>;
  /** After another chat, or a new one, is shown. */
  onShown(listener: () => void): () => void;
  /** After a key was set: a chat whose own provider has none goes over to this one, and so does its agent. */
  useProvider(provider: ProviderId): Promise<void>;
}

export const createCurrentChat = (options: {
  readonly chats: Chats;
  readonly branches: Pick<Branches, 'editAndResend'>;
  readonly agents: Agents;
  readonly models: ModelChoice;
  readonly descriptions: ProviderDescriptions;
  /** Per workspace, so that a reload finds the chat again. */
  readonly state: vscode.Memento;
  newId(): string;
  storageProblem(): string | undefined;
  /** What a person may have this agent use. */
  skillChoices(agent: Agent): Promise<readonly SkillChoice[]>;
  /** Prompts of MCP servers that run. */
  promptChoices(agent: Agent): Promise<readonly McpPromptChoice[]>;
  /** The view must be drawn anew. */
  onChanged(): Promise<void>;
}): CurrentChat => {
  const { chats, agents, models, state } = options;
  let sessionId = state.get<string>(sessionKey);
  /** The row around which the chat is looked at; undefined at its end. */
  let place: number | undefined;
  /** The place is to be marked by the next snapshot. */
  let isMarked = false;
  /** What the person chose for the chat that is about to begin. */
  let nextAgentId: string | undefined;
  let nextModel: ModelRef | undefined;
  /** Of that chat only: what may run unasked is chosen anew for every other one. */
  let nextMode: ApprovalMode | undefined;
  const shownListeners = new Set<() => void>();
  /** Settled once the first message of a new chat has been kept or refused: until then the store does not know it. */
  let beginning: Promise<unknown> = Promise.resolve();

  const tellShown = (): void => {
    for (const listener of shownListeners) listener();
  };

  const remember = async (id: string | undefined): Promise<void> => {
    const isOther = sessionId !== id;
    sessionId = id;
    await state.update(sessionKey, id);
    if (isOther) tellShown();
  };

  const around = async (): Promise<{
    readonly agent: Agent;
    readonly model: ModelRef;
    readonly mode: ApprovalMode;
    readonly session?: SessionSummary;
  }> => {
    const session = sessionId === undefined ? undefined : await chats.get(sessionId);
    const agent = await agents.get(session?.agentId ?? nextAgentId).catch(() => agents.get());
    if (session !== undefined) {
      return { agent, model: session.model, mode: chats.modeOf(session, agent), session };
    }
    return { agent, model: nextModel ?? agent.model, mode: nextMode ?? agent.execution.mode };
  };
  const agentAndModel: CurrentChat['agentAndModel'] = around;

  const snapshot: CurrentChat['snapshot'] = async (taken) => {
    await beginning;
    if (sessionId !== undefined) {
      const id = sessionId;
      if ((await chats.get(id)) !== undefined) {
        const row = place;
        const tell = (chat: ChatState): void => {
          // Told to nobody when another snapshot overtook this one.
          if (!taken(chat, isMarked && row === place ? row : undefined) || row !== place || id !== sessionId)
            return;
          isMarked = false;
          // It reaches to the end of the chat, which it follows from now on.
          if (!chat.hasNewer) place = undefined;
        };
        await chats.snapshot(id, pageSize, tell, row);
        return;
      }
      // Unless the person has gone to another chat meanwhile.
      if (sessionId === id) await remember(undefined);
      else return snapshot(taken);
    }
    const { agent, model } = await agentAndModel();
    taken(emptyChat(agent.id, model), undefined);
  };

  const surroundings: CurrentChat['surroundings'] = async () => {
    const { agent, model, mode, session } = await around();
    const folder = vscode.workspace.workspaceFolders?.[0];
    const problem = options.storageProblem();
    const providerName = options.descriptions[model.provider].name;
    return {
      agentName: agent.name,
      modelLabel: `${providerName}: ${model.model}`,
      isDemo: model.model.startsWith('scripted-'),
      mode,
      skills: await options.skillChoices(agent),
      prompts: await options.promptChoices(agent),
      hasKey: await models.hasKey(model.provider),
      providerName,
      folder: workspaceRoots()[0]?.path ?? '',
      shelf: session?.shelf ?? 'active',
      isTrusted: vscode.workspace.isTrusted,
      // Only an empty chat shows them, and finding them looks at files.
      suggestions: sessionId === undefined ? await suggestionsFor(folder?.uri) : [],
      ...(folder === undefined ? {} : { folderName: vscode.workspace.name ?? folder.name }),
      ...(problem === undefined ? {} : { storageProblem: problem }),
    };
  };

  const show = async (id: string | undefined, row?: number): Promise<void> => {
    place = row;
    isMarked = row !== undefined;
    await remember(id);
    await options.onChanged();
  };

  const showNewest = async (): Promise<void> => {
    place = undefined;
    isMarked = false;
    await options.onChanged();
  };

  /** Whoever has something done in the chat wants to see it, which is at its end. */
  const thenAtEnd = async (id: string, starting: Promise<StartedJob>): Promise<StartedJob> => {
    const started = await starting;
    if (sessionId === id && place !== undefined) await showNewest();
    return started;
  };

  const setModel: CurrentChat['setModel'] = async (model) => {
    if (sessionId === undefined) nextModel = model;
    else await chats.setModel(sessionId, model);
    await options.onChanged();
  };

  return {
    sessionId: () => sessionId,
    agentAndModel,
    snapshot,
    surroundings,
    send: async ({ keepAttached, ...message }, replaces) => {
      if (sessionId !== undefined) {
        const sending =
          replaces === undefined
            ? chats.send({ ...message, sessionId })
            : options.branches.editAndResend(sessionId, replaces, {
                ...message,
                ...(keepAttached === undefined ? {} : { keepAttached }),
              });
        return thenAtEnd(sessionId, sending);
      }
      const { agent, model } = await agentAndModel();
      const newSessionId = options.newId();
      const mode = nextMode;
      // Shown from its first event on; taken back when the message could not be kept.
      sessionId = newSessionId;
      try {
        tellShown();
        const sending = chats.send({
          newSessionId,
          agentId: agent.id,
          model,
          ...(mode === undefined ? {} : { mode }),
          ...message,
        });
        beginning = sending.catch(() => undefined);
        const started = await sending;
        if (nextMode === mode) nextMode = undefined;
        // Unless the person has gone to another chat meanwhile.
        if (sessionId === newSessionId) await remember(newSessionId);
        return started;
      } catch (error) {
        if (sessionId === newSessionId) {
          sessionId = undefined;
          tellShown();
        }
        throw error;
      }
    },
    goOn: async () => {
      if (sessionId === undefined) throw new InputError('This chat has nothing to go on with yet.');
      return thenAtEnd(sessionId, chats.goOn(sessionId));
    },
    open: show,
    isInMiddle: () => place !== undefined,
    showNewest,
    startNew: async (agentId) => {
      nextAgentId = agentId ?? nextAgentId;
      if (agentId !== undefined) nextModel = undefined;
      nextMode = undefined;
      await show(undefined);
    },
    setModel,
    setAgent: async (agentId) => {
      nextAgentId = agentId;
      nextModel = undefined;
      nextMode = undefined;
      if (sessionId !== undefined) await chats.setAgent(sessionId, agentId);
      await options.onChanged();
    },
    mode: async () => (await around()).mode,
    setMode: async (mode) => {
      await beginning;
      if (sessionId === undefined) nextMode = mode;
      else await chats.setMode(sessionId, mode);
      await options.onChanged();
    },
    onShown: (listener) => {
      shownListeners.add(listener);
      return () => shownListeners.delete(listener);
    },
    useProvider: async (provider) => {
      const { agent, model } = await agentAndModel();
      const next = models.firstModel(provider);
      if (next === undefined || (await models.hasKey(model.provider))) {
        await options.onChanged();
        return;
      }
      await agents.update(agent.id, { model: next });
      await setModel(next);
    },
  };
};
