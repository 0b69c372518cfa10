/** What a chunk of a chat draws: its items, with runs of finished reads folded, and what is asked together in a frame. */
import type { ChatItem } from '../extension/shared/chat.ts';
import { plural } from './format.ts';

export type ItemOf<K extends ChatItem['kind']> = Extract<ChatItem, { kind: K }>;

export type Row =
  | { readonly kind: 'item'; readonly item: ChatItem }
  /** Finished reads, with the thinking that came between them. `id` is the first step's. */
  | {
      readonly kind: 'reads';
      readonly id: string;
      readonly label: string;
      readonly items: readonly ChatItem[];
    }
  /** Steps that were asked together, in this order. `id` is the first one's. */
  | { readonly kind: 'group'; readonly id: string; readonly items: readonly ItemOf<'step'>[] };

const isFinishedRead = (item: ChatItem): item is ItemOf<'step'> =>
  item.kind === 'step' && item.record.step.effect === 'read' && item.record.status === 'completed';

const shows = (item: ChatItem, type: 'text' | 'thinking'): boolean =>
  item.kind === 'assistant' &&
  item.message.content.some(
    (block) => block.type === type && (type === 'thinking' || block.text.trim() !== ''),
  );

/** A reply that holds nothing but tool calls: its steps stand for it. */
const isInvisible = (item: ChatItem): boolean =>
  item.kind === 'assistant' && !item.streaming && !shows(item, 'text') && !shows(item, 'thinking');

const isOnlyThinking = (item: ChatItem): boolean =>
  item.kind === 'assistant' && !item.streaming && shows(item, 'thinking') && !shows(item, 'text');

const readLabels: Readonly<Record<string, (count: number) => string>> = {
  read_file: (count) => `read ${plural(count, 'file')}`,
  list_directory: (count) => `listed ${plural(count, 'folder')}`,
  find_files: (count) => `looked for files${count === 1 ? '' : ` ${count} times`}`,
  search_text: (count) => `searched${count === 1 ? ' once' : ` ${count} times`}`,
  diagnostics: () => 'checked problems',
};

const labelOf = (steps: readonly ItemOf<'step'>[]): string => {
  const counts = new Map<string, number>();
  for (const { record } of steps) {
    const tool = record.step.tool in readLabels ? record.step.tool : '';
    counts.set(tool, (counts.get(tool) ?? 0) + 1);
  }
  const parts = [...counts].map(
    ([tool, count]) => readLabels[tool]?.(count) ?? plural(count, 'other read', 'other reads'),
  );
  const text = parts.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const groupOf = (item: ChatItem | undefined): string | undefined =>
  item?.kind === 'step' ? item.record.prompt?.groupId : undefined;

/** The steps from here on that were asked together; empty where it is not to be seen that they were. */
const askedTogether = (items: readonly ChatItem[], start: number): readonly ItemOf<'step'>[] => {
  const id = groupOf(items[start]);
  if (id === undefined) return [];
  const steps: ItemOf<'step'>[] = [];
  for (let index = start; groupOf(items[index]) === id; index += 1) {
    const item = items[index];
    if (item?.kind === 'step') steps.push(item);
  }
  // Finished reads fold, as others do.
  return steps.length > 1 && !steps.every(isFinishedRead) ? steps : [];
};

export const rowsOf = (items: readonly ChatItem[]): readonly Row[] => {
  const rows: Row[] = [];
  const visible = items.filter((item) => !isInvisible(item));
  let index = 0;
  while (index < visible.length) {
    const item = visible[index];
    if (item === undefined) break;
    const group = askedTogether(visible, index);
    if (group.length > 0) {
      rows.push({ kind: 'group', id: item.id, items: group });
      index += group.length;
      continue;
    }
    let end = index;
    let steps: ItemOf<'step'>[] = [];
    for (let next = index; next < visible.length; next += 1) {
      const candidate = visible[next];
      if (candidate === undefined) break;
      if (isFinishedRead(candidate)) {
        steps = [...steps, candidate];
        end = next + 1;
      } else if (steps.length === 0 || !isOnlyThinking(candidate)) {
        break;
      }
    }
    const firstStep = steps[0];
    if (steps.length > 1 && firstStep !== undefined) {
      rows.push({ kind: 'reads', id: firstStep.id, label: labelOf(steps), items: visible.slice(index, end) });
      index = end;
    } else {
      rows.push({ kind: 'item', item });
      index += 1;
    }
  }
  return rows;
};
