/**
 * An authorization server and an MCP server behind it on loopback, with a switch for whatever either may do wrong. Its
 * sign-in page sends the browser back at once, or has buttons for a person.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { handleMcp } from './oauthMcp.ts';

export interface OAuthSwitches {
  hasRegistration: boolean;
  /** RFC 9728. Without it, and without metadata: 2025-03-26. */
  hasResourceMetadata: boolean;
  hasMetadata: boolean;
  pkce: 'S256' | 'plain' | 'unsaid';
  /** `unadvertised`: sent, but not announced. */
  iss: 'right' | 'wrong' | 'missing' | 'unadvertised' | 'none';
  /** Seconds. */
  expiresIn: number;
  hasRefreshTokens: boolean;
  /** A refresh token counts once. */
  rotates: boolean;
  /** `works`, or the error code it answers. */
  refresh: string;
  /** Milliseconds before the token endpoint answers. */
  tokenDelay: number;
  /** `redirect`: at once; `button`: a page for a person; `ignore`: a page without a way on; else the error code. */
  consent: string;
  /** Client ID metadata documents. */
  acceptsDocuments: boolean;
  hasRevocation: boolean;
  authMethods: readonly string[];
  /** In the challenge of a 401. */
  scope: string | undefined;
  /** What a redirect has instead of the right state. */
  state: string | undefined;
  /** Of the protected resource metadata. */
  namedIssuer: string | undefined;
  resource: string | undefined;
  resourceMetadataUrl: string | undefined;
  /** In the place of parts of the authorization server's metadata. */
  metadata: Readonly<Record<string, unknown>>;
}

export interface OAuthRequest {
  readonly method: string;
  readonly path: string;
  /** Of the query and of a form or JSON body. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
}

export interface OAuthClient {
  readonly id: string;
  readonly secret?: string;
  /** Registered by hand: any port and path on loopback. */
  readonly redirectUris?: readonly string[];
}

export interface OAuthServer {
  /** Of the MCP server. */
  readonly url: string;
  readonly issuer: string;
  readonly requests: readonly OAuthRequest[];
  readonly switches: OAuthSwitches;
  /** Scope of an access token that counts. */
  scopeOf(accessToken: string): string | undefined;
  /** Every code, token and secret that was given out or sent. */
  secrets(): readonly string[];
  /** Requests of that kind: `POST /token`. */
  asked(what: string): readonly OAuthRequest[];
  /** All registrations, or all tokens, are gone. */
  forget(what: 'clients' | 'accessTokens' | 'refreshTokens'): void;
  close(): Promise<void>;
}

export interface OAuthServerOptions extends Partial<OAuthSwitches> {
  readonly clients?: readonly OAuthClient[];
  /** Another one signs in for this MCP server. */
  readonly signsInAt?: OAuthServer;
}

/** What no error and no line of a log may repeat. */
export const serverWords = 'Call 0900 12345 and read your password to us';

interface Grant {
  readonly clientId: string;
  readonly scope: string;
  readonly resource: string | undefined;
  readonly challenge?: string;
  readonly redirectUri?: string;
  readonly until?: number;
}

const readParams = async (request: IncomingMessage, url: URL): Promise<Record<string, string>> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  const body = Buffer.concat(parts).toString('utf8');
  const params: Record<string, string> = Object.fromEntries(url.searchParams);
  if (request.headers['content-type']?.startsWith('application/json') === true && body !== '') {
    for (const [name, value] of Object.entries(JSON.parse(body))) {
      params[name] = typeof value === 'string' ? value : JSON.stringify(value);
    }
  } else for (const [name, value] of new URLSearchParams(body)) params[name] = value;
  return params;
};

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const refuse = (response: ServerResponse, status: number, error: string): void =>
  sendJson(response, status, { error, error_description: serverWords, error_uri: 'https://lure.example' });

const approvalPage = (query: string): string => `<!doctype html><html lang="en"><meta charset="utf-8">
<title>Sign in</title><h1>Let AnyCowork use this server?</h1>
<form method="post" action="approve?${query.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"><button>Approve</button></form>
<form method="post" action="deny?${query.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"><button>Deny</button></form></html>`;

