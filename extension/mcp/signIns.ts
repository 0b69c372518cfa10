/** Sign-ins at remote servers with OAuth, as the specifications of 2025-03-26 to 2026-07-28 ask. */
import type { FetchLike } from '@modelcontextprotocol/client';
import { settleAfterAbort } from '../core/abort.ts';
import { McpError, type SecretBox } from '../core/mcp.ts';
import { createAuthProvider } from './authProvider.ts';
import type { LookUp } from './signInAddress.ts';
import type { Challenge, RequestPorts } from './signInDiscovery.ts';
import { runSignIn } from './signInFlow.ts';
import { createRenewals } from './signInRenewal.ts';
import { revokeTokens } from './signInRevoke.ts';
import { signInFailed } from './signInWords.ts';
import { createTokenStore, signInKey } from './tokenStore.ts';
import type { McpSignIns, RemoteServer } from './types.ts';

/** Milliseconds. */
export interface SignInTimes {
  /** That the person has in the browser. */
  readonly signIn: number;
  /** Of one request. */
  readonly request: number;
  /** Of one renewal with all its requests. */
  readonly renew: number;
  readonly revoke: number;
  /** That another window may take from its renewal until that is stored. */
  readonly settle: number;
  /** That what a server asked a connection for counts for the next sign-in. */
  readonly remember: number;
}

export const signInTimes: SignInTimes = {
  signIn: 5 * 60_000,
  request: 20_000,
  renew: 45_000,
  revoke: 3_000,
  settle: 1_000,
  remember: 60 * 60_000,
};

export interface SignInPorts {
  readonly secrets: SecretBox;
  /** @returns false: it was not opened */
  openBrowser(url: string): Promise<boolean>;
  /** The address at which a browser of the person reaches a port of this computer. */
  externalUrl(url: string): Promise<string>;
  /** The editor's, with its proxy and certificates; looked up at each request by default. */
  readonly fetch?: FetchLike;
  /** Of the setting: where AnyCowork is described for authorization servers that fetch that. */
  clientMetadataUrl?(): string | undefined;
  /** Addresses of a host name; the system's by default. */
  readonly lookUp?: LookUp;
  readonly now: () => number;
  /** Lines without secrets and without words of servers. */
  readonly log: (text: string) => void;
  readonly times?: Partial<SignInTimes>;
}

interface Running {
  readonly controller: AbortController;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

export const createMcpSignIns = (ports: SignInPorts): McpSignIns => {
  const { log, now } = ports;
  const times: SignInTimes = { ...signInTimes, ...ports.times };
  const store = createTokenStore(ports.secrets, log);
  const requests: RequestPorts = {
    // The editor puts its own in the place of this one.
    fetch: ports.fetch ?? ((url, init) => fetch(url, init)),
    requestTimeout: times.request,
    ...(ports.lookUp === undefined ? {} : { lookUp: ports.lookUp }),
  };
  const renewals = createRenewals({
    store,
    requests,
    now,
    log,
    renewTimeout: times.renew,
    settleTime: times.settle,
  });
  const wanted = new Map<string, { readonly challenge: Challenge; readonly at: number }>();
  const running = new Map<string, Running>();

  /** Ends the sign-in that is under way, if there is one. @returns when it has ended; never rejects */
  const end = (key: string, why: string): Promise<void> => {
    const found = running.get(key);
    found?.controller.abort(new McpError(why));
    return found?.ended ?? Promise.resolve();
  };

  const wantedOf = (key: string): Challenge | undefined => {
    const found = wanted.get(key);
    return found !== undefined && now() - found.at <= times.remember ? found.challenge : undefined;
  };

  const flow = async (server: RemoteServer, key: string, signal: AbortSignal): Promise<void> => {
    try {
      await runSignIn(
        server,
        wantedOf(key),
        {
          store,
          requests,
          openBrowser: (url) => ports.openBrowser(url),
          externalUrl: (url) => ports.externalUrl(url),
          clientMetadataUrl: () => ports.clientMetadataUrl?.(),
          signInTimeout: times.signIn,
          now,
          log,
        },
        signal,
      );
      wanted.delete(key);
    } catch (error) {
      signal.throwIfAborted();
      // It may have asked for something that has changed since.
      wanted.delete(key);
      const failure = signInFailed(server.name, error);
      log(failure.message);
      throw failure;
    }
  };

  return {
    async provider(server) {
      const key = signInKey(server);
      const remember = (challenge: Challenge): void => {
        wanted.set(key, { challenge, at: now() });
      };
      return createAuthProvider(server, { store, renewals, now, remember });
    },
    async signIn(server, signal) {
      signal.throwIfAborted();
      const key = signInKey(server);
      // Whoever begins again has lost the page of the first.
      const before = end(
        key,
        `The sign-in to the MCP server ${server.name} was begun again. This one has ended.`,
      );
      const controller = new AbortController();
      const both = AbortSignal.any([signal, controller.signal]);
      const work = settleAfterAbort(before, both, 0).then(() => flow(server, key, both));
      const entry = { controller, ended: work.catch(() => undefined) };
      running.set(key, entry);
      try {
        await work;
      } finally {
        if (running.get(key) === entry) running.delete(key);
      }
    },
    async signOut(server) {
      const key = signInKey(server);
      await end(key, `The MCP server ${server.name} was signed out. The sign-in has ended.`);
      wanted.delete(key);
      const kept = await store.forget(server);
      if (kept === undefined) return;
      await store.forgetRegistration(kept.issuer);
      const limit = AbortSignal.timeout(times.revoke);
      const isRevoked = await settleAfterAbort(revokeTokens(server, kept, requests, limit), limit, 0).catch(
        () => false,
      );
      log(
        isRevoked
          ? `Signed out of ${server.name}; its authorization server has taken the tokens back.`
          : `Signed out of ${server.name}. The tokens are forgotten here; its authorization server did not take them back.`,
      );
    },
    isSignedIn: async (server) => (await store.read(server)) !== undefined,
  };
};
