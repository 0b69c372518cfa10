/** What work costs and what it may cost. */

/** Of one scope. Absent: no limit. All positive. */
export interface BudgetLimits {
  /** Model requests. */
  readonly requests?: number;
  /** Input and output tokens. */
  readonly tokens?: number;
  /** Working time, without waiting for the person. */
  readonly minutes?: number;
  readonly usd?: number;
}

/** `agent` and `day` count since midnight. */
export const budgetScopes = ['job', 'chat', 'agent', 'day'] as const;
export type BudgetScope = (typeof budgetScopes)[number];

export interface Spending {
  readonly requests: number;
  readonly tokens: number;
  readonly minutes: number;
  /** Of the requests whose price is known. */
  readonly usd: number;
  /** Requests whose price is not known: what they cost is not zero. */
  readonly unpriced: number;
}

export const noSpending: Spending = { requests: 0, tokens: 0, minutes: 0, usd: 0, unpriced: 0 };

/** Dollars for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Absent: as input. */
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  /** What the whole request costs once its input is longer than so many tokens. */
  readonly longPrompt?: { readonly above: number; readonly price: Price };
}
