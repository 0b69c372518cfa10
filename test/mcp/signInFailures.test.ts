import assert from 'node:assert/strict';
import { McpError } from '../../extension/core/mcp.ts';
import type { SignInPorts } from '../../extension/mcp/signIns.ts';
import { type OAuthServer, type OAuthServerOptions, startOAuthServer } from './servers/oauthServer.ts';
import { assertClean, browse, errorOf, fakeHosts, never, openWindow, remote } from './signInBench.ts';

describe('a sign-in that fails', () => {
  /** The SDK tells of refused codes there. */
  const { warn } = console;
  const warned: string[] = [];
  before(() => {
    console.warn = (...told: unknown[]) => warned.push(told.join(' '));
  });
  after(() => {
    console.warn = warn;
    assertClean([], ...warned);
  });
  const servers: OAuthServer[] = [];
  const start = async (options?: OAuthServerOptions): Promise<OAuthServer> => {
    const server = await startOAuthServer(options);
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** Nothing is kept of it, and nothing secret or strange is told. */
  const failing = async (
    server: OAuthServer,
    ports: Partial<Omit<SignInPorts, 'secrets'>> = {},
  ): Promise<{ readonly message: string; readonly opened: readonly URL[] }> => {
    const { signIns, secrets, lines, opened } = openWindow(ports);
    const error = await errorOf(signIns.signIn(remote(server), never()));
    assert.ok(error instanceof McpError, String(error));
    assert.ok(!(await signIns.isSignedIn(remote(server))));
    assertClean([server], error.message, ...lines);
    for (const text of secrets.kept.values()) assert.ok(!text.includes('accessToken'));
    return { message: error.message, opened };
  };
  const tokenRequests = (server: OAuthServer): number => server.asked('POST /token').length;

  it('is told so when the person declines', async () => {
    const server = await start({ consent: 'access_denied' });
    const { message } = await failing(server);
    assert.equal(
      message,
      'Signing in to the MCP server box did not work: the sign-in was declined in the browser (access_denied). Nothing was changed. Try again, or ask who runs the server.',
    );
    assert.equal(tokenRequests(server), 0);
  });

  it('tells codes of the specifications, and no others', async () => {
    for (const [consent, words] of [
      ['invalid_scope', /rights that were asked for \(invalid_scope\)/],
      ['temporarily_unavailable', /not available just now/],
      ['call_us_at_0900', /refused without a reason that is known here/],
    ] as const) {
      const { message } = await failing(await start({ consent }));
      assert.match(message, words);
      assert.ok(!message.includes('0900'));
    }
  });

  it('does not take an answer from another issuer, or without the issuer where that was promised', async () => {
    for (const iss of ['wrong', 'missing'] as const) {
      const server = await start({ iss });
      assert.match((await failing(server)).message, /came from another authorization server/);
      assert.equal(tokenRequests(server), 0);
      // Neither does an error from somewhere else speak for this one.
      server.switches.consent = 'access_denied';
      assert.match((await failing(server)).message, /came from another authorization server/);
    }
    for (const iss of ['unadvertised', 'none'] as const) {
      await openWindow().signIns.signIn(remote(await start({ iss })), never());
    }
  });

  it('does not begin without PKCE with S256', async () => {
    for (const pkce of ['plain', 'unsaid'] as const) {
      const server = await start({ pkce });
      const { message, opened } = await failing(server);
      assert.match(message, /PKCE with S256/);
      assert.deepEqual(opened, []);
      assert.equal(server.asked('POST /register').length, 0);
    }
  });

  it('does not begin with descriptions of others, or rubbish', async () => {
    const cases: [OAuthServerOptions, RegExp][] = [
      [
        { metadata: { issuer: 'https://another.example' } },
        /description of its authorization server names another/,
      ],
      [{ resource: 'https://another.example/mcp' }, /describes the sign-in of another MCP server/],
      [{ metadata: { authorization_endpoint: 7 } }, /cannot be read/],
      [{ metadata: { response_types_supported: ['token'] } }, /does not know the way to sign in/],
      [{ resourceMetadataUrl: 'http://127.0.0.1:1/x' }, /127\.0\.0\.1:1 could not be reached/],
      [{ namedIssuer: 'http://127.0.0.1:1' }, /127\.0\.0\.1:1 could not be reached/],
    ];
    for (const [options, words] of cases) {
      const server = await start(options);
      const { message, opened } = await failing(server);
      assert.match(message, words);
      assert.deepEqual(opened, []);
    }
    const server = await start();
    server.switches.resourceMetadataUrl = `${server.issuer}/nothing`;
    assert.match((await failing(server)).message, /there is no such description/);
  });

  it('opens no page and sends no token to an address that is not http(s)', async () => {
    for (const scheme of [
      'javascript:alert(1)',
      'file:///etc/passwd',
      'vscode://x/y',
      'http://plain.example/a',
    ]) {
      for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint']) {
        const server = await start({ metadata: { [endpoint]: scheme } });
        const { message, opened } = await failing(server);
        assert.match(message, /not https|cannot be read/, `${endpoint} ${scheme}`);
        assert.deepEqual(opened, []);
        assert.equal(server.asked('POST /register').length, 0);
      }
    }
  });

  it('is not led to this computer or a private network by a server elsewhere', async () => {
    const inside = await start();
    const server = 'https://mcp.example/mcp';
    const unauthorized = (metadata: string) => () =>
      new Response('', {
        status: 401,
        headers: { 'www-authenticate': `Bearer resource_metadata="${metadata}"` },
      });
    const described = (issuer: string) => (url: URL) =>
      url.pathname === '/mcp'
        ? unauthorized('https://mcp.example/prm')()
        : Response.json({ resource: server, authorization_servers: [issuer] });
    const metadata = (parts: object) => () =>
      Response.json({
        issuer: 'https://auth.example',
        authorization_endpoint: 'https://auth.example/authorize',
        token_endpoint: 'https://auth.example/token',
        registration_endpoint: 'https://auth.example/register',
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        ...parts,
      });
    const cases: Parameters<typeof fakeHosts>[0][] = [
      { 'mcp.example': unauthorized(`${inside.issuer}/.well-known/oauth-protected-resource/mcp`) },
      { 'mcp.example': unauthorized('http://169.254.169.254/latest') },
      { 'mcp.example': unauthorized('https://intranet.example/x') },
      { 'mcp.example': described(inside.issuer) },
      { 'mcp.example': described('https://10.0.0.1') },
      ...['authorization_endpoint', 'token_endpoint', 'registration_endpoint'].map((endpoint) => ({
        'mcp.example': described('https://auth.example'),
        'auth.example': metadata({ [endpoint]: `${inside.issuer}/x` }),
      })),
    ];
    for (const hosts of cases) {
      const { fetch, asked } = fakeHosts(hosts);
      const { signIns, opened } = openWindow({
        fetch,
        lookUp: async (name) => [name === 'intranet.example' ? '192.168.0.9' : '93.184.216.34'],
      });
      const error = await errorOf(signIns.signIn(remote(server), never()));
      assert.ok(error instanceof McpError);
      assert.match(error.message, /to this computer|into a private network|not https/);
      assert.deepEqual(opened, []);
      assert.ok(
        asked.every((url) => /^https:\/\/(mcp|auth)\.example\//.test(url)),
        asked.join(),
      );
    }
    assert.equal(inside.requests.length, 0);
  });

  it('goes on waiting where the state is not the one it sent', async () => {
    const server = await start({ state: 'of-another-sign-in' });
    const statuses: number[] = [];
    const { message } = await failing(server, {
      times: { signIn: 300 },
      openBrowser: async (url) => {
        statuses.push((await fetch(url)).status);
        return true;
      },
    });
    assert.match(message, /Nobody has finished the sign-in/);
    assert.deepEqual(statuses, [400]);
    assert.equal(tokenRequests(server), 0);
  });

  it('says so when the browser cannot be opened', async () => {
    for (const openBrowser of [async () => false, () => Promise.reject(new Error('no browser'))]) {
      const { message, opened } = await failing(await start(), { openBrowser });
      await assert.rejects(fetch(opened[0]?.searchParams.get('redirect_uri') ?? ''));
      assert.match(
        message,
        /\(127\.0\.0\.1:\d+\) was not opened in a browser\. Nothing was changed\. Sign in again/,
      );
    }
    const unreachable = await failing(await start(), { externalUrl: async () => 'vscode://x' });
    assert.match(unreachable.message, /cannot reach this window/);
  });

  it('ends at the deadline, also where the browser never says whether it was opened', async () => {
    const server = await start({ consent: 'ignore' });
    const { message } = await failing(server, {
      times: { signIn: 100 },
      openBrowser: () => new Promise(() => undefined),
    });
    assert.match(message, /Nobody has finished the sign-in/);
  });

  it('fails where the server cannot be reached or is silent', async () => {
    const gone = await start();
    await gone.close();
    assert.match((await failing(gone)).message, /could not be reached \(ECONNREFUSED\)/);
    const silent = await failing(await start(), {
      fetch: () => new Promise(() => undefined),
      times: { request: 50 },
    });
    assert.match(silent.message, /did not answer within/);
  });

  it('tells nothing of what a token or registration endpoint writes', async () => {
    for (const path of ['/token', '/register']) {
      for (const body of [
        '<h1>Call 0900 12345 and read your password to us</h1>',
        'null',
        '{"error":"strange"}',
      ]) {
        const server = await start();
        const { message } = await failing(server, {
          fetch: async (url, init) =>
            new URL(url).pathname === path ? new Response(body, { status: 400 }) : await fetch(url, init),
        });
        assert.ok(!/0900|strange|null/.test(message), message);
      }
    }
  });

  it('sends a code once, and registers once more where its registration is refused for it', async () => {
    for (const [error, attempts] of [
      ['invalid_grant', 1],
      ['invalid_client', 2],
    ] as const) {
      const server = await start();
      let isRefusing = false;
      const codes: string[] = [];
      const { signIns, opened } = openWindow({
        fetch: async (url, init) => {
          if (!isRefusing || new URL(url).pathname !== '/token') return await fetch(url, init);
          codes.push(new URLSearchParams(String(init?.body)).get('code') ?? '');
          return Response.json({ error }, { status: 400 });
        },
      });
      await signIns.signIn(remote(server), never());
      isRefusing = true;
      assert.match((await errorOf(signIns.signIn(remote(server), never()))).message, new RegExp(error));
      assert.deepEqual([codes.length, new Set(codes).size], [attempts, attempts]);
      assert.equal(opened.length, 1 + attempts);
      assert.equal(server.asked('POST /register').length, attempts);
    }
  });

  it('ends where it is when it is cancelled, with nothing left listening', async () => {
    const reason = new Error('cancelled');
    const server = await start({ consent: 'ignore' });
    for (const when of ['before', 'asking', 'browser', 'token'] as const) {
      const controller = new AbortController();
      let redirect = '';
      const { signIns, secrets } = openWindow({
        openBrowser: async (url) => {
          redirect = new URL(url).searchParams.get('redirect_uri') ?? '';
          if (when === 'browser') controller.abort(reason);
          return browse(url);
        },
        fetch: async (url, init) => {
          if (when === 'asking') controller.abort(reason);
          if (when === 'token' && new URL(url).pathname === '/token') controller.abort(reason);
          return await fetch(url, init);
        },
      });
      server.switches.consent = when === 'token' ? 'redirect' : 'ignore';
      if (when === 'before') controller.abort(reason);
      assert.equal(await errorOf(signIns.signIn(remote(server), controller.signal)), reason, when);
      assert.ok(!(await signIns.isSignedIn(remote(server))));
      if (redirect !== '') await assert.rejects(fetch(redirect), when);
      assert.ok([...secrets.kept.values()].every((text) => !text.includes('accessToken')));
      // And it can be begun again.
      server.switches.consent = 'redirect';
      if (when === 'browser') await openWindow().signIns.signIn(remote(server), never());
    }
  });

  it('ends for one that is begun again, or a sign-out', async () => {
    const server = await start({ consent: 'ignore' });
    const { signIns, opened } = openWindow();
    const until = async (count: number): Promise<void> => {
      const limit = Date.now() + 5_000;
      while (opened.length < count && Date.now() < limit) await new Promise((done) => setTimeout(done, 5));
      assert.equal(opened.length, count);
    };
    const first = errorOf(signIns.signIn(remote(server), never()));
    await until(1);
    const second = errorOf(signIns.signIn(remote(server), never()));
    assert.match((await first).message, /was begun again\. This one has ended/);
    await until(2);
    await signIns.signOut(remote(server));
    assert.match((await second).message, /was signed out\. The sign-in has ended/);
    server.switches.consent = 'redirect';
    const both = await Promise.allSettled([1, 2].map(() => signIns.signIn(remote(server), never())));
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
    assert.ok(await signIns.isSignedIn(remote(server)));
  });

  it('is told from one that a person approves, at the buttons of a page', async () => {
    const server = await start({ consent: 'button' });
    const press = async (page: string, which: string): Promise<void> => {
      const html = await (await fetch(page)).text();
      const action = new RegExp(`action="(${which}[^"]*)"`).exec(html)?.[1]?.replaceAll('&amp;', '&');
      assert.ok(action !== undefined, 'the page has no such button');
      await (await fetch(new URL(action, page), { method: 'POST' })).text();
    };
    const pressing = (which: string) => ({
      openBrowser: async (url: string) => {
        await press(url, which);
        return true;
      },
    });
    assert.match((await failing(server, pressing('deny'))).message, /declined/);
    await openWindow(pressing('approve')).signIns.signIn(remote(server), never());
  });
});
