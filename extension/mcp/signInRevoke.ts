/** Tells the issuer that tokens are not needed any more (RFC 7009); the SDK has nothing for it. */
import { selectClientAuthMethod } from '@modelcontextprotocol/client';
import * as z from 'zod';
import { createSignInRequests, describe, type RequestPorts } from './signInDiscovery.ts';
import { isSameIssuer, type KeptTokens } from './tokenStore.ts';
import type { RemoteServer } from './types.ts';

const metadataSchema = z.object({
  revocation_endpoint: z.string().optional(),
  revocation_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

/** @returns whether the issuer has taken them back; false: it has no way to. @throws whatever goes wrong */
export const revokeTokens = async (
  server: RemoteServer,
  tokens: KeptTokens,
  ports: RequestPorts,
  signal: AbortSignal,
): Promise<boolean> => {
  const requests = createSignInRequests(server, ports, signal);
  const { info, issuer } = await describe(server, requests, undefined);
  const metadata = metadataSchema.parse(info.authorizationServerMetadata ?? {});
  const endpoint = metadata.revocation_endpoint;
  if (endpoint === undefined || !isSameIssuer(issuer, tokens.issuer)) return false;
  await requests.check.endpoint(endpoint);

  const { client } = tokens;
  const methods =
    metadata.revocation_endpoint_auth_methods_supported ??
    info.authorizationServerMetadata?.token_endpoint_auth_methods_supported ??
    [];
  const method = selectClientAuthMethod(client, [...methods]);
  const revoke = async (token: string, kind: 'access_token' | 'refresh_token'): Promise<boolean> => {
    const body = new URLSearchParams({ token, token_type_hint: kind });
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
    if (method === 'client_secret_basic' && client.client_secret !== undefined) {
      const pair = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
      headers.set('authorization', `Basic ${pair}`);
    } else {
      body.set('client_id', client.client_id);
      if (client.client_secret !== undefined && method === 'client_secret_post') {
        body.set('client_secret', client.client_secret);
      }
    }
    const response = await requests.fetch(endpoint, { method: 'POST', headers, body });
    return response.ok;
  };
  const { refreshToken, accessToken } = tokens;
  const outcomes = await Promise.all([
    revoke(accessToken, 'access_token'),
    ...(refreshToken === undefined ? [] : [revoke(refreshToken, 'refresh_token')]),
  ]);
  return outcomes.every(Boolean);
};
