/** What the phone shows while a bot works on one message: the status message, "typing…", and a word after long silence. */
import type { TelegramThread } from '../core/telegramStore.ts';
import type { FollowedJob } from './conversationFollow.ts';
import type { ConversationTools } from './conversationTools.ts';
import { silentText } from './conversationWords.ts';
import { createStatusMessage } from './statusMessage.ts';
import { statusText } from './statusText.ts';
import type { Outgoing, SendFailure } from './types.ts';

export interface Display {
  /** Shows it in the status message, soon. */
  say(message: Outgoing): void;
  /** Shows how a job goes, until the function that it returns is called. */
  work(job: FollowedJob, queued: () => number): () => void;
  /** To be called when the job has told something. */
  refresh(): void;
  /** The last words of the status message, tried until they have arrived. Does not throw. */
  end(message: Outgoing): Promise<'arrived' | SendFailure>;
  /** Something is shown, or was before: so there is something to end. */
  isShown(): boolean;
  /** Leaves it as it stands. */
  close(): void;
}

/** Telegram shows "typing…" for five seconds. */
const typingMs = 4_500;
const silenceMs = 5 * 60_000;

export const createDisplay = (
  tools: ConversationTools,
  options: {
    readonly place: TelegramThread;
    readonly replyTo: number;
    readonly messageId?: number;
    /** The status message has arrived. */
    readonly onSent: (messageId: number) => void;
  },
): Display => {
  const { context, setTimer } = tools;
  const { place, replyTo, messageId } = options;
  const status = createStatusMessage({
    courier: context.courier,
    place,
    now: context.now,
    setTimer,
    ...(messageId === undefined ? {} : { messageId }),
    ...(replyTo === 0 ? {} : { replyTo }),
    onSent: options.onSent,
    onError: (error) => {
      if (!tools.closing.aborted) context.logError(error);
    },
  });
  let isShown = messageId !== undefined;
  let show = (): void => undefined;

  const say = (message: Outgoing): void => {
    isShown = true;
    status.show(message);
  };

  return {
    say,
    work: (job, queued) => {
      const startedAt = context.now();
      let isOver = false;
      let isTold = false;
      let cancelTimer = (): void => undefined;
      show = () => say(statusText(job.state(), { queued: queued(), startedAt, now: context.now() }));
      const tick = (): void => {
        if (isOver || tools.closing.aborted) return;
        show();
        if (!job.isAsking()) {
          void context.courier.typing(place);
          if (!isTold && context.now() - job.heardAt() >= silenceMs) {
            isTold = true;
            tools.behind(tools.tell(place, silentText()));
          }
        }
        cancelTimer = setTimer(tick, typingMs);
      };
      tick();
      return () => {
        isOver = true;
        show = () => undefined;
        cancelTimer();
      };
    },
    refresh: () => show(),
    end: (message) => tools.insist(() => status.finish(message, tools.givingUp)),
    isShown: () => isShown,
    close: () => status.close(),
  };
};
