/**
 * Asks on the phone what the window asks, and takes the answers of approvers. It only ever answers what waits in this
 * window, and whatever goes wrong here leaves the question to the other surfaces.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ApprovalRequest } from '../core/approver.ts';
import type { TelegramEntry } from '../core/telegramStore.ts';
import {
  type Answerer,
  type CardAnswer,
  cardEndOf,
  cardIdPattern,
  notOpen,
  parseCardData,
  payloadHash,
  surfaceOf,
  whyRefused,
} from './cardChecks.ts';
import { cardPlacesOf } from './cardPlaces.ts';
import { createCardSender, randomCardId } from './cardSender.ts';
import type { ApprovalCards, BotContext } from './context.ts';
import { answeredText } from './reply.ts';
import type { Outgoing } from './types.ts';

/** Milliseconds after which a job that no message is known of is one of the desk: it may only just have started. */
const startedWithin = 500;

/** Jobs whose talkers have been told that it waits. */
const toldLimit = 200;

const plain = (text: string): Outgoing => ({ html: text, plain: text });

const waits = plain(
  'A step waits for approval. An approver has been asked; the work goes on once they have answered.',
);
const waitsAtDesk = plain(
  'A step waits for approval, and no approver can be asked on Telegram. It has to be answered in VS Code.',
);
const closedText = plain(
  '⌛ Closed. The bot has started anew since this was asked. If its window was closed, the answer was no; else it waits in VS Code.',
);

const said = ({ isApproved, scope, endsJob }: CardAnswer): string => {
  if (isApproved) return scope === 'once' ? 'Allowed once.' : 'Allowed for this chat.';
  return endsJob ? 'Denied. The work is being stopped.' : 'Denied.';
};

interface Said {
  readonly text: string;
  readonly isRefused: boolean;
}

const refused = (text: string): Said => ({ text, isRefused: true });

