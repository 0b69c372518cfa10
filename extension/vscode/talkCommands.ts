/** Commands that open chats, write into them and read them. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Chats } from '../core/chats.ts';
import { messagesOf } from '../core/history.ts';
import type { StartedJob } from '../core/jobs.ts';
import type { Store } from '../core/store.ts';
import { type Message, textOf } from '../shared/message.ts';
import { type SessionSummary, shelves } from '../shared/session.ts';
import type { ChatPicker } from './chatPicker.ts';
import { givenSession, idSchema, parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';

const chatSchema = z.object({
  agentId: idSchema.optional(),
  sessionId: idSchema.optional(),
  message: z.string().min(1),
});
const listSchema = z
  .object({
    shelf: z.enum(shelves).default('active'),
    limit: z.number().int().min(1).max(100_000).default(500),
  })
  .default({ shelf: 'active', limit: 500 });

const none = 'There are no chats yet.';

export const createTalkCommands = (ports: {
  readonly chats: Chats;
  readonly store: Store;
  readonly current: CurrentChat;
  readonly picker: ChatPicker;
  focusChat(): Promise<void>;
  showSessions(): Promise<void>;
}) => {
  const { chats, store, current, picker } = ports;

  const chat = async (value?: unknown): Promise<StartedJob | undefined> => {
    if (value === undefined) {
      const message = await vscode.window.showInputBox({
        title: 'Message to the agent',
        prompt: 'Sent in the chat that is open now, or in a new one',
      });
      if (message === undefined || message.trim() === '') return undefined;
      await ports.focusChat();
      return current.send({ text: message });
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

  const showMessages = async (session: SessionSummary, messages: readonly Message[]): Promise<void> => {
    const content = messages
      .map((message) => {
        const you = (message.role === 'user' ? message.via : undefined) ?? 'You';
        const who = { user: you, assistant: 'Agent', tool: 'Result' }[message.role];
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
    openSession: async (given?: unknown) => {
      const session = await picker.session(givenSession(given), { title: 'Chats', none });
      if (session === undefined) return;
      await current.open(session.id);
      await ports.focusChat();
    },
    chat,
    getSessions: async (query?: unknown) => (await chats.list(parse(listSchema, query))).sessions,
    getMessages: async (given?: unknown) => {
      const session = await picker.session(givenSession(given), { title: 'Messages of a chat', none });
      if (session === undefined) return undefined;
      const messages = messagesOf(await store.readAll(session.id));
      if (given === undefined) await showMessages(session, messages);
      return messages;
    },
  };
};
