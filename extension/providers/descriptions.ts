/** What people are told of each provider. */
import type { ProviderDescriptions } from '../core/provider.ts';
import { providerIds } from '../shared/message.ts';
import { fallbackModels, keyVariables, needsKey, providerNames } from './models.ts';

export const providerDescriptions: ProviderDescriptions = Object.fromEntries(
  providerIds.map((id) => [
    id,
    {
      name: providerNames[id],
      needsKey: needsKey[id],
      keyVariables: keyVariables[id],
      fallbackModels: fallbackModels[id],
    },
  ]),
) as ProviderDescriptions; // fromEntries forgets that every provider is there.