export const createApprovalCards = (
  context: Pick<
    BotContext,
    'approvals' | 'config' | 'count' | 'courier' | 'jobs' | 'log' | 'logError' | 'now' | 'store'
  > & {
    /** The message of this bot that a job works on. */
    entryOf(jobId: string): TelegramEntry | undefined;
    /** Of any bot of this window: what other bots do is none of the desk, and none of this bot's approvers. */
    isOfBot(jobId: string): boolean;
  },
  options: {
    newCardId?(): string;
    /** Resolves after so many milliseconds; may reject once the signal aborts. */
    wait?(milliseconds: number, signal: AbortSignal): Promise<unknown>;
  } = {},
): ApprovalCards => {
  const { approvals, courier, jobs } = context;
  const wait =
    options.wait ?? ((milliseconds, signal) => pause(milliseconds, undefined, { signal, ref: false }));
  const closing = new AbortController();
  const asked = new Set<string>();
  const told = new Set<string>();

  const pendingOf = (stepId: string): ApprovalRequest | undefined =>
    approvals.pending().find(({ request }) => request.step.id === stepId)?.request;

  const sender = createCardSender(context, {
    newCardId: options.newCardId ?? randomCardId,
    isPending: (stepId) => pendingOf(stepId) !== undefined,
    entryOf: context.entryOf,
    closing: closing.signal,
  });

  /** Behind what is going on: nobody waits for Telegram, and its failures end here. */
  const later = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => {
      if (closing.signal.aborted) return;
      context.count('errors');
      context.logError(error);
    });
  };

  const tellThread = async (entry: TelegramEntry, jobId: string, text: Outgoing): Promise<void> => {
    const key = `${jobId}\n${text.plain}`;
    if (told.has(key)) return;
    told.add(key);
    for (const oldest of [...told].slice(0, -toldLimit)) told.delete(oldest);
    await courier.send(entry, text, {
      ...(entry.messageId > 0 ? { replyTo: entry.messageId } : {}),
      signal: closing.signal,
    });
  };

  const ask = async (request: ApprovalRequest): Promise<void> => {
    const { step, jobId } = request;
    if (asked.has(step.id)) return;
    asked.add(step.id);
    if (context.entryOf(jobId) === undefined) await wait(startedWithin, closing.signal);
    const entry = context.entryOf(jobId);
    if (closing.signal.aborted || (entry === undefined && context.isOfBot(jobId))) return;
    const { places, tellsThread } = cardPlacesOf(entry, context.config());
    const sent = places.map((place) => sender.send(request, place, entry === undefined));
    if (!tellsThread || entry === undefined) return;
    const isAsked = await anyOf(sent);
    if (pendingOf(step.id) === undefined) return;
    await tellThread(entry, jobId, isAsked ? waits : waitsAtDesk);
  };

  /** Nothing is awaited between the checks and the answer. */
  const answerCard = (id: string, answer: CardAnswer, by: Answerer): Said => {
    if (closing.signal.aborted) return refused('The bot is being stopped. Answer in VS Code.');
    const found = sender.live.get(id);
    if (found === undefined) {
      later(closeLeftOver(id, by));
      return refused(notOpen);
    }
    const config = context.config();
    const { card } = found;
    const pending = pendingOf(card.stepId);
    const refusal = whyRefused(card, by, answer, {
      config,
      at: context.now(),
      ...(pending === undefined ? {} : { pending }),
    });
    const isTheirs = card.chatId === by.chatId && card.approvers.includes(by.userId);
    if (isTheirs && card.messageId === 0 && by.messageId !== undefined) {
      // It was not known whether it had arrived.
      found.card = { ...card, messageId: by.messageId };
      later(sender.finish(found));
    }
    if (refusal !== undefined) return refused(refusal);
    const name = config.allowedUsers.find(({ userId }) => userId === by.userId)?.name ?? String(by.userId);
    const result = approvals.answer(card.stepId, {
      approved: answer.isApproved,
      scope: answer.scope,
      by: 'telegram',
      surface: surfaceOf(name),
    });
    if (result !== 'accepted') return refused(notOpen);
    context.count('approvals');
    context.log(`User ${by.userId} answered a question: ${said(answer)}`);
    if (answer.endsJob) later(jobs.cancel(card.jobId));
    return { text: said(answer), isRefused: false };
  };

  /** Its buttons could not be taken away when it was over. */
  const closeLeftOver = async (id: string, by: Answerer): Promise<void> => {
    const card = (await context.store.listCards(context.config().id)).find((each) => each.id === id);
    if (card?.chatId !== by.chatId || !card.approvers.includes(by.userId)) return;
    const { messageId = 0 } = by;
    await sender.close(card.messageId === 0 ? { ...card, messageId } : card, closedText);
  };

  const stopListening = approvals.listen({
    onAsked: (request) => later(ask(request)),
    onAnswered: (request, decision) => {
      asked.delete(request.step.id);
      for (const each of sender.live.values()) {
        if (each.card.stepId !== request.step.id) continue;
        each.outcome = answeredText(cardEndOf(decision, context.now()), request.prompt.title);
        each.controller.abort();
        later(sender.finish(each));
      }
    },
  });

  return {
    press: async ({ callbackId, data, from, chatId, messageId }) => {
      const parsed = parseCardData(data);
      const { text, isRefused } =
        parsed === undefined
          ? refused(notOpen)
          : answerCard(parsed.id, parsed.answer, { userId: from.userId, chatId, messageId });
      await courier.acknowledge(callbackId, text, isRefused);
    },
    answer: async (id, isApproved, { kind, from, chatId, isForwarded }) => {
      if (from === undefined || kind !== 'message' || isForwarded) {
        return 'Only a new message that you write yourself can answer. Nothing was changed.';
      }
      const wanted = id.trim().toLowerCase();
      if (!cardIdPattern.test(wanted)) return 'This is no question’s id. The id stands under the question.';
      const answer: CardAnswer = { isApproved, scope: 'once', endsJob: false };
      return answerCard(wanted, answer, { userId: from.userId, chatId }).text;
    },
    recover: async () => {
      for (const card of await context.store.listCards(context.config().id)) {
        if (sender.live.has(card.id)) continue;
        const request = pendingOf(card.stepId);
        if (request === undefined || card.messageId === 0 || payloadHash(request) !== card.payloadHash) {
          later(sender.close(card, closedText));
          continue;
        }
        // The bot was stopped and started while it waited.
        asked.add(card.stepId);
        sender.live.set(card.id, { card, request, controller: new AbortController() });
      }
      for (const { request } of approvals.pending()) later(ask(request));
    },
    close: () => {
      stopListening();
      closing.abort();
    },
  };
};

/** Whether one of them says yes, as soon as one does. */
const anyOf = (answers: readonly Promise<boolean>[]): Promise<boolean> =>
  Promise.any(
    answers.map(async (answer) => {
      if (!(await answer)) throw new Error('no');
    }),
  ).then(
    () => true,
    () => false,
  );
