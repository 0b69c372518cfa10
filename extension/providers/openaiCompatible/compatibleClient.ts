import type { OpenAI } from 'openai';
import type { Connection } from '../vendorProvider.ts';

export const compatibleClient = async ({ key, baseUrl, fetch }: Connection): Promise<OpenAI> => {
  const { OpenAI: Client } = await import('openai');
  return new Client({
    // The SDK insists on a key; without one its header is left out instead.
    apiKey: key ?? 'none',
    ...(key === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    // Null: what the environment says is meant for OpenAI, not for this server.
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: baseUrl,
    fetch,
    maxRetries: 0,
    logLevel: 'off',
  });
};
