/** Tells approvers how work at the desk ended, where the bot's owner wants that. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TelegramEntry } from '../core/telegramStore.ts';
import { type AgentEvent, endsJob } from '../shared/event.ts';
import type { TelegramConfig } from '../shared/telegram.ts';
import { isOpenChat, reachableApprovers } from './access.ts';
import type { BotContext } from './context.ts';
import { noticeText } from './reply.ts';
import type { Button, Place } from './types.ts';

/** Milliseconds of work within which nobody has left the desk. */
const shortWork = 20_000;

/** Milliseconds after which a job that no message is known of is one of the desk. */
const startedWithin = 500;

export interface Notices {
  close(): void;
}

interface Followed {
  readonly startedAt: number;
  isOfBot: boolean;
}

type Ended = Extract<AgentEvent, { type: 'JobCompleted' | 'JobFailed' }>;

/** Telegram takes no longer data in a button. */
const dataLimit = 64;

const continueButtons = (sessionId: string): readonly (readonly Button[])[] => {
  const data = `c1:bind:${sessionId}`;
  return Buffer.byteLength(data) > dataLimit ? [] : [[{ text: 'Continue here', data }]];
};

export const createNotices = (
  context: Pick<
    BotContext,
    'agents' | 'chats' | 'config' | 'count' | 'courier' | 'jobs' | 'logError' | 'store'
  > & {
    /** The message of this bot that a job works on. */
    entryOf(jobId: string): TelegramEntry | undefined;
    /** Of any bot of this window. */
    isOfBot(jobId: string): boolean;
  },
  options: {
    /** Resolves after so many milliseconds; may reject once the signal aborts. */
    wait?(milliseconds: number, signal: AbortSignal): Promise<unknown>;
  } = {},
): Notices => {
  const { courier, store, chats, agents } = context;
  const wait =
    options.wait ?? ((milliseconds, signal) => pause(milliseconds, undefined, { signal, ref: false }));
  const closing = new AbortController();
  const { signal } = closing;
  const followed = new Map<string, Followed>();

  const isOfBot = (jobId: string): boolean => context.entryOf(jobId) !== undefined || context.isOfBot(jobId);

  /** Once a job has ended, its bot may not know it any more. */
  const follow = ({ jobId, at }: AgentEvent): Followed => {
    const known = followed.get(jobId);
    if (known !== undefined) {
      known.isOfBot ||= isOfBot(jobId);
      return known;
    }
    const job: Followed = { startedAt: at, isOfBot: isOfBot(jobId) };
    followed.set(jobId, job);
    wait(startedWithin, signal).then(
      () => {
        if (followed.has(jobId)) job.isOfBot ||= isOfBot(jobId);
      },
      () => undefined,
    );
    return job;
  };

  /** Where the chat goes on, and the private chats of approvers; each chat once. */
  const placesOf = async (
    sessionId: string,
    config: TelegramConfig,
    approverIds: readonly number[],
  ): Promise<readonly (Place & { readonly isBound: boolean })[]> => {
    const bound = (await store.bindingsOf(sessionId)).filter(
      ({ configId, chatId }) => configId === config.id && isOpenChat(chatId, config),
    );
    const others = approverIds.filter((userId) => bound.every(({ chatId }) => chatId !== userId));
    return [
      ...bound.map(({ chatId, topicId }) => ({ chatId, topicId, isBound: true })),
      ...others.map((chatId) => ({ chatId, topicId: 0, isBound: false })),
    ];
  };

  const tell = async (event: Ended, sessionId: string, startedAt: number): Promise<void> => {
    const config = context.config();
    const kind = event.type === 'JobCompleted' ? 'completed' : 'failed';
    if (!config.notices[kind]) return;
    const approverIds = reachableApprovers(config).map(({ userId }) => userId);
    const places = await placesOf(sessionId, config, approverIds);
    if (places.length === 0) return;
    const session = await chats.get(sessionId);
    const agentName =
      session === undefined
        ? undefined
        : await agents.get(session.agentId).then(
            ({ name }) => name,
            () => undefined,
          );
    const text = event.type === 'JobCompleted' ? event.message : event.error.message;
    const notice = noticeText(
      kind,
      { title: session?.title ?? '', agentName: agentName ?? 'An agent', startedAt, endedAt: event.at },
      text,
    );
    const withButton = { ...notice, buttons: continueButtons(sessionId) };
    const sent = await Promise.allSettled(
      places.map(({ isBound, ...place }) => courier.send(place, isBound ? notice : withButton, { signal })),
    );
    for (const result of sent) if (result.status === 'rejected') failed(result.reason);
  };

  const failed = (error: unknown): void => {
    if (signal.aborted) return;
    context.count('errors');
    context.logError(error);
  };

  const stopListening = context.jobs.onEvent((event, sessionId) => {
    if (event.type === 'JobStarted' && event.isElsewhere === true) return;
    const { startedAt, isOfBot: isTheirs } = follow(event);
    if (!endsJob(event)) return;
    followed.delete(event.jobId);
    if (isTheirs || event.at - startedAt < shortWork) return;
    if (event.type === 'JobCompleted' || event.type === 'JobFailed') {
      tell(event, sessionId, startedAt).catch(failed);
    }
  });

  return {
    close: () => {
      stopListening();
      closing.abort();
      followed.clear();
    },
  };
};
