/** Small texts that are no key of a provider and no token of a bot: in VS Code's secret storage and nowhere else. */
import type * as vscode from 'vscode';
import type { SecretBox } from '../core/mcp.ts';
import { shortestSecret } from '../core/redact.ts';

/** The text itself, and of JSON what is secret in it: addresses and names stand beside that. */
const secretsIn = (text: string): readonly string[] => {
  const found = [text];
  try {
    JSON.parse(text, (key, value: unknown) => {
      const isSecret =
        /token|secret|verifier|password|code|key/i.test(key) && !/_method$|_ur[il]$/i.test(key);
      if (typeof value === 'string' && isSecret) found.push(value);
      return value;
    });
  } catch {
    // It is no JSON.
  }
  return found;
};

export const createSecretBox = (
  secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>,
): SecretBox & { /** Every one seen so far, for the redactor. */ live(): Iterable<string> } => {
  const seen = new Set<string>();
  const name = (key: string): string => `anycowork.${key}`;
  const note = (text: string): string => {
    for (const secret of secretsIn(text)) if (secret.length >= shortestSecret) seen.add(secret);
    return text;
  };
  return {
    get: async (key, isPlain = false) => {
      const text = await secrets.get(name(key));
      return text === undefined || isPlain ? text : note(text);
    },
    set: async (key, text, isPlain = false) => secrets.store(name(key), isPlain ? text : note(text)),
    delete: async (key) => secrets.delete(name(key)),
    live: () => seen,
  };
};
