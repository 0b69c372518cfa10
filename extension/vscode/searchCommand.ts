/** Search in all chats from the palette: a quick pick that fills while its words are typed. */
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Chats } from '../core/chats.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { searchChats } from '../core/searchChats.ts';
import type { FoundSession, SearchHit } from '../shared/session.ts';
import { aboutSession, type SessionItem, sessionIcon, sessionItems } from './chatPicker.ts';
import { idSchema, parse } from './commandInput.ts';
import { count, titleOf, withoutIcons } from './words.ts';

const optionsSchema = z.object({
  text: z.string().min(1).max(1_000),
  limit: z.number().int().min(1).max(1_000).default(50),
});
const placeSchema = z.object({ sessionId: idSchema, row: z.number().int().optional() });

/** Chats in a result. */
const limit = 50;

/** Chats that stand there before anything is typed. */
const recent = 30;

/** Milliseconds without a key before it is searched: a word is seldom typed faster. */
const keyPause = 60;

interface FoundItem extends SessionItem {
  readonly row?: number;
}

const hitIcons: Record<SearchHit['kind'], string> = {
  user: 'account',
  assistant: 'comment-discussion',
  step: 'tools',
};

/**
 * One row per hit, with the chat's title above: the quick pick sorts rows by the words in their labels, so that rows of
 * one chat only stay together, in the store's order, where their labels are the same.
 */
const foundItems = (found: readonly FoundSession[], now: number): FoundItem[] =>
  found.flatMap(({ session, hits, moreHits }): FoundItem[] => {
    const label = withoutIcons(titleOf(session));
    const about = withoutIcons(aboutSession(session, now));
    const more = moreHits > 0 ? ` · ${count(moreHits, 'more hit')}` : '';
    // What does not match letter by letter would be hidden: the search knows better.
    const common = { label, session, alwaysShow: true };
    if (hits.length === 0) return [{ ...common, description: about, iconPath: sessionIcon(session) }];
    return hits.map((hit, index) => ({
      ...common,
      description: index === 0 ? `${about}${more}` : '',
      detail: withoutIcons(hit.snippet),
      iconPath: new vscode.ThemeIcon(hitIcons[hit.kind]),
      row: hit.row,
    }));
  });

export const createSearchCommand = (ports: {
  readonly chats: Chats;
  folder(): string;
  now(): number;
  /** Opens a chat at a row, or at its end. */
  openAt(sessionId: string, row: number | undefined): Promise<void>;
}) => {
  const { chats, now } = ports;

  const ask = async (): Promise<FoundItem | undefined> => {
    const picker = vscode.window.createQuickPick<FoundItem>();
    picker.title = 'Search chats';
    picker.placeholder = 'Words in titles, messages and results of steps';
    picker.matchOnDetail = true;
    picker.matchOnDescription = false;
    let searches = 0;
    let timer: NodeJS.Timeout | undefined;

    const note = (label: string): FoundItem => ({ label, alwaysShow: true });

    const showRecent = async (mine: number): Promise<void> => {
      const { sessions } = await chats.list({ shelf: 'active', limit: recent });
      if (mine === searches) picker.items = sessionItems(sessions, ports.folder(), now());
    };

    const showFound = async (mine: number, text: string): Promise<void> => {
      const isOver = (): boolean => mine !== searches;
      for await (const part of searchChats(chats.search, { text, limit }, isOver)) {
        if (isOver()) return;
        const { all, hasMore, isDone, failure } = part;
        const items = foundItems(all, now());
        const rest = [
          ...(hasMore ? [note('$(info) There is more; add a word to narrow the search')] : []),
          ...(failure === undefined
            ? []
            : [
                note(
                  `$(warning) Some of the older chats could not be searched. ${withoutIcons(reasonOf(failure))}`,
                ),
              ]),
        ];
        // Nothing is said of an empty result before all has been searched.
        if (items.length > 0 || rest.length > 0) picker.items = [...items, ...rest];
        else if (isDone) picker.items = [note('$(info) No chat holds all of these words')];
      }
    };

    const search = async (): Promise<void> => {
      searches += 1;
      const mine = searches;
      const text = picker.value.trim();
      picker.busy = true;
      try {
        await (text === '' ? showRecent(mine) : showFound(mine, text));
      } catch (error) {
        if (mine === searches) picker.items = [note(`$(error) ${withoutIcons(reasonOf(error))}`)];
      } finally {
        if (mine === searches) picker.busy = false;
      }
    };

    const chosen = new Promise<FoundItem | undefined>((resolve) => {
      picker.onDidAccept(() => {
        const [item] = picker.selectedItems;
        if (item?.session !== undefined) resolve(item);
      });
      picker.onDidHide(() => resolve(undefined));
    });
    picker.onDidChangeValue(() => {
      // A search of what was typed before ends with this key.
      searches += 1;
      picker.busy = true;
      clearTimeout(timer);
      timer = setTimeout(() => void search(), keyPause);
    });
    picker.show();
    void search();
    const item = await chosen;
    clearTimeout(timer);
    searches += 1;
    picker.dispose();
    return item;
  };

  return {
    /** By code: with `{ text, limit? }` it finds, with `{ sessionId, row? }` it opens; without, a person does both. */
    searchSessions: async (options?: unknown): Promise<readonly FoundSession[] | undefined> => {
      if (options === undefined) {
        const item = await ask();
        if (item?.session !== undefined) await ports.openAt(item.session.id, item.row);
        return undefined;
      }
      const place = placeSchema.safeParse(options);
      if (place.success) {
        await ports.openAt(place.data.sessionId, place.data.row);
        return undefined;
      }
      const { text, limit: most } = parse(optionsSchema, options);
      let found: readonly FoundSession[] = [];
      const query = { text, limit: most };
      for await (const part of searchChats(chats.search, query, () => false)) found = part.all;
      return found;
    },
  };
};
