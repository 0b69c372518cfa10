import type Anthropic from '@anthropic-ai/sdk';
import type { Provider } from '../../core/provider.ts';
import { type Access, type Connection, type ProviderTuning, vendorProvider } from '../vendorProvider.ts';
import { fromStream } from './fromStream.ts';
import { toRequest } from './toRequest.ts';

const clientFor = async ({ key, baseUrl, fetch }: Connection): Promise<Anthropic> => {
  const { default: Client } = await import('@anthropic-ai/sdk');
  return new Client({
    apiKey: key ?? null,
    // Null keeps the SDK from using what else lies in the environment.
    authToken: null,
    // The SDK adds /v1 itself; many write it all the same.
    baseURL: baseUrl.replace(/\/v1$/, ''),
    fetch,
    maxRetries: 0,
    logLevel: 'off',
    openTelemetry: false,
  });
};

export const createAnthropicProvider = (access: Access, tuning?: ProviderTuning): Provider =>
  vendorProvider(
    {
      id: 'anthropic',
      open: async (request, connection) => {
        const client = await clientFor(connection);
        return client.messages.create(toRequest(request), { signal: connection.signal });
      },
      fromStream: (events, request) => fromStream(events, request.model),
      listModels: async (connection) => {
        const client = await clientFor(connection);
        const models = [];
        for await (const model of client.models.list({ limit: 1000 }, { signal: connection.signal })) {
          if (model.lifecycle === 'retired') continue;
          const contextTokens = model.max_input_tokens ?? undefined;
          models.push({
            id: model.id,
            name: model.display_name,
            ...(contextTokens === undefined ? {} : { contextTokens }),
          });
        }
        return models;
      },
    },
    access,
    tuning,
  );
