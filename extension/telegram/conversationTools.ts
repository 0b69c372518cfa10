/** What the parts of a conversation share: time, its end, and sending without a failure that hurts. */
import type { SetTimer } from '../core/approvals.ts';
import type { Attachments, BotContext } from './context.ts';
import { type Outgoing, type Place, SendError, type SendFailure } from './types.ts';

export type ConversationContext = BotContext & { readonly attachments: Attachments };

export interface ConversationTools {
  readonly context: ConversationContext;
  readonly setTimer: SetTimer;
  /** Aborted at the end: nothing more is begun. */
  readonly closing: AbortSignal;
  /** Aborted a little later: what is being sent is given up. */
  readonly givingUp: AbortSignal;
  /** Ends early with one of the signals. */
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Does not throw; not for what must not be lost. @returns the message's id, where it has arrived */
  tell(place: Place, message: Outgoing, replyTo?: number): Promise<number | undefined>;
  /** How a message went on its way. */
  attempt(work: () => Promise<unknown>): Promise<'arrived' | SendFailure>;
  /**
   * The same, tried again until it has arrived or is refused; for what may stand there twice. At the end of the bot it may
   * be `unsent`.
   */
  insist(work: () => Promise<unknown>): Promise<'arrived' | SendFailure>;
  /** `tell`, as often as it takes. @returns undefined where it is refused, or the bot ends */
  insistOn(place: Place, message: Outgoing, replyTo?: number): Promise<number | undefined>;
  /** Nobody waits for it; a failure is logged. */
  behind(work: Promise<unknown>): void;
  close(): Promise<void>;
}

/** Milliseconds that what is being sent gets in the end. */
const lastSendsMs = 2_000;
/** Milliseconds until something is tried again: the courier has had patience before. */
const firstPauseMs = 30_000;
const longestPauseMs = 10 * 60_000;

/** An error that says nothing of whether it arrived may come each time. */
const mostTimes = { unsent: Number.POSITIVE_INFINITY, unsure: 5 };

/** What came from a schedule answers no message. */
const replyOf = (replyTo: number | undefined): { readonly replyTo?: number } =>
  replyTo === undefined || replyTo === 0 ? {} : { replyTo };

/** @param times that it was tried before */
export const pauseAfter = (times: number): number => Math.min(longestPauseMs, firstPauseMs * 2 ** times);

/** Milliseconds for giving up, and for keeping that. */
const lastWritesMs = 500;

const realTimer: SetTimer = (call, milliseconds) => {
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
};

export const createConversationTools = (
  context: ConversationContext,
  setTimer: SetTimer = realTimer,
): ConversationTools => {
  const closing = new AbortController();
  const givingUp = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  const pause: ConversationTools['pause'] = (milliseconds, signal) =>
    new Promise((resolve) => {
      const signals = [closing.signal, ...(signal === undefined ? [] : [signal])];
      const done = (): void => {
        cancel();
        for (const each of signals) each.removeEventListener('abort', done);
        resolve();
      };
      const cancel = setTimer(done, milliseconds);
      for (const each of signals) each.addEventListener('abort', done, { once: true });
      if (signals.some(({ aborted }) => aborted)) done();
    });

  const behind = (work: Promise<unknown>): void => {
    const tracked = work
      .catch((error: unknown) => {
        if (closing.signal.aborted) return;
        context.count('errors');
        context.logError(error);
      })
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };

  const attempt: ConversationTools['attempt'] = async (work) => {
    try {
      await work();
      return 'arrived';
    } catch (error) {
      if (!givingUp.signal.aborted) context.logError(error);
      // What is not known to have failed may have arrived.
      return error instanceof SendError ? error.failure : 'unsure';
    }
  };

  const insist: ConversationTools['insist'] = async (work) => {
    for (let times = 0; ; times += 1) {
      const outcome = await attempt(work);
      const isOver = outcome === 'arrived' || outcome === 'refused' || times >= mostTimes[outcome];
      if (isOver || closing.signal.aborted) return outcome;
      await pause(pauseAfter(times));
      if (closing.signal.aborted) return outcome;
    }
  };

  return {
    context,
    setTimer,
    closing: closing.signal,
    givingUp: givingUp.signal,
    pause,
    tell: async (place, message, replyTo) => {
      try {
        const options = { ...replyOf(replyTo), signal: givingUp.signal };
        const sent = await context.courier.send(place, message, options);
        return sent.messageId;
      } catch (error) {
        if (!closing.signal.aborted) context.logError(error);
        return undefined;
      }
    },
    attempt,
    insist,
    insistOn: async (place, message, replyTo) => {
      let messageId: number | undefined;
      await insist(async () => {
        const options = { ...replyOf(replyTo), signal: givingUp.signal };
        messageId = (await context.courier.send(place, message, options)).messageId;
      });
      return messageId;
    },
    behind,
    close: async () => {
      closing.abort();
      const wait = (milliseconds: number): Promise<void> =>
        new Promise((resolve) => {
          const cancel = setTimer(resolve, milliseconds);
          void Promise.all([...underWay]).then(() => {
            cancel();
            resolve();
          });
        });
      await wait(lastSendsMs);
      givingUp.abort();
      if (underWay.size > 0) await wait(lastWritesMs);
    },
  };
};
