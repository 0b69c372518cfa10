/** What a bot allows the jobs that it starts. */
import { botBudgetError } from '../core/botBudget.ts';
import type { JobOrigin } from '../core/jobOrigin.ts';
import type { TelegramStore } from '../core/telegramStore.ts';
import type { Price } from '../shared/budget.ts';
import type { TelegramConfig } from '../shared/telegram.ts';

export interface BotOriginPorts {
  readonly store: Pick<TelegramStore, 'botSpending' | 'countJob'>;
  readonly budget: {
    /** Counts against limits where a price is not known. */
    assumedPrice(): Price;
  };
  now(): number;
  /** As it is now. @throws where the bot is gone */
  config(): TelegramConfig;
}

/** In the time of this computer. */
const midnightBefore = (now: number): number => {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
};

/** @param who as the chat shows it: `Ann, on Telegram` */
export const botOrigin = (ports: BotOriginPorts, who: string): JobOrigin => {
  const { store, budget, now } = ports;
  const configId = ports.config().id;
  return {
    configId,
    via: who,
    mode: () => ports.config().mode,
    checkBudget: async () => {
      const { name, dailyBudget } = ports.config();
      const spending = await store.botSpending(configId, midnightBefore(now()));
      return botBudgetError(name, spending, dailyBudget, budget.assumedPrice());
    },
    onStart: (jobId) => store.countJob(configId, jobId, now()),
  };
};
