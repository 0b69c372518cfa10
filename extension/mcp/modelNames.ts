/** What models call the tools of servers: `server__tool`. Pure; the same whichever server was ready first. */
import { createHash } from 'node:crypto';
import { builtInEffect } from '../core/ruleMatch.ts';

/** What every vendor takes: `[A-Za-z_][A-Za-z0-9_-]{0,63}`. */
const longest = 64;
/** What is left of a server's name where a tool's is long. */
const leastOfServer = 20;
/** Digits of the hash that a name gets where it would not be whole, or not the only one; more where that is not enough. */
const hashStep = 8;
const mostSteps = 4;

/** Stands before tools of the editor, which are no server's. */
const reserved = new Set(['vscode']);

/** A server with the tools it has for models. */
export interface NamedTools {
  readonly name: string;
  readonly tools: readonly { readonly name: string }[];
}

const hashOf = (...names: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(names)).digest('hex');

const safe = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_');

/** Without two underscores in a row: those stand between server and tool only. */
const serverPart = (name: string): string => {
  const part = safe(name).replaceAll(/_{2,}/g, '_').replaceAll(/^_|_$/g, '');
  const begun = /^[A-Za-z]/.test(part) ? part : `_${part}`;
  return begun === '_' ? 'server' : reserved.has(begun) ? `${begun}_mcp` : begun;
};

/** Two servers that would be called the same are told apart; who is called exactly so keeps the name. */
const serverParts = (names: readonly string[]): ReadonlyMap<string, string> => {
  const all = [...new Set(names)].map((name) => ({ name, part: serverPart(name) }));
  return new Map(
    all.map(({ name, part }) => {
      const isShared = all.some((other) => other.name !== name && other.part === part);
      return [name, isShared && name !== part ? `${part}_${hashOf(name).slice(0, 6)}` : part];
    }),
  );
};

/** @param steps of the hash; 0: none */
const nameOf = (server: string, tool: string, hash: string, steps: number): string => {
  const suffix = steps === 0 ? '' : `_${hash.slice(0, steps * hashStep)}`;
  const room = longest - suffix.length - 2;
  const first = server.slice(0, Math.max(leastOfServer, room - tool.length)).replace(/_$/, '');
  return `${first}__${tool.slice(0, room - first.length)}${suffix}`;
};

interface Naming {
  readonly server: string;
  readonly tool: string;
  readonly name: (steps: number) => string;
  steps: number;
}

const namingOf = (server: string, part: string, tool: string): Naming => {
  const hash = hashOf(server, tool);
  const word = safe(tool) || 'tool';
  return {
    server,
    tool,
    name: (steps) => nameOf(part, word, hash, steps),
    steps: part.length + 2 + word.length > longest ? 1 : 0,
  };
};

/** Each two that share a name get a longer hash, until none do. */
const tellApart = (namings: readonly Naming[]): void => {
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    const groups = Map.groupBy(namings, (naming) => naming.name(naming.steps));
    for (const [name, group] of groups) {
      if (group.length === 1 && builtInEffect(name) === undefined) continue;
      for (const naming of group) {
        if (naming.steps >= mostSteps) continue;
        naming.steps += 1;
        hasChanged = true;
      }
    }
  }
};

/**
 * Names for all tools of all servers that count, none of them twice nor that of a built-in tool.
 * @returns by the server's name, then the tool's
 */
export const modelNames = (
  servers: readonly NamedTools[],
): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const parts = serverParts(servers.map(({ name }) => name));
  const toolsOf = new Map<string, Set<string>>();
  for (const { name, tools } of servers) {
    const known = toolsOf.get(name) ?? new Set();
    for (const tool of tools) known.add(tool.name);
    toolsOf.set(name, known);
  }
  const namings = [...toolsOf].flatMap(([server, tools]) =>
    [...tools].map((tool) => namingOf(server, parts.get(server) ?? serverPart(server), tool)),
  );
  tellApart(namings);
  const names = new Map<string, Map<string, string>>();
  for (const { server, tool, name, steps } of namings) {
    const ofServer = names.get(server) ?? new Map<string, string>();
    names.set(server, ofServer.set(tool, name(steps)));
  }
  return names;
};
