import type { TokenUsage } from '../../extension/shared/message.ts';
import { exactCost, exactNumber, plural, shortCost, shortNumber } from '../format.ts';

export interface UsageProps {
  readonly usage: TokenUsage;
  /** Of the requests whose price is known. */
  readonly costUsd: number;
  /** Requests whose price is not known: what they cost is not zero. */
  readonly unpriced: number;
}

const exactUsage = ({ input, output, cachedInput, reasoning }: TokenUsage): string =>
  [
    `${exactNumber(input)} tokens in${cachedInput > 0 ? ` (${exactNumber(cachedInput)} from cache)` : ''}`,
    `${exactNumber(output)} out${reasoning > 0 ? ` (${exactNumber(reasoning)} reasoning)` : ''}`,
  ].join(', ');

/** What this chat took so far: tokens, and dollars as far as prices are known. */
export const Usage = ({ usage, costUsd, unpriced }: UsageProps) => {
  const total = usage.input + usage.output;
  if (total === 0) return null;
  const isKnown = costUsd > 0 || unpriced === 0;
  const unknown = unpriced > 0 ? [`price of ${plural(unpriced, 'request')} not known`] : [];
  const cost = [...(isKnown ? [exactCost(costUsd)] : []), ...unknown].join(', ');
  return (
    <span class="usage" data-test="usage" title={`This chat so far: ${exactUsage(usage)}\n${cost}`}>
      <span class={isKnown ? 'usage-tokens' : ''}>
        {shortNumber(total)}
        <span class="visually-hidden"> tokens</span>
        {isKnown && ' / '}
      </span>
      {isKnown && `${unpriced > 0 ? '≥ ' : ''}${shortCost(costUsd)}`}
    </span>
  );
};
