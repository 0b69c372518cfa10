import type { OpenAI } from 'openai';
import type { Connection } from '../vendorProvider.ts';

export const openAiClient = async ({ key, baseUrl, fetch }: Connection): Promise<OpenAI> => {
  const { OpenAI: Client } = await import('openai');
  return new Client({
    apiKey: key ?? null,
    adminAPIKey: null,
    baseURL: baseUrl,
    fetch,
    maxRetries: 0,
    logLevel: 'off',
  });
};
