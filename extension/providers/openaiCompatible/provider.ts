import * as z from 'zod';
import type { ModelInfo, Provider } from '../../core/provider.ts';
import { failureOf } from '../failure.ts';
import { type Access, type ProviderTuning, vendorProvider } from '../vendorProvider.ts';
import { compatibleClient } from './compatibleClient.ts';
import { fromStream } from './fromStream.ts';
import { toRequest } from './toRequest.ts';

/** Context lengths as OpenRouter, vLLM and LM Studio name them. */
const listedModel = z.object({
  id: z.string(),
  name: z.string().nullish().catch(undefined),
  context_length: z.number().nullish().catch(undefined),
  max_model_len: z.number().nullish().catch(undefined),
  max_context_length: z.number().nullish().catch(undefined),
});

const cannotChat = /embed|rerank|whisper|\btts\b|moderation|stable-diffusion/i;

const infoOf = (listed: unknown): ModelInfo[] => {
  const parsed = listedModel.safeParse(listed);
  if (!parsed.success || cannotChat.test(parsed.data.id)) return [];
  const { id, name, context_length, max_model_len, max_context_length } = parsed.data;
  const contextTokens = context_length ?? max_model_len ?? max_context_length ?? undefined;
  return [{ id, name: name || id, ...(contextTokens === undefined ? {} : { contextTokens }) }];
};

const refusesUsage = (error: unknown): boolean => {
  const { status, message } = failureOf(error);
  return (status === 400 || status === 422) && /stream_options|include_usage/i.test(message);
};

export const createOpenAiCompatibleProvider = (access: Access, tuning?: ProviderTuning): Provider => {
  const withoutUsage = new Set<string>();
  return vendorProvider<unknown>(
    {
      id: 'openaiCompatible',
      open: async (request, connection) => {
        const client = await compatibleClient(connection);
        const { signal, baseUrl } = connection;
        const includeUsage = !withoutUsage.has(baseUrl);
        try {
          return await client.chat.completions.create(toRequest(request, { includeUsage }), { signal });
        } catch (error) {
          if (!includeUsage || !refusesUsage(error)) throw error;
          withoutUsage.add(baseUrl);
          return await client.chat.completions.create(toRequest(request, { includeUsage: false }), {
            signal,
          });
        }
      },
      fromStream: (chunks, request) => fromStream(chunks, request.model),
      listModels: async (connection) => {
        const client = await compatibleClient(connection);
        const models: ModelInfo[] = [];
        for await (const listed of client.models.list({ signal: connection.signal }))
          models.push(...infoOf(listed));
        return models;
      },
    },
    access,
    tuning,
  );
};
