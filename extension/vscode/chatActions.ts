/** What a person does with a chat as a whole, from the list of chats, from a menu of the view or by a command. */
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { Branches } from '../core/branches.ts';
import type { Chats } from '../core/chats.ts';
import { joinInSlices } from '../core/slices.ts';
import type { Store } from '../core/store.ts';
import { markdownParts } from '../core/transcript.ts';
import type { SessionSummary, Shelf } from '../shared/session.ts';
import type { CurrentChat } from './currentChat.ts';

export interface ChatActions {
  /** @throws InputError */
  rename(sessionId: string, title: string): Promise<void>;
  setPinned(sessionId: string, isPinned: boolean): Promise<void>;
  /** Archives, deletes, brings back. A shown chat that is deleted makes room for a new one. @throws InputError */
  moveTo(sessionId: string, shelf: Shelf): Promise<void>;
  /** Asks first. @returns whether it is gone @throws InputError for a chat that was not deleted before */
  purge(sessionId: string): Promise<boolean>;
  /** Opens the new chat. Without an item everything is copied. @returns the new chat's id */
  fork(sessionId: string, itemId?: string): Promise<string>;
  /** Has the answer made anew that this item belongs to, and shows it. */
  retry(sessionId: string, itemId: string): Promise<void>;
  /** Puts the whole chat into the clipboard, as Markdown. */
  copy(sessionId: string): Promise<void>;
}

const removeButton = 'Remove for Good';

/** Milliseconds for which the status bar says that something was done. */
const toldForMs = 3_000;

export const createChatActions = (options: {
  readonly chats: Chats;
  readonly branches: Branches;
  readonly store: Store;
  readonly current: CurrentChat;
  agentName(agentId: string): Promise<string | undefined>;
  /** The list of chats says something else now. */
  sessionsChanged(): void;
  titleChanged(sessionId: string, title: string): void;
  refreshSurroundings(): Promise<void>;
}): ChatActions => {
  const { chats, branches, store, current } = options;

  const existing = async (sessionId: string): Promise<SessionSummary> => {
    const session = await chats.get(sessionId);
    if (session === undefined)
      throw new InputError('This chat is not there any more. It may have been removed.');
    return session;
  };

  return {
    rename: async (sessionId, title) => {
      const text = title.replaceAll(/\s+/g, ' ').trim();
      if (text === '') throw new InputError('A chat needs a title of at least one character.');
      await chats.change(sessionId, { title: { text, by: 'person' } });
      options.titleChanged(sessionId, text);
      options.sessionsChanged();
    },
    setPinned: async (sessionId, isPinned) => {
      await chats.change(sessionId, { isPinned });
      options.sessionsChanged();
    },
    moveTo: async (sessionId, shelf) => {
      await chats.change(sessionId, { shelf });
      options.sessionsChanged();
      if (sessionId !== current.sessionId()) return;
      if (shelf === 'deleted') await current.startNew();
      else await options.refreshSurroundings();
    },
    purge: async (sessionId) => {
      const { title, shelf } = await existing(sessionId);
      if (shelf !== 'deleted') throw new InputError('Only a deleted chat can be removed for good.');
      const answer = await vscode.window.showWarningMessage(
        `Remove the chat “${title}” for good?`,
        {
          modal: true,
          detail: 'Its messages, pictures and outputs are taken off the disk. This cannot be undone.',
        },
        removeButton,
      );
      if (answer !== removeButton) return false;
      await chats.purge(sessionId);
      options.sessionsChanged();
      if (sessionId === current.sessionId()) await current.startNew();
      return true;
    },
    fork: async (sessionId, itemId) => {
      const { id } = await branches.fork(sessionId, itemId);
      options.sessionsChanged();
      await current.open(id);
      return id;
    },
    retry: async (sessionId, itemId) => {
      await branches.retry(sessionId, itemId);
      if (sessionId === current.sessionId() && current.isInMiddle()) await current.showNewest();
    },
    copy: async (sessionId) => {
      const session = await existing(sessionId);
      const [items, agentName] = await Promise.all([
        store.readAll(sessionId),
        options.agentName(session.agentId),
      ]);
      await vscode.env.clipboard.writeText(await joinInSlices(markdownParts(session, items, agentName)));
      vscode.window.setStatusBarMessage('$(check) The chat was copied as Markdown.', toldForMs);
    },
  };
};
