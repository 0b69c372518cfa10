import type { ModelRequest } from '../../extension/core/provider.ts';
import type { JsonObject, Message, ModelRef, ProviderId } from '../../extension/shared/message.ts';

/** A reply as any vendor may give it. */
export interface WireReply {
  readonly thinking?: { readonly text: string; readonly signature: string };
  /** Deltas. */
  readonly text?: readonly string[];
  readonly calls?: readonly {
    readonly id: string;
    readonly name: string;
    readonly fragments: readonly string[];
  }[];
  readonly stop?: 'end' | 'calls' | 'length' | 'refusal';
  readonly usage?: {
    readonly input: number;
    readonly cached: number;
    readonly output: number;
    readonly reasoning: number;
  };
}

export interface WireError {
  readonly status: number;
  readonly body: JsonObject;
}

/** One vendor's format, as its documentation and its SDK's types describe it. */
export interface Wire {
  readonly id: ProviderId;
  readonly model: ModelRef;
  /** Of the same vendor. */
  readonly otherModel: ModelRef;
  readonly baseUrl: (server: string) => string;
  /** The reply as a body of server-sent events. */
  readonly sse: (reply: WireReply) => string;
  readonly errors: Record<'auth' | 'contextTooLong' | 'overloaded' | 'quota' | 'notFound', WireError>;
  /** What of the thinking the next request has to hold, byte for byte; undefined where the vendor wants none back. */
  readonly replayed: (signature: string) => string;
  /** The base64 of an image as the request carries it. */
  readonly imageInRequest: (mediaType: string, data: string) => string;
}

export const event = (data: JsonObject, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

export const say = (text: string, id = 'u1'): Message => ({
  role: 'user',
  id,
  createdAt: 0,
  content: [{ type: 'text', text }],
});

export const readFileTool = {
  name: 'read_file',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
} satisfies ModelRequest['tools'][number];

export const ask = (model: ModelRef, messages: readonly Message[] = [say('hello')]): ModelRequest => ({
  model,
  system: 'You are a coworker.',
  messages,
  tools: [readFileTool],
  sessionId: 'session-1',
});

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
