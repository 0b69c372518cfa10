import type { GoogleGenAI } from '@google/genai/web';
import type { Connection } from '../vendorProvider.ts';

/** The web build: the node one brings google-auth-library along and lets the environment redirect requests. */
export const geminiClient = async ({ key, baseUrl, fetch }: Connection): Promise<GoogleGenAI> => {
  const { GoogleGenAI: Client } = await import('@google/genai/web');
  return new Client({
    apiKey: key ?? '',
    vertexai: false,
    httpOptions: {
      // The version is added by the SDK; many write it all the same.
      baseUrl: baseUrl.replace(/\/v1(?:beta)?$/, ''),
      apiVersion: 'v1beta',
      fetch,
    },
  });
};
