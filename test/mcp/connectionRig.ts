/** Connections of tests: with a log, a person who answers, and an end. */
import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  McpElicitation,
  McpFormAnswer,
  McpSampling,
  ResolvedTransport,
} from '../../extension/core/mcp.ts';
import { createMcpConnect, type McpConnectPorts } from '../../extension/mcp/connect.ts';
import { createStdioTransport } from '../../extension/mcp/stdioTransport.ts';
import {
  type McpConnection,
  type McpConnectRequest,
  type McpHandlers,
  type McpTimes,
  mcpTimes,
} from '../../extension/mcp/types.ts';
import { findProgram } from '../../extension/tools/findProgram.ts';
import { killTree } from '../../extension/tools/processTree.ts';

export const until = async (condition: () => boolean, what: string, patienceMs = 20_000): Promise<void> => {
  const last = performance.now() + patienceMs;
  while (!condition()) {
    assert.ok(performance.now() < last, `in time: ${what}`);
    await delay(5);
  }
};

/** What a server asked and told, and how the person answers. */
export interface Desk {
  readonly handlers: McpHandlers;
  readonly asked: McpElicitation[];
  readonly sampled: McpSampling[];
  readonly changed: string[];
  readonly log: string[];
  logText(): string;
  answer: (request: McpElicitation, signal: AbortSignal) => Promise<McpFormAnswer>;
  roots: readonly { readonly uri: string; readonly name: string }[];
}

export const createDesk = (options: { readonly samples?: boolean } = {}): Desk => {
  const asked: McpElicitation[] = [];
  const sampled: McpSampling[] = [];
  const changed: string[] = [];
  const log: string[] = [];
  const desk: Desk = {
    asked,
    sampled,
    changed,
    log,
    logText: () => log.join('\n'),
    answer: async () => ({ action: 'decline' }),
    roots: [],
    handlers: {
      elicit: (request, signal) => {
        asked.push(request);
        return desk.answer(request, signal);
      },
      ...(options.samples === true
        ? {
            sample: async (request: McpSampling) => {
              sampled.push(request);
              return { text: 'A sampled answer.', model: 'some-model' };
            },
          }
        : {}),
      roots: () => desk.roots,
      log: (level, text) => void log.push(`${level}: ${text}`),
      listChanged: (what) => void changed.push(what),
    },
  };
  return desk;
};

const all: McpConnection[] = [];

/** To be called in `afterEach`. */
export const closeConnections = async (): Promise<void> => {
  await Promise.all(all.splice(0).map((connection) => connection.close()));
};

const startProcess: McpConnectPorts['startProcess'] = (server, log) =>
  createStdioTransport(server, {
    environment: () => ({ PATH: path.dirname(process.execPath), HOME: os.homedir() }),
    loginPath: async () => path.dirname(process.execPath),
    findProgram,
    killTree,
    log,
    times: mcpTimes,
  });

export type Wanted = Partial<Omit<McpConnectRequest, 'transport' | 'handlers'>> & {
  readonly times?: Partial<McpTimes>;
  readonly ports?: Partial<McpConnectPorts>;
  readonly signal?: AbortSignal;
};

export const connectTo = async (
  transport: ResolvedTransport,
  desk: Desk,
  wanted: Wanted = {},
): Promise<McpConnection> => {
  const { times, ports, signal, ...request } = wanted;
  const connect = createMcpConnect({
    startProcess,
    clientInfo: { name: 'AnyCowork', version: '1.2.3' },
    now: Date.now,
    times: { ...mcpTimes, ...times },
    ...ports,
  });
  const connection = await connect(
    { name: 'memory', protocol: '2025', transport, handlers: desk.handlers, ...request },
    signal ?? new AbortController().signal,
  );
  all.push(connection);
  return connection;
};

export const stdio = (
  server: { readonly command: string; readonly args: readonly string[] },
  more: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): ResolvedTransport => ({ type: 'stdio', env: {}, cwd: import.meta.dirname, ...server, ...more });

export const http = (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Extract<ResolvedTransport, { type: 'http' | 'sse' }> => ({
  type: 'http',
  url,
  headers,
});

export const noSignal = (): AbortSignal => new AbortController().signal;

export const call = (
  connection: McpConnection,
  name: string,
  input: Record<string, never> | Parameters<McpConnection['callTool']>[0]['input'] = {},
  options: {
    readonly timeoutMs?: number;
    readonly onProgress?: Parameters<McpConnection['callTool']>[0]['onProgress'];
    readonly signal?: AbortSignal;
  } = {},
): ReturnType<McpConnection['callTool']> =>
  connection.callTool(
    { name, input, timeoutMs: options.timeoutMs ?? 20_000, onProgress: options.onProgress ?? (() => {}) },
    options.signal ?? noSignal(),
  );

/** The text parts of a result. */
export const textOf = (result: { readonly content: readonly { readonly type: string }[] }): string =>
  result.content.map((part) => ('text' in part ? String(part.text) : `[${part.type}]`)).join('\n');
