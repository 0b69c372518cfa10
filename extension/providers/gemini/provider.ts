import type { ModelInfo, Provider } from '../../core/provider.ts';
import { type Access, type ProviderTuning, vendorProvider } from '../vendorProvider.ts';
import { fromStream } from './fromStream.ts';
import { geminiClient } from './geminiClient.ts';
import { toRequest } from './toRequest.ts';

const notForChat =
  /tts|image|embedding|live|audio|transcribe|aqa|veo|imagen|lyria|nano-banana|computer-use|omni|robotics/;

export const createGeminiProvider = (access: Access, tuning?: ProviderTuning): Provider =>
  vendorProvider(
    {
      id: 'gemini',
      open: async (request, connection) => {
        const client = await geminiClient(connection);
        const params = toRequest(request);
        return client.models.generateContentStream({
          ...params,
          config: { ...params.config, abortSignal: connection.signal },
        });
      },
      fromStream: (chunks, request) => fromStream(chunks, request.model),
      listModels: async (connection) => {
        const client = await geminiClient(connection);
        const models: ModelInfo[] = [];
        const config = { pageSize: 1000, abortSignal: connection.signal };
        for await (const {
          name = '',
          displayName,
          supportedActions,
          inputTokenLimit,
        } of await client.models.list({
          config,
        })) {
          const id = name.replace(/^models\//, '');
          if (supportedActions?.includes('generateContent') === false || notForChat.test(id)) continue;
          models.push({
            id,
            name: displayName ?? id,
            ...(inputTokenLimit === undefined ? {} : { contextTokens: inputTokenLimit }),
          });
        }
        return models;
      },
    },
    access,
    tuning,
  );
