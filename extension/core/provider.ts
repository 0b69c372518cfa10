import type { ErrorKind } from '../shared/event.ts';
import type {
  AssistantBlock,
  JsonObject,
  Message,
  ModelRef,
  ProviderId,
  StopReason,
  TokenUsage,
} from '../shared/message.ts';

/** A tool as the model sees it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12 subset that every provider takes) of an object. */
  readonly inputSchema: JsonObject;
}

export interface ModelRequest {
  readonly model: ModelRef;
  readonly system: string;
  /** A valid history: every tool call is followed by exactly one result. See history.ts. */
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  /** Stable per session; lets a provider route to its prompt cache. */
  readonly sessionId: string;
  /** Until it resolves the request may be made ready but not sent. Its rejection, as it is, ends the stream. */
  readonly ready?: Promise<void>;
}

export type ModelEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  /** Before the first token only. */
  | {
      readonly type: 'retrying';
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
      /** As `mayHaveCost` says of the failure. */
      readonly mayHaveCost?: boolean;
    }
  /** Tokens of this attempt as far as they are told; the last one counts. */
  | { readonly type: 'usage'; readonly usage: TokenUsage }
  /** The last event of a stream that ended well. */
  | { readonly type: 'done'; readonly content: readonly AssistantBlock[]; readonly stopReason: StopReason };

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  /** Input tokens it takes, where the provider says. */
  readonly contextTokens?: number;
}

/** One model vendor or server. */
export interface Provider {
  /** @throws ProviderError, or the signal's reason when aborted. Ends after `done`. */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /** Models that can chat, as the server lists them. @throws ProviderError */
  listModels(signal: AbortSignal): Promise<readonly ModelInfo[]>;
}

export type ProviderErrorKind = Extract<
  ErrorKind,
  | 'auth'
  | 'rateLimit'
  | 'quota'
  | 'contextTooLong'
  | 'overloaded'
  | 'refused'
  | 'network'
  | 'badRequest'
  | 'emptyReply'
>;

/** A provider's failure, with a message for a person: what happened and what to do. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** False where the connection was not even made. */
  readonly wasReached: boolean;

  constructor(
    kind: ProviderErrorKind,
    message: string,
    options?: { retryAfterMs?: number; wasReached?: boolean; cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options?.retryAfterMs;
    this.wasReached = options?.wasReached ?? true;
  }
}

/**
 * Whether somebody may have worked on the request of which nothing came: not where it was turned away, or reached nobody.
 */
export const mayHaveCost = (error: unknown): boolean =>
  error instanceof ProviderError &&
  (error.kind === 'emptyReply' || (error.kind === 'network' && error.wasReached));

/** What a person has to know of a provider before a model is asked. */
export interface ProviderDescription {
  readonly name: string;
  readonly needsKey: boolean;
  /** Environment variables a key may stand in; the first that is set counts. */
  readonly keyVariables: readonly string[];
  /** Best choice first; shown until the server has listed its own. */
  readonly fallbackModels: readonly string[];
}

export type ProviderDescriptions = Readonly<Record<ProviderId, ProviderDescription>>;
