/** What servers ask the person: only while somebody waits for them, and one question at a time in a window. */
import type { McpElicitation, McpFormAnswer, McpLogLevel, McpPeople } from '../core/mcp.ts';
import { createOneAtATime } from '../core/oneAtATime.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { Attempt } from './serverRun.ts';
import type { McpHandlers } from './types.ts';
import { unlessAborted } from './waits.ts';

export interface Questions {
  handlers(
    attempt: Pick<Attempt, 'calls' | 'mayAsk'>,
    options: {
      /** When the connection is made: without it the server hears that there is none. */
      readonly allowsSampling: boolean;
      /** Now: the person may have changed their mind. */
      isSamplingAllowed(): Promise<boolean>;
      log(level: McpLogLevel, text: string): void;
    },
  ): Pick<McpHandlers, 'elicit' | 'sample'>;
}

const declined: McpFormAnswer = { action: 'decline' };

export const createQuestions = ({ people }: { readonly people: McpPeople }): Questions => {
  const inTurn = createOneAtATime();

  return {
    handlers: (attempt, { allowsSampling, isSamplingAllowed, log }) => {
      /** Why it must not ask now. */
      const refusal = (): string | undefined => {
        if (attempt.mayAsk()) return undefined;
        return attempt.calls.size === 0
          ? 'no call of it runs'
          : 'what runs was begun from a phone or by a schedule, and nobody may sit at the desk';
      };
      const ask = async <T>(
        what: string,
        whenRefused: T,
        signal: AbortSignal,
        question: (signal: AbortSignal) => Promise<T>,
      ): Promise<T> => {
        const refused = refusal();
        if (refused !== undefined) {
          log('warning', `${what} was declined: ${refused}.`);
          return whenRefused;
        }
        // Where a call is asked for, the question goes with the last one; at a start with the start.
        const both = attempt.calls.size === 0 ? signal : AbortSignal.any([signal, attempt.calls.signal]);
        try {
          return await unlessAborted(
            inTurn(async () => {
              both.throwIfAborted();
              // What it waited behind may have taken long.
              if (refusal() !== undefined) return whenRefused;
              return unlessAborted(question(both), both);
            }),
            both,
          );
        } catch (error) {
          log('warning', `${what} was declined: ${reasonOf(error)}`);
          return whenRefused;
        }
      };

      const elicit = (request: McpElicitation, signal: AbortSignal): Promise<McpFormAnswer> =>
        ask('A question of the server', declined, signal, (both) => people.elicit(request, both));
      if (!allowsSampling) return { elicit };
      return {
        elicit,
        sample: (request, signal) =>
          ask('A request for an answer of the model', undefined, signal, async (both) => {
            if (!(await isSamplingAllowed())) return undefined;
            const sessionId = attempt.calls.deskChat();
            return people.sample({ ...request, ...(sessionId === undefined ? {} : { sessionId }) }, both);
          }),
      };
    },
  };
};
