/** An output channel for each MCP server: what it says and what happens to it, harmless and bounded. */
import { stripVTControlCharacters } from 'node:util';
import * as vscode from 'vscode';
import type { McpLog, McpLogLevel } from '../core/mcp.ts';
import { cutText } from '../core/text.ts';
import { withoutWindowOrders } from '../core/windowOrders.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { count } from './words.ts';

export interface McpLogPorts {
  /** Takes known secrets out of a text. */
  redact(text: string): string;
  now?(): number;
  /** A test makes others. */
  openChannel?(name: string): LogChannel;
}

export type LogChannel = Pick<
  vscode.LogOutputChannel,
  'debug' | 'info' | 'warn' | 'error' | 'show' | 'dispose'
>;

export interface McpLogView extends McpLog {
  show(server: string): void;
  dispose(): void;
}

/** Characters of a line, of one message before it is looked at, and lines of one message and of a second. */
const longestLine = 2_000;
const longestMessage = 100_000;
const mostLines = 100;
const perSecond = 100;
/** Names stand in files of others; VS Code has a channel for each as long as the window lives. */
const mostChannels = 100;

interface ServerLog {
  readonly channel: LogChannel;
  second: number;
  lines: number;
  left: number;
  timer: NodeJS.Timeout | undefined;
}

const methods = { debug: 'debug', info: 'info', warning: 'warn', error: 'error' } as const satisfies Record<
  McpLogLevel,
  keyof LogChannel
>;

/** Lines without colours, and with nothing hidden. Pure. */
export const logLines = (text: string, redact: (text: string) => string): readonly string[] => {
  const plain = stripVTControlCharacters(withoutWindowOrders(text.slice(0, longestMessage))).replaceAll(
    /\r\n?|[\u2028\u2029]/g,
    '\n',
  );
  // Before it is cut: of a secret the beginning is too much, too.
  const lines = redact(visible(plain)).replace(/\n+$/, '').split('\n');
  const shown = lines.slice(0, mostLines).map((line) => cutText(line, longestLine).toWellFormed());
  const isCut = lines.length > mostLines || text.length > longestMessage;
  return isCut ? [...shown, '… (the rest of this is left out)'] : shown;
};

export const createMcpLog = (ports: McpLogPorts): McpLogView => {
  const now = ports.now ?? Date.now;
  const openChannel =
    ports.openChannel ?? ((name: string) => vscode.window.createOutputChannel(name, { log: true }));
  const logs = new Map<string, ServerLog>();
  let isDisposed = false;

  const logOf = (server: string): ServerLog => {
    const known = logs.get(server);
    if (known !== undefined) return known;
    // Whatever comes then goes into one.
    const name = logs.size < mostChannels ? called(server) : 'others';
    const shared = logs.size < mostChannels ? undefined : logs.get('');
    const made = shared ?? {
      channel: openChannel(`AnyCowork MCP: ${name}`),
      second: Number.NaN,
      lines: 0,
      left: 0,
      timer: undefined,
    };
    logs.set(logs.size < mostChannels ? server : '', made);
    return made;
  };

  const put = ({ channel }: ServerLog, level: McpLogLevel, line: string): void => {
    try {
      channel[methods[level]](line);
    } catch {
      // The window is closing; there is nobody left to read it.
    }
  };
  const tellLeft = (log: ServerLog): void => {
    clearTimeout(log.timer);
    log.timer = undefined;
    if (log.left === 0) return;
    put(log, 'warning', `${count(log.left, 'line')} left out: too many at once.`);
    log.left = 0;
  };

  return {
    write: (server, level, text) => {
      if (isDisposed) return;
      const log = logOf(server);
      const second = Math.floor(now() / 1_000);
      if (second !== log.second) {
        tellLeft(log);
        log.second = second;
        log.lines = 0;
      }
      // A flood is not even looked at.
      if (log.lines >= perSecond) {
        log.left += 1;
        log.timer ??= setTimeout(() => tellLeft(log), 1_000);
        return;
      }
      for (const line of logLines(text, ports.redact)) {
        log.lines += 1;
        if (log.lines <= perSecond) put(log, level, line);
        else log.left += 1;
      }
      if (log.left > 0) log.timer ??= setTimeout(() => tellLeft(log), 1_000);
    },
    show: (server) => {
      if (!isDisposed) logOf(server).channel.show(true);
    },
    dispose: () => {
      isDisposed = true;
      for (const { channel, timer } of logs.values()) {
        clearTimeout(timer);
        channel.dispose();
      }
      logs.clear();
    },
  };
};
