import path from 'node:path';
import type { Frame } from 'playwright-core';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { createSqlStore } from '../../extension/storage/sqlStore.ts';
import { root } from '../support/setUp.mjs';
import { until, type Workbench } from '../support/workbench.ts';

/** When the last answer had which length: milliseconds since the epoch, characters. */
export type Growth = readonly (readonly [at: number, length: number])[];

/** Looks in the page itself, at every change: from outside each look would cost more than what is measured. */
export const recordGrowth = (frame: Frame, milliseconds: number): Promise<Growth> =>
  frame.evaluate(
    (duration) =>
      new Promise<[number, number][]>((resolve) => {
        const seen: [number, number][] = [];
        const look = () => {
          const last = [...document.querySelectorAll('[data-test=assistant]')].at(-1);
          const length = last?.textContent?.length ?? 0;
          if (length > (seen.at(-1)?.[1] ?? 0)) seen.push([Date.now(), length]);
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, characterData: true, subtree: true });
        setTimeout(() => {
          observer.disconnect();
          resolve(seen);
        }, duration);
      }),
    milliseconds,
  );

/** How much later the second saw at least as much as the first, in milliseconds. */
export const lagBetween = (own: Growth, follow: Growth) => {
  const lags = follow
    .flatMap(([at, length]) => {
      const first = own.find(([, ownLength]) => ownLength >= length);
      // What was there before the first look says nothing.
      return first === undefined || first === own[0] ? [] : [at - first[0]];
    })
    .sort((a, b) => a - b);
  const at = (part: number): number =>
    lags[Math.min(lags.length - 1, Math.floor(lags.length * part))] ?? Number.NaN;
  return { samples: follow.length, median: at(0.5), p95: at(0.95), most: at(1) };
};

/** The chats on disk in which a step of this tool ran, each with all its items in order. */
export const storedItems = async (
  folder: string,
  tool: string,
): Promise<ReadonlyMap<string, readonly ChatItem[]>> => {
  const store = createSqlStore({
    folder,
    workerFile: path.join(root, 'dist', 'storageWorker.js'),
    wasmFile: path.join(root, 'dist', 'sql-wasm.wasm'),
    ownerId: `test-${process.pid}`,
    report: (problem) => {
      throw new Error(problem);
    },
  });
  try {
    const { sessions } = await store.listSessions({ shelf: 'active', limit: 100, folderFirst: '' });
    const chats = new Map<string, readonly ChatItem[]>();
    for (const { id } of sessions) {
      const items = await store.readAll(id);
      if (items.some((item) => item.kind === 'step' && item.record.step.tool === tool)) chats.set(id, items);
    }
    return chats;
  } finally {
    await store.close();
  }
};

const isItems = (value: unknown): value is readonly ChatItem[] => Array.isArray(value);

interface Posted {
  readonly type: string;
  readonly sessionId?: string;
  readonly chat?: { readonly sessionId: string; readonly items: unknown };
  readonly items?: unknown;
}

/** What the window's host has told its view of a chat, out of its store: what was told last of each row, by row. */
export const keptItems = async (window: Workbench, sessionId: string): Promise<readonly ChatItem[]> => {
  const rows = new Map<number, ChatItem>();
  for (const frame of window.page.frames()) {
    const kept = await frame
      .evaluate((id) => {
        const all = 'keptMessages' in window && Array.isArray(window.keptMessages) ? window.keptMessages : [];
        return all.filter((text: unknown) => typeof text === 'string' && text.includes(id));
      }, sessionId)
      .catch(() => []);
    for (const text of kept) {
      const posted: unknown = JSON.parse(String(text));
      for (const message of (Array.isArray(posted) ? posted : []) as Posted[]) {
        const isIts = message.sessionId === sessionId || message.chat?.sessionId === sessionId;
        const items = message.chat?.items ?? message.items;
        if (!isIts || !isItems(items)) continue;
        for (const item of items) if (item.row !== undefined) rows.set(item.row, item);
      }
    }
  }
  return [...rows.entries()].sort(([a], [b]) => a - b).map(([, item]) => item);
};

/** Opens a chat and goes back until all of it has come. */
export const loadWholeChat = async (window: Workbench, sessionId: string, count: number): Promise<void> => {
  // Else the view would keep what it has of the chat from the time when that was being written.
  await window.runCommand('AnyCowork: New Chat');
  await window.frameWith('[data-test=empty]');
  await window.runCommand('AnyCowork: Show Chat History');
  const list = await window.frameWith('[data-test=session]');
  await list.locator(`[data-test=session][data-id="${sessionId}"]`).first().click();
  const frame = await window.frameWith('[role=log] [data-test=assistant]');
  await until(
    `${count} items of the chat`,
    async () => {
      // A press, since folded reads are short: it may be that there is nothing to scroll.
      const more = frame.locator('.more-messages').first();
      if (await more.isVisible()) {
        await more.click({ timeout: 1_000 }).catch(() => undefined);
        return false;
      }
      return (await keptItems(window, sessionId)).length >= count;
    },
    60_000,
  );
};
