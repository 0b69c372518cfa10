/** What work has cost, and whether it may go on. */
import type { BudgetScope, Spending } from '../shared/budget.ts';
import type { JobError } from '../shared/event.ts';
import type { ModelRef, TokenUsage } from '../shared/message.ts';

/** Where a request is made. */
export interface SpendingPlace {
  readonly jobId: string;
  readonly sessionId: string;
  readonly agentId: string;
}

export interface Budgets {
  /** Asked before each model request. @returns why it must not be sent: a limit is reached */
  check(place: SpendingPlace): Promise<JobError | undefined>;
  /** Dollars; undefined where the price is not known. */
  costOf(model: ModelRef, usage: TokenUsage): number | undefined;
  /** The person lets those of chat, agent and day that are used up spend their limit once more. @returns which */
  raise(place: SpendingPlace): Promise<readonly BudgetScope[]>;
  spent(place: SpendingPlace): Promise<Readonly<Record<BudgetScope, Spending>>>;
}
