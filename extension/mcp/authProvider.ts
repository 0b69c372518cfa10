/** The sign-in of a connection: it sends the token, has it renewed, and never opens a browser. */
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/client';
import { McpError, McpSignInError } from '../core/mcp.ts';
import type { Challenge } from './signInDiscovery.ts';
import { hasRunOut, type Renewals } from './signInRenewal.ts';
import { signInNeeded } from './signInWords.ts';
import type { TokenStore } from './tokenStore.ts';
import type { McpAuth, RemoteServer } from './types.ts';

export interface AuthProviderPorts {
  readonly store: TokenStore;
  readonly renewals: Renewals;
  readonly now: () => number;
  /** What the server wants, for the next sign-in. */
  readonly remember: (challenge: Challenge) => void;
}

const hasHeader = (server: RemoteServer): boolean =>
  Object.keys(server.headers).some((name) => name.toLowerCase() === 'authorization');

export const createAuthProvider = (
  server: RemoteServer,
  { store, renewals, now, remember }: AuthProviderPorts,
): McpAuth => {
  /** The access token of the last request. */
  let sent: string | undefined;

  return {
    async token() {
      const kept = await store.read(server);
      if (kept === undefined) {
        sent = undefined;
        return undefined;
      }
      const canRenew = kept.refreshToken !== undefined && hasRunOut(kept, now());
      sent = (canRenew ? await renewals.renew(server, undefined) : kept).accessToken;
      return sent;
    },
    async onUnauthorized({ response }) {
      const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
      if (sent === undefined && hasHeader(server)) {
        throw new McpError(
          `The MCP server ${server.name} does not accept the Authorization header of its configuration. Correct it, or take it out to sign in in the browser.`,
        );
      }
      try {
        await renewals.renew(server, sent ?? '', resourceMetadataUrl);
      } catch (error) {
        if (error instanceof McpSignInError) remember({ resourceMetadataUrl, scope });
        throw error;
      }
    },
    stepUp({ requiredScope, resourceMetadataUrl }) {
      remember({ resourceMetadataUrl, scope: requiredScope });
      return signInNeeded(
        `The MCP server ${server.name} wants more rights for this than it was given at the sign-in.`,
      );
    },
  };
};
