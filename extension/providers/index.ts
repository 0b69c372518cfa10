import type { Provider } from '../core/provider.ts';
import type { ProviderId } from '../shared/message.ts';
import { createAnthropicProvider } from './anthropic/provider.ts';
import { createGeminiProvider } from './gemini/provider.ts';
import { createOpenAiProvider } from './openai/provider.ts';
import { createOpenAiCompatibleProvider } from './openaiCompatible/provider.ts';
import type { Access, ProviderTuning } from './vendorProvider.ts';

export interface ProviderOptions extends ProviderTuning {
  readonly apiKey: (provider: ProviderId) => Promise<string | undefined>;
  readonly baseUrl: (provider: ProviderId) => string | undefined;
}

const factories: Record<ProviderId, (access: Access, tuning: ProviderTuning) => Provider> = {
  gemini: createGeminiProvider,
  openai: createOpenAiProvider,
  anthropic: createAnthropicProvider,
  openaiCompatible: createOpenAiCompatibleProvider,
};

/**
 * The model providers. Keys and base URLs are asked for at each request, so that a change applies at once; an SDK is
 * loaded when its provider is first used.
 */
export const createProviders = (options: ProviderOptions): ((provider: ProviderId) => Provider) => {
  const made = new Map<ProviderId, Provider>();
  return (provider) => {
    const known = made.get(provider);
    if (known !== undefined) return known;
    const access: Access = {
      apiKey: () => options.apiKey(provider),
      baseUrl: () => options.baseUrl(provider),
    };
    const built = factories[provider](access, options);
    made.set(provider, built);
    return built;
  };
};
