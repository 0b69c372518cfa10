/**
 * What work has cost, and whether it may go on. Asked before each request: what a request costs is known only after it,
 * so that a limit is passed by at most the one that reaches it.
 */
import {
  type BudgetLimits,
  type BudgetScope,
  budgetScopes,
  type LimitKind,
  limitKinds,
  type Price,
  raisedKey,
  type Spending,
} from '../shared/budget.ts';
import type { JobError } from '../shared/event.ts';
import type { ModelRef, TokenUsage } from '../shared/message.ts';
import type { ScopeSpending, Store } from './store.ts';

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
  /** The person lets chat, agent and day spend those limits once more that are used up, and no others. @returns of which */
  raise(place: SpendingPlace): Promise<readonly BudgetScope[]>;
  spent(place: SpendingPlace): Promise<Readonly<Record<BudgetScope, Spending>>>;
}

export interface BudgetsPorts {
  readonly store: Pick<Store, 'spent' | 'raiseBudget' | 'audit'>;
  limits(): Readonly<Record<BudgetScope, BudgetLimits>>;
  price(model: ModelRef): Price | undefined;
  /** Counts against limits where a price is not known. */
  assumedPrice(): Price;
  /** A model that costs nothing, such as one of a server on this computer. */
  isFree(model: ModelRef): boolean;
  now(): number;
}

/** Dollars. Cached and newly cached tokens are part of the input and are counted once, at their own price. */
export const costOfUsage = (price: Price, usage: TokenUsage): number => {
  const { input, output, cachedInput, cacheWrite } = usage;
  if (price.longPrompt !== undefined && input > price.longPrompt.above) {
    return costOfUsage(price.longPrompt.price, usage);
  }
  const plainInput = Math.max(0, input - cachedInput - cacheWrite);
  const dollars =
    plainInput * price.input +
    cachedInput * (price.cachedInput ?? price.input) +
    cacheWrite * (price.cacheWrite ?? price.input) +
    output * price.output;
  return dollars / 1_000_000;
};

/**
 * Dollars that requests without a known price are taken to have cost. Of them only the number is kept, so they get their
 * share of all tokens, each at the dearest of the assumed prices. Where no request has a price, which is how it is in a
 * chat with one such model, that is never less than the assumed price comes to; where models are mixed it is an estimate.
 */
export const assumedCost = ({ requests, tokens, unpriced }: Spending, assumed: Price): number => {
  if (unpriced <= 0) return 0;
  const share = requests <= 0 ? 1 : Math.min(1, unpriced / requests);
  const dearest = Math.max(assumed.input, assumed.output, assumed.cachedInput ?? 0, assumed.cacheWrite ?? 0);
  return (tokens * share * dearest) / 1_000_000;
};

export interface ReachedLimit {
  readonly scope: BudgetScope;
  readonly kind: LimitKind;
  readonly spent: number;
  /** The limit itself; what may be spent is it times `raised + 1`. */
  readonly limit: number;
  readonly raised: number;
  /** The part of `spent` that is only assumed, and for how many requests; of dollars. */
  readonly assumed: number;
  readonly unpriced: number;
}

/** The limits of a scope that are reached. */
export const reachedLimits = (
  scope: BudgetScope,
  { spending, raisedBy = {} }: ScopeSpending,
  limits: BudgetLimits,
  assumedPrice: Price,
): readonly ReachedLimit[] =>
  limitKinds.flatMap((kind): ReachedLimit[] => {
    const limit = limits[kind];
    if (limit === undefined) return [];
    const assumed = kind === 'usd' ? assumedCost(spending, assumedPrice) : 0;
    const spent = spending[kind] + assumed;
    const raised = raisedBy[kind] ?? 0;
    // This way round, what is no number counts as reached.
    if (spent < limit * (raised + 1)) return [];
    return [{ scope, kind, spent, limit, raised, assumed, unpriced: assumed > 0 ? spending.unpriced : 0 }];
  });

/** As often as it is: twice nothing is nothing, and what is not understood has to be mended. */
const canBeRaised = ({ limit }: ReachedLimit): boolean => limit > 0;

const scopeWords: Readonly<Record<BudgetScope, readonly [who: string, whose: string]>> = {
  job: ['This answer has', 'its'],
  chat: ['This chat has', 'its'],
  agent: ['Today this agent has', 'its'],
  day: ['Today the agents together have', 'their'],
};

const count = (value: number, one: string, many: string): string =>
  `${value.toLocaleString('en-US', { maximumFractionDigits: 1 })} ${value === 1 ? one : many}`;

