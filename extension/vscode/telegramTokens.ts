/** Tokens of bots: in VS Code's secret storage and nowhere else. */
import type * as vscode from 'vscode';

export interface TelegramTokens {
  get(configId: string): Promise<string | undefined>;
  set(configId: string, token: string): Promise<void>;
  remove(configId: string): Promise<void>;
  /** Every token seen so far, for the redactor. */
  live(): Iterable<string>;
}

const secretName = (configId: string): string => `anycowork.telegram.${configId}`;

export const createTelegramTokens = (
  secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>,
): TelegramTokens => {
  const seen = new Set<string>();
  /** The part behind the bot's id is what is secret, however the colon before it is written in an address. */
  const note = (token: string): string => {
    seen.add(token);
    const secret = token.slice(token.indexOf(':') + 1);
    if (secret !== '') seen.add(secret);
    return token;
  };
  return {
    get: async (configId) => {
      const token = (await secrets.get(secretName(configId)))?.trim();
      return token === undefined || token === '' ? undefined : note(token);
    },
    set: async (configId, token) => secrets.store(secretName(configId), note(token.trim())),
    remove: async (configId) => secrets.delete(secretName(configId)),
    live: () => seen,
  };
};
