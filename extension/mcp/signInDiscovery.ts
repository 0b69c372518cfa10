/** Who signs in for a server, as the server and its authorization server describe it; checked before it is used. */
import {
  type AuthorizationServerMetadata,
  discoverOAuthServerInfo,
  extractWWWAuthenticateParams,
  type FetchLike,
  type OAuthServerInfo,
} from '@modelcontextprotocol/client';
import { McpError } from '../core/mcp.ts';
import { type AddressCheck, createAddressCheck, type LookUp } from './signInAddress.ts';
import { createSignInFetch, type SignInFetch } from './signInFetch.ts';
import type { RemoteServer } from './types.ts';

export interface RequestPorts {
  /** The editor's, with its proxy and certificates. */
  readonly fetch: FetchLike;
  /** Addresses of a host name; the system's by default. */
  readonly lookUp?: LookUp;
  /** Milliseconds of one request. */
  readonly requestTimeout: number;
}

/** What a server said when it refused a request. */
export interface Challenge {
  readonly resourceMetadataUrl?: URL | undefined;
  readonly scope?: string | undefined;
}

export interface SignInRequests extends SignInFetch {
  readonly check: AddressCheck;
}

export const createSignInRequests = (
  server: RemoteServer,
  ports: RequestPorts,
  signal: AbortSignal,
): SignInRequests => {
  const check = createAddressCheck(server.url, ports.lookUp);
  const { fetch, requestTimeout: timeout } = ports;
  return { check, ...createSignInFetch({ fetch, check, server, timeout, signal }) };
};

/** A request without a token, which has no effect even where it is taken. */
const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

/** @returns what the server asks for; undefined: it does not say */
export const askForChallenge = async (
  server: RemoteServer,
  { peek }: SignInRequests,
): Promise<Challenge | undefined> => {
  const accept = 'application/json, text/event-stream';
  const posted = { method: 'POST', body: ping, headers: { accept, 'content-type': 'application/json' } };
  // Servers of the older transport know only the second.
  const gotten = { method: 'GET', headers: { accept: 'text/event-stream' } };
  for (const init of [posted, gotten]) {
    const response = await peek(server.url, init);
    if (response.status !== 401) continue;
    const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
    return { resourceMetadataUrl, scope };
  }
  return undefined;
};

/** Without a description the endpoints are the default ones of 2025-03-26, below the same address. */
const endpointsOf = (
  authorizationServer: string,
  metadata: AuthorizationServerMetadata | undefined,
): readonly string[] => {
  if (metadata === undefined) return [authorizationServer];
  const { authorization_endpoint, token_endpoint, registration_endpoint } = metadata;
  return [
    authorization_endpoint,
    token_endpoint,
    ...(registration_endpoint === undefined ? [] : [registration_endpoint]),
  ];
};

/** @throws SignInRequestError for endpoints we must not use; McpError where the one-time secret (PKCE) is not supported */
export const checkDescription = async (
  server: RemoteServer,
  { authorizationServerUrl, authorizationServerMetadata: metadata }: OAuthServerInfo,
  check: AddressCheck,
): Promise<void> => {
  for (const endpoint of endpointsOf(authorizationServerUrl, metadata)) await check.endpoint(endpoint);
  if (metadata !== undefined && metadata.code_challenge_methods_supported?.includes('S256') !== true) {
    throw new McpError(
      `Signing in to the MCP server ${server.name} is not safe: its authorization server does not say that it protects the answer against theft (PKCE with S256), which the protocol requires. Nothing was changed. Ask who runs the server.`,
    );
  }
};

export interface Description {
  readonly info: OAuthServerInfo;
  readonly issuer: string;
}

/** Asks anew each time: a server may have moved to another issuer. @throws whatever goes wrong, for signInWords */
export const describe = async (
  server: RemoteServer,
  requests: SignInRequests,
  resourceMetadataUrl: URL | undefined,
): Promise<Description> => {
  const info = await discoverOAuthServerInfo(server.url, {
    ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }),
    fetchFn: requests.fetch,
  });
  if (resourceMetadataUrl !== undefined && info.resourceMetadata === undefined) {
    throw new McpError(
      `The MCP server ${server.name} says where its sign-in is described, but there is no such description. Nothing was changed. Try again later, or ask who runs the server.`,
    );
  }
  await checkDescription(server, info, requests.check);
  return { info, issuer: info.authorizationServerMetadata?.issuer ?? info.authorizationServerUrl };
};
