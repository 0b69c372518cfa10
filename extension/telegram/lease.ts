/**
 * One window polls for a bot. A lease is a file with a number, and whoever made the highest one has it: to take over is
 * to make the next number, which only one can do. So nothing of another holder is ever moved or removed, and two that
 * find the same lease abandoned cannot both have the next one. What has ended stays as a file that says so until the
 * numbers have moved on.
 */
import { createLeaseFiles, type LeaseContent } from './leaseFiles.ts';

/** Milliseconds between two signs of life of a holder. */
const beatMs = 3_000;
/** A holder without one for this long, in milliseconds that the watcher itself was running, has ended. */
const silenceMs = 10_000;
/** How often a number that somebody else was faster to make is tried again within one call. */
const tries = 5;

export interface Lease {
  /** Called once, also when that has happened already: another window has it now. */
  onLost(listener: () => void): void;
  /** Called once, also when that has happened already: a person stopped the bot in another window. */
  onStopRequested(listener: () => void): void;
  /** Does not throw: what cannot be given back is taken over later. */
  release(): Promise<void>;
}

export interface Leases {
  /**
   * Never waits for another holder: ask again every few seconds, for each time is a look at whether that one lives.
   * @returns the window that has it, where it is not free
   * @throws the system's error where the folder cannot be written
   */
  take(botId: number): Promise<{ readonly lease: Lease } | { readonly place: string }>;
  /** For all windows, and for later ones. */
  setStopped(botId: number, isStopped: boolean): Promise<void>;
  isStopped(botId: number): Promise<boolean>;
  /** Takes nothing. @returns the other window that has it; undefined: none */
  holder(botId: number): Promise<string | undefined>;
}

/** What a watcher has seen of a holder. */
interface Look {
  /** Changes with each sign of life. */
  readonly mark: string;
  silence: number;
  lookedAt: number;
}

/** An event that happens once and is told to who asks later, too. */
const once = () => {
  const listeners: (() => void)[] = [];
  let hasHappened = false;
  return {
    happen: (): void => {
      if (hasHappened) return;
      hasHappened = true;
      for (const listener of listeners) listener();
    },
    listen: (listener: () => void): void => {
      if (hasHappened) listener();
      else listeners.push(listener);
    },
  };
};

const defaultTimer = (run: () => void, milliseconds: number): (() => void) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};

export const createLeases = (options: {
  readonly folder: string;
  /** Opaque text that names this process and no other. */
  readonly owner: string;
  stateOf(owner: string): 'alive' | 'dead' | 'unknown';
  /** This window, for a person. */
  place(): string;
  now(): number;
  /** @returns stops it */
  setTimer?(run: () => void, milliseconds: number): () => void;
  logError(error: unknown): void;
}): Leases => {
  const { now, logError, setTimer = defaultTimer } = options;
  const files = createLeaseFiles(options.folder);
  /** Of leases that are held, or being taken. */
  const ownNonces = new Set<string>();
  const looks = new Map<number, Look>();

  /** Each call is a look; one after a long time counts as little as one after a beat, for this machine may have slept. */
  const isSilent = (botId: number, mark: string): boolean => {
    const known = looks.get(botId);
    const at = now();
    if (known?.mark !== mark) {
      looks.set(botId, { mark, silence: 0, lookedAt: at });
      return false;
    }
    known.silence += Math.min(Math.max(at - known.lookedAt, 0), beatMs);
    known.lookedAt = at;
    return known.silence >= silenceMs;
  };

  const isFree = async (
    botId: number,
    number: number,
    content: LeaseContent | undefined,
  ): Promise<boolean> => {
    if (content !== undefined) {
      if (content.isReleased) return true;
      if (ownNonces.has(content.nonce)) return false;
      // Of this very process, and given up.
      if (content.owner === options.owner) return true;
      if (options.stateOf(content.owner) === 'dead') return true;
    }
    return isSilent(botId, `${number} ${content?.nonce} ${await files.changedAt(botId, number)}`);
  };

  const hold = (botId: number, number: number, content: LeaseContent): Lease => {
    const lost = once();
    const stopRequested = once();
    let isOver = false;
    let stopTimer: (() => void) | undefined;
    let beating: Promise<void> = Promise.resolve();

    const end = (): void => {
      isOver = true;
      ownNonces.delete(content.nonce);
      stopTimer?.();
    };
    const beat = async (): Promise<void> => {
      const own = await files.read(botId, number);
      const isOurs = own?.nonce === content.nonce && (await files.highest(botId)) === number;
      if (isOver) return;
      if (!isOurs) {
        end();
        lost.happen();
        return;
      }
      await files.touch(botId, number);
      if (await files.isStopped(botId)) stopRequested.happen();
    };
    const next = (): void => {
      if (isOver) return;
      stopTimer = setTimer(() => {
        // One that fails is missing, and the next one may work; after too many another window takes over.
        beating = beat().catch(logError).then(next);
      }, beatMs);
    };

    const lease: Lease = {
      onLost: lost.listen,
      onStopRequested: stopRequested.listen,
      release: async () => {
        if (isOver) return;
        end();
        await beating;
        try {
          const own = await files.read(botId, number);
          if (own?.nonce === content.nonce) await files.change(botId, number, { ...own, isReleased: true });
        } catch (error) {
          logError(error);
        }
      },
    };
    next();
    return lease;
  };

  const takeNext = async (botId: number, number: number): Promise<Lease | undefined> => {
    const nonce = crypto.randomUUID();
    const content = { owner: options.owner, place: options.place(), nonce, isReleased: false };
    ownNonces.add(nonce);
    let lease: Lease | undefined;
    try {
      if (!(await files.make(botId, number, content))) return undefined;
      // Who was long on the way may have made a number that had its time already.
      if ((await files.highest(botId)) === number) lease = hold(botId, number, content);
      else await files.remove(botId, number);
    } finally {
      if (lease === undefined) ownNonces.delete(nonce);
    }
    return lease;
  };

  return {
    take: async (botId) => {
      for (let round = 0; round < tries; round += 1) {
        const current = await files.highest(botId);
        if (current > 0) {
          const holder = await files.read(botId, current);
          if (!(await isFree(botId, current, holder))) return { place: holder?.place ?? '' };
        }
        const lease = await takeNext(botId, current + 1);
        if (lease === undefined) continue;
        looks.delete(botId);
        await files.forgetBefore(botId, current + 1).catch(logError);
        return { lease };
      }
      return { place: '' };
    },
    setStopped: files.setStopped,
    isStopped: files.isStopped,
    holder: async (botId) => {
      const current = await files.highest(botId);
      const content = current === 0 ? undefined : await files.read(botId, current);
      if (content === undefined || content.owner === options.owner) return undefined;
      return (await isFree(botId, current, content)) ? undefined : content.place;
    },
  };
};
