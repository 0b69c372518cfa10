/** Transports of real processes, whose ids are known in the end. */
import assert from 'node:assert/strict';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import {
  createStdioTransport,
  type StdioPorts,
  type StdioServer,
  type StdioTransport,
} from '../../extension/mcp/stdioTransport.ts';
import { mcpTimes } from '../../extension/mcp/types.ts';
import { findProgram } from '../../extension/tools/findProgram.ts';
import { killTree } from '../../extension/tools/processTree.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { isAlive } from './servers/bad.ts';

export const until = async (condition: () => boolean, what: string, patienceMs = 20_000): Promise<void> => {
  const last = performance.now() + patienceMs;
  while (!condition()) {
    assert.ok(performance.now() < last, `in time: ${what}`);
    await delay(10);
  }
};

/**
 * How long ending everything may take, in milliseconds: 3 s, where processes get their turn at once. Waiting for it is no
 * fault of what is tested.
 */
export const endLimit = (): number => {
  const [load = 0] = loadavg();
  return load > availableParallelism() ? 8_000 : 3_000;
};

/** Alive processes of a list, which is not empty. */
export const livingOf = (ids: readonly number[]): readonly number[] => {
  assert.ok(ids.length > 0);
  return ids.filter(isAlive);
};

export interface Started {
  readonly transport: StdioTransport;
  readonly messages: JSONRPCMessage[];
  readonly log: string[];
  closes(): number;
  logText(): string;
  /** Sends a request and waits for what has its id. */
  ask(method: string, params?: Record<string, unknown>): Promise<JSONRPCMessage>;
  initialize(): Promise<JSONRPCMessage>;
}

const all: StdioTransport[] = [];

/** To be called in `afterEach`. */
export const closeAll = async (): Promise<void> => {
  await Promise.all(all.splice(0).map((transport) => transport.close()));
};

export const transportOf = (
  server: { readonly command: string; readonly args: readonly string[] } & Partial<StdioServer>,
  ports: Partial<StdioPorts> = {},
): Started => {
  const log: string[] = [];
  const messages: JSONRPCMessage[] = [];
  const transport = createStdioTransport(
    { type: 'stdio', env: {}, cwd: import.meta.dirname, ...server },
    {
      environment: () => ({ PATH: path.dirname(process.execPath), HOME: import.meta.dirname }),
      loginPath: async () => path.dirname(process.execPath),
      findProgram,
      killTree,
      log: (level, text) => void log.push(`${level}: ${text}`),
      times: mcpTimes,
      ...ports,
    },
  );
  all.push(transport);
  let closes = 0;
  let nextId = 0;
  transport.onmessage = (message) => void messages.push(message);
  transport.onclose = () => {
    closes += 1;
  };
  const ask = async (method: string, params: Record<string, unknown> = {}): Promise<JSONRPCMessage> => {
    nextId += 1;
    const id = nextId;
    await transport.send({ jsonrpc: '2.0', id, method, params });
    const answer = (): JSONRPCMessage | undefined =>
      messages.find((message) => 'id' in message && message.id === id && !('method' in message));
    await until(() => answer() !== undefined, `an answer to ${method}`);
    const found = answer();
    assert.ok(found !== undefined);
    return found;
  };
  return {
    transport,
    messages,
    log,
    closes: () => closes,
    logText: () => log.join('\n'),
    ask,
    initialize: () => ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: {} }),
  };
};

/** Tests that do little but wait, begun together. What they start is closed after the last of them. */
export const together = (
  tests: readonly (readonly [title: string, run: () => Promise<void>, notOnWindows?: string])[],
): void => {
  const running = new Map<string, Promise<void>>();
  before(() => {
    for (const [title, run, notOnWindows] of tests) {
      if (process.platform === 'win32' && notOnWindows !== undefined) continue;
      const work = run();
      // It is told by its own test.
      work.catch(() => undefined);
      running.set(title, work);
    }
  });
  for (const [title, , notOnWindows] of tests) {
    it(title, function () {
      const work = running.get(title);
      return work ?? skipBecause(this, notOnWindows ?? 'it was not begun');
    });
  }
};
