/** The bots of a window, on paper: what they are told to do is kept, and nothing runs. */
import { InputError } from '../../extension/core/agents.ts';
import type { BotInfo, TelegramBots, TokenOwner } from '../../extension/core/telegramBots.ts';
import { parseNewBot, patchBot } from '../../extension/core/telegramConfig.ts';
import {
  type BotStatus,
  noCounters,
  type PairingRequest,
  type TelegramConfig,
  telegramDefaults,
} from '../../extension/shared/telegram.ts';

export const botConfig = (id: string, more: Partial<TelegramConfig> = {}): TelegramConfig => ({
  id,
  botId: 100,
  username: `${id}_bot`,
  name: id,
  agentId: 'coder',
  folder: '/home/user/shop',
  allowedChats: [],
  allowedUsers: [],
  ...telegramDefaults,
  createdAt: 1,
  updatedAt: 1,
  ...more,
});

export const person = (userId: number, name: string, isApprover = false) => ({ userId, name, isApprover });

export const privateChat = (chatId: number) => ({ chatId, kind: 'private' as const, title: '' });

export interface FakeBots extends TelegramBots {
  /** Calls that change something, oldest first. */
  readonly calls: (readonly unknown[])[];
  readonly configs: Map<string, TelegramConfig>;
  readonly statuses: Map<string, BotStatus>;
  readonly logs: Map<string, readonly string[]>;
  waiting: readonly PairingRequest[];
  /** Whose each token is; the others are not known. */
  readonly owners: Map<string, TokenOwner>;
  /** Somebody asks to be let in. */
  ask(request: PairingRequest): void;
  change(): void;
  /** Who listens to anything. */
  listeners(): number;
}

export const fakeBots = (...given: readonly TelegramConfig[]): FakeBots => {
  const changeListeners = new Set<() => void>();
  const pairingListeners = new Set<(request: PairingRequest) => void>();
  const listen = <T>(listeners: Set<T>, listener: T): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const need = (id: string): TelegramConfig => {
    const found = bots.configs.get(id);
    if (found === undefined) throw new InputError('There is no bot with this id.');
    return found;
  };
  const set = (id: string, status: BotStatus): void => {
    need(id);
    bots.statuses.set(id, status);
    bots.change();
  };
  const bots: FakeBots = {
    calls: [],
    configs: new Map(given.map((config) => [config.id, config])),
    statuses: new Map(),
    logs: new Map(),
    waiting: [],
    owners: new Map(),
    ask: (request) => {
      bots.waiting = [...bots.waiting, request];
      for (const listener of pairingListeners) listener(request);
    },
    change: () => {
      for (const listener of [...changeListeners]) listener();
    },
    listeners: () => changeListeners.size + pairingListeners.size,

    list: async () =>
      [...bots.configs.values()].map(
        (config): BotInfo => ({
          config,
          status: bots.statuses.get(config.id) ?? { kind: 'stopped' },
          counters: noCounters,
        }),
      ),
    checkToken: async (token) => {
      const owner = bots.owners.get(token);
      if (owner === undefined) throw new InputError('Telegram does not know this token. Copy it again.');
      return owner;
    },
    create: async (input, token) => {
      const { botId, username, name } = await bots.checkToken(token);
      const made = parseNewBot(input, { name, agentId: 'coder', folder: '/home/user/shop' });
      const config = { id: `bot-${botId}`, botId, username, ...made, createdAt: 2, updatedAt: 2 };
      bots.configs.set(config.id, config);
      bots.calls.push(['create', config.id]);
      return config;
    },
    update: async (id, patch, token) => {
      const config = patchBot(need(id), patch, 3);
      bots.configs.set(id, config);
      bots.calls.push(['update', id, patch, ...(token === undefined ? [] : [token])]);
      return config;
    },
    delete: async (id) => {
      need(id);
      bots.configs.delete(id);
      bots.calls.push(['delete', id]);
    },
    start: async (id) => {
      bots.calls.push(['start', id]);
      set(id, { kind: 'connecting', since: 1 });
    },
    stop: async (id) => {
      bots.calls.push(['stop', id]);
      set(id, { kind: 'stopped' });
    },
    restart: async (id) => {
      bots.calls.push(['restart', id]);
      set(id, { kind: 'connecting', since: 1 });
    },
    autoStart: async () => undefined,
    log: (id) => bots.logs.get(id) ?? [],
    pairings: () => bots.waiting,
    answerPairing: async (request, answer) => {
      if (!bots.waiting.includes(request)) throw new InputError('This request is not there any more.');
      bots.waiting = bots.waiting.filter((each) => each !== request);
      bots.calls.push(['answerPairing', request.userId, answer]);
      bots.change();
    },
    onPairing: (listener) => listen(pairingListeners, listener),
    onChange: (listener) => listen(changeListeners, listener),
    continueOn: async (...call) => {
      bots.calls.push(['continueOn', ...call]);
    },
    isRunning: (id) => bots.statuses.get(id)?.kind === 'running',
    close: async () => undefined,
  };
  return bots;
};
