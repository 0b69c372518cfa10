/** Lines for the log of a server: bounded, and never the cause of a failure. */
import type { McpLogLevel } from '../core/mcp.ts';
import { counted } from '../core/text.ts';

const perSecond = 50;

export type Log = (level: McpLogLevel, text: string) => void;

/** At most 50 lines a second; the rest is counted. */
export const createLineLimit = (write: Log, now: () => number): Log => {
  let second = Number.NaN;
  let lines = 0;
  const tell: Log = (level, text) => {
    try {
      write(level, text);
    } catch {
      // A log that fails is no reason for a server to.
    }
  };
  return (level, text) => {
    const current = Math.floor(now() / 1_000);
    if (current !== second) {
      if (lines > perSecond)
        tell('warning', `${counted(lines - perSecond, 'more line')} left out: too many at once.`);
      second = current;
      lines = 0;
    }
    lines += 1;
    if (lines <= perSecond) tell(level, text);
  };
};
