/** The bots of this window: which there are, which run here, and what is changed about them. */
import { InputError } from '../core/agents.ts';
import type { Schedules } from '../core/schedules.ts';
import type { BotInfo, TelegramBots } from '../core/telegramBots.ts';
import { parseNewBot, patchBot } from '../core/telegramConfig.ts';
import type { Price } from '../shared/budget.ts';
import {
  type BotCounters,
  type BotStatus,
  noCounters,
  type PairingRequest,
  type TelegramConfig,
} from '../shared/telegram.ts';
import { withUser } from './accessChanges.ts';
import { botChanges, botDeleted } from './botAudit.ts';
import { type BotService, createBotService } from './botService.ts';
import type { BotContext, BotPorts } from './context.ts';
import { createCourier } from './courier.ts';
import type { Leases } from './lease.ts';
import { checkToken, createLink } from './link.ts';
import { botOrigin } from './origin.ts';
import { createPairing } from './pairing.ts';
import { type RunningBot, runBot } from './runningBot.ts';

/** Lines of a bot's log that are kept. */
const logLines = 500;

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

export interface TelegramManager extends TelegramBots {
  /** Of a bot that runs here. */
  service(id: string): BotService | undefined;
}

export const createTelegramManager = (ports: ManagerPorts): TelegramManager => {
  const { store, tokens, leases, now } = ports;
  const configs = new Map<string, TelegramConfig>();
  const running = new Map<string, RunningBot>();
  const counters = new Map<string, BotCounters>();
  const logs = new Map<string, string[]>();
  const listeners = new Set<() => void>();
  const pairing = createPairing({ now });
  let loading: Promise<void> | undefined;
  let isClosed = false;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const log = (id: string, line: string): void => {
    const lines = logs.get(id) ?? [];
    lines.push(`${new Date(now()).toISOString()} ${ports.redact(line)}`);
    logs.set(id, lines.slice(-logLines));
  };
  const count = (id: string, counter: keyof BotCounters, value?: number): void => {
    const before = counters.get(id) ?? noCounters;
    counters.set(id, { ...before, [counter]: value ?? (before[counter] ?? 0) + 1 });
    // Polls come all the time.
    if (value === undefined) changed();
  };

  /** Another window may have changed them. */
  const load = async (): Promise<void> => {
    const all = await store.listBots();
    configs.clear();
    for (const config of all) configs.set(config.id, config);
  };
  const ready = async (): Promise<void> => {
    loading ??= load();
    await loading;
  };
  const reload = async (): Promise<void> => {
    loading = load();
    await loading;
  };
  const existing = async (id: string): Promise<TelegramConfig> => {
    await reload();
    const config = configs.get(id);
    if (config === undefined) throw new InputError('There is no bot with this id. It may have been deleted.');
    return config;
  };

  const unavailable = (config: TelegramConfig): string | undefined => {
    if (!ports.folders().includes(config.folder)) {
      return `@${config.username} works in ${config.folder}, which is not open here. Open that folder, or give the bot another one.`;
    }
    return ports.isTrusted()
      ? undefined
      : `@${config.username} does not run here: this folder is not trusted. Trust the folder to go on.`;
  };

  const statusOf = (config: TelegramConfig): BotStatus => {
    const bot = running.get(config.id);
    if (bot !== undefined) return bot.status();
    const message = unavailable(config);
    return message === undefined ? { kind: 'stopped' } : { kind: 'unavailable', message };
  };

  const contextOf = (id: string, courier: BotContext['courier']): BotContext => {
    const config = (): TelegramConfig => {
      const found = configs.get(id);
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
    [...running.values()].some((bot) => bot.service()?.conversations.entryOf(jobId) !== undefined);

  const save = async (config: TelegramConfig): Promise<void> => {
    const before = configs.get(config.id);
    // Before it counts: what is not on record does not happen.
    for (const entry of botChanges(before, config)) await ports.history.audit({ at: now(), ...entry });
    await store.saveBot(config);
    await reload();
    running.get(config.id)?.service()?.configChanged();
    await ports.rememberAutoStart();
    changed();
  };
  const stopHere = async (id: string): Promise<void> => {
    const bot = running.get(id);
    running.delete(id);
    await bot?.stop();
    changed();
  };

  const run = (first: TelegramConfig, token: string): void => {
    const { id } = first;
    const config = (): TelegramConfig => configs.get(id) ?? first;
    const bot = runBot({
      config,
      leases,
      connect: async ({ onState, onUpdate }) => {
        // As it is now: another window may have paired somebody.
        await reload();
        const link = createLink({
          token,
          ...withRoot(ports.apiRoot()),
          onState: (state) => {
            const wasRunning = bot.status().kind === 'running';
            onState(state);
            if (state.kind === 'running' && !wasRunning) ports.onRunning();
          },
          onUpdate,
          onPoll: () => count(id, 'lastPollAt', now()),
          log: (line) => log(id, line),
          logError: ports.logError,
          now,
        });
        const courier = createCourier({
          api: () => link.api,
          token,
          ...withRoot(ports.apiRoot()),
          redact: ports.redact,
          now,
          log: (line: string) => log(id, line),
        });
        const service = createBotService(contextOf(id, courier), {
          meet: (sender) => {
            const request = pairing.request(id, sender);
            if (request !== undefined) changed();
            return request?.code;
          },
          isOfBot,
          moveChat: async (from, to) => {
            await store.moveChat(id, from, to);
            await reload();
            changed();
          },
          schedules: ports.schedules,
        });
        return { link, service };
      },
      onChange: changed,
      onStopped: () => void stopHere(id).catch(ports.logError),
      log: (line) => log(id, line),
      now,
      logError: ports.logError,
    });
    running.set(id, bot);
    log(id, 'Started.');
    changed();
  };

  const start = async (id: string): Promise<void> => {
    const config = await existing(id);
    if (isClosed || running.has(id)) return;
    const problem = unavailable(config);
    if (problem !== undefined) throw new InputError(problem);
    const token = await tokens.get(id);
    if (token === undefined) {
      throw new InputError(`The token of @${config.username} is not here. Set it again: BotFather shows it.`);
    }
    await leases.setStopped(config.botId, false);
    // Somebody may have been faster.
    if (!running.has(id)) run(config, token);
  };

  const stop = async (id: string): Promise<void> => {
    const config = await existing(id);
    await leases.setStopped(config.botId, true);
    await stopHere(id);
  };

  const checked = async (token: string, signal?: AbortSignal) =>
    checkToken(token.trim(), ports.apiRoot(), signal ?? AbortSignal.timeout(20_000));

  const info = (config: TelegramConfig): BotInfo => ({
    config,
    status: statusOf(config),
    counters: counters.get(config.id) ?? noCounters,
  });

  return {
    list: async () => {
      await ready();
      return [...configs.values()].map(info).sort((a, b) => a.config.name.localeCompare(b.config.name));
    },
    checkToken: checked,
    create: async (input, token) => {
      const owner = await checked(token);
      await reload();
      const same = [...configs.values()].find(({ botId }) => botId === owner.botId);
      if (same !== undefined) {
        throw new InputError(
          `@${owner.username} is there already, as “${same.name}”. Change that one instead.`,
        );
      }
      const agent = await ports.agents.get();
      const fields = parseNewBot(input, {
        name: owner.name,
        agentId: agent.id,
        folder: ports.folders()[0] ?? '',
      });
      await ports.agents.get(fields.agentId);
      const at = now();
      const { botId, username } = owner;
      const config: TelegramConfig = {
        id: ports.newId(),
        botId,
        username,
        ...fields,
        createdAt: at,
        updatedAt: at,
      };
      await tokens.set(config.id, token.trim());
      try {
        await save(config);
      } catch (error) {
        await tokens.remove(config.id);
        throw error;
      }
      return config;
    },
    update: async (id, patch, token) => {
      const before = await existing(id);
      const after = patchBot(before, patch, now());
      if (after.agentId !== before.agentId) await ports.agents.get(after.agentId);
      if (token !== undefined) {
        const owner = await checked(token);
        if (owner.botId !== before.botId) {
          throw new InputError(
            `This is the token of @${owner.username}, not of @${before.username}. Make a bot of its own for it.`,
          );
        }
        await tokens.set(id, token.trim());
      }
      await save(after);
      const mustRestart = token !== undefined || after.folder !== before.folder;
      if (mustRestart && running.has(id)) {
        await stopHere(id);
        if (unavailable(after) === undefined) await start(id);
      }
      return after;
    },
    delete: async (id) => {
      const config = await existing(id);
      await leases.setStopped(config.botId, true);
      await stopHere(id);
      await ports.history.audit({ at: now(), ...botDeleted(config) });
      pairing.forget(id);
      await store.deleteBot(id);
      await tokens.remove(id);
      logs.delete(id);
      counters.delete(id);
      await reload();
      await ports.rememberAutoStart();
      changed();
    },
    start,
    stop,
    restart: async (id) => {
      await stopHere(id);
      await start(id);
    },
    autoStart: async () => {
      await reload();
      for (const config of configs.values()) {
        if (!config.autoStart || running.has(config.id) || unavailable(config) !== undefined) continue;
        // What a person stopped stays so until a person starts it.
        if (await leases.isStopped(config.botId)) continue;
        await start(config.id).catch((error: unknown) => {
          log(config.id, error instanceof Error ? error.message : String(error));
          ports.logError(error);
        });
      }
    },
    log: (id) => logs.get(id) ?? [],
    pairings: () => pairing.list(),
    answerPairing: async (request: PairingRequest, answer) => {
      const config = await existing(request.configId);
      if (!pairing.remove(request)) {
        throw new InputError(
          `${request.name} does not wait any more: a code is good for an hour. With their next message they get a new one.`,
        );
      }
      if (answer === 'deny') {
        log(config.id, `User ${request.userId} was not let in.`);
        changed();
        return;
      }
      await save({ ...withUser(config, request, answer === 'approver'), updatedAt: now() });
      log(config.id, `User ${request.userId} was let in${answer === 'approver' ? ', and may approve' : ''}.`);
      await running.get(config.id)?.service()?.welcome(request.userId);
    },
    onPairing: pairing.onRequest,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    continueOn: async (sessionId, configId, chatId) => {
      const config = await existing(configId);
      const service = running.get(configId)?.service();
      if (service === undefined)
        throw new InputError(`@${config.username} does not run in this window. Start it first.`);
      await service.continueHere(sessionId, chatId);
    },
    isRunning: (id) => running.get(id)?.status().kind === 'running',
    service: (id) => running.get(id)?.service(),
    close: async () => {
      isClosed = true;
      await Promise.all([...running.values()].map((bot) => bot.stop()));
      running.clear();
    },
  };
};

const withRoot = (apiRoot: string | undefined) => (apiRoot === undefined ? {} : { apiRoot });
