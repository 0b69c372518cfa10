/** One sign-in: from what the server asks for, through the browser of the person, to the tokens. */
import { randomBytes } from 'node:crypto';
import {
  auth,
  computeScopeUnion,
  OAuthError,
  OAuthErrorCode,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { settleAfterAbort } from '../core/abort.ts';
import { McpError } from '../core/mcp.ts';
import { type CallbackServer, startCallbackServer } from './callbackServer.ts';
import {
  askForChallenge,
  type Challenge,
  checkDescription,
  createSignInRequests,
  type Description,
  describe,
  type RequestPorts,
  type SignInRequests,
} from './signInDiscovery.ts';
import { type ClientChoice, createSignInProvider } from './signInProvider.ts';
import { keptTokens } from './signInRenewal.ts';
import {
  isSameIssuer,
  type KeptRegistration,
  type KeptTokens,
  keptClient,
  type TokenStore,
} from './tokenStore.ts';
import type { RemoteServer } from './types.ts';

export interface SignInFlowPorts {
  readonly store: TokenStore;
  readonly requests: RequestPorts;
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly externalUrl: (url: string) => Promise<string>;
  readonly clientMetadataUrl: () => string | undefined;
  /** Milliseconds that the person has in the browser. */
  readonly signInTimeout: number;
  readonly now: () => number;
  readonly log: (text: string) => void;
}

/** Of clients that were registered by hand or by a document: those name their redirect URI beforehand, the port aside. */
const knownPath = '/callback';

const randomText = (): string => randomBytes(32).toString('base64url');

/** The documents of `client_id`s have a path. */
const documentUrl = (text: string | undefined): string | undefined => {
  const url = text === undefined ? null : URL.parse(text);
  return url?.protocol === 'https:' && url.pathname !== '/' ? url.href : undefined;
};

const isUsable = ({ client }: KeptRegistration, now: number): boolean =>
  client.client_secret_expires_at === undefined ||
  client.client_secret_expires_at === 0 ||
  client.client_secret_expires_at * 1_000 > now;

interface Plan {
  readonly choice: ClientChoice;
  readonly path: string;
  readonly port?: number;
  /** The choice is one that was registered at an earlier sign-in; it counts at its redirect URI only. */
  readonly registration?: KeptRegistration;
}

const planOf = async (
  server: RemoteServer,
  { info, issuer }: Description,
  isFresh: boolean,
  ports: SignInFlowPorts,
): Promise<Plan> => {
  const { clientId, clientSecret } = server.oauth ?? {};
  if (clientId !== undefined) {
    const secret = clientSecret === undefined ? {} : { client_secret: clientSecret };
    return { choice: { kind: 'known', client: { client_id: clientId, ...secret } }, path: knownPath };
  }
  const metadata = info.authorizationServerMetadata;
  const document = documentUrl(ports.clientMetadataUrl());
  if (metadata?.client_id_metadata_document_supported === true && document !== undefined) {
    return { choice: { kind: 'document', url: document }, path: knownPath };
  }
  if (metadata !== undefined && metadata.registration_endpoint === undefined) {
    throw new McpError(
      `The authorization server of the MCP server ${server.name} does not register programs by itself. Register AnyCowork there by hand, with the redirect URI http://127.0.0.1${knownPath} (any port), and write the client id into the configuration of the server, as oauth.clientId.`,
    );
  }
  const registration = isFresh ? undefined : await ports.store.registration(issuer);
  if (registration !== undefined && isUsable(registration, ports.now())) {
    const { client, path, port } = registration;
    return { choice: { kind: 'known', client }, path, port, registration };
  }
  return { choice: { kind: 'register' }, path: `/callback/${randomBytes(16).toString('hex')}` };
};

const redirectOf = async (
  callback: CallbackServer,
  { externalUrl }: SignInFlowPorts,
  signal: AbortSignal,
): Promise<string> => {
  const given = await settleAfterAbort(externalUrl(callback.url), signal, 0);
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new McpError(
      'A browser cannot reach this window to bring back the answer of a sign-in. Nothing was changed.',
    );
  }
  // A slash that parsing adds would make it another redirect URI.
  return given;
};

const openPage = async (
  server: RemoteServer,
  url: URL,
  callback: CallbackServer,
  requests: SignInRequests,
  { openBrowser, log }: SignInFlowPorts,
  signal: AbortSignal,
): Promise<void> => {
  await requests.check.endpoint(url);
  signal.throwIfAborted();
  log(`Sign-in to ${server.name}: opening the page of ${url.host}.`);
  // Whether it was opened may be told late or never; the answer has a deadline.
  const opening = openBrowser(url.href).catch(() => false);
  const isOpen = await settleAfterAbort(Promise.race([opening, callback.answer.then(() => true)]), signal, 0);
  if (isOpen) return;
  throw new McpError(
    `The sign-in page of the MCP server ${server.name} (${url.host}) was not opened in a browser. Nothing was changed. Sign in again, and allow it to be opened.`,
  );
};

