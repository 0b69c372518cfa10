/** The daily budget of a bot, beside those of its agent and of the day. */
import type { BudgetLimits, Price, Spending } from '../shared/budget.ts';
import type { JobError } from '../shared/event.ts';
import { reachedLimits } from './budgets.ts';

/** Since midnight. */
export type BotSpending = Spending;

/** @returns why nothing more may be spent; undefined where it may */
export const botBudgetError = (
  name: string,
  spending: BotSpending,
  limits: BudgetLimits,
  assumedPrice: Price,
): JobError | undefined => {
  const [first] = reachedLimits('day', { spending, raised: 0 }, limits, assumedPrice);
  if (first === undefined) return undefined;
  return {
    kind: 'budget',
    message: `The bot ${name} has spent its budget of today (${first.kind}: ${first.limit}). Everything so far was kept. Go on tomorrow, or change the bot’s budget in VS Code.`,
    actions: [],
  };
};
