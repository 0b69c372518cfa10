import type { Provider } from '../../core/provider.ts';
import { failureOf } from '../failure.ts';
import { defaultBaseUrls } from '../models.ts';
import { type Access, type ProviderTuning, vendorProvider } from '../vendorProvider.ts';
import { fromStream } from './fromStream.ts';
import { openAiClient } from './openAiClient.ts';
import { toRequest } from './toRequest.ts';

const chats = /^(?:gpt-|o\d|codex|chatgpt)/;
const other =
  /audio|realtime|transcribe|tts|image|search|instruct|embedding|moderation|live|deep-research|computer/;

const refusesSummaries = (error: unknown): boolean => {
  const { status, message } = failureOf(error);
  return status === 400 && /reasoning.summar/i.test(message);
};

export const createOpenAiProvider = (access: Access, tuning?: ProviderTuning): Provider => {
  // Learned from the first refusal; an account does not change while a window is open.
  let summaries = true;
  return vendorProvider(
    {
      id: 'openai',
      open: async (request, connection) => {
        const client = await openAiClient(connection);
        const { signal } = connection;
        try {
          return await client.responses.create(toRequest(request, { summaries }), { signal });
        } catch (error) {
          if (!summaries || !refusesSummaries(error)) throw error;
          summaries = false;
          return await client.responses.create(toRequest(request, { summaries }), { signal });
        }
      },
      fromStream: (events, request) => fromStream(events, request.model),
      listModels: async (connection) => {
        const client = await openAiClient(connection);
        const all = [];
        for await (const model of client.models.list({ signal: connection.signal })) all.push(model);
        // A gateway has names of its own.
        const listed =
          connection.baseUrl === defaultBaseUrls.openai
            ? all.filter(({ id }) => chats.test(id) && !other.test(id))
            : all;
        return listed.sort((a, b) => (b.created ?? 0) - (a.created ?? 0)).map(({ id }) => ({ id, name: id }));
      },
    },
    access,
    tuning,
  );
};
