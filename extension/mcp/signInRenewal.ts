/** Renews tokens: once for all connections of this window, and not where another window has just done so. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  OAuthError,
  OAuthErrorCode,
  type OAuthTokens,
  refreshAuthorization,
} from '@modelcontextprotocol/client';
import { McpError } from '../core/mcp.ts';
import { createSignInRequests, type Description, describe, type RequestPorts } from './signInDiscovery.ts';
import { renewalFailed, signInNeeded } from './signInWords.ts';
import { isSameIssuer, type KeptTokens, signInKey, type TokenStore } from './tokenStore.ts';
import type { RemoteServer } from './types.ts';

export interface RenewalPorts {
  readonly store: TokenStore;
  readonly requests: RequestPorts;
  /** Milliseconds of one renewal with all its requests. */
  readonly renewTimeout: number;
  /** Milliseconds that another window may take from its renewal until that is stored. */
  readonly settleTime: number;
  readonly now: () => number;
  readonly log: (text: string) => void;
}

/** What is kept of an issuer's answer. */
export const keptTokens = (
  given: OAuthTokens,
  known: Pick<KeptTokens, 'issuer' | 'client' | 'refreshToken' | 'scope' | 'resource'>,
  now: number,
): KeptTokens => {
  const refreshToken = given.refresh_token ?? known.refreshToken;
  const scope = given.scope ?? known.scope;
  const lifetime = given.expires_in === undefined ? undefined : given.expires_in * 1_000;
  return {
    issuer: known.issuer,
    client: known.client,
    accessToken: given.access_token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(lifetime === undefined ? {} : { lifetime, expiresAt: now + lifetime }),
    ...(scope === undefined ? {} : { scope }),
    ...(known.resource === undefined ? {} : { resource: known.resource }),
  };
};

/** Milliseconds before it runs out. */
const earliest = 30_000;
/** So often it is looked whether another window has stored its renewal. */
const looks = 10;

/** Some time before it does: a request takes a while. */
export const hasRunOut = ({ expiresAt, lifetime = 0 }: KeptTokens, now: number): boolean =>
  expiresAt !== undefined && expiresAt - Math.min(earliest, lifetime / 10) <= now;

const isRefused = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof OAuthError && codes.includes(error.code);

export interface Renewals {
  /**
   * @param rejected the access token that the server has refused; undefined: what is kept has run out
   * @throws McpSignInError; McpError where it may work later: nothing is forgotten then
   */
  renew(server: RemoteServer, rejected: string | undefined, resourceMetadataUrl?: URL): Promise<KeptTokens>;
}

export const createRenewals = (ports: RenewalPorts): Renewals => {
  const { store, now, log } = ports;
  const running = new Map<string, Promise<KeptTokens>>();

  /** @returns what a sign-in has stored meanwhile */
  const forget = async (server: RemoteServer, kept: KeptTokens, why: string): Promise<KeptTokens> => {
    const latest = await store.drop(server, kept);
    if (latest !== undefined) return latest;
    log(`Sign-in to ${server.name} forgotten: ${why}`);
    throw signInNeeded(why);
  };

  /** @returns what counts instead of what is kept; undefined: that still does */
  const otherIssuer = async (
    server: RemoteServer,
    kept: KeptTokens,
    { info, issuer }: Description,
  ): Promise<KeptTokens | undefined> => {
    if (isSameIssuer(issuer, kept.issuer)) return undefined;
    if (info.resourceMetadata === undefined) {
      throw new McpError(
        `The MCP server ${server.name} does not say just now who signs in for it. The sign-in was kept. Try again later.`,
      );
    }
    return await forget(
      server,
      kept,
      `The MCP server ${server.name} has moved to another authorization server.`,
    );
  };

  /** The issuer does not take the refresh token: another window may have used it just before. */
  const refused = async (server: RemoteServer, kept: KeptTokens): Promise<KeptTokens> => {
    for (let look = 0; look <= looks; look += 1) {
      const latest = await store.read(server);
      if (latest !== undefined && latest.accessToken !== kept.accessToken) return latest;
      if (look < looks) await sleep(ports.settleTime / looks);
    }
    return await forget(
      server,
      kept,
      `The sign-in to the MCP server ${server.name} does not count any more.`,
    );
  };

  const refresh = async (
    server: RemoteServer,
    kept: KeptTokens,
    refreshToken: string,
    resourceMetadataUrl: URL | undefined,
  ): Promise<KeptTokens> => {
    const requests = createSignInRequests(server, ports.requests, AbortSignal.timeout(ports.renewTimeout));
    try {
      const description = await describe(server, requests, resourceMetadataUrl);
      const other = await otherIssuer(server, kept, description);
      if (other !== undefined) return other;
      const { authorizationServerUrl, authorizationServerMetadata: metadata } = description.info;
      const given = await refreshAuthorization(authorizationServerUrl, {
        ...(metadata === undefined ? {} : { metadata }),
        clientInformation: kept.client,
        refreshToken,
        ...(kept.resource === undefined ? {} : { resource: kept.resource }),
        fetchFn: requests.fetch,
      });
      return keptTokens(given, kept, now());
    } catch (error) {
      if (isRefused(error, OAuthErrorCode.InvalidGrant)) return await refused(server, kept);
      if (isRefused(error, OAuthErrorCode.InvalidClient, OAuthErrorCode.UnauthorizedClient)) {
        const registration = await store.registration(kept.issuer);
        if (registration?.client.client_id === kept.client.client_id) {
          await store.forgetRegistration(kept.issuer);
        }
        return await forget(
          server,
          kept,
          `The authorization server of ${server.name} does not know AnyCowork any more.`,
        );
      }
      throw renewalFailed(server.name, error);
    }
  };

  const renewNow = async (
    server: RemoteServer,
    rejected: string | undefined,
    resourceMetadataUrl: URL | undefined,
  ): Promise<KeptTokens> => {
    const kept = await store.read(server);
    if (kept === undefined) {
      throw signInNeeded(`The MCP server ${server.name} wants a sign-in.`);
    }
    // Another window, or a connection before this one, was faster.
    const isCurrent = rejected === undefined ? !hasRunOut(kept, now()) : kept.accessToken !== rejected;
    if (isCurrent) return kept;
    if (kept.refreshToken === undefined) {
      return await forget(server, kept, `The sign-in to the MCP server ${server.name} has run out.`);
    }
    const renewed = await refresh(server, kept, kept.refreshToken, resourceMetadataUrl);
    const latest = await store.replace(server, kept, renewed);
    if (latest === undefined) throw signInNeeded(`The MCP server ${server.name} was signed out.`);
    log(`Sign-in to ${server.name} renewed.`);
    return latest;
  };

  return {
    renew(server, rejected, resourceMetadataUrl) {
      const key = signInKey(server);
      const before = running.get(key);
      if (before !== undefined) return before;
      const work = renewNow(server, rejected, resourceMetadataUrl).finally(() => {
        if (running.get(key) === work) running.delete(key);
      });
      running.set(key, work);
      return work;
    },
  };
};
