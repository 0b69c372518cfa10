import { clock } from '../format.ts';
import { useNow } from '../useNow.ts';
import type { Activity } from '../words.ts';
import { Icon } from './Icon.tsx';

/** What the agent does right now, above the composer, wherever the reader has scrolled to. */
export const StatusLine = ({ activity }: { activity: Activity }) => {
  const now = useNow(1_000);
  const { kind, text, since, until } = activity;
  const wait = until === undefined ? 0 : Math.ceil((until - now) / 1_000);
  return (
    <div class={`status ${kind}`} data-test="status">
      <Icon
        name={kind === 'waiting' ? 'shield' : kind === 'retrying' ? 'history' : 'loading'}
        spin={kind === 'working'}
      />
      <span class="status-text" title={text}>
        {text}
        {until !== undefined && (wait > 0 ? `, in ${wait} s` : ', now')}
      </span>
      <span class="status-clock">{clock(now - since)}</span>
    </div>
  );
};
