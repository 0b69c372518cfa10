import { useRef } from 'preact/hooks';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { exactNumber } from '../format.ts';
import { useView } from '../view.ts';
import { Icon } from './Icon.tsx';

const isMessage = (item: ChatItem): boolean =>
  item.kind !== 'assistant' ||
  item.message.content.some((block) => block.type === 'text' && block.text !== '');

const isWaiting = (item: ChatItem): boolean => item.kind === 'step' && item.record.status === 'waiting';

export interface EndPillProps {
  readonly items: readonly ChatItem[];
  /** The items end before the chat does. */
  readonly hasNewer: boolean;
  readonly onPress: () => void;
}

/** Leads back to the end, and says what came in there since the reader left it. */
export const EndPill = ({ items, hasNewer, onPress }: EndPillProps) => {
  const { current } = useView();
  const keyOf = (item: ChatItem | undefined): string =>
    item === undefined ? '' : (current().previewIds.get(item.id) ?? item.id);
  const seenKey = useRef(keyOf(items.at(-1)));
  // What is paged in below is not new.
  if (hasNewer) seenKey.current = keyOf(items.at(-1));
  let count = 0;
  let needsApproval = false;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined || keyOf(item) === seenKey.current) break;
    if (isMessage(item)) count += 1;
    needsApproval ||= isWaiting(item);
  }
  const text = hasNewer
    ? 'Go to the newest message'
    : needsApproval
      ? 'Approval needed'
      : count > 0
        ? 'New messages'
        : '';
  return (
    <button
      type="button"
      class={`end-pill${needsApproval ? ' urgent' : ''}`}
      data-test="new-messages"
      aria-label={text === '' ? 'Go to the end' : undefined}
      title="Go to the end"
      onClick={onPress}
    >
      <Icon name="arrow-down" />
      {text}
      {count > 0 && !needsApproval && <span class="badge">{exactNumber(count)}</span>}
    </button>
  );
};
