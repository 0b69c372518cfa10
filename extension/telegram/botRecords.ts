/** The log and the counters of each bot, since this window opened. */
import { type BotCounters, noCounters } from '../shared/telegram.ts';

/** Lines of a bot's log that are kept. */
const logLines = 500;

export interface BotRecords {
  log(id: string, line: string): void;
  /** Oldest first. */
  lines(id: string): readonly string[];
  count(id: string, counter: Exclude<keyof BotCounters, 'lastPollAt'>): void;
  polled(id: string): void;
  counters(id: string): BotCounters;
  forget(id: string): void;
}

export const createBotRecords = (ports: {
  redact(text: string): string;
  now(): number;
  /** A counter has changed; not told of polls, which come all the time. */
  onChange(): void;
}): BotRecords => {
  const { redact, now, onChange } = ports;
  const counters = new Map<string, BotCounters>();
  const logs = new Map<string, string[]>();
  const countersOf = (id: string): BotCounters => counters.get(id) ?? noCounters;

  return {
    log: (id, line) => {
      const lines = logs.get(id) ?? [];
      lines.push(`${new Date(now()).toISOString()} ${redact(line)}`);
      logs.set(id, lines.slice(-logLines));
    },
    lines: (id) => logs.get(id) ?? [],
    count: (id, counter) => {
      const before = countersOf(id);
      counters.set(id, { ...before, [counter]: before[counter] + 1 });
      onChange();
    },
    polled: (id) => void counters.set(id, { ...countersOf(id), lastPollAt: now() }),
    counters: countersOf,
    forget: (id) => {
      counters.delete(id);
      logs.delete(id);
    },
  };
};
