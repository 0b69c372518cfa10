/** Small secrets that are no key of a provider and no token of a bot: in VS Code's secret storage and nowhere else. */
import type * as vscode from 'vscode';
import type { SecretBox } from '../core/mcp.ts';
import { shortestSecret } from '../core/redact.ts';

const secretsIn = (text: string): readonly string[] => {
  try {
    const found: string[] = [];
    JSON.parse(text, (key, value: unknown) => {
      // What is kept as JSON holds addresses and names beside its tokens; only these are secret.
      if (typeof value === 'string' && /token|secret|verifier|password|code/i.test(key)) found.push(value);
      return value;
    });
    return found.length === 0 ? [text] : found;
  } catch {
    return [text];
  }
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
    get: async (key) => {
      const text = await secrets.get(name(key));
      return text === undefined ? undefined : note(text);
    },
    set: async (key, text) => secrets.store(name(key), note(text)),
    delete: async (key) => secrets.delete(name(key)),
    live: () => seen,
  };
};
