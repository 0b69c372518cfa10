/** Every command: usable by code with arguments, and from the palette, where it asks for what is missing. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { type Agents, InputError } from '../core/agents.ts';
import type { ApprovalBroker } from '../core/approvals.ts';
import type { Chats } from '../core/chats.ts';
import { messagesOf } from '../core/history.ts';
import type { Jobs, StartedJob } from '../core/jobs.ts';
import type { Store } from '../core/store.ts';
import type { Agent } from '../shared/agent.ts';
import { type Message, providerIds, textOf } from '../shared/message.ts';
import type { SessionSummary } from '../shared/session.ts';
import type { CurrentChat } from './currentChat.ts';
import type { ModelChoice } from './modelChoice.ts';
import { type Review, stepIdOf } from './review.ts';

const id = z.string().min(1);
const chatSchema = z.object({ agentId: id.optional(), sessionId: id.optional(), message: z.string().min(1) });
const scopeSchema = z
  .object({ scope: z.enum(['once', 'session']).default('once') })
  .default({ scope: 'once' });
const reasonSchema = z.object({ reason: z.string().optional() }).default({});

const parse = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError(`The command's arguments are not right: ${z.prettifyError(parsed.error)}`);
};

export interface CommandPorts {
  readonly chats: Chats;
  readonly agents: Agents;
  readonly jobs: Jobs;
  readonly approvals: ApprovalBroker;
  readonly store: Store;
  readonly current: CurrentChat;
  readonly models: ModelChoice;
  readonly review: Review;
  /** Reveals the chat. */
  focusChat(): Promise<void>;
  showSessions(): Promise<void>;
  refresh(): Promise<void>;
  showLog(): void;
}

/** Why an answer did not count. */
export const tooLate = {
  alreadyAnswered: 'This step had already been answered. Your choice changed nothing.',
  unknown: 'This step is not waiting in this window any more. Your choice changed nothing.',
} as const;

