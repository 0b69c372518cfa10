/** Quick picks of chats and of the messages of a chat. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { InputError } from '../core/agents.ts';
import type { Chats } from '../core/chats.ts';
import type { ChatItem } from '../shared/chat.ts';
import { textOf } from '../shared/message.ts';
import type { SessionStatus, SessionSummary, Shelf } from '../shared/session.ts';
import { dayOf, firstLine, statusWords, timeOf, titleOf, withoutIcons } from './words.ts';

export interface SessionItem extends vscode.QuickPickItem {
  readonly session?: SessionSummary;
  readonly more?: true;
}

export interface SessionChoice {
  readonly title: string;
  /** In this order; by default the list and then the archive. */
  readonly shelves?: readonly Shelf[];
  readonly filter?: (session: SessionSummary) => boolean;
  /** Said when there is nothing to choose from. */
  readonly none: string;
}

export interface MessageChoice {
  readonly title: string;
  readonly kinds: readonly ('user' | 'assistant')[];
  readonly none: string;
}

export interface ChatPicker {
  /** @throws InputError for an unknown id. @returns undefined when the person thought better of it */
  session(id: string | undefined, choice: SessionChoice): Promise<SessionSummary | undefined>;
  /** @returns the id of an item */
  message(sessionId: string, choice: MessageChoice): Promise<PickedMessage | undefined>;
}

/** What is not deleted. */
const kept: readonly Shelf[] = ['active', 'archived'];

/** Chats, and messages of a chat, that are shown at first. */
const pageSize = 500;

/** Milliseconds in which changes of an open list are taken together. */
const redrawDelay = 200;

const statusIcons: Record<SessionStatus, string> = {
  idle: 'comment',
  running: 'loading~spin',
  waiting: 'bell-dot',
  failed: 'error',
  interrupted: 'debug-disconnect',
};

/** What stands behind a chat's title: status, folder, time. */
export const aboutSession = (session: SessionSummary, now: number): string =>
  [
    statusWords[session.status],
    // Paths of another system may be in a store that several share.
    session.folder === '' ? '' : path.win32.basename(session.folder),
    timeOf(session.updatedAt, now),
  ]
    .filter((part) => part !== '')
    .join(' · ');

export const sessionIcon = ({ status, isPinned }: SessionSummary): vscode.ThemeIcon =>
  new vscode.ThemeIcon(status === 'idle' && isPinned ? 'pinned' : statusIcons[status]);

const groupOf = (session: SessionSummary, folder: string, now: number): string => {
  if (session.shelf === 'archived') return 'Archive';
  if (session.isPinned) return 'Pinned';
  const day = dayOf(session.updatedAt, now);
  return session.folder === folder ? day : `Other folders · ${day}`;
};

/** With a heading before each group: pinned ones, then this folder's and then others' by day, as the store sorts them. */
export const sessionItems = (
  sessions: readonly SessionSummary[],
  folder: string,
  now: number,
): SessionItem[] => {
  let group: string | undefined;
  return sessions.flatMap((session): SessionItem[] => {
    const own = groupOf(session, folder, now);
    const heading = own === group ? [] : [{ label: own, kind: vscode.QuickPickItemKind.Separator }];
    group = own;
    const item: SessionItem = {
      label: withoutIcons(titleOf(session)),
      description: withoutIcons(aboutSession(session, now)),
      iconPath: sessionIcon(session),
      session,
    };
    return [...heading, item];
  });
};

export interface PickedMessage {
  readonly itemId: string;
  readonly row?: number;
}

interface MessageItem extends vscode.QuickPickItem {
  readonly itemId?: string;
  readonly row?: number;
  readonly before?: number;
}

const messageItem = (item: ChatItem, now: number): MessageItem | undefined => {
  if (item.kind !== 'user' && item.kind !== 'assistant') return undefined;
  const text = firstLine(textOf(item.message.content));
  const fallback = item.kind === 'user' ? 'Pictures only' : 'Works with its tools';
  return {
    label: text === '' ? fallback : withoutIcons(text),
    description: `${item.kind === 'user' ? 'you' : 'agent'} · ${timeOf(item.message.createdAt, now)}`,
    iconPath: new vscode.ThemeIcon(item.kind === 'user' ? 'account' : 'comment-discussion'),
    itemId: item.id,
    ...(item.row === undefined ? {} : { row: item.row }),
  };
};

