import type * as vscode from 'vscode';
import type { ProviderId } from '../shared/message.ts';

export interface Keys {
  /** From SecretStorage, else from the environment. */
  get(provider: ProviderId): Promise<string | undefined>;
  set(provider: ProviderId, key: string): Promise<void>;
  remove(provider: ProviderId): Promise<void>;
  /** `undefined` when there is none. */
  source(provider: ProviderId): Promise<'stored' | 'environment' | undefined>;
  /** Every key seen so far, for the redactor. */
  live(): Iterable<string>;
}

const secretName = (provider: ProviderId): string => `anycowork.apiKey.${provider}`;

export const createKeys = (
  secrets: vscode.SecretStorage,
  environmentNames: Record<ProviderId, readonly string[]>,
  environment: NodeJS.ProcessEnv,
): Keys => {
  const seen = new Set<string>();
  const note = (key: string | undefined): string | undefined => {
    if (key !== undefined && key !== '') seen.add(key);
    return key === '' ? undefined : key;
  };
  const fromEnvironment = (provider: ProviderId): string | undefined =>
    environmentNames[provider]
      .map((name) => note(environment[name]?.trim()))
      .find((key) => key !== undefined);
  const stored = async (provider: ProviderId): Promise<string | undefined> =>
    note((await secrets.get(secretName(provider)))?.trim());

  // Known from the start, so that a log line written before the first request is clean too.
  for (const names of Object.values(environmentNames))
    for (const name of names) note(environment[name]?.trim());

  return {
    get: async (provider) => (await stored(provider)) ?? fromEnvironment(provider),
    set: async (provider, key) => {
      note(key.trim());
      await secrets.store(secretName(provider), key.trim());
    },
    remove: async (provider) => secrets.delete(secretName(provider)),
    source: async (provider) => {
      if ((await stored(provider)) !== undefined) return 'stored';
      return fromEnvironment(provider) === undefined ? undefined : 'environment';
    },
    live: () => seen,
  };
};