/** One implementation per command id; `main.ts` registers them by these names. */
export const createCommands = (ports: CommandPorts) => {
  const { chats, agents, jobs, approvals, store, current, models, review } = ports;

  const pickAgent = async (title: string, given: unknown): Promise<Agent | undefined> => {
    if (typeof given === 'string') return agents.get(given);
    const items = (await agents.list()).map((agent) => ({
      label: agent.name,
      description: agent.model.model,
      detail: agent.instructions.split('\n', 1)[0] ?? '',
      agent,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose an agent' }))?.agent;
  };

  const pickSession = async (title: string, given: unknown): Promise<SessionSummary | undefined> => {
    if (typeof given === 'string') {
      const session = await chats.get(given);
      if (session === undefined) throw new InputError('There is no chat with this id.');
      return session;
    }
    const items = (await chats.list({ shelf: 'active', limit: 500 })).sessions.map((session) => ({
      label: session.title,
      description: session.status === 'idle' ? '' : session.status,
      detail: `${new Date(session.updatedAt).toLocaleString()} ${session.folder}`,
      session,
    }));
    const options = { title, placeHolder: 'Choose a chat', matchOnDetail: true };
    return (await vscode.window.showQuickPick(items, options))?.session;
  };

  const pickStep = async (title: string, given: unknown): Promise<string | undefined> => {
    const fromEditor = stepIdOf(given);
    if (fromEditor !== undefined) return fromEditor;
    if (typeof given === 'string') return given;
    const waiting = approvals.pending();
    if (waiting.length === 0) {
      vscode.window.showInformationMessage('No step is waiting for an answer.');
      return undefined;
    }
    // Also where there is only one: it need not be the one that was just seen.
    const items = waiting.map(({ request }) => ({
      label: request.prompt.title,
      description: request.agentName,
      detail: request.prompt.detail.split('\n', 1)[0] ?? '',
      stepId: request.step.id,
    }));
    return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Choose a step' }))?.stepId;
  };

  /** @returns undefined when the person thought better of it */
  const askReason = async (): Promise<string | undefined> =>
    await vscode.window.showInputBox({
      title: 'Reject the step',
      prompt: 'Optional: tell the agent why, or what to do instead',
    });

  const answer = async (
    title: string,
    step: unknown,
    decision: { approved: boolean; scope: 'once' | 'session'; reason?: string },
  ): Promise<boolean> => {
    const stepId = await pickStep(title, step);
    if (stepId === undefined) return false;
    const result = approvals.answer(stepId, { ...decision, by: 'user', surface: 'command' });
    if (result !== 'accepted') vscode.window.showInformationMessage(tooLate[result]);
    return result === 'accepted';
  };

  const chat = async (value?: unknown): Promise<StartedJob | undefined> => {
    if (value === undefined) {
      const message = await vscode.window.showInputBox({
        title: 'Message to the agent',
        prompt: 'Sent in the chat that is open now, or in a new one',
      });
      if (message === undefined || message.trim() === '') return undefined;
      await ports.focusChat();
      return current.send(message, []);
    }
    const { message, agentId, sessionId } = parse(chatSchema, value);
    if (sessionId !== undefined && agentId !== undefined) await chats.setAgent(sessionId, agentId);
    const started = await chats.send({
      text: message,
      ...(agentId === undefined ? {} : { agentId }),
      ...(sessionId === undefined ? {} : { sessionId }),
    });
    if (current.sessionId() !== started.sessionId) await current.open(started.sessionId);
    return started;
  };

  /** The job of the chat that is shown; else the person says which. */
  const pickJob = async (): Promise<string | undefined> => {
    const shown = current.sessionId();
    const own = shown === undefined ? undefined : jobs.runningIn(shown);
    if (own !== undefined) return own;
    const running = jobs.running();
    if (running.length === 0) {
      vscode.window.showInformationMessage('No agent is working.');
      return undefined;
    }
    const items = await Promise.all(
      running.map(async ({ jobId, sessionId }) => ({
        label: (await chats.get(sessionId))?.title ?? 'A chat',
        jobId,
      })),
    );
    const options = { title: 'Stop an agent', placeHolder: 'Choose the chat in which it works' };
    return (await vscode.window.showQuickPick(items, options))?.jobId;
  };

  const createAgent = async (value?: unknown): Promise<Agent | undefined> => {
    if (value !== undefined) return agents.create(value);
    const name = await vscode.window.showInputBox({ title: 'New agent', prompt: 'Its name' });
    if (name === undefined) return undefined;
    const instructions = await vscode.window.showInputBox({
      title: `New agent ${name}`,
      prompt: 'Instructions: what it is for and how it should work (may be empty)',
    });
    if (instructions === undefined) return undefined;
    const model = await models.pickModel(await models.defaultModel());
    if (model === undefined) return undefined;
    const agent = await agents.create({ name, instructions, model });
    await current.startNew(agent.id);
    return agent;
  };

  const editAgent = async (agent: Agent): Promise<Agent | undefined> => {
    const parts = [
      { label: 'Name', description: agent.name, part: 'name' as const },
      { label: 'Instructions', description: agent.instructions, part: 'instructions' as const },
      { label: 'Model', description: agent.model.model, part: 'model' as const },
    ];
    const picked = await vscode.window.showQuickPick(parts, { title: `Edit ${agent.name}` });
    if (picked === undefined) return undefined;
    if (picked.part === 'model') {
      const model = await models.pickModel(agent.model);
      return model === undefined ? undefined : agents.update(agent.id, { model });
    }
    if (agent[picked.part].includes('\n')) {
      throw new InputError(
        `The ${picked.part} of ${agent.name} have several lines, which this field cannot hold. Change them with the command anycowork.updateAgent.`,
      );
    }
    const value = await vscode.window.showInputBox({
      title: `${picked.label} of ${agent.name}`,
      value: agent[picked.part],
    });
    return value === undefined ? undefined : agents.update(agent.id, { [picked.part]: value });
  };

  const showMessages = async (session: SessionSummary, messages: readonly Message[]): Promise<void> => {
    const content = messages
      .map((message) => {
        const who = { user: 'You', assistant: 'Agent', tool: 'Result' }[message.role];
        return `## ${who}\n\n${textOf(message.content)}`;
      })
      .join('\n\n');
    const document = await vscode.workspace.openTextDocument({
      language: 'markdown',
      content: `# ${session.title}\n\n${content}\n`,
    });
    await vscode.window.showTextDocument(document, { preview: true });
  };

  return {
    openChat: () => ports.focusChat(),
    newChat: async () => {
      await current.startNew();
      await ports.focusChat();
    },
    showSessions: () => ports.showSessions(),
    openSession: async (sessionId?: unknown) => {
      const session = await pickSession('Chats', sessionId);
      if (session === undefined) return;
      await current.open(session.id);
      await ports.focusChat();
    },
    showLog: async () => ports.showLog(),
    chat,
    createAgent,
    getAgents: async () => agents.list(),
    updateAgent: async (agentId?: unknown, patch?: unknown) => {
      const agent = await pickAgent('Edit agent', agentId);
      if (agent === undefined) return undefined;
      const updated = await (patch === undefined ? editAgent(agent) : agents.update(agent.id, patch));
      await ports.refresh();
      return updated;
    },
    deleteAgent: async (agentId?: unknown) => {
      const agent = await pickAgent('Delete agent', agentId);
      if (agent === undefined) return false;
      if (typeof agentId !== 'string') {
        const question = `Delete the agent “${agent.name}”? Its chats stay.`;
        if ((await vscode.window.showWarningMessage(question, { modal: true }, 'Delete')) !== 'Delete')
          return false;
      }
      await agents.delete(agent.id);
      await ports.refresh();
      return true;
    },
    pickAgent: async () => {
      const agent = await pickAgent('Agent of this chat', undefined);
      if (agent !== undefined) await current.setAgent(agent.id);
    },
    pickModel: async () => {
      const { model } = await current.agentAndModel();
      const picked = await models.pickModel(model);
      if (picked !== undefined) await current.setModel(picked);
    },
    approveAction: async (step?: unknown, options?: unknown) => {
      // A menu of the editor passes arguments of its own behind the document.
      const { scope } = parse(scopeSchema, stepIdOf(step) === undefined ? options : undefined);
      return answer('Approve', step, { approved: true, scope });
    },
    rejectAction: async (step?: unknown, options?: unknown) => {
      const isByCode = stepIdOf(step) === undefined && (step !== undefined || options !== undefined);
      const given = isByCode ? parse(reasonSchema, options) : undefined;
      const stepId = await pickStep('Reject', step);
      if (stepId === undefined) return false;
      const reason = given === undefined ? await askReason() : given.reason;
      if (reason === undefined && !isByCode) return false;
      const isGiven = reason !== undefined && reason.trim() !== '';
      return answer('Reject', stepId, {
        approved: false,
        scope: 'once',
        ...(isGiven ? { reason } : {}),
      });
    },
    reviewAction: async (step?: unknown) => {
      const stepId = await pickStep('Review', step);
      if (stepId !== undefined) await review.open(stepId);
    },
    cancelJob: async (jobId?: unknown) => {
      const target = typeof jobId === 'string' ? jobId : await pickJob();
      return target === undefined ? false : jobs.cancel(target);
    },
    getSessions: async () => (await chats.list({ shelf: 'active', limit: 500 })).sessions,
    getMessages: async (sessionId?: unknown) => {
      const session = await pickSession('Messages of a chat', sessionId);
      if (session === undefined) return undefined;
      const messages = messagesOf(await store.readAll(session.id));
      if (sessionId === undefined) await showMessages(session, messages);
      return messages;
    },
    setApiKey: async (provider?: unknown) => {
      const set = await models.setApiKey(providerIds.find((each) => each === provider));
      if (set !== undefined) await current.useProvider(set);
      return set !== undefined;
    },
  };
};

export type Commands = ReturnType<typeof createCommands>;
