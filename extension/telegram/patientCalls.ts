/** Calls of Telegram that wait as they are asked to, and are made again where that can do no harm. */
import { outcomeOf } from './sendOutcome.ts';
import { SendError } from './types.ts';

/** How long what has not arrived is tried again, waits that Telegram asks for aside. Milliseconds. */
export const patienceMs = 10 * 60_000;
export const shortPatienceMs = 30_000;
const longestBackoffMs = 30_000;
/** Longer than Telegram ever asks one who sends at a person's pace. */
const longestWaitMs = 60 * 60_000;

export interface Attempt {
  readonly chatId: number;
  readonly signal?: AbortSignal | undefined;
  /** Doing it twice is no more than once. */
  readonly isRepeatable: boolean;
  readonly patience: number;
}

/** What an attempt came to that is not the end of it. */
export type Turned = 'unmodified' | 'unreadable' | 'noPicture';

export const givenUp = (): SendError => new SendError('unsent', 'It was given up before it was sent.');

/** Rejects when the signal aborts. */
export type Sleep = (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;

/** @returns what the call gave, or what it asks to be done differently. @throws SendError */
export type PatientCall = <T>(
  how: Attempt,
  call: (chatId: number) => Promise<T>,
) => Promise<{ readonly result: T } | Turned>;

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

export const createPatientCalls = (ports: {
  readonly sleep: Sleep;
  now(): number;
  log(line: string): void;
}): PatientCall => {
  const { sleep, now, log } = ports;
  /** Until when Telegram takes nothing for a chat. */
  const pauses = new Map<number, number>();

  const wait = async (milliseconds: number, signal: AbortSignal | undefined): Promise<void> => {
    try {
      await sleep(milliseconds, signal);
    } catch {
      throw givenUp();
    }
  };

  const waitForPause = async ({ chatId, signal }: Attempt): Promise<void> => {
    for (;;) {
      const until = pauses.get(chatId);
      if (until === undefined) return;
      const left = until - now();
      if (left <= 0) {
        pauses.delete(chatId);
        return;
      }
      await wait(left, signal);
      // A clock that was set back must not make it wait again.
      if (pauses.get(chatId) === until) pauses.delete(chatId);
    }
  };

  return async <T>(
    how: Attempt,
    call: (chatId: number) => Promise<T>,
  ): Promise<{ readonly result: T } | Turned> => {
    let { chatId } = how;
    let waited = 0;
    for (let tries = 0; ; tries += 1) {
      await waitForPause({ ...how, chatId });
      if (isAborted(how.signal)) throw givenUp();
      try {
        return { result: await call(chatId) };
      } catch (error) {
        const outcome = outcomeOf(error);
        switch (outcome.kind) {
          case 'unmodified':
          case 'unreadable':
          case 'noPicture':
            return outcome.kind;
          case 'moved':
            if (chatId !== how.chatId) throw new SendError('refused', 'The group has moved.');
            chatId = outcome.chatId;
            continue;
          case 'refused':
            throw new SendError('refused', outcome.message);
          case 'wait':
            // Of a small thing the chat's messages need not wait for what it waits for.
            if (how.patience < patienceMs) {
              waited += outcome.milliseconds;
              if (waited > how.patience) throw new SendError('unsent', 'Telegram asks to wait for longer.');
              await wait(outcome.milliseconds, how.signal);
              continue;
            }
            if (outcome.milliseconds > longestWaitMs)
              throw new SendError('unsent', 'Telegram asks to wait for longer.');
            log(`Telegram asks to wait ${Math.ceil(outcome.milliseconds / 1_000)} s.`);
            pauses.set(chatId, Math.max(pauses.get(chatId) ?? 0, now() + outcome.milliseconds));
            continue;
          case 'unsure':
            if (!how.isRepeatable || isAborted(how.signal)) throw new SendError('unsure', outcome.message);
            break;
          case 'unsent':
            break;
        }
        const backoff = Math.min(longestBackoffMs, 1_000 * 2 ** Math.min(tries, 10));
        if (waited + backoff > how.patience) throw new SendError('unsent', outcome.message);
        if (tries === 0) log(`${outcome.message} Trying again.`);
        waited += backoff;
        await wait(backoff, how.signal);
      }
    }
  };
};
