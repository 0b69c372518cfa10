/** What tests of sign-ins share: a window with its secrets and log, and a browser that is one request. */
import assert from 'node:assert/strict';
import { Client, type FetchLike, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { SecretBox } from '../../extension/core/mcp.ts';
import { createMcpSignIns, type SignInPorts } from '../../extension/mcp/signIns.ts';
import type { McpSignIns, RemoteServer } from '../../extension/mcp/types.ts';
import { type OAuthServer, serverWords } from './servers/oauthServer.ts';

export interface MemorySecrets extends SecretBox {
  readonly kept: Map<string, string>;
}

export const memorySecrets = (): MemorySecrets => {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (key) => kept.get(key),
    set: async (key, text) => {
      kept.set(key, text);
    },
    delete: async (key) => {
      kept.delete(key);
    },
  };
};

/** A browser that follows redirects, also those to the loopback server. */
export const browse = async (url: string): Promise<boolean> => {
  await (await fetch(url)).text();
  return true;
};

export interface SignInWindow {
  readonly signIns: McpSignIns;
  readonly secrets: MemorySecrets;
  readonly lines: string[];
  /** Pages that were opened. */
  readonly opened: URL[];
}

export const openWindow = (
  ports: Partial<Omit<SignInPorts, 'secrets'>> & { readonly secrets?: MemorySecrets } = {},
): SignInWindow => {
  const secrets = ports.secrets ?? memorySecrets();
  const lines: string[] = [];
  const opened: URL[] = [];
  const signIns = createMcpSignIns({
    externalUrl: async (url) => url,
    now: Date.now,
    log: (text) => lines.push(text),
    ...ports,
    secrets,
    openBrowser: (url) => {
      opened.push(new URL(url));
      return (ports.openBrowser ?? browse)(url);
    },
    times: { request: 5_000, renew: 5_000, settle: 100, ...ports.times },
  });
  return { signIns, secrets, lines, opened };
};

export const remote = (server: OAuthServer | string, more: Partial<RemoteServer> = {}): RemoteServer => ({
  name: 'box',
  url: typeof server === 'string' ? server : server.url,
  headers: {},
  ...more,
});

export const never = (): AbortSignal => new AbortController().signal;

/** A connection as others make it; what it throws has gone through the SDK. */
export const connect = async (
  signIns: McpSignIns,
  server: RemoteServer,
  mode: 'legacy' | 'auto' = 'legacy',
): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const authProvider = await signIns.provider(server);
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url), { authProvider }));
  return client;
};

/** @returns the error, which must be one */
export const errorOf = async (work: Promise<unknown>): Promise<Error> => {
  const outcome: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Error, 'it did not fail');
  return outcome;
};

/** Nothing secret, and nothing a server wrote, stands in any of it. */
export const assertClean = (servers: readonly OAuthServer[], ...texts: readonly string[]): void => {
  const secrets = servers.flatMap((server) => server.secrets());
  for (const text of texts) {
    assert.ok(!text.includes(serverWords), `words of the server: ${text}`);
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret: ${text}`);
  }
};

/** Answers for hosts that are nowhere, and remembers what was asked; everything else is loopback as it is. */
export const fakeHosts = (
  hosts: Readonly<Record<string, (url: URL, init?: RequestInit) => Response | Promise<Response>>>,
): { readonly fetch: FetchLike; readonly asked: string[] } => {
  const asked: string[] = [];
  return {
    asked,
    fetch: async (input, init) => {
      const url = new URL(input);
      asked.push(url.href);
      const answer = hosts[url.host];
      if (answer === undefined) throw new TypeError('fetch failed');
      return await answer(url, init);
    },
  };
};
