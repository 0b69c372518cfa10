/** One bot that is to run in this window: waits for its lease, connects, and gives way when it has to. */
import type { Update } from 'grammy/types';
import { reasonOf } from '../core/reasonOf.ts';
import type { BotStatus, TelegramConfig } from '../shared/telegram.ts';
import type { BotService } from './botService.ts';
import type { Lease, Leases } from './lease.ts';
import type { Link, LinkState } from './link.ts';
import { defaultTimer, type SetTimer, within } from './linkTimes.ts';

/** Milliseconds between two looks whether the window that has the bot still has it. */
const lookAgainMs = 2_000;
/** Milliseconds that a stop may take, of which the rest is for giving the lease back: VS Code ends the host soon after. */
const stopMs = 3_000;
const endingMs = 2_700;

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
  /** Absent: the real one. @returns stops it */
  readonly setTimer?: SetTimer;
  logError(error: unknown): void;
}): RunningBot => {
  const { setTimer = defaultTimer } = ports;
  let status: BotStatus = { kind: 'connecting', since: ports.now() };
  let connected: Connected | undefined;
  let lease: Lease | undefined;
  let stopTimer: (() => void) | undefined;
  let isStopping = false;
  let working: Promise<void> = Promise.resolve();
  /** The same again every two seconds would fill the log. */
  let lastFailure: string | undefined;

  const say = (next: BotStatus): void => {
    if (isStopping) return;
    const isSame = JSON.stringify(next) === JSON.stringify(status);
    status = next;
    if (!isSame) ports.onChange();
  };

  const sayConnecting = (message?: string): void =>
    say({
      kind: 'connecting',
      since: status.kind === 'connecting' ? status.since : ports.now(),
      ...(message === undefined ? {} : { message }),
    });

  const onState = (state: LinkState): void => {
    if (state.kind === 'running' && status.kind === 'running') return;
    if (state.kind !== status.kind)
      ports.log(`State: ${state.kind}${'message' in state ? ` (${state.message})` : ''}`);
    if (state.kind === 'connecting') sayConnecting(state.message);
    else say(state.kind === 'running' ? { ...state, since: ports.now() } : state);
  };

  /** Ends what is connected; the lease stays. */
  const disconnect = async (): Promise<void> => {
    const ending = connected;
    connected = undefined;
    if (ending === undefined) return;
    await within(stopMs, Promise.allSettled([ending.link.stop(), ending.service.close()]));
  };

  /** From the start in a while, also where a part of it has been connected. */
  const failed = async (error: unknown): Promise<void> => {
    const reason = reasonOf(error);
    if (reason !== lastFailure && !isStopping) ports.logError(error);
    lastFailure = reason;
    await disconnect();
    sayConnecting(`${reason.replace(/(?<![.?!])$/, '.')} It is tried again every few seconds.`);
    later();
  };

  /** One thing at a time: a lease that is lost while it is being connected ends what then has been connected. */
  const then = (work: () => Promise<void>): Promise<void> => {
    working = working.then(work).catch(failed);
    return working;
  };

  const later = (): void => {
    stopTimer?.();
    if (!isStopping) stopTimer = setTimer(() => void then(begin), lookAgainMs);
  };

  const lost = async (): Promise<void> => {
    lease = undefined;
    ports.log('Another window has taken it over.');
    sayConnecting();
    await disconnect();
    later();
  };

  /** @returns false: another window has it, or the person stopped it */
  const takeLease = async (): Promise<boolean> => {
    const { botId } = ports.config();
    if (await ports.leases.isStopped(botId)) {
      ports.onStopped();
      return false;
    }
    const taken = await ports.leases.take(botId);
    if (!('lease' in taken)) {
      say({ kind: 'elsewhere', place: taken.place });
      later();
      return false;
    }
    const own = taken.lease;
    if (isStopping) {
      // Nobody would give it back later.
      await own.release();
      return false;
    }
    lease = own;
    own.onLost(() => void then(async () => (lease === own ? lost() : undefined)));
    own.onStopRequested(() => ports.onStopped());
    sayConnecting();
    return true;
  };

  const begin = async (): Promise<void> => {
    if (isStopping || connected !== undefined) return;
    if (lease === undefined && !(await takeLease())) return;
    const own = await ports.connect({
      onState,
      onUpdate: async (update) => {
        if (connected === undefined) throw new Error('The bot is not ready yet.');
        await connected.service.onUpdate(update);
      },
    });
    connected = own;
    // What waits from before comes before what is new.
    if (!isStopping) await own.service.recover();
    if (isStopping) await disconnect();
    else own.link.start();
    lastFailure = undefined;
  };

  void then(begin);
  return {
    status: () => status,
    service: () => connected?.service,
    stop: async () => {
      isStopping = true;
      stopTimer?.();
      // What is just being begun sees that it is to stop, and ends by itself, maybe a little later.
      await within(endingMs, Promise.allSettled([working, disconnect()]));
      const own = lease;
      lease = undefined;
      await within(stopMs - endingMs, own?.release() ?? Promise.resolve());
      status = { kind: 'stopped' };
      ports.onChange();
    },
  };
};
