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
  dispose(): void;
}

/** How long a key is not looked up again, in milliseconds. */
const trustedMs = 5_000;

const secretName = (provider: ProviderId): string => `anycowork.apiKey.${provider}`;

export const createKeys = (
  secrets: vscode.SecretStorage,
  environmentNames: Record<ProviderId, readonly string[]>,
  environment: NodeJS.ProcessEnv,
  now: () => number,
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
  /** Stored keys and when they were looked up; undefined: none is stored. */
  const known = new Map<ProviderId, { readonly key: string | undefined; readonly at: number }>();
  let changes = 0;
  const listening = secrets.onDidChange(() => {
    changes += 1;
    known.clear();
  });
  const look = async (provider: ProviderId): Promise<string | undefined> => {
    const before = changes;
    const at = now();
    const key = note((await secrets.get(secretName(provider)))?.trim());
    if (before === changes) known.set(provider, { key, at });
    return key;
  };
  /**
   * Does not wait where it has looked before: VS Code's window takes 10 ms and longer to answer, at each request of a
   * job. From time to time it looks again, behind the request: changes are announced here and on the desktop, but not
   * those of another browser window.
   */
  const recall = async (provider: ProviderId): Promise<string | undefined> => {
    const found = known.get(provider);
    if (found === undefined) return await look(provider);
    // What was known still counts when it cannot be looked up.
    if (now() - found.at > trustedMs) look(provider).catch(() => undefined);
    return found.key;
  };

  // Known from the start, so that a log line written before the first request is clean too.
  for (const names of Object.values(environmentNames))
    for (const name of names) note(environment[name]?.trim());

  return {
    get: async (provider) => (await recall(provider)) ?? fromEnvironment(provider),
    set: async (provider, key) => {
      note(key.trim());
      await secrets.store(secretName(provider), key.trim());
    },
    remove: async (provider) => secrets.delete(secretName(provider)),
    source: async (provider) => {
      if ((await look(provider)) !== undefined) return 'stored';
      return fromEnvironment(provider) === undefined ? undefined : 'environment';
    },
    live: () => seen,
    dispose: () => listening.dispose(),
  };
};
