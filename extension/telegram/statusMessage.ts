import type { SetTimer } from '../core/approvals.ts';
import { type Courier, type Outgoing, type Place, SendError, type SendOptions } from './types.ts';

/** The one message of a conversation that is edited while the bot works. */
export interface StatusMessage {
  /** Soon, and only the newest: what was shown too shortly before is left out. Does not throw. */
  show(message: Outgoing): void;
  /**
   * What it says in the end. Where it never arrived, or is gone, that is sent as a new message.
   * @throws SendError
   */
  finish(message: Outgoing, signal?: AbortSignal): Promise<void>;
  /** Nothing is shown any more; it stays as it is. */
  close(): void;
  /** Absent: it has not arrived yet. */
  id(): number | undefined;
}

export interface StatusMessageOptions {
  readonly courier: Pick<Courier, 'send' | 'edit'>;
  readonly place: Place;
  now(): number;
  /** Absent: the real one. */
  readonly setTimer?: SetTimer;
  /** One that is there already. */
  readonly messageId?: number;
  readonly replyTo?: number;
  /** It has arrived: to be kept, so that it can be finished after an interruption. */
  readonly onSent?: (messageId: number) => void;
  /** A failure of what was only shown. */
  readonly onError?: (error: unknown) => void;
}

/** Telegram takes 20 messages a minute in a group, edits among them, and about one a second elsewhere. */
const gapOf = ({ chatId }: Place): number => (chatId < 0 ? 4_000 : 1_500);

const realTimer: SetTimer = (call, milliseconds) => {
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
};

const keyOf = ({ html, buttons = [] }: Outgoing): string => JSON.stringify([html, buttons]);

export const createStatusMessage = (options: StatusMessageOptions): StatusMessage => {
  const { courier, place, now, setTimer = realTimer } = options;
  const stop = new AbortController();
  let messageId = options.messageId;
  /** It may stand there without its id being known, or is gone: only its end is worth another message. */
  let isLost = false;
  let isOver = false;
  let isFinishing = false;
  let shown = '';
  let wanted: Outgoing | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  let work: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;

  const put = async (message: Outgoing, sendOptions: SendOptions): Promise<void> => {
    if (messageId !== undefined) {
      const { signal } = sendOptions;
      return courier.edit({ chatId: place.chatId, messageId }, message, signal);
    }
    const sent = await courier.send(place, message, {
      ...sendOptions,
      ...(options.replyTo === undefined ? {} : { replyTo: options.replyTo }),
    });
    messageId = sent.messageId;
    options.onSent?.(messageId);
  };

  const showNow = async (message: Outgoing): Promise<void> => {
    try {
      await put(message, { isSilent: true, signal: stop.signal });
      shown = keyOf(message);
    } catch (error) {
      const failure = error instanceof SendError ? error.failure : 'unsure';
      if (failure === 'refused' || (failure === 'unsure' && messageId === undefined)) isLost = true;
      if (!isOver) options.onError?.(error);
    }
  };

  const next = (): void => {
    if (isOver || isLost || work !== undefined || cancelTimer !== undefined || wanted === undefined) return;
    const left = lastAt + gapOf(place) - now();
    if (left > 0) {
      cancelTimer = setTimer(() => {
        cancelTimer = undefined;
        next();
      }, left);
      return;
    }
    const message = wanted;
    wanted = undefined;
    if (keyOf(message) === shown) return;
    work = showNow(message).finally(() => {
      lastAt = now();
      work = undefined;
      next();
    });
  };

  const close = (): void => {
    isOver = true;
    wanted = undefined;
    cancelTimer?.();
    cancelTimer = undefined;
  };

  return {
    show: (message) => {
      wanted = message;
      next();
    },
    finish: async (message, signal) => {
      close();
      isFinishing = true;
      // A first message that is on its way must arrive, or the end of it would be a second one. An edit that is on its way
      // is let through as well: cut off, it could still arrive, and behind the end.
      const giveUp = (): void => stop.abort();
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
      await work;
      signal?.removeEventListener('abort', giveUp);
      if (isLost) messageId = undefined;
      if (messageId !== undefined && keyOf(message) === shown) return;
      try {
        await put(message, signal === undefined ? {} : { signal });
      } catch (error) {
        const isGone = error instanceof SendError && error.failure === 'refused' && messageId !== undefined;
        if (!isGone) throw error;
        messageId = undefined;
        await put(message, signal === undefined ? {} : { signal });
      }
    },
    close: () => {
      close();
      // The end of it waits for what is on its way, and has a signal of its own.
      if (!isFinishing) stop.abort();
    },
    id: () => messageId,
  };
};
