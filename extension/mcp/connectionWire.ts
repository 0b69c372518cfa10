/** Between a transport and the SDK's client: what a server may send, how much of it, and what has been asked of it. */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { reasonOf } from '../core/reasonOf.ts';
import { mendResult } from './connectionMend.ts';

/** Requests of a server that are open at once. */
const requestLimit = 20;
/** Notifications a second; the rest is left out. */
const notificationLimit = 200;
const messageLimit = 2_000;

/** The mark of an error that no server has sent: the stream of a request ended without its answer. */
export const streamEnded: unknown = Object.freeze({ streamEnded: true });

export interface WirePorts {
  readonly transport: Transport;
  /** A process: the SDK takes silence on its probe for the older protocol. */
  readonly isStdio: boolean;
  readonly now: () => number;
  /** The connection speaks 2026-07-28, which has no requests of servers. */
  readonly isModern: () => boolean;
  readonly log: (text: string) => void;
  /** A message could not be sent. */
  readonly onSendFailed: (error: unknown) => void;
}

type Id = string | number;
interface Answer {
  readonly id: Id;
  readonly message: JSONRPCMessage;
}

const answerOf = (message: JSONRPCMessage): Answer | undefined =>
  'id' in message && message.id !== undefined && !('method' in message)
    ? { id: message.id, message }
    : undefined;

const cancelledId = (message: JSONRPCMessage): Id | undefined => {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  const id: unknown = message.params?.requestId;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
};

export const createWire = (ports: WirePorts): Transport => {
  const { transport, log } = ports;
  /** What was asked and is not answered: the method by id. */
  const asked = new Map<Id, string>();
  /** Requests of the server that are being worked on. */
  const working = new Set<Id>();
  let second = 0;
  let notifications = 0;
  let leftOut = 0;

  const isFlood = (): boolean => {
    const now = Math.floor(ports.now() / 1_000);
    if (now !== second) {
      if (leftOut > 0) log(`${leftOut} notifications were left out: they came too fast.`);
      second = now;
      notifications = 0;
      leftOut = 0;
    }
    notifications += 1;
    if (notifications <= notificationLimit) return false;
    leftOut += 1;
    return true;
  };

  const refuse = (id: Id, message: string): void => {
    transport.send({ jsonrpc: '2.0', id, error: { code: -32_000, message } }).catch(() => undefined);
  };

  const mendAnswer = (message: JSONRPCMessage, method: string): JSONRPCMessage => {
    if ('error' in message) {
      const text = message.error.message;
      return text.length <= messageLimit
        ? message
        : { ...message, error: { ...message.error, message: text.slice(0, messageLimit) } };
    }
    if (!('result' in message)) return message;
    try {
      const result = mendResult(method, message.result);
      return { ...message, result: { ...(typeof result === 'object' ? result : {}) } };
    } catch (error) {
      // Nested too deep, for example: the request must not stay open for that.
      const text = `The answer cannot be read: ${reasonOf(error).slice(0, 200)}`;
      return { jsonrpc: '2.0', id: message.id, error: { code: -32_603, message: text } };
    }
  };

  /** @returns what the client gets of it, if anything */
  const receive = (message: JSONRPCMessage): JSONRPCMessage | undefined => {
    const answer = answerOf(message);
    if (answer !== undefined) {
      const method = asked.get(answer.id);
      if (method === undefined) {
        log(`It answered a request that is not open (any more): ${String(answer.id).slice(0, 40)}.`);
        return undefined;
      }
      asked.delete(answer.id);
      return mendAnswer(message, method);
    }
    if (!('method' in message)) return message;
    if (!('id' in message)) {
      const id = cancelledId(message);
      if (id !== undefined) working.delete(id);
      return isFlood() ? undefined : message;
    }
    if (ports.isModern()) return message;
    if (working.has(message.id)) {
      log(`It used the id of an open request again: ${String(message.id).slice(0, 40)}.`);
      return undefined;
    }
    if (working.size >= requestLimit) {
      refuse(message.id, 'Too many requests at once');
      log('It sent too many requests at once; one was refused.');
      return undefined;
    }
    working.add(message.id);
    return message;
  };

  const deliver: NonNullable<Transport['onmessage']> = (message, extra) => {
    try {
      wire.onmessage?.(message, extra);
    } catch (error) {
      wire.onerror?.(error instanceof Error ? error : new Error(String(error)));
    }
  };

  const wire: Transport & { readonly stderr?: null; readonly pid?: null } = {
    // The SDK knows a process by these two.
    ...(ports.isStdio ? { stderr: null, pid: null } : {}),
    ...(transport.hasPerRequestStream === undefined
      ? {}
      : { hasPerRequestStream: transport.hasPerRequestStream }),
    get sessionId() {
      return transport.sessionId;
    },
    start: () => {
      transport.onmessage = (message, extra) => {
        try {
          const kept = receive(message);
          if (kept === undefined) return;
          // Notifications are handled a moment later by the SDK: progress that came before an answer counts before it.
          if (answerOf(kept) === undefined) wire.onmessage?.(kept, extra);
          else queueMicrotask(() => deliver(kept, extra));
        } catch (error) {
          wire.onerror?.(error instanceof Error ? error : new Error(String(error)));
        }
      };
      transport.onerror = (error) => wire.onerror?.(error);
      transport.onclose = () => wire.onclose?.();
      return transport.start();
    },
    send: async (message, options) => {
      const answer = answerOf(message);
      if (answer !== undefined) working.delete(answer.id);
      const cancelled = cancelledId(message);
      if (cancelled !== undefined) asked.delete(cancelled);
      if (!('method' in message) || !('id' in message)) return transport.send(message, options);
      const { id, method } = message;
      asked.set(id, method);
      // A stream that ends without its answer would leave the request open until its time is up.
      const onRequestStreamEnd = (): void => {
        options?.onRequestStreamEnd?.();
        if (!asked.delete(id) || method === 'subscriptions/listen') return;
        const error = { code: -32_000, message: 'The stream ended without an answer', data: streamEnded };
        wire.onmessage?.({ jsonrpc: '2.0', id, error });
      };
      options?.requestSignal?.addEventListener('abort', () => asked.delete(id), { once: true });
      try {
        await transport.send(message, { ...options, onRequestStreamEnd });
      } catch (error) {
        asked.delete(id);
        if (options?.requestSignal?.aborted !== true) ports.onSendFailed(error);
        throw error;
      }
    },
    close: async () => {
      try {
        await transport.close();
      } catch (error) {
        wire.onerror?.(error instanceof Error ? error : new Error(String(error)));
      }
    },
    setProtocolVersion: (version) => transport.setProtocolVersion?.(version),
    setSupportedProtocolVersions: (versions) => transport.setSupportedProtocolVersions?.(versions),
  };
  return wire;
};
