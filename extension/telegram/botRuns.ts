/** The bots that are to run in this window: started, stopped, and in step with what other windows change. */
import { InputError } from '../core/agents.ts';
import { createInTurn, type InTurn } from '../core/inTurn.ts';
import type { Schedules } from '../core/schedules.ts';
import type { Price } from '../shared/budget.ts';
import type { BotStatus, TelegramConfig } from '../shared/telegram.ts';
import type { BotRecords } from './botRecords.ts';
import type { BotService } from './botService.ts';
import { connectBot } from './connectBot.ts';
import type { BotContext, BotPorts } from './context.ts';
import type { Leases } from './lease.ts';
import { botOrigin } from './origin.ts';
import type { Pairing } from './pairing.ts';
import { type RunningBot, runBot } from './runningBot.ts';

/** Tokens by config; a port, so that they stand in secret storage only. */
export interface TelegramTokens {
  get(configId: string): Promise<string | undefined>;
  set(configId: string, token: string): Promise<void>;
  remove(configId: string): Promise<void>;
}

export interface ManagerPorts extends BotPorts {
  readonly leases: Leases;
  readonly tokens: TelegramTokens;
  /** @throws InputError when the setting is not understood; undefined: Telegram's own server */
  apiRoot(): string | undefined;
  /** The open folders, absolute. */
  folders(): readonly string[];
  isTrusted(): boolean;
  /** Counts against budgets where a price is not known. */
  assumedPrice(): Price;
  redact(text: string): string;
  readonly schedules: Pick<Schedules, 'list' | 'runNow'>;
  /** Called after bots have changed: which of them start by themselves. */
  rememberAutoStart(): Promise<void>;
  /** A bot has begun to run here: what is scheduled for it may run. */
  onRunning(): void;
  logError(error: unknown): void;
}

/** What the store has of the bots, as it was read last. */
export interface BotBook {
  get(id: string): TelegramConfig | undefined;
  reload(): Promise<void>;
  /** Read anew. @throws InputError where it is gone */
  existing(id: string): Promise<TelegramConfig>;
}

/** A bot that is to run here, and what it was started with. */
interface Run {
  readonly bot: RunningBot;
  readonly token: string;
  updatedAt: number;
}

