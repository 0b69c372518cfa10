import type { ProviderId } from '../shared/message.ts';

/** Names for a person. */
export const providerNames: Record<ProviderId, string> = {
  gemini: 'Google Gemini',
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  openaiCompatible: 'OpenAI-compatible server',
};

/** Environment variables that may hold a key; the first that is set counts. */
export const keyVariables: Record<ProviderId, readonly string[]> = {
  gemini: ['GOOGLE_AI_API_KEY', 'GEMINI_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  anthropic: ['ANTHROPIC_API_KEY'],
  // None: a key meant for one vendor must never go to whatever server a base URL names.
  openaiCompatible: [],
};

/** Without a key these answer nothing; a local server usually needs none. */
export const needsKey: Record<ProviderId, boolean> = {
  gemini: true,
  openai: true,
  anthropic: true,
  openaiCompatible: false,
};

/** The openaiCompatible default is where Ollama listens. */
export const defaultBaseUrls: Record<ProviderId, string> = {
  gemini: 'https://generativelanguage.googleapis.com',
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
  openaiCompatible: 'http://localhost:11434/v1',
};

/**
 * Shown until the models endpoint has answered, best choice first. Taken from the model unions of the installed SDKs:
 * `Model_2` in @google/genai 3.1, `ChatModel` in openai 7.57, `Model` in @anthropic-ai/sdk 1.12; test/providers/models.test.ts
 * holds them to those. What a compatible server offers only the server knows.
 */
export const fallbackModels: Record<ProviderId, readonly string[]> = {
  gemini: [
    'gemini-3.8-flash',
    'gemini-4-argon',
    'gemini-4-carbon',
    'gemini-3.1-pro-preview',
    'gemini-3.5-flash-lite',
  ],
  openai: ['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-6-astra', 'gpt-6-luna', 'gpt-5.5'],
  anthropic: ['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-fable-5-2', 'claude-haiku-5-5'],
  openaiCompatible: [],
};
