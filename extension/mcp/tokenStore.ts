/** What is kept of sign-ins: in the secret storage and nowhere else, by the issuer that gave it. */
import { createHash } from 'node:crypto';
import type { StoredOAuthClientInformation } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { McpError, type SecretBox } from '../core/mcp.ts';
import { createOneAtATime } from '../core/oneAtATime.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { RemoteServer } from './types.ts';

/** What AnyCowork is called at an issuer. */
export type KeptClient = z.infer<typeof clientSchema>;

export interface KeptTokens {
  readonly issuer: string;
  /** The one they were given to; it also renews them. */
  readonly client: KeptClient;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Milliseconds since 1970. Absent: unknown. */
  readonly expiresAt?: number;
  /** Milliseconds they count in all; a small part of that early they are renewed. */
  readonly lifetime?: number;
  /** Granted; where the issuer does not say, asked for. */
  readonly scope?: string;
  /** The resource indicator they were asked for with. */
  readonly resource?: string;
}

/** A dynamic registration. It holds for exactly one redirect URI. */
export interface KeptRegistration {
  readonly issuer: string;
  readonly redirectUrl: string;
  /** Of the loopback server behind it. */
  readonly port: number;
  readonly path: string;
  readonly client: KeptClient;
}

const clientSchema = z.object({
  client_id: z.string(),
  client_secret: z.string().exactOptional(),
  /** Seconds since 1970; 0: never. */
  client_secret_expires_at: z.number().exactOptional(),
  token_endpoint_auth_method: z.string().exactOptional(),
});
const pointerSchema = z.object({ version: z.literal(1), issuer: z.string(), clientId: z.string() });
const tokensSchema = z.object({
  version: z.literal(1),
  issuer: z.string(),
  server: z.string(),
  client: clientSchema,
  accessToken: z.string(),
  refreshToken: z.string().exactOptional(),
  expiresAt: z.number().exactOptional(),
  lifetime: z.number().exactOptional(),
  scope: z.string().exactOptional(),
  resource: z.string().exactOptional(),
});
const registrationSchema = z.object({
  version: z.literal(1),
  issuer: z.string(),
  redirectUrl: z.string(),
  port: z.number(),
  path: z.string(),
  client: clientSchema,
});

/** As little as is needed of what the SDK gives. */
export const keptClient = (given: StoredOAuthClientInformation): KeptClient =>
  // Fields that are undefined fall away.
  clientSchema.parse(JSON.parse(JSON.stringify(given)));

/** A slash at the end is no other issuer. */
export const isSameIssuer = (one: string, other: string): boolean =>
  one.replace(/\/$/, '') === other.replace(/\/$/, '');

const addressOf = (server: RemoteServer): string => {
  const url = new URL(server.url);
  url.hash = '';
  return url.href;
};

/** Two servers with the same one share a sign-in, whatever they are called. */
export const signInKey = (server: RemoteServer): string =>
  JSON.stringify([addressOf(server), server.oauth?.clientId ?? '']);

const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const prefix = 'anycowork.mcp.signIn';
const pointerKey = (server: RemoteServer): string => `${prefix}.server.${hash(signInKey(server))}`;
const tokensKey = (server: RemoteServer, issuer: string, clientId: string): string =>
  `${prefix}.tokens.${hash(issuer.replace(/\/$/, ''), addressOf(server), clientId)}`;
const registrationKey = (issuer: string): string => `${prefix}.client.${hash(issuer.replace(/\/$/, ''))}`;

export interface TokenStore {
  /** Of the issuer that has signed in last. @throws McpError where the secret storage fails, as all others */
  read(server: RemoteServer): Promise<KeptTokens | undefined>;
  /** In the place of those of any other issuer. */
  keep(server: RemoteServer, tokens: KeptTokens): Promise<void>;
  /**
   * Only where `before` is still kept: not after a sign-out, and not over what another window has stored.
   * @returns what is kept then
   */
  replace(server: RemoteServer, before: KeptTokens, tokens: KeptTokens): Promise<KeptTokens | undefined>;
  /** @returns what was kept */
  forget(server: RemoteServer): Promise<KeptTokens | undefined>;
  /** Forgets `before`, and not what a sign-in has stored since. @returns what is kept then */
  drop(server: RemoteServer, before: KeptTokens): Promise<KeptTokens | undefined>;
  registration(issuer: string): Promise<KeptRegistration | undefined>;
  keepRegistration(registration: KeptRegistration): Promise<void>;
  forgetRegistration(issuer: string): Promise<void>;
}

export const createTokenStore = (secrets: SecretBox, log: (text: string) => void): TokenStore => {
  const failing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new McpError(
        `The secret storage, where sign-ins are kept, does not answer: ${reasonOf(error)}. Nothing was changed. Unlock the keychain of this computer and try again.`,
      );
    }
  };
  const readOne = async <T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const text = await failing(secrets.get(key));
    if (text === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      // Neither the text nor zod's words about it: both hold secrets.
      log('What was kept of a sign-in cannot be read and does not count.');
      return undefined;
    }
  };
  const write = (key: string, value: object): Promise<void> =>
    failing(secrets.set(key, JSON.stringify({ version: 1, ...value })));
  const remove = (key: string): Promise<void> => failing(secrets.delete(key));

  /** Changes of this window follow one another. */
  const inTurn = createOneAtATime();

  const read = async (server: RemoteServer): Promise<KeptTokens | undefined> => {
    const pointer = await readOne(pointerKey(server), pointerSchema);
    if (pointer === undefined) return undefined;
    const found = await readOne(tokensKey(server, pointer.issuer, pointer.clientId), tokensSchema);
    if (found === undefined) return undefined;
    const { version: _, server: __, ...tokens } = found;
    return isSameIssuer(tokens.issuer, pointer.issuer) ? tokens : undefined;
  };
  const keep = async (server: RemoteServer, tokens: KeptTokens): Promise<void> => {
    const { issuer, client } = tokens;
    const before = await readOne(pointerKey(server), pointerSchema);
    const key = tokensKey(server, issuer, client.client_id);
    if (before !== undefined) {
      const old = tokensKey(server, before.issuer, before.clientId);
      if (old !== key) await remove(old);
    }
    await write(key, { ...tokens, server: addressOf(server) });
    await write(pointerKey(server), { issuer, clientId: client.client_id });
  };

  const forget = async (server: RemoteServer): Promise<void> => {
    const pointer = await readOne(pointerKey(server), pointerSchema);
    if (pointer !== undefined) await remove(tokensKey(server, pointer.issuer, pointer.clientId));
    await remove(pointerKey(server));
  };

  return {
    read,
    keep: (server, tokens) => inTurn(() => keep(server, tokens)),
    replace: (server, before, tokens) =>
      inTurn(async () => {
        const kept = await read(server);
        if (kept === undefined || kept.accessToken !== before.accessToken) return kept;
        await keep(server, tokens);
        return tokens;
      }),
    forget: (server) =>
      inTurn(async () => {
        const kept = await read(server);
        await forget(server);
        return kept;
      }),
    drop: (server, before) =>
      inTurn(async () => {
        const kept = await read(server);
        if (kept !== undefined && kept.accessToken !== before.accessToken) return kept;
        await forget(server);
        return undefined;
      }),
    async registration(issuer) {
      const found = await readOne(registrationKey(issuer), registrationSchema);
      if (found === undefined || !isSameIssuer(found.issuer, issuer)) return undefined;
      const { version: _, ...registration } = found;
      return registration;
    },
    keepRegistration: (registration) => write(registrationKey(registration.issuer), registration),
    forgetRegistration: (issuer) => remove(registrationKey(issuer)),
  };
};
