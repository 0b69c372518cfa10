/** The bots of this window: which there are, which run here, and what is changed about them. */
import { InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { BotInfo, TelegramBots, TokenOwner } from '../core/telegramBots.ts';
import { parseNewBot, patchBot } from '../core/telegramConfig.ts';
import type { PairingRequest, TelegramConfig } from '../shared/telegram.ts';
import { withUser } from './accessChanges.ts';
import { botChanges, botDeleted } from './botAudit.ts';
import { createBotRecords } from './botRecords.ts';
import { createBotRuns, type ManagerPorts } from './botRuns.ts';
import type { BotService } from './botService.ts';
import { checkToken } from './checkToken.ts';
import { createPairing } from './pairing.ts';

/** Milliseconds between two looks at what other windows have changed. */
const followMs = 5_000;

export interface TelegramManager extends TelegramBots {
  /** Of a bot that runs here. */
  service(id: string): BotService | undefined;
  /** What runs here follows what was changed elsewhere: configs, tokens, and which folders are open. */
  follow(): Promise<void>;
}

type PairingAnswer = Parameters<TelegramBots['answerPairing']>[1];

export const createTelegramManager = (ports: ManagerPorts): TelegramManager => {
  const { store, tokens, leases, now } = ports;
  const configs = new Map<string, TelegramConfig>();
  const listeners = new Set<() => void>();
  const pairing = createPairing({ now });
  /** As it was read last. */
  let known: string | undefined;
  let toldHolders = '[]';
  let isClosed = false;
  let followTimer: NodeJS.Timeout | undefined;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const records = createBotRecords({ redact: ports.redact, now, onChange: changed });
  const { log } = records;

  /** Another window may have changed them. */
  const reload = async (): Promise<void> => {
    const all = await store.listBots();
    const read = JSON.stringify(all);
    const isChanged = known !== undefined && read !== known;
    known = read;
    configs.clear();
    for (const config of all) configs.set(config.id, config);
    if (isChanged) changed();
  };
  const existing = async (id: string): Promise<TelegramConfig> => {
    await reload();
    const config = configs.get(id);
    if (config === undefined) throw new InputError('There is no bot with this id. It may have been deleted.');
    return config;
  };

  const book = { get: (id: string) => configs.get(id), reload, existing };
  const runs = createBotRuns(ports, { book, records, pairing, onChange: () => tellRuns() });
  const { inTurn, service, unavailable } = runs;
  const tellRuns = (): void => {
    followLater();
    changed();
  };

  const save = async (config: TelegramConfig): Promise<void> => {
    const before = configs.get(config.id);
    // Before it counts: what is not on record does not happen.
    for (const entry of botChanges(before, config)) await ports.history.audit({ at: now(), ...entry });
    await store.saveBot(config);
    await reload();
    service(config.id)?.configChanged();
    await rememberAutoStart();
    changed();
  };
  /** What was kept stays so: which bots start by themselves is worked out anew with the next change. */
  const rememberAutoStart = (): Promise<void> => ports.rememberAutoStart().catch(ports.logError);
  /** Other windows, by the bots that run there and were not started here. */
  const holders = async (): Promise<ReadonlyMap<string, string>> => {
    const found = new Map<string, string>();
    for (const { id, botId } of [...configs.values()]) {
      const place = runs.has(id) ? undefined : await leases.holder(botId);
      if (place !== undefined) found.set(id, place);
    }
    return found;
  };

  const follow = async (): Promise<void> => {
    await reload();
    await runs.follow();
    if (listeners.size === 0) return;
    const now = JSON.stringify([...(await holders())]);
    if (now === toldHolders) return;
    toldHolders = now;
    changed();
  };

  /** While there is something that follows, or somebody who looks. */
  const followLater = (): void => {
    if (isClosed || followTimer !== undefined || (!runs.isAny() && listeners.size === 0)) return;
    followTimer = setTimeout(() => {
      follow()
        .catch(ports.logError)
        .finally(() => {
          followTimer = undefined;
          followLater();
        });
    }, followMs);
  };

  const checked = async (token: string, signal?: AbortSignal) =>
    checkToken(token.trim(), ports.apiRoot(), signal ?? AbortSignal.timeout(20_000));

  const info = async (config: TelegramConfig): Promise<BotInfo> => {
    const place = runs.has(config.id) ? undefined : await leases.holder(config.botId);
    return {
      config,
      status: place === undefined ? runs.status(config) : { kind: 'elsewhere', place, staysThere: true },
      counters: records.counters(config.id),
    };
  };

  const createNow = async (input: unknown, token: string, owner: TokenOwner): Promise<TelegramConfig> => {
    await reload();
    const { botId, username } = owner;
    const same = [...configs.values()].find((config) => config.botId === botId);
    if (same !== undefined) {
      throw new InputError(`@${username} is there already, as “${same.name}”. Change that one instead.`);
    }
    const agent = await ports.agents.get();
    const fields = parseNewBot(input, {
      name: owner.name,
      agentId: agent.id,
      folder: ports.folders()[0] ?? '',
    });
    await ports.agents.get(fields.agentId);
    const at = now();
    const config: TelegramConfig = {
      id: ports.newId(),
      botId,
      username,
      ...fields,
      createdAt: at,
      updatedAt: at,
    };
    // One that was deleted was stopped before.
    await leases.setStopped(botId, false);
    await tokens.set(config.id, token);
    try {
      await save(config);
    } catch (error) {
      await tokens.remove(config.id);
      throw error;
    }
    return config;
  };

  const updateNow = async (id: string, patch: unknown, token?: string): Promise<TelegramConfig> => {
    const before = await existing(id);
    const after = patchBot(before, patch, now());
    if (after.agentId !== before.agentId) await ports.agents.get(after.agentId);
    if (token !== undefined) await tokens.set(id, token);
    await save(after);
    const mustRestart = token !== undefined || after.folder !== before.folder;
    if (mustRestart && runs.has(id)) await runs.restart(after);
    return after;
  };

  const answerNow = async (request: PairingRequest, answer: PairingAnswer): Promise<void> => {
    const { configId, userId, name, code } = request;
    const config = await existing(configId);
    const isWaiting = pairing
      .list()
      .some((each) => each.configId === configId && each.userId === userId && each.code === code);
    if (!isWaiting) {
      throw new InputError(
        `${name} does not wait any more: a code is good for an hour. With their next message they get a new one.`,
      );
    }
    if (answer === 'deny') {
      pairing.remove(request);
      log(configId, `User ${userId} was not let in.`);
      changed();
      return;
    }
    // First: where that cannot be kept, they go on waiting.
    await save({ ...withUser(config, request, answer === 'approver'), updatedAt: now() });
    pairing.remove(request);
    changed();
    log(configId, `User ${userId} was let in${answer === 'approver' ? ', and may approve' : ''}.`);
    // Not waited for: Telegram may be out of reach for long, and they are let in all the same.
    service(configId)
      ?.welcome(userId)
      .catch((error: unknown) => log(configId, `User ${userId} could not be told: ${reasonOf(error)}`));
  };

  return {
    list: async () => {
      await reload();
      const all = await Promise.all([...configs.values()].map(info));
      return all.sort((a, b) => a.config.name.localeCompare(b.config.name));
    },
    checkToken: checked,
    create: async (input, token) => {
      const owner = await checked(token);
      return inTurn('new', () => createNow(input, token.trim(), owner));
    },
    update: async (id, patch, token) => {
      if (token !== undefined) {
        const { username, botId } = await existing(id);
        const owner = await checked(token);
        if (owner.botId !== botId) {
          throw new InputError(
            `This is the token of @${owner.username}, not of @${username}. Make a bot of its own for it.`,
          );
        }
      }
      return inTurn(id, () => updateNow(id, patch, token?.trim()));
    },
    delete: (id) =>
      inTurn(id, async () => {
        const config = await existing(id);
        await leases.setStopped(config.botId, true);
        await runs.stop(id);
        await ports.history.audit({ at: now(), ...botDeleted(config) });
        pairing.forget(id);
        await store.deleteBot(id);
        await tokens.remove(id);
        records.forget(id);
        await reload();
        await rememberAutoStart();
        changed();
      }),
    start: (id) => inTurn(id, () => runs.start(id)),
    stop: (id) =>
      inTurn(id, async () => {
        const config = await existing(id);
        await leases.setStopped(config.botId, true);
        await runs.stop(id);
      }),
    restart: (id) =>
      inTurn(id, async () => {
        await runs.stop(id);
        await runs.start(id);
      }),
    autoStart: async () => {
      await reload();
      for (const config of [...configs.values()]) {
        if (!config.autoStart || runs.has(config.id) || unavailable(config) !== undefined) continue;
        await inTurn(config.id, async () => {
          // What a person stopped stays so until a person starts it.
          if (!(await leases.isStopped(config.botId))) await runs.start(config.id);
        }).catch((error: unknown) => {
          log(config.id, error instanceof Error ? error.message : String(error));
          ports.logError(error);
        });
      }
    },
    follow,
    log: records.lines,
    pairings: () => pairing.list(),
    answerPairing: (request, answer) => inTurn(request.configId, () => answerNow(request, answer)),
    onPairing: pairing.onRequest,
    onChange: (listener) => {
      listeners.add(listener);
      followLater();
      return () => listeners.delete(listener);
    },
    continueOn: async (sessionId, configId, chatId) => {
      const config = await existing(configId);
      const running = service(configId);
      if (running === undefined)
        throw new InputError(`@${config.username} does not run in this window. Start it first.`);
      await running.continueHere(sessionId, chatId);
    },
    isRunning: (id) => {
      const config = configs.get(id);
      return config !== undefined && runs.status(config).kind === 'running';
    },
    service,
    close: async () => {
      isClosed = true;
      clearTimeout(followTimer);
      await runs.close();
    },
  };
};
