/** Which chat this window shows, and what people do in it. */
import * as vscode from 'vscode';
import type { Agents } from '../core/agents.ts';
import type { Chats } from '../core/chats.ts';
import type { StartedJob } from '../core/jobs.ts';
import type { ProviderDescriptions } from '../core/provider.ts';
import type { Agent } from '../shared/agent.ts';
import { type ChatState, emptyChat } from '../shared/chat.ts';
import type { ImageBlock, ModelRef, ProviderId } from '../shared/message.ts';
import type { Surroundings } from '../shared/protocol.ts';
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
  snapshot(taken: (chat: ChatState) => void): Promise<void>;
  surroundings(): Promise<Surroundings>;
  send(text: string, images: readonly ImageBlock[]): Promise<StartedJob>;
  open(sessionId: string): Promise<void>;
  startNew(agentId?: string): Promise<void>;
  setModel(model: ModelRef): Promise<void>;
  setAgent(agentId: string): Promise<void>;
  /** After a key was set: a chat whose own provider has none goes over to this one, and so does its agent. */
  useProvider(provider: ProviderId): Promise<void>;
}

export const createCurrentChat = (options: {
  readonly chats: Chats;
  readonly agents: Agents;
  readonly models: ModelChoice;
  readonly descriptions: ProviderDescriptions;
  /** Per workspace, so that a reload finds the chat again. */
  readonly state: vscode.Memento;
  newId(): string;
  storageProblem(): string | undefined;
  /** The view must be drawn anew. */
  onChanged(): Promise<void>;
}): CurrentChat => {
  const { chats, agents, models, state } = options;
  let sessionId = state.get<string>(sessionKey);
  /** What the person chose for the chat that is about to begin. */
  let nextAgentId: string | undefined;
  let nextModel: ModelRef | undefined;
  /** Settled once the first message of a new chat has been kept or refused: until then the store does not know it. */
  let beginning: Promise<unknown> = Promise.resolve();

  const remember = async (id: string | undefined): Promise<void> => {
    sessionId = id;
    await state.update(sessionKey, id);
  };

  const agentAndModel: CurrentChat['agentAndModel'] = async () => {
    if (sessionId !== undefined) {
      const session = await chats.get(sessionId);
      if (session !== undefined) {
        const agent = await agents.get(session.agentId).catch(() => agents.get());
        return { agent, model: session.model };
      }
    }
    const agent = await agents.get(nextAgentId).catch(() => agents.get());
    return { agent, model: nextModel ?? agent.model };
  };

  const snapshot: CurrentChat['snapshot'] = async (taken) => {
    await beginning;
    if (sessionId !== undefined) {
      if ((await chats.get(sessionId)) !== undefined) {
        await chats.snapshot(sessionId, pageSize, taken);
        return;
      }
      await remember(undefined);
    }
    const { agent, model } = await agentAndModel();
    taken(emptyChat(agent.id, model));
  };

  const surroundings: CurrentChat['surroundings'] = async () => {
    const { agent, model } = await agentAndModel();
    const folder = vscode.workspace.workspaceFolders?.[0];
    const problem = options.storageProblem();
    const providerName = options.descriptions[model.provider].name;
    return {
      agentName: agent.name,
      modelLabel: `${providerName}: ${model.model}`,
      isDemo: model.model.startsWith('scripted-'),
      hasKey: await models.hasKey(model.provider),
      providerName,
      folder: workspaceRoots()[0]?.path ?? '',
      shelf: 'active',
      isTrusted: vscode.workspace.isTrusted,
      // Only an empty chat shows them, and finding them looks at files.
      suggestions: sessionId === undefined ? await suggestionsFor(folder?.uri) : [],
      ...(folder === undefined ? {} : { folderName: vscode.workspace.name ?? folder.name }),
      ...(problem === undefined ? {} : { storageProblem: problem }),
    };
  };

  const show = async (id: string | undefined): Promise<void> => {
    await remember(id);
    await options.onChanged();
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
    send: async (text, images) => {
      if (sessionId !== undefined) {
        return chats.send({ sessionId, text, images });
      }
      const { agent, model } = await agentAndModel();
      const newSessionId = options.newId();
      // Shown from its first event on; taken back when the message could not be kept.
      sessionId = newSessionId;
      try {
        const sending = chats.send({ newSessionId, agentId: agent.id, model, text, images });
        beginning = sending.catch(() => undefined);
        const started = await sending;
        // Unless the person has gone to another chat meanwhile.
        if (sessionId === newSessionId) await remember(newSessionId);
        return started;
      } catch (error) {
        if (sessionId === newSessionId) sessionId = undefined;
        throw error;
      }
    },
    open: show,
    startNew: async (agentId) => {
      nextAgentId = agentId ?? nextAgentId;
      if (agentId !== undefined) nextModel = undefined;
      await show(undefined);
    },
    setModel,
    setAgent: async (agentId) => {
      nextAgentId = agentId;
      nextModel = undefined;
      if (sessionId !== undefined) await chats.setAgent(sessionId, agentId);
      await options.onChanged();
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