/** Small amounts keep what there is to see: `$0.0042`. */
const dollars = (value: number): string => {
  const digits = value > 0 && value < 0.1 ? 4 : 2;
  return `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
};

const amountText: Readonly<Record<LimitKind, (value: number) => string>> = {
  usd: dollars,
  tokens: (value) => count(Math.round(value), 'token', 'tokens'),
  requests: (value) => count(value, 'model request', 'model requests'),
  minutes: (value) => count(value, 'minute of work', 'minutes of work'),
};

const reachedText = (reached: ReachedLimit): string => {
  const { kind, spent, limit, raised, assumed, unpriced } = reached;
  const text = amountText[kind];
  const [who, whose] = scopeWords[reached.scope];
  const raisedText = raised === 0 ? '' : ` (${text(limit)}, raised ${count(raised, 'time', 'times')})`;
  const spentText = `${who} spent ${text(spent)} of ${whose} limit of ${text(limit * (raised + 1))}${raisedText}.`;
  if (assumed === 0) return spentText;
  const requests = count(unpriced, 'request', 'requests');
  return `${spentText} ${dollars(assumed)} of that is assumed, for ${requests} whose price is not known; the setting anycowork.prices can say it.`;
};

const settingOf = (scope: BudgetScope): string => `anycowork.budget.${scope}`;

/** Of limits that no raise can help. */
const unraisableText = (reached: readonly ReachedLimit[]): readonly string[] =>
  budgetScopes.flatMap((scope) => {
    const own = reached.filter((each) => each.scope === scope && !canBeRaised(each));
    const wrong = own.filter(({ limit }) => Number.isNaN(limit)).map(({ kind }) => kind);
    const none = own.filter(({ limit }) => limit === 0).map(({ kind }) => amountText[kind](0));
    return [
      ...(wrong.length === 0
        ? []
        : [
            `The setting ${settingOf(scope)} is not understood, so nothing more is spent: ${
              wrong.length === limitKinds.length
                ? 'it may say usd, tokens, requests and minutes, each as a number of 0 or more'
                : `${wrong.join(' and ')} in it has to be a number of 0 or more`
            }.`,
          ]),
      ...(none.length === 0 ? [] : [`The setting ${settingOf(scope)} allows ${none.join(' and ')}.`]),
    ];
  });

/** What the person reads. @param reached at least one; those of the job only where there are no others */
export const budgetError = (reached: readonly ReachedLimit[]): JobError => {
  const raisable = reached.filter(canBeRaised);
  const texts = [...raisable.map(reachedText), ...unraisableText(reached)];
  if (raisable.length < reached.length) {
    return {
      kind: 'budget',
      message: [...texts, 'Everything so far was kept. Change the limits in the settings to go on.'].join(
        ' ',
      ),
      actions: ['openSettings'],
    };
  }
  const isJob = reached.every(({ scope }) => scope === 'job');
  const how = isJob ? 'Continue' : 'Raise the limit';
  const next = `Everything so far was kept. ${how} to allow as much again, or change the limits in the settings.`;
  return {
    kind: 'budget',
    message: [...texts, next].join(' '),
    actions: [isJob ? 'continue' : 'raiseBudget', 'openSettings'],
  };
};

/** Local time. */
export const midnightBefore = (now: number): number => new Date(now).setHours(0, 0, 0, 0);

export const createBudgets = (ports: BudgetsPorts): Budgets => {
  const { store, limits, price, assumedPrice, isFree, now } = ports;
  const read = (place: SpendingPlace) => store.spent({ ...place, since: midnightBefore(now()) });

  const reachedIn = async (place: SpendingPlace): Promise<readonly ReachedLimit[]> => {
    const spent = await read(place);
    const allowed = limits();
    const assumed = assumedPrice();
    return budgetScopes.flatMap((scope) => reachedLimits(scope, spent[scope], allowed[scope], assumed));
  };
  const others = (reached: readonly ReachedLimit[]) => reached.filter(({ scope }) => scope !== 'job');

  return {
    check: async (place) => {
      const reached = await reachedIn(place);
      if (reached.length === 0) return undefined;
      // To continue begins another job, which would stop at once at a limit of the chat, the agent or the day.
      return budgetError(others(reached).length > 0 ? others(reached) : reached);
    },

    costOf: (model, usage) => {
      if (isFree(model)) return 0;
      const known = price(model);
      return known === undefined ? undefined : costOfUsage(known, usage);
    },

    raise: async (place) => {
      const reached = others(await reachedIn(place)).filter(canBeRaised);
      const at = now();
      const keys: Record<BudgetScope, string> = {
        job: place.jobId,
        chat: place.sessionId,
        agent: place.agentId,
        day: 'day',
      };
      for (const each of reached) {
        const { scope, kind, limit, raised } = each;
        const text = amountText[kind];
        // The record first: no limit is raised of which it does not tell.
        await store.audit({
          at,
          kind: 'budget',
          outcome: 'changed',
          sessionId: place.sessionId,
          jobId: place.jobId,
          agentId: place.agentId,
          title: `Budget of the ${scope} raised to ${text(limit * (raised + 2))}`,
          detail: JSON.stringify(each),
          by: 'user',
          reason: 'the person raised it',
          ruleIds: [],
        });
        await store.raiseBudget(scope, raisedKey(keys[scope], kind), at);
      }
      return [...new Set(reached.map(({ scope }) => scope))];
    },

    spent: async (place) => {
      const { job, chat, agent, day } = await read(place);
      return { job: job.spending, chat: chat.spending, agent: agent.spending, day: day.spending };
    },
  };
};