export interface BotRuns {
  status(config: TelegramConfig): BotStatus;
  /** Of one that runs here. */
  service(id: string): BotService | undefined;
  has(id: string): boolean;
  /** Why it cannot run here, for a person. */
  unavailable(config: TelegramConfig): string | undefined;
  /** Starts, stops and changes of one bot, which must not cross each other. */
  readonly inTurn: InTurn<string>;
  /** In turn only, as the two below. @throws InputError where it cannot run here */
  start(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  /** With another folder or token. */
  restart(config: TelegramConfig): Promise<void>;
  /** Looks at each in turn. */
  follow(): Promise<void>;
  isAny(): boolean;
  close(): Promise<void>;
}

export const createBotRuns = (
  ports: ManagerPorts,
  parts: {
    readonly book: BotBook;
    readonly records: BotRecords;
    readonly pairing: Pairing;
    onChange(): void;
  },
): BotRuns => {
  const { store, tokens, leases, now } = ports;
  const { book, pairing, onChange: changed } = parts;
  const { log, count, polled } = parts.records;
  const running = new Map<string, Run>();
  /** Stops that are under way, which the end of the window has to wait for. */
  const ending = new Set<Promise<void>>();
  const inTurn = createInTurn<string>();
  let isClosed = false;

  const unavailable = (config: TelegramConfig): string | undefined => {
    if (!ports.folders().includes(config.folder)) {
      return `@${config.username} works in ${config.folder}, which is not open here. Open that folder, or give the bot another one.`;
    }
    return ports.isTrusted()
      ? undefined
      : `@${config.username} does not run here: this folder is not trusted. Trust the folder to go on.`;
  };

  const statusOf = (config: TelegramConfig): BotStatus => {
    const run = running.get(config.id);
    if (run !== undefined) return run.bot.status();
    const message = unavailable(config);
    return message === undefined ? { kind: 'stopped' } : { kind: 'unavailable', message };
  };

  const contextOf = (id: string, courier: BotContext['courier']): BotContext => {
    const config = (): TelegramConfig => {
      const found = book.get(id);
      if (found === undefined) throw new InputError('This bot has been deleted.');
      return found;
    };
    return {
      ...ports,
      config,
      courier,
      origin: (who) => botOrigin({ store, budget: ports, now, config }, who),
      count: (counter) => count(id, counter),
      log: (line) => log(id, line),
      logError: (error) => {
        log(id, `Error: ${error instanceof Error ? error.message : String(error)}`);
        ports.logError(error);
      },
    };
  };

  const isOfBot = (jobId: string): boolean =>
    [...running.values()].some(({ bot }) => bot.service()?.conversations.entryOf(jobId) !== undefined);

  const service = (id: string): BotService | undefined => running.get(id)?.bot.service();

  const stopHere = async (id: string, only?: RunningBot): Promise<void> => {
    const run = running.get(id);
    if (run === undefined || (only !== undefined && run.bot !== only)) return;
    running.delete(id);
    const stopped = run.bot.stop();
    ending.add(stopped);
    await stopped.finally(() => ending.delete(stopped));
    changed();
  };

  const run = (first: TelegramConfig, token: string): void => {
    if (isClosed) return;
    const { id } = first;
    const config = (): TelegramConfig => book.get(id) ?? first;
    const bot = runBot({
      config,
      leases,
      connect: async ({ onState, onUpdate }) => {
        // As it is now: another window may have paired somebody.
        await book.reload();
        return connectBot({
          token,
          apiRoot: ports.apiRoot(),
          onState: (state) => {
            const wasRunning = bot.status().kind === 'running';
            onState(state);
            if (state.kind === 'running' && !wasRunning) ports.onRunning();
          },
          onUpdate: async (update) => {
            // Who was sent away in another window is not listened to any more.
            await book.reload();
            await onUpdate(update);
          },
          onPoll: () => polled(id),
          log: (line) => log(id, line),
          logError: ports.logError,
          now,
          redact: ports.redact,
          context: (courier) => contextOf(id, courier),
          service: {
            meet: (sender) => {
              const request = pairing.request(id, sender);
              if (request !== undefined) changed();
              return request?.code;
            },
            isOfBot,
            moveChat: async (from, to) => {
              await store.moveChat(id, from, to);
              await book.reload();
              changed();
            },
            schedules: ports.schedules,
          },
        });
      },
      onChange: changed,
      onStopped: () => void inTurn(id, () => stopHere(id, bot)).catch(ports.logError),
      log: (line) => log(id, line),
      now,
      logError: ports.logError,
    });
    running.set(id, { bot, token, updatedAt: first.updatedAt });
    log(id, 'Started.');
    changed();
  };

  const tokenOf = async ({ id, username }: TelegramConfig): Promise<string> => {
    const token = await tokens.get(id);
    if (token !== undefined) return token;
    throw new InputError(`The token of @${username} is not here. Set it again: BotFather shows it.`);
  };

  const startNow = async (id: string): Promise<void> => {
    const config = await book.existing(id);
    const present = running.get(id);
    // One whose token was refused has given up, and would not begin again by itself.
    if (isClosed || (present !== undefined && present.bot.status().kind !== 'rejected')) return;
    const problem = unavailable(config);
    if (problem !== undefined) throw new InputError(problem);
    const token = await tokenOf(config);
    // A setting that is not understood is told to who starts it.
    ports.apiRoot();
    await leases.setStopped(config.botId, false);
    await stopHere(id);
    run(config, token);
  };

  const followOne = async (id: string): Promise<void> => {
    const present = running.get(id);
    if (present === undefined) return;
    const config = book.get(id);
    const problem = config === undefined ? 'It was deleted in another window.' : unavailable(config);
    if (config === undefined || problem !== undefined) {
      log(id, `Stopped: ${problem}`);
      await stopHere(id);
      return;
    }
    const isSame = config.updatedAt === present.updatedAt;
    // The token may come later than the config.
    if (isSame && present.bot.status().kind !== 'rejected') return;
    present.updatedAt = config.updatedAt;
    if ((await tokens.get(id)) === present.token) {
      if (!isSame) present.bot.service()?.configChanged();
      return;
    }
    log(id, 'Its token was changed in another window.');
    await stopHere(id);
    run(config, await tokenOf(config));
  };

  return {
    status: statusOf,
    service,
    has: (id) => running.has(id),
    unavailable,
    inTurn,
    start: startNow,
    stop: stopHere,
    restart: async (config) => {
      await stopHere(config.id);
      if (unavailable(config) === undefined) run(config, await tokenOf(config));
    },
    follow: async () => {
      for (const id of [...running.keys()]) await inTurn(id, () => followOne(id));
    },
    isAny: () => running.size > 0,
    close: async () => {
      isClosed = true;
      await Promise.all([...ending, ...[...running.values()].map(({ bot }) => bot.stop())]);
      running.clear();
    },
  };
};
