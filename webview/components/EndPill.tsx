import { useRef } from 'preact/hooks';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { exactNumber } from '../format.ts';
import { useView } from '../view.ts';
import { Icon } from './Icon.tsx';

const isMessage = (item: ChatItem): boolean =>
  item.kind !== 'assistant' ||
  item.message.content.some((block) => block.type === 'text' && block.text !== '');

const isWaiting = (item: ChatItem): boolean => item.kind === 'step' && item.record.status === 'waiting';

/** Leads back to the end, and says what came in there since the reader left it. */
export const EndPill = ({ items, onPress }: { items: readonly ChatItem[]; onPress: () => void }) => {
  const { current } = useView();
  const keyOf = (item: ChatItem | undefined): string =>
    item === undefined ? '' : (current().previewIds.get(item.id) ?? item.id);
  const seenKey = useRef(keyOf(items.at(-1)));
  let count = 0;
  let needsApproval = false;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined || keyOf(item) === seenKey.current) break;
    if (isMessage(item)) count += 1;
    needsApproval ||= isWaiting(item);
  }
  const text = needsApproval ? 'Approval needed' : count > 0 ? 'New messages' : '';
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
