import assert from 'node:assert/strict';
import { McpError, McpSignInError } from '../../extension/core/mcp.ts';
import { type OAuthServer, type OAuthServerOptions, startOAuthServer } from './servers/oauthServer.ts';
import { assertClean, connect, errorOf, memorySecrets, never, openWindow, remote } from './signInBench.ts';

describe('tokens that run out', () => {
  const servers: OAuthServer[] = [];
  const start = async (options?: OAuthServerOptions): Promise<OAuthServer> => {
    const server = await startOAuthServer(options);
    servers.push(server);
    return server;
  };
  const refreshes = (server: OAuthServer): number =>
    server.asked('POST /token').filter(({ params }) => params.grant_type === 'refresh_token').length;
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** A window whose clock can be put forward. */
  const signedIn = async (server: OAuthServer, secrets = memorySecrets()) => {
    let ahead = 0;
    const window = openWindow({ secrets, now: () => Date.now() + ahead });
    await window.signIns.signIn(remote(server), never());
    return {
      ...window,
      pass: (ms: number) => {
        ahead += ms;
      },
    };
  };

  it('are renewed before they do, with the new refresh token of each renewal', async () => {
    const server = await start({ expiresIn: 60 });
    const { signIns, pass, lines } = await signedIn(server);
    const auth = await signIns.provider(remote(server));
    const first = await auth.token();
    assert.equal(await auth.token(), first);
    const seen = new Set([first]);
    for (let time = 0; time < 3; time += 1) {
      pass(60_000);
      const token = (await auth.token()) ?? '';
      assert.notEqual(server.scopeOf(token), undefined);
      seen.add(token);
    }
    assert.equal(seen.size, 4);
    assert.equal(refreshes(server), 3);
    assert.equal(server.asked('POST /token').at(-1)?.params.resource, server.url);
    assertClean([server], ...lines);
  });

  it('are renewed in the middle of a connection: after 1 s, and after a 401 out of turn', async () => {
    const server = await start({ expiresIn: 1 });
    const { signIns } = await signedIn(server);
    const client = await connect(signIns, remote(server));
    const until = Date.now() + 8_000;
    while (refreshes(server) === 0 && Date.now() < until) await client.listTools();
    assert.ok(refreshes(server) > 0);
    server.switches.expiresIn = 3_600;
    server.forget('accessTokens');
    await client.listTools();
    const count = refreshes(server);
    server.forget('accessTokens');
    await client.listTools();
    assert.equal(refreshes(server), count + 1);
    await client.close();
  });

  it('are renewed once for all connections of a window', async () => {
    const server = await start({ tokenDelay: 100 });
    const { signIns, pass } = await signedIn(server);
    const connections = await Promise.all([1, 2, 3].map(() => connect(signIns, remote(server))));
    server.forget('accessTokens');
    await Promise.all(connections.map((client) => client.listTools()));
    assert.equal(refreshes(server), 1);
    pass(3_600_000);
    await Promise.all(connections.map((client) => client.listTools()));
    assert.equal(refreshes(server), 2);
    await Promise.all(connections.map((client) => client.close()));
  });

  it('are taken from another window that has renewed them', async () => {
    const server = await start();
    const secrets = memorySecrets();
    const here = await signedIn(server, secrets);
    const there = openWindow({ secrets });
    const [one, two] = [
      await connect(here.signIns, remote(server)),
      await connect(there.signIns, remote(server)),
    ];
    await two.listTools();
    server.forget('accessTokens');
    await one.listTools();
    await two.listTools();
    assert.equal(refreshes(server), 1);
    await Promise.all([one.close(), two.close()]);
  });

  it('are taken from another window that was faster with the same refresh token', async () => {
    const server = await start({ tokenDelay: 50 });
    const secrets = memorySecrets();
    await signedIn(server, secrets);
    // It takes its time to store.
    const slow = {
      ...secrets,
      set: async (key: string, text: string) => {
        await new Promise((done) => setTimeout(done, 150));
        await secrets.set(key, text);
      },
    };
    const [here, there] = [1, 2].map(() => openWindow({ secrets: slow, times: { settle: 3_000 } }));
    assert.ok(here !== undefined && there !== undefined);
    const clients = [
      await connect(here.signIns, remote(server)),
      await connect(there.signIns, remote(server)),
    ];
    server.forget('accessTokens');
    await Promise.all(clients.map((client) => client.listTools()));
    assert.equal(refreshes(server), 2);
    assert.ok(await here.signIns.isSignedIn(remote(server)));
    await Promise.all(clients.map((client) => client.close()));
  });

  it('are forgotten when they count no more, and the next use asks for a sign-in', async () => {
    const server = await start();
    const { signIns, lines, secrets } = await signedIn(server);
    server.forget('accessTokens');
    server.forget('refreshTokens');
    for (let time = 0; time < 2; time += 1) {
      const error = await errorOf(connect(signIns, remote(server)));
      assert.ok(error instanceof McpSignInError, error.message);
    }
    assert.equal(refreshes(server), 1);
    assert.ok(!(await signIns.isSignedIn(remote(server))));
    // The registration still counts.
    assert.equal(secrets.kept.size, 1);
    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('POST /register').length, 1);
    assertClean([server], ...lines);
  });

  it('are forgotten together with the registration that the issuer does not know any more', async () => {
    const server = await start();
    const { signIns, secrets } = await signedIn(server);
    server.forget('clients');
    server.forget('accessTokens');
    assert.ok((await errorOf(connect(signIns, remote(server)))) instanceof McpSignInError);
    assert.equal(secrets.kept.size, 0);
    await signIns.signIn(remote(server), never());
    assert.equal(server.asked('POST /register').length, 2);
    await (await connect(signIns, remote(server))).close();
  });

  it('run out for good where there is no refresh token', async () => {
    const server = await start({ hasRefreshTokens: false });
    const { signIns } = await signedIn(server);
    server.forget('accessTokens');
    assert.ok((await errorOf(connect(signIns, remote(server)))) instanceof McpSignInError);
    assert.ok(!(await signIns.isSignedIn(remote(server))));
  });

  it('are kept when renewing fails for a while', async () => {
    const server = await start();
    const { signIns, lines } = await signedIn(server);
    server.forget('accessTokens');
    for (const refresh of ['server_error', 'temporarily_unavailable', 'some_words_of_its_own']) {
      server.switches.refresh = refresh;
      const error = await errorOf(connect(signIns, remote(server)));
      assert.ok(error instanceof McpError && !(error instanceof McpSignInError), error.message);
      assert.match(error.message, /could not be renewed: .* It was kept\. Try again later/);
      assert.ok(!error.message.includes('some_words'));
      assertClean([server], error.message, ...lines);
    }
    server.switches.refresh = 'works';
    // The description of the server is away for a while: that does not mean another issuer.
    const moved = await start({ signsInAt: server });
    await signIns.signIn(remote(moved), never());
    server.forget('accessTokens');
    moved.switches.hasResourceMetadata = false;
    const error = await errorOf(connect(signIns, remote(moved)));
    assert.match(error.message, /does not say just now who signs in for it\. The sign-in was kept/);
    moved.switches.hasResourceMetadata = true;
    await (await connect(signIns, remote(moved))).close();
    await (await connect(signIns, remote(server))).close();
  });

  it('are never sent once the server names another issuer, nor is the registration', async () => {
    const server = await start();
    const other = await start();
    const { signIns, secrets } = await signedIn(server);
    const first = (await (await signIns.provider(remote(server))).token()) ?? '';
    server.switches.namedIssuer = other.issuer;
    server.forget('accessTokens');
    const error = await errorOf(connect(signIns, remote(server)));
    assert.ok(error instanceof McpSignInError);
    assert.match(error.message, /has moved to another authorization server/);
    assert.equal(refreshes(server) + refreshes(other), 0);
    assert.equal(await (await signIns.provider(remote(server))).token(), undefined);

    const oldId = server.asked('GET /authorize')[0]?.params.client_id;
    await signIns.signIn(remote(server), never());
    assert.equal(other.asked('POST /register').length, 1);
    assert.notEqual(other.asked('GET /authorize')[0]?.params.client_id, oldId);
    assert.equal(server.asked('GET /authorize').length, 1);
    assert.ok(![...secrets.kept.values()].some((text) => text.includes(first)));
  });

  it('give way to a sign-in that is done while it is found out that they count no more', async () => {
    const server = await start();
    const other = await start();
    const secrets = memorySecrets();
    await signedIn(server, secrets);
    server.switches.namedIssuer = other.issuer;
    const { promise: hasSignedIn, resolve: release } = Promise.withResolvers<void>();
    const { promise: isAsking, resolve: asks } = Promise.withResolvers<void>();
    const slow = openWindow({
      secrets,
      now: () => Date.now() + 3_600_000,
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        asks();
        await hasSignedIn;
        return answer;
      },
    });
    const renewing = (await slow.signIns.provider(remote(server))).token();
    await isAsking;
    const quick = openWindow({ secrets });
    await quick.signIns.signIn(remote(server), never());
    const token = await (await quick.signIns.provider(remote(server))).token();
    release();
    assert.equal(await renewing, token);
    assert.equal(await (await quick.signIns.provider(remote(server))).token(), token);
    assert.notEqual(other.scopeOf(token ?? ''), undefined);
  });

  it('stay forgotten when a sign-out comes while they are renewed', async () => {
    const server = await start({ tokenDelay: 150, hasRevocation: false });
    const { signIns, secrets } = await signedIn(server);
    const auth = await signIns.provider(remote(server));
    const client = await connect(signIns, remote(server));
    server.forget('accessTokens');
    const work = errorOf(client.listTools());
    const until = Date.now() + 5_000;
    while (refreshes(server) === 0 && Date.now() < until) await new Promise((done) => setTimeout(done, 5));
    await signIns.signOut(remote(server));
    assert.ok((await work) instanceof McpSignInError);
    assert.equal(secrets.kept.size, 0);
    assert.equal(await auth.token(), undefined);
    await client.close();
  });

  it('do not count where what is kept cannot be read, and its text is not told', async () => {
    const server = await start();
    const { signIns, secrets, lines } = await signedIn(server);
    for (const [key, text] of secrets.kept) secrets.kept.set(key, text.replace('"version":1', '"version":2'));
    assert.ok(!(await signIns.isSignedIn(remote(server))));
    assert.match(lines.at(-1) ?? '', /cannot be read and does not count/);
    await signIns.signIn(remote(server), never());
    assert.ok(await signIns.isSignedIn(remote(server)));
    assertClean([server], ...lines);
    const locked = openWindow({
      secrets: { ...secrets, get: () => Promise.reject(new Error('the keychain is locked')) },
    });
    const error = await errorOf(connect(locked.signIns, remote(server)));
    assert.ok(error instanceof McpError);
    assert.match(error.message, /secret storage.*the keychain is locked.*try again/);
  });
});
