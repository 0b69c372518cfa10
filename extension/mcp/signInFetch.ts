/** The requests of a sign-in: to permitted addresses only, with limits, and without the words of who answers. */
import type { FetchLike } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { settleAfterAbort } from '../core/abort.ts';
import { type AddressCheck, SignInRequestError } from './signInAddress.ts';

/** Bytes of a description, a registration or a token. */
const answerLimit = 1_000_000;

export interface SignInFetchPorts {
  readonly fetch: FetchLike;
  readonly check: AddressCheck;
  /** Of the server; its own host gets them. */
  readonly server: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  /** Milliseconds of one request. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

export interface SignInFetch {
  /** For the SDK: the body has been read. */
  readonly fetch: FetchLike;
  /** Status and headers only. */
  peek(url: string, init: RequestInit): Promise<Response>;
}

const failure = z.object({ error: z.string(), access_token: z.undefined().optional() });
const coded = z.object({ code: z.string().regex(/^[A-Z][A-Z0-9_]{2,40}$/) });

/** `ECONNREFUSED`, as the system names it. */
const codeOf = (error: unknown): string | undefined => {
  const cause = error instanceof Error ? error.cause : undefined;
  const inside = cause instanceof AggregateError ? cause.errors[0] : cause;
  return coded.safeParse(inside).data?.code ?? coded.safeParse(error).data?.code;
};

const readBounded = async (response: Response): Promise<Uint8Array<ArrayBuffer>> => {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    length += part.byteLength;
    if (length > answerLimit) throw new SignInRequestError('an answer is longer than 1 MB');
  }
  return new Uint8Array(Buffer.concat(parts));
};

const jsonIn = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
};

/**
 * A refusal keeps its code and nothing else: whatever stands beside it may be a lure, or repeat what was sent, and the
 * SDK writes it into errors and to the console.
 */
const withoutWords = (bytes: Uint8Array<ArrayBuffer>, isOk: boolean): Uint8Array<ArrayBuffer> | string => {
  const error = failure.safeParse(jsonIn(bytes)).data?.error;
  if (error !== undefined) return JSON.stringify({ error });
  return isOk ? bytes : '';
};

export const createSignInFetch = (ports: SignInFetchPorts): SignInFetch => {
  const { check, server, timeout, signal } = ports;
  const { origin } = new URL(server.url);

  const headersFor = (url: URL, given: RequestInit['headers']): Headers => {
    const headers = new Headers(given);
    if (url.origin !== origin) return headers;
    for (const [name, value] of Object.entries(server.headers)) {
      // Who is to be signed in is what is being asked.
      if (name.toLowerCase() !== 'authorization' && !headers.has(name)) headers.set(name, value);
    }
    return headers;
  };

  const request = async <T>(
    address: string | URL,
    init: RequestInit | undefined,
    read: (response: Response) => Promise<T>,
  ): Promise<T> => {
    const url = new URL(address);
    const limit = AbortSignal.timeout(timeout);
    const given = init?.signal ?? undefined;
    const both = AbortSignal.any([signal, limit, ...(given === undefined ? [] : [given])]);
    const work = async (): Promise<T> => {
      await check.request(url);
      both.throwIfAborted();
      // The SDK follows redirects by itself, each through here.
      const redirect = init?.redirect ?? 'manual';
      const headers = headersFor(url, init?.headers);
      return await read(await ports.fetch(url, { ...init, headers, redirect, signal: both }));
    };
    try {
      return await settleAfterAbort(work(), both, 0);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) {
        throw new SignInRequestError(`${url.host} did not answer within ${Math.round(timeout / 1_000)} s`);
      }
      if (error instanceof SignInRequestError || given?.aborted === true) throw error;
      const code = codeOf(error);
      throw new SignInRequestError(
        `${url.host} could not be reached${code === undefined ? '' : ` (${code})`}`,
      );
    }
  };

  return {
    fetch: (url, init) =>
      request(url, init, async (response) => {
        const { status, statusText, headers } = response;
        const bytes = await readBounded(response);
        const isEmpty = [101, 204, 205, 304].includes(status);
        const body = isEmpty ? null : withoutWords(bytes, response.ok);
        return new Response(body, { status, statusText, headers });
      }),
    peek: (url, init) =>
      request(url, init, async (response) => {
        await response.body?.cancel();
        return response;
      }),
  };
};
