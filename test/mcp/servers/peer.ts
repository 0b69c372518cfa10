/** A server in this process that says exactly what a test wants, in place of a process. */
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import type { ProcessTransport } from '../../../extension/mcp/connect.ts';

type Params = Readonly<Record<string, unknown>>;
/** @returns the result; undefined: no answer. @throws what goes back as an error, with its `code` */
export type Answer = (params: Params, id: string | number) => unknown;

export interface Peer {
  readonly transport: ProcessTransport;
  /** What it got. */
  readonly received: JSONRPCMessage[];
  /** Those of a method. */
  of(method: string): readonly { readonly id?: string | number; readonly params: Params }[];
  /** Sends as it is. */
  say(message: unknown): void;
  /** Sends a request. @returns its answer */
  ask(
    method: string,
    params?: Params,
  ): Promise<{
    readonly result?: unknown;
    readonly error?: { readonly code: number; readonly message: string };
  }>;
  /** Ends as a process does. */
  end(sentence: string): void;
  readonly isClosed: () => boolean;
}

export class PeerError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const initialized = (capabilities: object, more: object) => ({
  protocolVersion: '2025-11-25',
  capabilities,
  serverInfo: { name: 'peer', version: '1' },
  ...more,
});

export const createPeer = (
  answers: Readonly<Record<string, Answer>> = {},
  capabilities: object = { tools: {}, resources: {}, prompts: {}, completions: {} },
  more: object = {},
): Peer => {
  const received: JSONRPCMessage[] = [];
  const asked = new Map<string | number, (message: JSONRPCMessage) => void>();
  const { promise: ended, resolve: tellEnded } = Promise.withResolvers<string>();
  let isClosed = false;
  let nextId = 0;

  const deliver = (message: unknown): void => {
    // Like a line of a process: parsed by nobody yet.
    if (!isClosed) transport.onmessage?.(JSON.parse(JSON.stringify(message)));
  };
  const reply = (id: string | number, method: string, params: Params): void => {
    const answer = answers[method];
    try {
      if (method === 'initialize' && answer === undefined) {
        deliver({ jsonrpc: '2.0', id, result: initialized(capabilities, more) });
        return;
      }
      if (answer === undefined) throw new PeerError(-32_601, 'Method not found');
      const result = answer(params, id);
      if (result !== undefined) deliver({ jsonrpc: '2.0', id, result });
    } catch (error) {
      const { code, message, data } =
        error instanceof PeerError ? error : new PeerError(-32_603, String(error));
      deliver({ jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } });
    }
  };
  const close = (sentence: string): void => {
    if (isClosed) return;
    isClosed = true;
    tellEnded(sentence);
    transport.onclose?.();
  };

  const transport: ProcessTransport = {
    ended,
    start: async () => undefined,
    send: async (message) => {
      received.push(message);
      if (!('method' in message)) {
        if (message.id !== undefined) asked.get(message.id)?.(message);
        return;
      }
      if ('id' in message) setImmediate(reply, message.id, message.method, message.params ?? {});
    },
    close: async () => close(''),
  };
  return {
    transport,
    received,
    of: (method) =>
      received.flatMap((message) =>
        'method' in message && message.method === method
          ? [{ ...('id' in message ? { id: message.id } : {}), params: message.params ?? {} }]
          : [],
      ),
    say: deliver,
    ask: (method, params = {}) =>
      new Promise((resolve) => {
        nextId += 1;
        const id = `peer-${nextId}`;
        asked.set(id, (message) =>
          resolve(
            'error' in message
              ? { error: message.error }
              : { result: 'result' in message ? message.result : undefined },
          ),
        );
        deliver({ jsonrpc: '2.0', id, method, params });
      }),
    end: close,
    isClosed: () => isClosed,
  };
};
