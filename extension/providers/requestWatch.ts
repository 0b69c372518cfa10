import { ProviderError } from '../core/provider.ts';
import { inWords, retryAfterOf } from './retryAfter.ts';

export interface Timings {
  /** Longest wait for the first byte of a response. Local servers read a long prompt for minutes. */
  readonly firstByteMs: number;
  /** Longest silence in the middle of a reply; pings and comments count as life. */
  readonly idleMs: number;
}

/** 300 s is where fetch itself gives up on headers. */
export const defaultTimings: Timings = { firstByteMs: 300_000, idleMs: 120_000 };

/** How long the rest of a finished response may take to arrive before its connection is given up. */
const drainMs = 1_000;

/**
 * One HTTP request of an SDK: its abort signal, its silence, its response headers, and the end of its connection. Made
 * per request, so that the SDK client can be too (under 0.1 ms); what is reused is the connection, in fetch's own pool.
 */
export class RequestWatch {
  /** Status of the last response. */
  status: number | undefined;
  retryAfterMs: number | undefined;
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timings: Timings;
  readonly #onOuterAbort = (): void => this.#controller.abort(this.#outer.reason);
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #ended = false;

  constructor(outer: AbortSignal, timings: Timings) {
    this.#outer = outer;
    this.#timings = timings;
    if (outer.aborted) this.#onOuterAbort();
    else outer.addEventListener('abort', this.#onOuterAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A reply had begun to arrive. */
  get answered(): boolean {
    return this.status !== undefined && this.status < 300;
  }

  /**
   * For the SDK. The SDKs abort their own signal as soon as they have seen the last event; that would close the
   * connection instead of keeping it for the next request, so only this watch's signal reaches the network.
   */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await this.#within(this.#timings.firstByteMs, () =>
      globalThis.fetch(input, { ...init, signal: this.signal }),
    );
    this.status = response.status;
    this.retryAfterMs = retryAfterOf(response.headers, Date.now());
    if (!response.ok || response.body === null) return response;
    const reader = response.body.getReader();
    this.#reader = reader;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { done, value } = await this.#within(this.#timings.idleMs, () => reader.read());
          if (value !== undefined) controller.enqueue(value);
          if (done) {
            this.#ended = true;
            controller.close();
          }
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { status: response.status, headers: response.headers });
  };

  async #within<T>(ms: number, wait: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      const message = `Nothing came from the model for ${inWords(ms)}, so the request was stopped. Try again, or choose another model.`;
      this.#controller.abort(new ProviderError('network', message));
    }, ms);
    try {
      return await wait();
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param complete The reply was read to its last event; otherwise the connection is closed at once. */
  close(complete: boolean): void {
    this.#outer.removeEventListener('abort', this.#onOuterAbort);
    if (complete && !this.#ended && this.#reader !== undefined) void this.#drain(this.#reader);
    else if (!this.#ended) this.#controller.abort();
  }

  /** A connection goes back to the pool only when its response has been read to the end. */
  async #drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const timer = setTimeout(() => this.#controller.abort(), drainMs);
    timer.unref();
    try {
      while (!(await reader.read()).done);
    } catch {
      // Nobody waits for these bytes any more.
    } finally {
      clearTimeout(timer);
    }
  }
}
