import type { ChatItem } from '../../extension/shared/chat.ts';
import { useUnfolded } from '../chatContext.ts';
import { Icon } from './Icon.tsx';
import { Item } from './Item.tsx';

/** A run of finished reads in one line. */
export const Reads = ({ label, items }: { label: string; items: readonly ChatItem[] }) => {
  const [isOpen, setOpen] = useUnfolded(items.map(({ id }) => id));
  return (
    <div class="reads" data-test="reads" data-item={items[0]?.id}>
      <div class="step-line">
        <button type="button" class="step-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? 'chevron-down' : 'check'} />
          <span class="step-verb">{label}</span>
        </button>
      </div>
      {isOpen && (
        <div class="reads-items">
          {items.map((item) => (
            <Item key={item.id} item={item} isLast={false} />
          ))}
        </div>
      )}
    </div>
  );
};
