import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { McpError, McpSignInError } from '../../extension/core/mcp.ts';
import { type OAuthServer, type OAuthServerOptions, startOAuthServer } from './servers/oauthServer.ts';
import { assertClean, connect, errorOf, memorySecrets, never, openWindow, remote } from './signInBench.ts';

describe('signing in to an MCP server', () => {
  const servers: OAuthServer[] = [];
  const start = async (options?: OAuthServerOptions): Promise<OAuthServer> => {
    const server = await startOAuthServer(options);
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('is asked for by a connection, which opens no browser, in both eras', async () => {
    const server = await start();
    const { signIns, opened, secrets } = openWindow();
    for (const mode of ['legacy', 'auto'] as const) {
      const error = await errorOf(connect(signIns, remote(server), mode));
      assert.ok(error instanceof McpSignInError, error.message);
      assert.match(
        error.message,
        /The MCP server box wants a sign-in\. Sign in to it in the view MCP Servers\./,
      );
    }
    assert.deepEqual([opened, secrets.kept.size, server.asked('POST /register')], [[], 0, []]);
  });

  it('registers, proves itself with PKCE, state and resource, and connects with the token', async () => {
    const server = await start({ scope: 'read' });
    const { signIns, opened, secrets, lines } = openWindow();
    await signIns.signIn(remote(server), never());

    const [registered] = server.asked('POST /register');
    assert.equal(registered?.params.client_name, 'AnyCowork');
    assert.equal(registered?.params.application_type, 'native');
    const [asked] = server.asked('GET /authorize');
    const [token] = server.asked('POST /token');
    const redirect = asked?.params.redirect_uri ?? '';
    assert.match(redirect, /^http:\/\/127\.0\.0\.1:\d+\/callback\/[0-9a-f]{32}$/);
    assert.deepEqual(registered?.params.redirect_uris, JSON.stringify([redirect]));
    assert.equal(asked?.params.code_challenge_method, 'S256');
    const verifier = token?.params.code_verifier ?? '';
    assert.equal(createHash('sha256').update(verifier).digest('base64url'), asked?.params.code_challenge);
    assert.equal(asked?.params.resource, server.url);
    assert.equal(token?.params.resource, server.url);
    assert.equal(asked?.params.scope, 'read');
    assert.ok((asked?.params.state ?? '').length >= 43);
    assert.equal(opened.length, 1);

    assert.ok(await signIns.isSignedIn(remote(server)));
    const client = await connect(signIns, remote(server));
    assert.equal((await client.listTools()).tools.length, 2);
    await client.close();
    assertClean([server], ...lines);
    const all = [...secrets.kept.values()].join('');
    assert.ok(!all.includes(verifier) && !all.includes(asked?.params.state ?? 'none'));
  });

  it('asks the server again only where no connection has been told what it wants', async () => {
    const server = await start();
    const { signIns } = openWindow();
    await errorOf(connect(signIns, remote(server)));
    assert.equal(server.asked('POST /mcp').length, 1);
    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('POST /mcp').length, 1);
    await openWindow().signIns.signIn(remote(server), never());
    assert.equal(server.asked('POST /mcp').length, 2);
  });

  it('works without any description, with the endpoints of 2025-03-26', async () => {
    const server = await start({ hasResourceMetadata: false, hasMetadata: false });
    const { signIns } = openWindow();
    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('GET /authorize')[0]?.params.resource, undefined);
    await (await connect(signIns, remote(server))).close();
    const described = await start({ hasResourceMetadata: false });
    await signIns.signIn(remote(described), never());
    await (await connect(signIns, remote(described))).close();
  });

  it('uses a client id of the configuration, with its secret, and registers nothing', async () => {
    const clients = [{ id: 'known' }, { id: 'private', secret: 'a-secret-of-the-client' }];
    const server = await start({ clients, hasRegistration: false, acceptsDocuments: true });
    const { signIns, lines } = openWindow({
      clientMetadataUrl: () => 'https://anycowork.example/client.json',
    });
    const open = remote(server, { oauth: { clientId: 'known', scopes: ['one', 'two'] } });
    await signIns.signIn(open, never());
    const [first] = server.asked('GET /authorize');
    assert.deepEqual([first?.params.client_id, first?.params.scope], ['known', 'one two']);
    assert.match(first?.params.redirect_uri ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    await (await connect(signIns, open)).close();
    for (const method of ['client_secret_basic', 'client_secret_post']) {
      server.switches.authMethods = [method];
      const closed = remote(server, {
        oauth: { clientId: 'private', clientSecret: 'a-secret-of-the-client' },
      });
      await signIns.signIn(closed, never());
      const sent = server.asked('POST /token').at(-1);
      assert.equal(sent?.headers.authorization !== undefined, method === 'client_secret_basic');
      await signIns.signOut(closed);
    }
    assertClean([server], ...lines);
  });

  it('uses the client ID metadata document where the server takes those, else registers', async () => {
    const url = 'https://anycowork.example/client.json';
    const server = await start({ acceptsDocuments: true });
    const { signIns } = openWindow({ clientMetadataUrl: () => url });
    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('GET /authorize')[0]?.params.client_id, url);
    assert.equal(server.asked('POST /register').length, 0);
    await (await connect(signIns, remote(server))).close();

    const older = await start();
    await signIns.signIn(remote(older), never());
    assert.equal(older.asked('POST /register').length, 1);
    for (const none of [undefined, 'http://plain.example/client.json', 'https://root.example/', 'rubbish']) {
      const other = await start({ acceptsDocuments: true });
      await openWindow({ clientMetadataUrl: () => none }).signIns.signIn(remote(other), never());
      assert.equal(other.asked('POST /register').length, 1, none);
    }
  });

  it('says what to do where neither is possible', async () => {
    const server = await start({ hasRegistration: false });
    const { signIns, opened } = openWindow();
    const error = await errorOf(signIns.signIn(remote(server), never()));
    assert.ok(error instanceof McpError);
    assert.match(
      error.message,
      /Register AnyCowork there by hand, .*http:\/\/127\.0\.0\.1\/callback.*oauth\.clientId/,
    );
    assert.deepEqual(opened, []);
  });

  it('keeps its registration at an issuer, at the same address, and gives back a secret it was given', async () => {
    const server = await start({ authMethods: ['client_secret_basic'] });
    const secrets = memorySecrets();
    for (let time = 0; time < 2; time += 1) {
      await openWindow({ secrets }).signIns.signIn(remote(server), never());
    }
    assert.equal(server.asked('POST /register').length, 1);
    const [one, two] = server.asked('GET /authorize');
    assert.equal(one?.params.redirect_uri, two?.params.redirect_uri);
    assert.notEqual(one?.params.state, two?.params.state);
    // The browser reaches this window elsewhere now: that address was never registered.
    const moved = openWindow({ secrets, externalUrl: async (url) => `${url}?window=2` });
    await moved.signIns.signIn(remote(server), never());
    assert.equal(server.asked('POST /register').length, 2);
    // The registration, the tokens and whose they are: nothing of the client before.
    assert.equal(secrets.kept.size, 3);
    await (await connect(moved.signIns, remote(server))).close();
  });

  it('registers once more where it has been forgotten', async () => {
    const server = await start({ consent: 'unauthorized_client' });
    const { signIns, opened, lines } = openWindow();
    server.switches.consent = 'redirect';
    await signIns.signIn(remote(server), never());
    // A page that sends back an error, as some do for clients they have forgotten, the first time.
    server.switches.consent = 'unauthorized_client';
    const error = await errorOf(signIns.signIn(remote(server), never()));
    assert.match(error.message, /does not allow AnyCowork to sign in this way \(unauthorized_client\)/);
    assert.equal(server.asked('POST /register').length, 2);
    assert.equal(opened.length, 3);
    assert.ok(lines.some((line) => /registering once more/.test(line)));
    // And never more than once more.
    server.switches.consent = 'redirect';
    await signIns.signIn(remote(server), never());
  });

  it('registers anew after a page that nobody came back from', async () => {
    const server = await start();
    const { signIns } = openWindow({ times: { signIn: 300 } });
    await signIns.signIn(remote(server), never());
    server.forget('clients');
    // Now the page is an error that stands there.
    await errorOf(signIns.signIn(remote(server), never()));
    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('POST /register').length, 2);
  });

  it('asks for more rights together with those it has, after a 403', async () => {
    const server = await start({ scope: 'read' });
    const { signIns } = openWindow();
    await signIns.signIn(remote(server), never());
    const auth = await signIns.provider(remote(server));
    const client = await connect(signIns, remote(server));
    const refused = await errorOf(client.callTool({ name: 'admin', arguments: {} }));
    assert.equal(refused.name, 'InsufficientScopeError');
    const error = auth.stepUp({ requiredScope: 'write' });
    assert.ok(error instanceof McpSignInError);
    assert.match(error.message, /wants more rights .* Sign in to it/);
    assert.ok(!error.message.includes('write'));
    await client.close();

    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('GET /authorize').at(-1)?.params.scope, 'read write');
    const again = await connect(signIns, remote(server));
    await again.callTool({ name: 'admin', arguments: {} });
    await again.close();
  });

  it('signs in to two servers of one issuer, each with tokens of its own', async () => {
    const first = await start();
    const second = await start({ signsInAt: first });
    const { signIns } = openWindow();
    const [one, two] = [remote(first), remote(second, { name: 'other' })];
    await signIns.signIn(one, never());
    assert.ok(!(await signIns.isSignedIn(two)));
    assert.ok((await errorOf(connect(signIns, two))) instanceof McpSignInError);
    await signIns.signIn(two, never());
    assert.equal(first.asked('POST /register').length, 1);
    const tokens = await Promise.all([one, two].map(async (each) => (await signIns.provider(each)).token()));
    assert.equal(new Set(tokens).size, 2);
    assert.deepEqual(
      first.asked('GET /authorize').map(({ params }) => params.resource),
      [first.url, second.url],
    );
    await signIns.signOut(two);
    assert.ok(!(await signIns.isSignedIn(two)));
    await (await connect(signIns, one)).close();
  });

  it('keeps nothing after a sign-out, and has the tokens taken back', async () => {
    const server = await start();
    const { signIns, secrets, lines } = openWindow();
    await signIns.signIn(remote(server), never());
    const token = (await (await signIns.provider(remote(server))).token()) ?? '';
    assert.notEqual(server.scopeOf(token), undefined);
    await signIns.signOut(remote(server));
    assert.equal(secrets.kept.size, 0);
    assert.equal(server.scopeOf(token), undefined);
    assert.equal(server.asked('POST /revoke').length, 2);
    assert.match(lines.at(-1) ?? '', /taken the tokens back/);
    assert.ok((await errorOf(connect(signIns, remote(server)))) instanceof McpSignInError);
    await signIns.signOut(remote(server));
    assertClean([server], ...lines);
  });

  it('signs out within its time where the issuer is silent, gone or has nothing for it', async () => {
    const without = await start({ hasRevocation: false });
    const gone = await start();
    const secrets = memorySecrets();
    const { signIns, lines } = openWindow({ secrets });
    for (const server of [without, gone]) await signIns.signIn(remote(server), never());
    const silent = await start();
    await signIns.signIn(remote(silent), never());
    await gone.close();
    const hanging = openWindow({
      secrets,
      times: { revoke: 100 },
      fetch: () => new Promise(() => undefined),
    });
    await hanging.signIns.signOut(remote(silent));
    for (const server of [without, gone]) await signIns.signOut(remote(server));
    assert.equal(secrets.kept.size, 0);
    assert.match(lines.at(-1) ?? '', /forgotten here; its authorization server did not take them back/);
  });

  it('sends back to where the browser reaches this window', async () => {
    const server = await start();
    const seen: string[] = [];
    const { signIns } = openWindow({
      externalUrl: async (url) => {
        seen.push(url);
        return url.replace('127.0.0.1', 'localhost');
      },
    });
    await signIns.signIn(remote(server), never());
    assert.match(seen[0] ?? '', /^http:\/\/127\.0\.0\.1:/);
    assert.match(server.asked('GET /authorize')[0]?.params.redirect_uri ?? '', /^http:\/\/localhost:/);
  });

  it('leaves a server alone that has a token in its configuration', async () => {
    const server = await start();
    const { signIns } = openWindow();
    const error = await errorOf(
      connect(signIns, remote(server, { headers: { authorization: 'Bearer wrong-static-token' } })),
    );
    assert.ok(error instanceof McpError && !(error instanceof McpSignInError));
    assert.match(error.message, /does not accept the Authorization header of its configuration/);
  });
});
