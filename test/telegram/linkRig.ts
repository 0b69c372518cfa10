import type { Update } from 'grammy/types';
import { createLink, type LinkOptions, type LinkState } from '../../extension/telegram/link.ts';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';

export const token = '7:fake-token_of-the-bot';

/** A link to a fake Telegram, and what it told. Its timers run when told. */
export const linkRig = async () => {
  const telegram: FakeBotApi = await startFakeBotApi({ token });
  const links: { stop(): Promise<void> }[] = [];
  const timers = new Set<{ readonly due: number; readonly milliseconds: number; run(): void }>();
  let at = 1_000_000;

  const timer = (run: () => void, milliseconds: number): (() => void) => {
    const set = { due: at + milliseconds, milliseconds, run };
    timers.add(set);
    return () => timers.delete(set);
  };

  const open = (more: Partial<LinkOptions> = {}) => {
    const states: LinkState[] = [];
    const texts: string[] = [];
    const errors: unknown[] = [];
    const lines: string[] = [];
    const link = createLink({
      token,
      apiRoot: telegram.url,
      onState: (state) => states.push(state),
      onUpdate: async (update: Update) => void texts.push(update.message?.text ?? ''),
      log: (line) => lines.push(line),
      logError: (error) => errors.push(error),
      now: () => at,
      setTimer: timer,
      random: () => 1,
      ...more,
    });
    links.push(link);
    const is = (kind: LinkState['kind']) => () => states.at(-1)?.kind === kind;
    return { link, states, texts, errors, lines, is };
  };

  return {
    telegram,
    open,
    timer,
    /** Runs what is due, step by step. @param hasSlept all of it at the end */
    pass: (milliseconds: number, hasSlept = false): void => {
      const until = at + milliseconds;
      if (hasSlept) at = until;
      for (;;) {
        const next = [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        timers.delete(next);
        at = Math.max(at, next.due);
        next.run();
      }
      at = until;
    },
    timers: () => timers.size,
    /** Resolves once a pause of exactly so long has begun. */
    untilPause: (milliseconds: number) =>
      telegram.until(
        () => [...timers].some((set) => set.milliseconds === milliseconds && set.due === at + milliseconds),
        `a pause of ${milliseconds} ms`,
      ),
    close: async () => {
      await Promise.all(links.map((link) => link.stop()));
      await telegram.close();
    },
  };
};
