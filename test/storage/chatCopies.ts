import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { chatsOf } from './arbitraryEvents.ts';

/** An item as it is in any chat: rows, the chat's own id and what can be undone there differ between copies. */
export const anywhere = (items: readonly ChatItem[]): readonly unknown[] =>
  items.map(({ row: _, ...item }) => {
    if (item.kind !== 'step') return item;
    const { undo: __, ...record } = item.record;
    return { ...item, record: { ...record, step: { ...record.step, sessionId: '' } } };
  });

/** Names of the files of long texts. */
export const blobFiles = (where: string): readonly string[] => {
  try {
    return readdirSync(path.join(where, 'blobs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  } catch {
    return [];
  }
};

/** What ends the jobs that still run after these events. */
export const endOfRunning = (events: readonly AgentEvent[]): readonly AgentEvent[] =>
  [...chatsOf(events).values()].flatMap(({ job }) =>
    job === undefined ? [] : [{ type: 'JobCancelled', jobId: job.id, at: 9_000 } as const],
  );
