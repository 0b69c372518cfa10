import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createAddressCheck, isSecure, SignInRequestError } from '../../extension/mcp/signInAddress.ts';
import { createSignInFetch } from '../../extension/mcp/signInFetch.ts';
import { errorOf, fakeHosts, never } from './signInBench.ts';

const names: Record<string, string[]> = {
  'mcp.example': ['93.184.216.34'],
  'auth.example': ['2606:2800:220:1:248:1893:25c8:1946'],
  'rebound.example': ['93.184.216.34', '127.0.0.1'],
  'intranet.example': ['10.1.2.3'],
  'metadata.example': ['169.254.169.254'],
};
const lookUp = async (name: string): Promise<string[]> => {
  const found = names[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
};
const outcome = async (server: string, address: string): Promise<string> => {
  const check = createAddressCheck(server, lookUp);
  return check.request(new URL(address)).then(
    () => 'allowed',
    (error: unknown) => {
      assert.ok(error instanceof SignInRequestError && error instanceof TypeError);
      return error.message;
    },
  );
};
const here = /to this computer/;
const inside = /into a private network/;

describe('addresses of a sign-in', () => {
  it('lets a server elsewhere name public addresses only, however they are written', async () => {
    const server = 'https://mcp.example/mcp';
    const allowed = ['https://auth.example/x', 'https://93.184.216.34/', 'https://unknown.example/', server];
    for (const address of allowed) assert.equal(await outcome(server, address), 'allowed', address);
    const refused: [string, RegExp][] = [
      ['https://localhost/x', here],
      ['http://localhost:8080/x', here],
      ['https://a.localhost./x', here],
      ['https://127.0.0.1/x', here],
      ['https://2130706433/x', here],
      ['https://0x7f.1/x', here],
      ['https://0/x', here],
      ['https://[::1]/x', here],
      ['https://[::]/x', here],
      ['https://[::ffff:127.0.0.1]/x', here],
      ['https://rebound.example/x', here],
      ['https://10.0.0.1/x', inside],
      ['https://172.31.255.255/x', inside],
      ['https://192.168.1.1/x', inside],
      ['https://169.254.169.254/latest', inside],
      ['https://100.64.0.1/x', inside],
      ['https://[fd00::1]/x', inside],
      ['https://[fe80::1]/x', inside],
      ['https://[::ffff:10.0.0.1]/x', inside],
      ['https://[64:ff9b::a00:1]/x', inside],
      ['https://224.0.0.1/x', inside],
      ['https://intranet.example/x', inside],
      ['https://metadata.example/x', inside],
      ['http://auth.example/x', /not https/],
      ['ftp://auth.example/x', /not https/],
      ['file:///etc/passwd', /not https/],
      ['javascript:alert(1)', /not https/],
      ['https://user:word@auth.example/x', /user name/],
    ];
    for (const [address, why] of refused) assert.match(await outcome(server, address), why, address);
  });

  it('lets a server in a private network name that network, and one on this computer everything', async () => {
    const server = 'https://intranet.example/mcp';
    assert.equal(await outcome(server, 'https://192.168.1.1/x'), 'allowed');
    assert.equal(await outcome(server, 'https://auth.example/x'), 'allowed');
    assert.match(await outcome(server, 'https://localhost/x'), here);
    for (const local of ['http://localhost:3000/mcp', 'http://127.0.0.1:1/mcp', 'http://[::1]:1/mcp']) {
      for (const address of ['http://127.0.0.1:9/x', 'https://10.0.0.1/x', 'https://auth.example/x']) {
        assert.equal(await outcome(local, address), 'allowed', `${local} ${address}`);
      }
    }
  });

  it('sends people and secrets to https, or to http on loopback', async () => {
    const check = createAddressCheck('http://plain.example/mcp', lookUp);
    // Its own descriptions may be read where the server is.
    await check.request(new URL('http://plain.example/.well-known/x'));
    for (const address of [
      'http://plain.example/token',
      'javascript:alert(1)',
      'vscode://x',
      'data:text/html,x',
      '',
    ]) {
      await assert.rejects(check.endpoint(address), SignInRequestError, address);
    }
    await check.endpoint('https://auth.example/token');
    assert.ok(isSecure(new URL('http://localhost:1/')));
    assert.ok(!isSecure(new URL('http://localhost.example/')));
    assert.ok(!isSecure(new URL('http://127.0.0.1.example/')));
  });

  it('refuses every loopback and private IPv4 address', async () => {
    const nets: [number, number][] = [
      [0x7f000000, 8],
      [0x0a000000, 8],
      [0xac100000, 12],
      [0xc0a80000, 16],
      [0xa9fe0000, 16],
    ];
    const server = 'https://mcp.example/mcp';
    const anyInside = fc
      .tuple(fc.constantFrom(...nets), fc.nat(0xffffffff))
      .map(([[net, prefix], rest]) => (net + (rest % 2 ** (32 - prefix))) >>> 0);
    await fc.assert(
      fc.asyncProperty(anyInside, fc.boolean(), async (address, isMapped) => {
        const text = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
        const host = isMapped ? `[::ffff:${text}]` : text;
        assert.notEqual(await outcome(server, `https://${host}/`), 'allowed');
      }),
      { numRuns: 100 },
    );
  });
});

describe('requests of a sign-in', () => {
  const server = {
    url: 'https://mcp.example/mcp',
    headers: { 'x-key': 'secret-key', Authorization: 'Basic x' },
  };
  const make = (hosts: Parameters<typeof fakeHosts>[0], timeout = 5_000, signal = never()) => {
    const { fetch, asked } = fakeHosts(hosts);
    const check = createAddressCheck(server.url, lookUp);
    return { asked, ...createSignInFetch({ fetch, check, server, timeout, signal }) };
  };

  it('gives the headers of the configuration to the server only, and Authorization to nobody', async () => {
    const seen: Record<string, Record<string, string>> = {};
    const answer = (url: URL, init?: RequestInit): Response => {
      seen[url.host] = Object.fromEntries(new Headers(init?.headers));
      return new Response('{}');
    };
    const { fetch } = make({ 'mcp.example': answer, 'auth.example': answer });
    await fetch('https://mcp.example/.well-known/x', { headers: { accept: 'a' } });
    await fetch('https://auth.example/token', { headers: { authorization: 'Basic own' } });
    assert.deepEqual(seen, {
      'mcp.example': { accept: 'a', 'x-key': 'secret-key' },
      'auth.example': { authorization: 'Basic own' },
    });
  });

  it('keeps the code of a refusal and none of its words', async () => {
    const bodies: [string, number, string][] = [
      ['{"error":"invalid_grant","error_description":"lure"}', 400, '{"error":"invalid_grant"}'],
      ['{"error":"invalid_grant","error_description":"lure"}', 200, '{"error":"invalid_grant"}'],
      ['<h1>lure</h1>', 500, ''],
      ['{"access_token":"t","token_type":"Bearer"}', 200, '{"access_token":"t","token_type":"Bearer"}'],
    ];
    for (const [body, status, left] of bodies) {
      const { fetch } = make({ 'auth.example': () => new Response(body, { status }) });
      const response = await fetch('https://auth.example/token', { method: 'POST' });
      assert.equal(response.status, status);
      assert.equal(await response.text(), left);
    }
  });

  it('follows nothing by itself, reads no more than 1 MB, and does not wait for ever', async () => {
    const large = make({ 'auth.example': () => new Response('x'.repeat(1_000_001)) });
    assert.match((await errorOf(large.fetch('https://auth.example/'))).message, /longer than 1 MB/);
    let redirect: string | undefined;
    const moved = make({
      'auth.example': (_, init) => {
        redirect = init?.redirect;
        return new Response(null, { status: 302, headers: { location: 'http://127.0.0.1/' } });
      },
    });
    assert.equal((await moved.fetch('https://auth.example/')).status, 302);
    assert.equal(redirect, 'manual');
    const silent = make({ 'auth.example': () => new Promise(() => undefined) }, 50);
    assert.match(
      (await errorOf(silent.fetch('https://auth.example/'))).message,
      /auth\.example did not answer/,
    );
    const gone = make({});
    assert.match((await errorOf(gone.fetch('https://auth.example/'))).message, /could not be reached/);
  });

  it('ends with the signal, and asks nothing of an address it may not', async () => {
    const controller = new AbortController();
    const hanging = make({ 'auth.example': () => new Promise(() => undefined) }, 5_000, controller.signal);
    const work = errorOf(hanging.fetch('https://auth.example/'));
    const reason = new Error('enough');
    controller.abort(reason);
    assert.equal(await work, reason);
    const other = make({ localhost: () => new Response('{}') });
    await assert.rejects(other.fetch('https://localhost/'), SignInRequestError);
    assert.deepEqual(other.asked, []);
  });
});
