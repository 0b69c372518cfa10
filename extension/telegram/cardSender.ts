/** Brings a question to a phone, and takes its buttons away once it has been answered. */
import { randomInt } from 'node:crypto';
import type { ApprovalRequest } from '../core/approver.ts';
import { createInTurn } from '../core/inTurn.ts';
import type { TelegramCard, TelegramEntry } from '../core/telegramStore.ts';
import { neverExpires, payloadHash } from './cardChecks.ts';
import type { CardPlace } from './cardPlaces.ts';
import type { BotContext } from './context.ts';
import { approvalText } from './reply.ts';
import { type Outgoing, SendError, type SendFailure } from './types.ts';

/** A card whose question was asked in this window. */
export interface LiveCard {
  card: TelegramCard;
  readonly request: ApprovalRequest;
  /** Nobody needs it any more: ends its sending. */
  readonly controller: AbortController;
  /** What it becomes, once it has been answered. */
  outcome?: Outgoing;
  isFinishing?: boolean;
}

const idLetters = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const randomCardId = (): string =>
  Array.from({ length: 16 }, () => idLetters[randomInt(idLetters.length)]).join('');

/** A card that may not have arrived is sent once more: a second one does no harm, since the first answer to either counts. */
const tries = 2;

export interface CardSender {
  /** Those that are known by their ids. */
  readonly live: Map<string, LiveCard>;
  /** Resolves once it has arrived, or will not. Does not throw. @returns whether somebody was, or need not be, asked */
  send(request: ApprovalRequest, place: CardPlace, isNotice: boolean): Promise<boolean>;
  /** Shows the outcome, if there is one, in the place of the question. Does not throw. */
  finish(live: LiveCard): Promise<void>;
  /** The same for what an earlier window asked. Does not throw. */
  close(card: TelegramCard, text: Outgoing): Promise<void>;
}

export const createCardSender = (
  context: Pick<BotContext, 'store' | 'courier' | 'config' | 'count' | 'log' | 'logError'>,
  options: {
    readonly newCardId: () => string;
    isPending(stepId: string): boolean;
    /** The message that a job of this bot works on. */
    entryOf(jobId: string): TelegramEntry | undefined;
    readonly closing: AbortSignal;
  },
): CardSender => {
  const { store, courier } = context;
  const live = new Map<string, LiveCard>();
  /** A document and its card must not have others between them. */
  const inTurn = createInTurn<number>();

  const failureOf = (error: unknown): SendFailure => {
    if (error instanceof SendError) return error.failure;
    // Nothing is known of it, unless it was only given up.
    if (!(error instanceof DOMException)) context.logError(error);
    return 'unsure';
  };

  const failed = (what: string, failure: SendFailure): void => {
    if (options.closing.aborted) return;
    context.count('errors');
    context.log(`${what} (${failure}).`);
  };

  const forget = async ({ card }: LiveCard): Promise<void> => {
    live.delete(card.id);
    await store.deleteCard(card.id).catch(context.logError);
  };

  const close = async (card: TelegramCard, text: Outgoing): Promise<void> => {
    const { chatId, messageId, id } = card;
    try {
      if (messageId !== 0) await courier.edit({ chatId, messageId }, text, options.closing);
    } catch (error) {
      const failure = failureOf(error);
      failed('A question that is over could not be closed on the phone', failure);
      // Its buttons do nothing; the next start tries again to take them away.
      if (failure !== 'refused') return;
    }
    await store.deleteCard(id).catch(context.logError);
  };

  const finish = async (each: LiveCard): Promise<void> => {
    if (each.outcome === undefined || each.card.messageId === 0 || each.isFinishing === true) return;
    each.isFinishing = true;
    await close(each.card, each.outcome);
    live.delete(each.card.id);
  };

  const sendOnce = async (
    request: ApprovalRequest,
    { userId, chatId, topicId }: CardPlace,
    isNotice: boolean,
  ): Promise<SendFailure | undefined> => {
    const { id: configId, allowsRules } = context.config();
    const id = options.newCardId();
    const controller = new AbortController();
    const each: LiveCard = {
      card: {
        id,
        configId,
        stepId: request.step.id,
        jobId: request.jobId,
        payloadHash: payloadHash(request),
        chatId,
        messageId: 0,
        approvers: [userId],
        expiresAt: request.prompt.expiresAt ?? neverExpires,
      },
      request,
      controller,
    };
    const signal = AbortSignal.any([controller.signal, options.closing]);
    let isKept = false;
    live.set(id, each);
    try {
      const entry = options.entryOf(request.jobId);
      const { message, document } = approvalText(request, id, {
        allowsRules,
        isNotice,
        ...(entry === undefined || entry.userId === userId ? {} : { askedBy: entry.userName }),
      });
      await store.saveCard(each.card);
      isKept = true;
      // Before the card, so that the buttons stand last; without it nobody could see all that they answer.
      if (document !== undefined) await courier.upload({ chatId, topicId }, document, { signal });
      const { messageId } = await courier.send({ chatId, topicId }, message, { signal });
      each.card = { ...each.card, messageId };
    } catch (error) {
      const failure = isKept ? failureOf(error) : 'unsent';
      if (!isKept) context.logError(error);
      failed('A question could not be sent', failure);
      // One that may have arrived can be pressed.
      if (failure !== 'unsure') await forget(each);
      return failure;
    }
    if (each.outcome === undefined) await store.saveCard(each.card).catch(context.logError);
    // It may have been answered while it was sent.
    await finish(each);
    return undefined;
  };

  return {
    live,
    finish,
    close,
    send: (request, place, isNotice) =>
      inTurn(place.chatId, async () => {
        for (let attempt = 0; attempt < tries; attempt += 1) {
          if (!options.isPending(request.step.id) || options.closing.aborted) return true;
          const failure = await sendOnce(request, place, isNotice);
          if (failure !== 'unsure') return failure === undefined;
        }
        return false;
      }),
  };
};
