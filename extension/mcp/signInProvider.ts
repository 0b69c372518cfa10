/** What the SDK's OAuth needs for one sign-in in the browser. It keeps nothing: what it was given is taken at the end. */
import type {
  AuthorizationServerMetadata,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client';
import { OAuthError } from '@modelcontextprotocol/client';
import { McpError } from '../core/mcp.ts';

/** How the authorization server comes to know AnyCowork. */
export type ClientChoice =
  /** Registered by hand, or dynamically at an earlier sign-in. */
  | { readonly kind: 'known'; readonly client: StoredOAuthClientInformation }
  /** A document at an https URL. */
  | { readonly kind: 'document'; readonly url: string }
  | { readonly kind: 'register' };

export interface SignInProviderRequest {
  readonly choice: ClientChoice;
  readonly issuer: string;
  readonly discovery: OAuthDiscoveryState;
  readonly redirectUrl: string;
  readonly state: string;
  /** @throws for a description that must not be used */
  readonly check: (discovery: OAuthDiscoveryState) => Promise<void>;
  readonly open: (url: URL) => Promise<void>;
}

export interface SignInProvider extends OAuthClientProvider {
  /** What the sign-in has given so far. */
  taken(): {
    readonly client: StoredOAuthClientInformation | undefined;
    readonly tokens: OAuthTokens | undefined;
    readonly resource: string | undefined;
    /** Asked for. */
    readonly scope: string | undefined;
  };
}

/** A program on a person's computer can keep no secret; servers that give it one all the same get it back. */
const clientMethod = (metadata: AuthorizationServerMetadata | undefined): string => {
  const methods = metadata?.token_endpoint_auth_methods_supported;
  if (methods === undefined || methods.includes('none')) return 'none';
  return ['client_secret_basic', 'client_secret_post'].find((method) => methods.includes(method)) ?? 'none';
};

export const createSignInProvider = (request: SignInProviderRequest): SignInProvider => {
  const { choice, redirectUrl } = request;
  let discovery = request.discovery;
  let client: StoredOAuthClientInformation | undefined =
    choice.kind === 'known' ? { ...choice.client, issuer: request.issuer } : undefined;
  let tokens: OAuthTokens | undefined;
  let verifier: string | undefined;
  let resource: string | undefined;
  let scope: string | undefined;

  const clientMetadata: OAuthClientMetadata = {
    client_name: 'AnyCowork',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: clientMethod(discovery.authorizationServerMetadata),
  };

  return {
    redirectUrl,
    clientMetadata,
    ...(choice.kind === 'document' ? { clientMetadataUrl: choice.url } : {}),
    state: () => request.state,
    clientInformation: () => client,
    saveClientInformation(given) {
      client = given;
    },
    // A sign-in is wanted, not a renewal.
    tokens: () => undefined,
    saveTokens(given) {
      tokens = given;
    },
    async redirectToAuthorization(url) {
      scope = url.searchParams.get('scope') ?? undefined;
      await request.open(url);
    },
    saveCodeVerifier(given) {
      verifier = given;
    },
    codeVerifier() {
      if (verifier === undefined) throw new McpError('The sign-in was not begun here. Sign in again.');
      return verifier;
    },
    async saveDiscoveryState(given) {
      await request.check(given);
      discovery = given;
    },
    discoveryState: () => discovery,
    saveResourceUrl(given) {
      resource = given;
    },
    /** The SDK would send the same code a second time. */
    invalidateCredentials(what) {
      throw new OAuthError(what === 'client' ? 'invalid_client' : 'invalid_grant', 'refused');
    },
    taken: () => ({ client, tokens, resource, scope }),
  };
};
