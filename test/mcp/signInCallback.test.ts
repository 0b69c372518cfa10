import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type CallbackServer, startCallbackServer } from '../../extension/mcp/callbackServer.ts';
import { errorOf, never } from './signInBench.ts';

const state = 'the-right-state';

describe('the callback server of a sign-in', () => {
  const started: CallbackServer[] = [];
  const start = async (
    signal = never(),
    more: { readonly port?: number; readonly timeout?: number } = {},
  ): Promise<CallbackServer> => {
    const server = await startCallbackServer(
      { path: '/callback/x1', state, timeout: 60_000, ...more },
      signal,
    );
    started.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.close()));
  });

  const isGone = async (url: string): Promise<boolean> =>
    fetch(url).then(
      () => false,
      () => true,
    );

  it('takes one answer, says that the window can be closed, and is gone', async () => {
    const { url, answer } = await start();
    const response = await fetch(`${url}?code=c1&state=${state}&iss=https%3A%2F%2Fissuer.example&extra=1`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const page = await response.text();
    assert.match(page, /You can close this window/);
    assert.doesNotMatch(page, /https?:|src=|c1|script/);
    const params = await answer;
    assert.deepEqual(Object.fromEntries(params), {
      code: 'c1',
      state,
      iss: 'https://issuer.example',
      extra: '1',
    });
    assert.ok(await isGone(url));
  });

  it('ignores everything else and goes on waiting', async () => {
    const { url, answer, port } = await start();
    const wrong: [string, RequestInit?][] = [
      [`http://127.0.0.1:${port}/favicon.ico`],
      [`http://127.0.0.1:${port}/?code=c&state=${state}`],
      [`http://127.0.0.1:${port}/callback/x2?code=c&state=${state}`],
      [`${url}?code=c&state=another`],
      [`${url}?code=c`],
      [`${url}?code=c&state=${state}x`],
      [`${url}?code=c&state=${state}&state=other`],
      [`${url}?code=c&code=d&state=${state}`],
      [`${url}?state=${state}`],
      [`${url}?code=c&state=${state}`, { method: 'POST', body: 'x' }],
      [`${url}?code=c&state=${state}`, { method: 'HEAD' }],
    ];
    for (const [address, init] of wrong) {
      const response = await fetch(address, init);
      assert.equal(response.status, 400, address);
      assert.doesNotMatch(await response.text(), /close this window/);
    }
    await (await fetch(`${url}?error=access_denied&state=${state}`)).text();
    assert.equal((await answer).get('error'), 'access_denied');
  });

  it('answers once only, however many ask at once', async () => {
    const { url, answer } = await start();
    const all = await Promise.allSettled(
      Array.from(
        { length: 5 },
        async (_, index) => (await fetch(`${url}?code=c${index}&state=${state}`)).status,
      ),
    );
    const good = all.filter((each) => each.status === 'fulfilled' && each.value === 200);
    assert.equal(good.length, 1);
    assert.match((await answer).get('code') ?? '', /^c\d$/);
  });

  it('ends at the deadline', async () => {
    const { url, answer } = await start(never(), { timeout: 30 });
    assert.match(
      (await errorOf(answer)).message,
      /Nobody has finished .* within 1 min\. Nothing was changed/,
    );
    assert.ok(await isGone(url));
  });

  it('ends with the signal, also one that has aborted before', async () => {
    const controller = new AbortController();
    const { url, answer } = await start(controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    assert.equal(await errorOf(answer), reason);
    assert.ok(await isGone(url));
    assert.equal(await errorOf(start(controller.signal)), reason);
  });

  it('closes a connection that says nothing', async () => {
    const { answer, port, close } = await start();
    const { connect } = await import('node:net');
    const socket = connect(port, '127.0.0.1');
    await new Promise((done) => socket.once('connect', done));
    const ended = new Promise((done) => socket.once('close', done));
    socket.on('error', () => undefined);
    await close();
    await ended;
    assert.equal(await Promise.race([answer, Promise.resolve('waiting')]), 'waiting');
  });

  it('takes the port it is given, or another one where that is taken', async () => {
    const blocker = createServer();
    const taken = await new Promise<number>((done) => {
      blocker.listen(0, '127.0.0.1', () => {
        const address = blocker.address();
        done(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
    const other = await start(never(), { port: taken });
    assert.notEqual(other.port, taken);
    await new Promise((done) => blocker.close(done));
    assert.equal((await start(never(), { port: taken })).port, taken);
  });
});
