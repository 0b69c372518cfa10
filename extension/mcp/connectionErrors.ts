/** Whatever servers, networks and the SDK do, in words for a person. */
import {
  InsufficientScopeError,
  OAuthClientFlowError,
  OAuthError,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SseError,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import * as z from 'zod';
import { McpError, McpSignInError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { streamEnded } from './connectionWire.ts';
import { plainWords } from './plainWords.ts';
import type { McpAuth } from './types.ts';

/** ` The server says: …`; empty where it says nothing. */
export const serverSays = (text: string | undefined): string => {
  const words = plainWords(text ?? '').replaceAll(/\s+/g, ' ');
  return words === '' ? '' : ` The server says: “${words}”`;
};

export interface Doing {
  /** `connecting`, `its tool x` */
  readonly what: string;
  /** Milliseconds that were allowed without an answer. */
  readonly limit: number;
}

export interface ErrorPorts {
  readonly server: string;
  /** The server has a session that it may forget. */
  readonly hasSession: () => boolean;
  /** The last answer 403 named a way to sign in. */
  readonly isChallenged: () => boolean;
  readonly stepUp?: McpAuth['stepUp'];
}

/** Puts a failure into words for a person. */
export type ErrorWords = (error: unknown, doing: Doing) => McpError;

export const inSeconds = (milliseconds: number): string =>
  milliseconds < 1_000
    ? `${milliseconds} ms`
    : `${Math.round(milliseconds / 1_000).toLocaleString('en-US')} s`;

/** An error, what caused it, and so on. */
function* causes(error: unknown): Generator<unknown> {
  let next = error;
  for (let depth = 0; depth < 6 && next !== undefined && next !== null; depth += 1) {
    yield next;
    const cause: unknown = next instanceof Error ? next.cause : undefined;
    next = cause ?? (next instanceof SdkError ? causeIn.safeParse(next.data).data?.cause : undefined);
  }
}
const causeIn = z.object({ cause: z.unknown().optional() });
/** The first error in words of ours, among what caused an error. */
export const mcpErrorIn = (error: unknown): McpError | undefined => {
  for (const one of causes(error)) if (one instanceof McpError) return one;
  return undefined;
};
const coded = z.object({ code: z.string(), hostname: z.string().optional().catch(undefined) });

const networkWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing answers at its address. Start it, or correct the address',
  ENOTFOUND: 'its host name is not known. Correct the address, or look at the network',
  EAI_AGAIN: 'its host name could not be looked up. Look at the network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'its host does not answer',
  EHOSTUNREACH: 'its host cannot be reached. Look at the network',
  ENETUNREACH: 'its host cannot be reached. Look at the network',
  UND_ERR_CONNECT_TIMEOUT: 'its host does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it took the request and then did not answer',
  UND_ERR_BODY_TIMEOUT: 'it was silent for too long in the middle of its answer',
  UND_ERR_SOCKET: 'the connection was cut',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by an authority that is known here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by an authority that is known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** @returns why a network request failed; undefined: it did not, or for something else */
export const networkProblem = (error: unknown): string | undefined => {
  const chain = [...causes(error)];
  for (const one of chain) {
    const nested = one instanceof AggregateError ? one.errors : [];
    for (const item of [one, ...nested]) {
      const code = coded.safeParse(item).data?.code;
      if (code !== undefined && Object.hasOwn(networkWords, code)) return networkWords[code];
    }
  }
  const isFetch = chain.some(
    (one) => one instanceof TypeError && /fetch failed|terminated/.test(one.message),
  );
  return isFetch ? `the connection failed (${plainWords(reasonOf(chain.at(-1)), 200)})` : undefined;
};

export const httpStatus = (error: unknown): number | undefined => {
  for (const one of causes(error)) {
    if (one instanceof SdkHttpError) return one.data?.status;
    if (one instanceof SseError && one.code !== undefined) return one.code;
    // The SSE transport says it in its message only.
    const said = one instanceof Error ? /\(HTTP (\d{3})\)/.exec(one.message)?.[1] : undefined;
    if (said !== undefined) return Number(said);
  }
  return undefined;
};

const isSignIn = (error: unknown): boolean =>
  error instanceof UnauthorizedError ||
  error instanceof InsufficientScopeError ||
  error instanceof OAuthClientFlowError ||
  error instanceof OAuthError ||
  (error instanceof Error && error.name === 'UnauthorizedError');

/** The request was answered 403 and the answer named a way to sign in. */
export const isSignInStatus = (status: number | undefined, isChallenged: boolean): boolean =>
  status === 401 || (status === 403 && isChallenged);

const textIn = z.object({ text: z.string() });
const statusWords = (status: number, hasSession: boolean): string => {
  if (status === 404 && hasSession) return 'has forgotten the session; the next use begins a new one';
  if (status >= 300 && status < 400)
    return 'sends to another address, which is not followed; configure that one if it is right';
  if (status === 403) return 'refuses access (HTTP 403)';
  if (status === 404) return 'is not at this address (HTTP 404)';
  if (status === 429) return 'is asked too often (HTTP 429); try again later';
  return status >= 500 ? `has failed (HTTP ${status})` : `refused the request (HTTP ${status})`;
};

const codeWords: Readonly<Record<number, string>> = {
  [ProtocolErrorCode.MethodNotFound]: 'does not know this request',
  [ProtocolErrorCode.InvalidParams]: 'refused the input',
  [ProtocolErrorCode.ResourceNotFound]: 'has no such resource',
  [ProtocolErrorCode.InternalError]: 'failed inside',
  [ProtocolErrorCode.MissingRequiredClientCapability]: 'wants something that is not offered to it',
};

const sdkWords = (error: SdkError, server: string, doing: Doing): string => {
  const { what } = doing;
  switch (error.code) {
    case SdkErrorCode.RequestTimeout:
      return `The MCP server ${server} did not answer within ${inSeconds(doing.limit)} (${what}).`;
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
      return `The connection to the MCP server ${server} has ended (${what}).`;
    case SdkErrorCode.InvalidResult:
    case SdkErrorCode.ClientHttpUnexpectedContent:
      return `The MCP server ${server} gave an answer that is none of the protocol (${what}): ${plainWords(error.message, 200)}`;
    case SdkErrorCode.UnsupportedResultType:
      return `The MCP server ${server} answered with something that is not known here (${what}).`;
    case SdkErrorCode.InputRequiredRoundsExceeded:
      return `The MCP server ${server} kept asking for more instead of answering (${what}).`;
    case SdkErrorCode.CapabilityNotSupported:
      return `The MCP server ${server} wants something that is not offered to it (${what}).`;
    default:
      return `The MCP server ${server} could not be used (${what}): ${plainWords(error.message, 200)}`;
  }
};

const signInError = (server: string): McpSignInError =>
  new McpSignInError(`The MCP server ${server} wants a sign-in. Sign in to it in the view MCP Servers.`);

const signInProblem = (error: unknown, ports: ErrorPorts): McpError | undefined => {
  for (const one of causes(error)) {
    if (one instanceof McpError) return one;
    if (one instanceof InsufficientScopeError) return ports.stepUp?.(one) ?? signInError(ports.server);
    if (isSignIn(one)) return signInError(ports.server);
  }
  const status = httpStatus(error);
  return isSignInStatus(status, ports.isChallenged()) ? signInError(ports.server) : undefined;
};

const httpWords = (error: unknown, status: number, hasSession: boolean): string => {
  const text = error instanceof SdkHttpError ? textIn.safeParse(error.data).data?.text : undefined;
  // The address is the server's to choose.
  return `${statusWords(status, hasSession)}.${serverSays(status < 400 ? reasonOf(error) : text)}`;
};

export const createErrorWords =
  (ports: ErrorPorts): ErrorWords =>
  (error, doing) => {
    const { server } = ports;
    const signIn = signInProblem(error, ports);
    if (signIn !== undefined) return signIn;
    const of = `(${doing.what})`;
    const status = httpStatus(error);
    if (status !== undefined && status >= 300) {
      return new McpError(`The MCP server ${server} ${httpWords(error, status, ports.hasSession())} ${of}`);
    }
    const network = networkProblem(error);
    if (network !== undefined) {
      return new McpError(`The MCP server ${server} cannot be reached: ${network}. ${of}`);
    }
    if (error instanceof ProtocolError) {
      if (error.data === streamEnded) {
        return new McpError(`The MCP server ${server} ended the connection without an answer. ${of}`);
      }
      const words = codeWords[error.code] ?? `answered with an error (${error.code})`;
      return new McpError(`The MCP server ${server} ${words} ${of}.${serverSays(error.message)}`);
    }
    if (error instanceof SdkError) return new McpError(sdkWords(error, server, doing));
    // The SDK throws a plain one here.
    if (error instanceof Error && error.message === 'Not connected') {
      return new McpError(sdkWords(new SdkError(SdkErrorCode.NotConnected, error.message), server, doing));
    }
    return new McpError(
      `The MCP server ${server} could not be used ${of}: ${plainWords(reasonOf(error), 200)}`,
    );
  };
