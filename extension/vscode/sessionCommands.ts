/** Commands for a chat as a whole and for its messages: what the menus of the chat view offer. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import type { Branches } from '../core/branches.ts';
import type { StartedJob } from '../core/jobs.ts';
import type { SessionSummary } from '../shared/session.ts';
import type { ChatActions } from './chatActions.ts';
import type { ChatPicker, MessageChoice, SessionChoice } from './chatPicker.ts';
import { givenItem, givenSession, isFromMenu, parse } from './commandInput.ts';
import type { CurrentChat } from './currentChat.ts';
import { titleOf, withoutLinks } from './words.ts';

const titleSchema = z.string().trim().min(1).max(200);
const textSchema = z.string().trim().min(1);

const noChats = 'There are no chats yet.';

interface Place {
  readonly sessionId: string;
  readonly itemId: string;
  /** Where it was chosen from a list. */
  readonly row?: number;
}

export const createSessionCommands = (ports: {
  readonly actions: ChatActions;
  readonly branches: Branches;
  readonly current: CurrentChat;
  readonly picker: ChatPicker;
  focusChat(): Promise<void>;
  /** Puts a message of the shown chat into the composer, to be sent in its own place. */
  editInView(sessionId: string, itemId: string): void;
}) => {
  const { actions, branches, current, picker } = ports;

  const pick = (given: unknown, choice: SessionChoice): Promise<SessionSummary | undefined> =>
    picker.session(givenSession(given), choice);

  /** The message that is meant; the palette means the chat that is shown, where there is one. */
  const pickMessage = async (
    session: unknown,
    item: unknown,
    choice: MessageChoice,
  ): Promise<Place | undefined> => {
    const given = givenItem(session, item);
    const sessionId =
      given.sessionId ??
      current.sessionId() ??
      (await picker.session(undefined, { title: choice.title, none: noChats }))?.id;
    if (sessionId === undefined) return undefined;
    if (given.itemId !== undefined) return { sessionId, itemId: given.itemId };
    const picked = await picker.message(sessionId, choice);
    return picked === undefined ? undefined : { sessionId, ...picked };
  };

  const askTitle = (session: SessionSummary): Thenable<string | undefined> =>
    vscode.window.showInputBox({
      title: 'Rename chat',
      value: session.title,
      validateInput: (value) =>
        titleSchema.safeParse(value).success ? undefined : 'Type a title of 1 to 200 characters.',
    });

  const undo = 'Undo';
  /** Not waited for: it stays until the person looks at it. */
  const offerUndo = async (session: SessionSummary, wasShown: boolean): Promise<void> => {
    const message = withoutLinks(`Deleted “${titleOf(session)}”. It can be restored for 7 days.`);
    if ((await vscode.window.showInformationMessage(message, undo)) !== undo) return;
    try {
      await actions.moveTo(session.id, session.shelf === 'archived' ? 'archived' : 'active');
      // Unless the person has gone to another chat meanwhile.
      if (wasShown && current.sessionId() === undefined) await current.open(session.id);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      vscode.window.showErrorMessage(withoutLinks(`AnyCowork: ${reason}`));
    }
  };

  return {
    renameSession: async (given?: unknown, title?: unknown) => {
      const session = await pick(given, { title: 'Rename chat', none: noChats });
      if (session === undefined) return false;
      const isByCode = title !== undefined && !isFromMenu(given);
      const text = isByCode ? parse(titleSchema, title) : await askTitle(session);
      if (text === undefined) return false;
      await actions.rename(session.id, text);
      return true;
    },
    pinSession: async (given?: unknown) => {
      const session = await pick(given, {
        title: 'Pin chat',
        shelves: ['active'],
        filter: ({ isPinned }) => !isPinned,
        none: 'There is no chat that is not pinned.',
      });
      if (session === undefined) return false;
      await actions.setPinned(session.id, true);
      return true;
    },
    unpinSession: async (given?: unknown) => {
      const session = await pick(given, {
        title: 'Unpin chat',
        shelves: ['active'],
        filter: ({ isPinned }) => isPinned,
        none: 'No chat is pinned.',
      });
      if (session === undefined) return false;
      await actions.setPinned(session.id, false);
      return true;
    },
    archiveSession: async (given?: unknown) => {
      const session = await pick(given, { title: 'Archive chat', shelves: ['active'], none: noChats });
      if (session === undefined) return false;
      await actions.moveTo(session.id, 'archived');
      return true;
    },
    unarchiveSession: async (given?: unknown) => {
      const session = await pick(given, {
        title: 'Take chat out of the archive',
        shelves: ['archived'],
        none: 'The archive is empty.',
      });
      if (session === undefined) return false;
      await actions.moveTo(session.id, 'active');
      return true;
    },
    deleteSession: async (given?: unknown) => {
      const session = await pick(given, { title: 'Delete chat', none: noChats });
      if (session === undefined) return false;
      const wasShown = session.id === current.sessionId();
      await actions.moveTo(session.id, 'deleted');
      void offerUndo(session, wasShown);
      return true;
    },
    restoreSession: async (given?: unknown) => {
      const session = await pick(given, {
        title: 'Restore deleted chat',
        shelves: ['deleted'],
        none: 'No chat was deleted in the last 7 days.',
      });
      if (session === undefined) return false;
      if (session.shelf !== 'deleted') throw new InputError('This chat is not deleted.');
      await actions.moveTo(session.id, 'active');
      if (given !== undefined) return true;
      await current.open(session.id);
      await ports.focusChat();
      return true;
    },
    /** @returns id of the new chat */
    forkSession: async (session?: unknown, item?: unknown): Promise<string | undefined> => {
      const { sessionId, itemId } = givenItem(session, item);
      // Of a chat as a whole, everything is copied; the palette asks up to which message.
      const place =
        sessionId === undefined || itemId !== undefined
          ? await pickMessage(session, item, {
              title: 'Fork chat after a message',
              kinds: ['user', 'assistant'],
              none: 'This chat has no messages yet.',
            })
          : { sessionId, itemId: undefined };
      if (place === undefined) return undefined;
      const forked = await actions.fork(place.sessionId, place.itemId);
      await ports.focusChat();
      return forked;
    },
    editMessage: async (
      session?: unknown,
      item?: unknown,
      text?: unknown,
    ): Promise<StartedJob | undefined> => {
      const place = await pickMessage(session, item, {
        title: 'Edit a message and send it again',
        kinds: ['user'],
        none: 'You have not written anything in this chat yet.',
      });
      if (place === undefined) return undefined;
      if (text !== undefined && !isFromMenu(session)) {
        return branches.editAndResend(place.sessionId, place.itemId, { text: parse(textSchema, text) });
      }
      // The view may have no more than the chat's end.
      if (place.row !== undefined) await current.open(place.sessionId, place.row);
      else if (current.sessionId() !== place.sessionId) await current.open(place.sessionId);
      await ports.focusChat();
      ports.editInView(place.sessionId, place.itemId);
      return undefined;
    },
    retryMessage: async (session?: unknown, item?: unknown) => {
      const place = await pickMessage(session, item, {
        title: 'Have a message answered anew',
        kinds: ['user', 'assistant'],
        none: 'This chat has no messages yet.',
      });
      if (place === undefined) return false;
      await actions.retry(place.sessionId, place.itemId);
      return true;
    },
    copySession: async (given?: unknown) => {
      const session = await pick(given, { title: 'Copy chat as Markdown', none: noChats });
      if (session === undefined) return false;
      await actions.copy(session.id);
      return true;
    },
  };
};
