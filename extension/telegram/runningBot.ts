/** One bot that is to run in this window: waits for its lease, connects, and gives way when it has to. */
import type { Update } from 'grammy/types';
import { reasonOf } from '../core/reasonOf.ts';
import type { BotStatus, TelegramConfig } from '../shared/telegram.ts';
import type { BotService } from './botService.ts';
import type { Lease, Leases } from './lease.ts';
import type { Link, LinkState } from './link.ts';

/** Milliseconds between two looks whether the window that has the bot still has it. */
const lookAgainMs = 2_000;
/** Milliseconds that a stop may take: VS Code ends the host a few seconds after it asked. */
const stopMs = 3_000;

/** What runs while this window has the lease. */
export interface Connected {
  readonly link: Link;
  readonly service: BotService;
}

export interface RunningBot {
  status(): BotStatus;
  service(): BotService | undefined;
  /** Within 3 s, whatever the network does. */
  stop(): Promise<void>;
}

export const runBot = (ports: {
  config(): TelegramConfig;
  readonly leases: Pick<Leases, 'take' | 'isStopped'>;
  connect(handlers: {
    onState(state: LinkState): void;
    onUpdate(update: Update): Promise<void>;
  }): Promise<Connected>;
  onChange(): void;
  /** The person stopped it, in another window. */
  onStopped(): void;
  log(line: string): void;
  now(): number;
  logError(error: unknown): void;
}): RunningBot => {
  let status: BotStatus = { kind: 'connecting', since: ports.now() };
  let connected: Connected | undefined;
  let lease: Lease | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let working: Promise<void> = Promise.resolve();

  const say = (next: BotStatus): void => {
    if (isStopping && next.kind !== 'stopped') return;
    const isSame = JSON.stringify(next) === JSON.stringify(status);
    status = next;
    if (!isSame) ports.onChange();
  };

  const onState = (state: LinkState): void => {
    if (state.kind === 'running' && status.kind === 'running') return;
    if (state.kind !== status.kind)
      ports.log(`State: ${state.kind}${'message' in state ? ` (${state.message})` : ''}`);
    say(state.kind === 'running' || state.kind === 'connecting' ? { ...state, since: ports.now() } : state);
  };

  /** Ends what is connected; the lease stays. */
  const disconnect = async (): Promise<void> => {
    const ending = connected;
    connected = undefined;
    if (ending === undefined) return;
    await within(stopMs, Promise.allSettled([ending.link.stop(), ending.service.close()]));
  };

  /** One thing at a time: a lease that is lost while it is being connected ends what then has been connected. */
  const then = (work: () => Promise<void>): Promise<void> => {
    working = working.then(work).catch((error: unknown) => {
      ports.logError(error);
      say({ kind: 'connecting', since: ports.now(), message: reasonOf(error) });
      later();
    });
    return working;
  };

  const later = (): void => {
    clearTimeout(timer);
    if (!isStopping) timer = setTimeout(() => void then(begin), lookAgainMs);
  };

  const lost = async (): Promise<void> => {
    lease = undefined;
    ports.log('Another window has taken it over.');
    await disconnect();
    later();
  };

  const begin = async (): Promise<void> => {
    if (isStopping || connected !== undefined) return;
    const { botId } = ports.config();
    if (lease === undefined) {
      if (await ports.leases.isStopped(botId)) {
        ports.onStopped();
        return;
      }
      const taken = await ports.leases.take(botId);
      if (!('lease' in taken)) {
        say({ kind: 'elsewhere', place: taken.place });
        later();
        return;
      }
      const own = taken.lease;
      lease = own;
      own.onLost(() => void then(async () => (lease === own ? lost() : undefined)));
      own.onStopRequested(() => ports.onStopped());
      say({ kind: 'connecting', since: ports.now() });
    }
    connected = await ports.connect({
      onState,
      onUpdate: async (update) => {
        if (connected === undefined) throw new Error('The bot is not ready yet.');
        await connected.service.onUpdate(update);
      },
    });
    // What waits from before comes before what is new.
    await connected.service.recover();
    connected.link.start();
  };

  void then(begin);
  return {
    status: () => status,
    service: () => connected?.service,
    stop: async () => {
      isStopping = true;
      clearTimeout(timer);
      await within(stopMs, working);
      await disconnect();
      const own = lease;
      lease = undefined;
      await within(1_000, own?.release() ?? Promise.resolve());
      status = { kind: 'stopped' };
      ports.onChange();
    },
  };
};

/** Does not throw, and does not wait longer. */
const within = async (milliseconds: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    patience,
  ]);
  clearTimeout(timer);
};
