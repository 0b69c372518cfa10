import type { ModelEvent, ModelInfo, ModelRequest, Provider } from '../core/provider.ts';
import type { ProviderId } from '../shared/message.ts';
import { defaultBaseUrls, needsKey } from './models.ts';
import { defaultTimings, RequestWatch, type Timings } from './requestWatch.ts';
import { missingKey, toProviderError, unusableKey } from './toProviderError.ts';
import { type RetryClock, withRetry } from './withRetry.ts';

/** Where requests go and with what key; asked at each request, so that a change applies at once. */
export interface Access {
  readonly apiKey: () => Promise<string | undefined>;
  readonly baseUrl: () => string | undefined;
}

/** What tests set. */
export interface ProviderTuning {
  readonly timings?: Timings;
  readonly clock?: RetryClock;
}

/** What an SDK client is made of, for one request. */
export interface Connection {
  readonly key: string | undefined;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

/** The part of a provider that differs from vendor to vendor. Throws whatever its SDK throws. */
export interface Vendor<Chunk> {
  readonly id: ProviderId;
  open(request: ModelRequest, connection: Connection): Promise<AsyncIterable<Chunk>>;
  fromStream(chunks: AsyncIterable<Chunk>, request: ModelRequest): AsyncIterable<ModelEvent>;
  listModels(connection: Connection): Promise<readonly ModelInfo[]>;
}

export const vendorProvider = <Chunk>(
  vendor: Vendor<Chunk>,
  access: Access,
  tuning: ProviderTuning = {},
): Provider => {
  const timings = tuning.timings ?? defaultTimings;

  async function* attempt<T>(
    request: ModelRequest | undefined,
    outer: AbortSignal,
    run: (connection: Connection) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    outer.throwIfAborted();
    const baseUrl = (access.baseUrl()?.trim() || defaultBaseUrls[vendor.id]).replace(/\/+$/, '');
    const key = (await access.apiKey())?.trim() || undefined;
    if (key === undefined && needsKey[vendor.id]) throw missingKey(vendor.id);
    if (key !== undefined && !/^[\x20-\x7e]+$/.test(key)) throw unusableKey(vendor.id);
    const watch = new RequestWatch(outer, timings);
    const { signal } = watch;
    const fetch: Connection['fetch'] = async (input, init) => {
      await request?.ready;
      return watch.fetch(input, init);
    };
    let complete = false;
    try {
      for await (const each of run({ key, baseUrl, fetch, signal })) {
        // What the SDK has already decoded would still come after an abort.
        signal.throwIfAborted();
        // `complete` before the yield: the reader may leave at the last event.
        complete = isDone(each);
        yield each;
      }
      complete = true;
    } catch (error) {
      outer.throwIfAborted();
      // An SDK has made a network error of its rejection.
      await request?.ready;
      const { answered, retryAfterMs } = watch;
      const model = request?.model.model;
      const facts = { provider: vendor.id, model, baseUrl, key, answered, retryAfterMs };
      // The SDKs wrap or swallow the reason of an abort.
      const thrown = signal.aborted ? signal.reason : error;
      throw toProviderError(thrown, facts) ?? thrown;
    } finally {
      watch.close(complete);
    }
  }

  const streamOnce = (request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> =>
    attempt(request, signal, async function* (connection) {
      yield* vendor.fromStream(await vendor.open(request, connection), request);
    });

  return {
    stream: withRetry(streamOnce, tuning.clock),
    listModels: async (signal) => {
      const listed: ModelInfo[] = [];
      const models = attempt(undefined, signal, async function* (connection) {
        yield* await vendor.listModels(connection);
      });
      for await (const model of models) listed.push(model);
      return listed;
    },
  };
};

const isDone = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'type' in event && event.type === 'done';