const isForgotten = (error: unknown): boolean =>
  error instanceof OAuthError &&
  (error.code === OAuthErrorCode.InvalidClient || error.code === OAuthErrorCode.UnauthorizedClient);

/** Configured ones first, then what the server asks for; what was granted before is asked for again with a step-up. */
const scopesOf = (
  server: RemoteServer,
  challenge: Challenge | undefined,
  before: KeptTokens | undefined,
): string | undefined => {
  const configured = server.oauth?.scopes?.join(' ');
  if (before !== undefined) return computeScopeUnion(configured, before.scope, challenge?.scope);
  return configured === undefined || configured === '' ? challenge?.scope : configured;
};

const throughBrowser = async (
  server: RemoteServer,
  plan: Plan,
  scope: string | undefined,
  description: Description,
  requests: SignInRequests,
  ports: SignInFlowPorts,
  signal: AbortSignal,
): Promise<KeptTokens> => {
  const { info, issuer } = description;
  const state = randomText();
  const { path, port } = plan;
  const place = port === undefined ? { path } : { path, port };
  const callback = await startCallbackServer({ ...place, state, timeout: ports.signInTimeout }, signal);
  try {
    const redirectUrl = await redirectOf(callback, ports, signal);
    const isReused = plan.registration !== undefined && plan.registration.redirectUrl === redirectUrl;
    const choice: ClientChoice =
      plan.registration !== undefined && !isReused ? { kind: 'register' } : plan.choice;
    const provider = createSignInProvider({
      choice,
      issuer,
      discovery: info,
      redirectUrl,
      state,
      check: (discovery) => checkDescription(server, discovery, requests.check),
      open: async (url) => {
        const { client } = provider.taken();
        if (choice.kind === 'register' && client !== undefined) {
          const kept = { issuer, redirectUrl, port: callback.port, path, client: keptClient(client) };
          await ports.store.keepRegistration(kept);
        }
        await openPage(server, url, callback, requests, ports, signal);
      },
    });
    await auth(provider, {
      serverUrl: server.url,
      ...(scope === undefined ? {} : { scope }),
      fetchFn: requests.fetch,
    });
    const answer = await callback.answer.catch(async (error: unknown) => {
      // The page may have been an error that nobody comes back from: next time with a registration of its own.
      if (isReused) await ports.store.forgetRegistration(issuer);
      throw error;
    });
    const transport = new StreamableHTTPClientTransport(new URL(server.url), {
      authProvider: provider,
      fetch: requests.fetch,
    });
    await transport.finishAuth(answer);
    const { client, tokens, resource, scope: asked } = provider.taken();
    if (client === undefined || tokens === undefined) {
      throw new McpError(`The sign-in to the MCP server ${server.name} gave no token. Sign in again.`);
    }
    const known = {
      issuer,
      client: keptClient(client),
      ...(asked === undefined ? {} : { scope: asked }),
      ...(resource === undefined ? {} : { resource }),
    };
    return keptTokens(tokens, known, ports.now());
  } finally {
    await callback.close();
  }
};

/**
 * @param known what the server asked a connection for
 * @throws whatever goes wrong, for signInWords; the signal's reason
 */
export const runSignIn = async (
  server: RemoteServer,
  known: Challenge | undefined,
  ports: SignInFlowPorts,
  signal: AbortSignal,
): Promise<void> => {
  const { store, log } = ports;
  const requests = createSignInRequests(server, ports.requests, signal);
  const challenge = known ?? (await askForChallenge(server, requests));
  const description = await describe(server, requests, challenge?.resourceMetadataUrl);
  const kept = await store.read(server);
  const before = kept !== undefined && isSameIssuer(kept.issuer, description.issuer) ? kept : undefined;
  const scope = scopesOf(server, challenge, before);
  const attempt = async (isFresh: boolean): Promise<{ plan: Plan; tokens?: KeptTokens; error?: unknown }> => {
    const plan = await planOf(server, description, isFresh, ports);
    try {
      return {
        plan,
        tokens: await throughBrowser(server, plan, scope, description, requests, ports, signal),
      };
    } catch (error) {
      return { plan, error };
    }
  };
  let outcome = await attempt(false);
  if (outcome.plan.registration !== undefined && isForgotten(outcome.error)) {
    log(
      `Sign-in to ${server.name}: its authorization server has forgotten AnyCowork; registering once more.`,
    );
    await store.forgetRegistration(description.issuer);
    outcome = await attempt(true);
  }
  if (outcome.tokens === undefined) throw outcome.error;
  signal.throwIfAborted();
  await store.keep(server, outcome.tokens);
  log(`Signed in to ${server.name} at ${new URL(description.issuer).host}.`);
};
