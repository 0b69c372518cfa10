import {
  type ModelEvent,
  type ModelRequest,
  type Provider,
  ProviderError,
} from '../../extension/core/provider.ts';
import { createProviders } from '../../extension/providers/index.ts';
import type { Timings } from '../../extension/providers/requestWatch.ts';
import type { RetryClock } from '../../extension/providers/withRetry.ts';
import type { Wire } from './wire.ts';

export const plantedKey = 'sk-planted-0123456789abcdef-key1';

/** Waits never last; what was waited is told. */
export const instantClock = (slept: number[] = []): RetryClock => ({
  now: () => 0,
  sleep: async (ms, signal) => {
    signal.throwIfAborted();
    slept.push(ms);
  },
  random: () => 0,
});

export interface HarnessOptions {
  readonly key?: string | undefined;
  readonly timings?: Timings;
  readonly clock?: RetryClock;
}

/** The provider as the product makes it, its requests sent to `server`. */
export const providerAt = (wire: Wire, server: string, options: HarnessOptions = {}): Provider => {
  const { timings, clock = instantClock() } = options;
  const key = 'key' in options ? options.key : plantedKey;
  return createProviders({
    apiKey: async () => key,
    baseUrl: () => wire.baseUrl(server),
    clock,
    ...(timings === undefined ? {} : { timings }),
  })(wire.id);
};

export type Done = Extract<ModelEvent, { type: 'done' }>;
export type UsageEvent = Extract<ModelEvent, { type: 'usage' }>;

export interface Heard {
  readonly events: readonly ModelEvent[];
  readonly text: string;
  readonly thinking: string;
  readonly done: Done | undefined;
  readonly usage: UsageEvent['usage'] | undefined;
  readonly error: unknown;
}

/** Everything a stream says, and what it threw. */
export const hear = async (events: AsyncIterable<ModelEvent>): Promise<Heard> => {
  const heard: ModelEvent[] = [];
  let error: unknown;
  try {
    for await (const event of events) heard.push(event);
  } catch (thrown) {
    error = thrown;
  }
  const joined = (type: 'text' | 'thinking'): string =>
    heard.flatMap((event) => (event.type === type ? [event.text] : [])).join('');
  return {
    events: heard,
    text: joined('text'),
    thinking: joined('thinking'),
    done: heard.find((event) => event.type === 'done'),
    usage: heard.findLast((event) => event.type === 'usage')?.usage,
    error,
  };
};

export const listen = (provider: Provider, request: ModelRequest, signal?: AbortSignal): Promise<Heard> =>
  hear(provider.stream(request, signal ?? new AbortController().signal));

export const providerErrorOf = ({ error }: Heard): ProviderError => {
  if (error instanceof ProviderError) return error;
  throw new Error(`expected a ProviderError, not ${String(error)}`, { cause: error });
};
