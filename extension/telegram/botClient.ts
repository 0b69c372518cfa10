import { Api } from 'grammy';
import { createHttpFetch } from './httpFetch.ts';

/** A connection to Telegram for one token, with sockets of its own. */
export interface BotClient {
  readonly api: Api;
  /** What is under way goes on; nothing that is open is used again. */
  retire(): void;
  /** Ends everything. */
  destroy(): void;
}

const telegramRoot = 'https://api.telegram.org';

export interface BotAddress {
  readonly token: string;
  /** Without a slash at its end. Absent: Telegram's own. */
  readonly apiRoot?: string;
}

/** @param timeoutSeconds longest that any call may take */
export const createBotClient = (
  { token, apiRoot = telegramRoot }: BotAddress,
  timeoutSeconds: number,
): BotClient => {
  const connection = createHttpFetch(apiRoot);
  const fetch: unknown = connection.fetch;
  const api = new Api(token, { apiRoot, timeoutSeconds, ...(isFetch(fetch) ? { fetch } : {}) });
  return { api, retire: connection.retire, destroy: connection.destroy };
};

type ClientFetch = NonNullable<NonNullable<ConstructorParameters<typeof Api>[1]>['fetch']>;

/** grammY asks for the whole of `fetch`, and uses what `HttpFetch` has. */
const isFetch = (fetch: unknown): fetch is ClientFetch => typeof fetch === 'function';

/** grammY knows signals by a type of its own. */
type ApiSignal = NonNullable<Parameters<Api['getMe']>[0]>;

const isApiSignal = (signal: unknown): signal is ApiSignal => signal instanceof AbortSignal;

/** The same signal, as grammY calls it. */
export const apiSignal = (signal: AbortSignal): ApiSignal => {
  const same: unknown = signal;
  if (!isApiSignal(same)) throw new TypeError('Not a signal');
  return same;
};