export const createChatPicker = (options: {
  readonly chats: Chats;
  /** The chat that the window shows: a list begins at it. */
  shown(): string | undefined;
  /** Absolute path of the first open folder; empty without one. */
  folder(): string;
  now(): number;
  /** Fires when the list of chats may have changed. */
  onSessionsChanged(listener: () => void): () => void;
}): ChatPicker => {
  const { chats, now } = options;

  const session: ChatPicker['session'] = async (id, { title, shelves = kept, filter, none }) => {
    if (id !== undefined) {
      const given = await chats.get(id);
      if (given === undefined) throw new InputError('There is no chat with this id.');
      return given;
    }
    let limit = pageSize;
    const items = async (): Promise<SessionItem[]> => {
      const pages = await Promise.all(shelves.map((shelf) => chats.list({ shelf, limit })));
      const all = pages.flatMap(({ sessions }) => sessions);
      const shown = filter === undefined ? all : all.filter(filter);
      const more: SessionItem = { label: '$(ellipsis) More chats', alwaysShow: true, more: true };
      return [
        ...sessionItems(shown, options.folder(), now()),
        ...(pages.some(({ hasMore }) => hasMore) ? [more] : []),
      ];
    };
    const picker = vscode.window.createQuickPick<SessionItem>();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    let isFirst = true;
    const refresh = async (): Promise<void> => {
      const next = await items();
      if (isOver) return;
      const active = isFirst ? options.shown() : picker.activeItems[0]?.session?.id;
      isFirst = false;
      picker.items = next;
      const again = next.find((item) => item.session?.id === active);
      if (active !== undefined && again !== undefined) picker.activeItems = [again];
      picker.busy = false;
    };
    // Chats begin and end their work while the list is open.
    const unlisten = options.onSessionsChanged(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        refresh().catch(() => undefined);
      }, redrawDelay);
    });
    try {
      picker.title = title;
      picker.placeholder = 'Choose a chat';
      picker.matchOnDescription = true;
      picker.keepScrollPosition = true;
      picker.busy = true;
      const chosen = new Promise<SessionSummary | undefined>((resolve, reject) => {
        picker.onDidAccept(() => {
          const [item] = picker.selectedItems;
          if (item?.more === true) {
            limit *= 10;
            picker.busy = true;
            refresh().catch(reject);
          } else if (item?.session !== undefined) resolve(item.session);
        });
        picker.onDidHide(() => resolve(undefined));
      });
      picker.show();
      await refresh();
      if (picker.items.length === 0) {
        picker.hide();
        vscode.window.showInformationMessage(none);
        return undefined;
      }
      return await chosen;
    } finally {
      isOver = true;
      unlisten();
      clearTimeout(timer);
      picker.dispose();
    }
  };

  const message: ChatPicker['message'] = async (sessionId, { title, kinds, none }) => {
    const known: MessageItem[] = [];
    let before: number | undefined;
    for (;;) {
      const place = before === undefined ? undefined : { before };
      const { items, hasOlder } = await chats.page(sessionId, pageSize, place);
      const wanted = items.filter((item) => kinds.some((kind) => kind === item.kind));
      known.push(...wanted.toReversed().flatMap((item) => messageItem(item, now()) ?? []));
      const row = items[0]?.row;
      const older: MessageItem[] =
        hasOlder && row !== undefined
          ? [{ label: '$(arrow-up) Earlier messages', alwaysShow: true, before: row }]
          : [];
      if (known.length === 0 && older.length === 0) {
        vscode.window.showInformationMessage(none);
        return undefined;
      }
      const picked = await vscode.window.showQuickPick([...known, ...older], {
        title,
        placeHolder: 'Choose a message; the newest stands first',
      });
      if (picked?.itemId !== undefined)
        return { itemId: picked.itemId, ...(picked.row === undefined ? {} : { row: picked.row }) };
      if (picked?.before === undefined) return undefined;
      before = picked.before;
    }
  };

  return { session, message };
};
