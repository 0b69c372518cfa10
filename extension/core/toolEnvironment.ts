/** The environment that commands of agents run in: the person's own, without our keys and the editor's internals. */

import { shortestSecret } from './redact.ts';

/** The editor sets these for its own processes; they change how node and electron behave in a child. */
const editorVariables = /^(VSCODE_|ELECTRON_)/;

export const toolEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
  keyVariables: readonly string[],
  secrets: Iterable<string>,
): Record<string, string> => {
  const names = new Set(keyVariables.map((name) => name.toUpperCase()));
  const live = [...secrets].filter((secret) => secret !== '');
  /** A short one may stand in any word; a long one gives itself away inside a header or an address too. */
  const holdsSecret = (value: string): boolean =>
    live.some(
      (secret) => value.trim() === secret || (secret.length >= shortestSecret && value.includes(secret)),
    );
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || names.has(name.toUpperCase()) || holdsSecret(value)) continue;
    if (!editorVariables.test(name)) clean[name] = value;
  }
  return clean;
};
