/** What work costs and what it may cost. */

/** Of one scope. Absent: no limit; 0: nothing may be spent. What is not a number was not understood, and is reached. */
export interface BudgetLimits {
  /** Model requests. */
  readonly requests?: number;
  /** Input and output tokens. */
  readonly tokens?: number;
  /** Working time, without waiting for the person. */
  readonly minutes?: number;
  readonly usd?: number;
}

export type LimitKind = keyof BudgetLimits;
export const limitKinds = ['usd', 'tokens', 'requests', 'minutes'] as const satisfies readonly LimitKind[];

/** `agent` and `day` count since midnight. */
export const budgetScopes = ['job', 'chat', 'agent', 'day'] as const;
export type BudgetScope = (typeof budgetScopes)[number];

/** Under what it is kept that a limit of one kind was raised. */
export const raisedKey = (key: string, kind: LimitKind): string => `${key}#${kind}`;

/** The kind of limit that such a key is about, where it is about one. */
export const raisedKind = (key: string): LimitKind | undefined =>
  limitKinds.find((kind) => key.endsWith(`#${kind}`));

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