export const startOAuthServer = async (options: OAuthServerOptions = {}): Promise<OAuthServer> => {
  const { clients: known = [], signsInAt, ...given } = options;
  const switches: OAuthSwitches = {
    hasRegistration: true,
    hasResourceMetadata: true,
    hasMetadata: true,
    pkce: 'S256',
    iss: 'right',
    expiresIn: 3_600,
    hasRefreshTokens: true,
    rotates: true,
    refresh: 'works',
    tokenDelay: 0,
    consent: 'redirect',
    acceptsDocuments: false,
    hasRevocation: true,
    authMethods: ['none'],
    scope: undefined,
    state: undefined,
    namedIssuer: undefined,
    resource: undefined,
    resourceMetadataUrl: undefined,
    metadata: {},
    ...given,
  };
  const requests: OAuthRequest[] = [];
  const clients = new Map(known.map((client) => [client.id, client]));
  const codes = new Map<string, Grant>();
  const accessTokens = new Map<string, Grant>();
  const refreshTokens = new Map<string, Grant>();
  const secrets = new Set<string>();
  let base = '';

  const secret = (kind: string): string => {
    const made = `${kind}-${randomBytes(18).toString('base64url')}`;
    secrets.add(made);
    return made;
  };

  const metadata = () => ({
    issuer: base,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    ...(switches.hasRegistration ? { registration_endpoint: `${base}/register` } : {}),
    ...(switches.hasRevocation ? { revocation_endpoint: `${base}/revoke` } : {}),
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: switches.authMethods,
    ...(switches.pkce === 'unsaid' ? {} : { code_challenge_methods_supported: [switches.pkce] }),
    ...(['right', 'wrong', 'missing'].includes(switches.iss)
      ? { authorization_response_iss_parameter_supported: true }
      : {}),
    ...(switches.acceptsDocuments ? { client_id_metadata_document_supported: true } : {}),
    ...switches.metadata,
  });

  const register = (params: Record<string, string>, response: ServerResponse): void => {
    const id = `client-${randomBytes(6).toString('hex')}`;
    const redirectUris: string[] = JSON.parse(params.redirect_uris ?? '[]');
    const method = params.token_endpoint_auth_method ?? 'none';
    const own = method === 'none' ? {} : { secret: secret('client') };
    clients.set(id, { id, redirectUris, ...own });
    const { redirect_uris: _, grant_types: __, response_types: ___, ...rest } = params;
    const credentials =
      own.secret === undefined ? {} : { client_secret: own.secret, client_secret_expires_at: 0 };
    sendJson(response, 201, { ...rest, redirect_uris: redirectUris, client_id: id, ...credentials });
  };

  const isKnownClient = (id: string | undefined): boolean =>
    id !== undefined && (clients.has(id) || (switches.acceptsDocuments && id.startsWith('https://')));

  /** Where the browser goes from the sign-in page. */
  const answerOf = (params: Record<string, string>, error: string | undefined): string => {
    const target = new URL(params.redirect_uri ?? '');
    const state = switches.state ?? params.state;
    if (state !== undefined) target.searchParams.set('state', state);
    if (switches.iss === 'right' || switches.iss === 'unadvertised') target.searchParams.set('iss', base);
    if (switches.iss === 'wrong') target.searchParams.set('iss', 'https://another.example');
    if (error !== undefined) {
      target.searchParams.set('error', error);
      target.searchParams.set('error_description', serverWords);
    } else {
      const code = secret('code');
      codes.set(code, {
        clientId: params.client_id ?? '',
        scope: params.scope ?? '',
        resource: params.resource,
        challenge: params.code_challenge ?? '',
        redirectUri: params.redirect_uri ?? '',
      });
      target.searchParams.set('code', code);
    }
    return target.href;
  };

  const authorize = (params: Record<string, string>, url: URL, response: ServerResponse) => {
    const client = clients.get(params.client_id ?? '');
    const isRedirectKnown =
      client?.redirectUris === undefined || client.redirectUris.includes(params.redirect_uri ?? '');
    // As specified: no way back to an address that is not registered.
    if (!isKnownClient(params.client_id) || !isRedirectKnown) return refuse(response, 400, 'invalid_request');
    if (switches.consent === 'button' || switches.consent === 'ignore') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        switches.consent === 'button' ? approvalPage(url.searchParams.toString()) : '<p>Wait.</p>',
      );
      return;
    }
    const error = switches.consent === 'redirect' ? undefined : switches.consent;
    response.writeHead(302, { location: answerOf(params, error) }).end();
  };

  const give = (grant: Grant, response: ServerResponse): void => {
    const accessToken = secret('access');
    accessTokens.set(accessToken, { ...grant, until: Date.now() + switches.expiresIn * 1_000 });
    const refreshToken = switches.hasRefreshTokens ? secret('refresh') : undefined;
    if (refreshToken !== undefined) refreshTokens.set(refreshToken, grant);
    sendJson(response, 200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: switches.expiresIn,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      ...(grant.scope === '' ? {} : { scope: grant.scope }),
    });
  };

  /** @returns the id of the client where it has shown that it is that one */
  const clientOf = (params: Record<string, string>, request: IncomingMessage): string | undefined => {
    const basic = request.headers.authorization?.replace(/^Basic /, '');
    const [id, given] =
      basic === undefined
        ? [params.client_id, params.client_secret]
        : Buffer.from(basic, 'base64').toString('utf8').split(':');
    if (given !== undefined) secrets.add(given);
    return isKnownClient(id) && clients.get(id ?? '')?.secret === given ? id : undefined;
  };

  const token = async (
    params: Record<string, string>,
    request: IncomingMessage,
    response: ServerResponse,
  ) => {
    for (const name of ['code_verifier', 'refresh_token', 'code']) secrets.add(params[name] ?? 'none');
    if (switches.tokenDelay > 0) await new Promise((done) => setTimeout(done, switches.tokenDelay));
    const clientId = clientOf(params, request);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    if (params.grant_type === 'refresh_token') {
      if (switches.refresh !== 'works') return refuse(response, 400, switches.refresh);
      const grant = refreshTokens.get(params.refresh_token ?? '');
      if (grant?.clientId !== clientId) return refuse(response, 400, 'invalid_grant');
      if (switches.rotates) refreshTokens.delete(params.refresh_token ?? '');
      return give(grant, response);
    }
    const grant = codes.get(params.code ?? '');
    codes.delete(params.code ?? '');
    const challenge = createHash('sha256')
      .update(params.code_verifier ?? '')
      .digest('base64url');
    const isRight =
      grant?.clientId === clientId &&
      grant.challenge === challenge &&
      grant.redirectUri === params.redirect_uri &&
      grant.resource === params.resource;
    if (grant === undefined || !isRight) return refuse(response, 400, 'invalid_grant');
    give({ clientId, scope: grant.scope, resource: grant.resource }, response);
  };

  const scopeOf = (accessToken: string): string | undefined => {
    const grant = accessTokens.get(accessToken);
    return grant === undefined || (grant.until ?? 0) <= Date.now() ? undefined : grant.scope;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', base);
    const { method = 'GET', headers } = request;
    const params = await readParams(request, url);
    requests.push({ method, path: url.pathname, params, headers });
    const route = `${method} ${url.pathname}`;
    if (url.pathname === '/mcp') {
      const challenge = [
        ...(switches.hasResourceMetadata
          ? [
              `resource_metadata="${switches.resourceMetadataUrl ?? `${base}/.well-known/oauth-protected-resource/mcp`}"`,
            ]
          : []),
        ...(switches.scope === undefined ? [] : [`scope="${switches.scope}"`]),
      ];
      const checkToken = (signsInAt ?? { scopeOf }).scopeOf;
      return handleMcp(request, response, { params, challenge, scopeOf: checkToken });
    }
    if (route === 'GET /.well-known/oauth-protected-resource/mcp' && switches.hasResourceMetadata) {
      const issuer = switches.namedIssuer ?? signsInAt?.issuer ?? base;
      const resource = switches.resource ?? `${base}/mcp`;
      return sendJson(response, 200, { resource, authorization_servers: [issuer] });
    }
    if (signsInAt !== undefined) return refuse(response, 404, 'not_found');
    if (route === 'GET /.well-known/oauth-authorization-server' && switches.hasMetadata) {
      return sendJson(response, 200, metadata());
    }
    if (route === 'POST /register' && switches.hasRegistration) return register(params, response);
    if (route === 'GET /authorize') return authorize(params, url, response);
    if (route === 'POST /approve' || route === 'POST /deny') {
      const error = route === 'POST /deny' ? 'access_denied' : undefined;
      response.writeHead(303, { location: answerOf(params, error) }).end();
      return;
    }
    if (route === 'POST /token') return token(params, request, response);
    if (route === 'POST /revoke') {
      accessTokens.delete(params.token ?? '');
      refreshTokens.delete(params.token ?? '');
      response.writeHead(200).end();
      return;
    }
    refuse(response, 404, 'not_found');
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  base = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;

  return {
    url: `${base}/mcp`,
    issuer: signsInAt?.issuer ?? base,
    requests,
    switches,
    scopeOf,
    secrets: () => [...secrets].filter((each) => each.length > 10),
    asked: (what) => requests.filter(({ method, path }) => `${method} ${path}` === what),
    forget: (what) => ({ clients, accessTokens, refreshTokens })[what].clear(),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};
