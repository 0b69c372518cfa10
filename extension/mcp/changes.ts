/** What a server offers now against what the person has accepted of it. Pure. */
import { createHash } from 'node:crypto';
import type { McpDefinitions, McpPendingChange, McpToolDefinition } from '../shared/mcp.ts';

/** Reasons to look twice at a tool, or at the instructions where that is a text. */
export type FlagsFor = (of: McpToolDefinition | string) => readonly string[];

/** A tool as a person compares it. */
export const toolText = ({ name, title, description, inputSchema, outputSchema, hints }: McpToolDefinition) =>
  [
    `Tool: ${name}`,
    ...(title === undefined ? [] : [`Title: ${title}`]),
    '',
    'Description:',
    description,
    '',
    'Input schema:',
    JSON.stringify(inputSchema, null, 2),
    ...(outputSchema === undefined ? [] : ['', 'Output schema:', JSON.stringify(outputSchema, null, 2)]),
    ...(Object.keys(hints).length === 0 ? [] : ['', 'The server says:', JSON.stringify(hints, null, 2)]),
    '',
  ].join('\n');

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** What a server offers as it is kept: in the order of the names, and of several with one name the first. */
export const tidyDefinitions = ({ instructions, tools }: McpDefinitions): McpDefinitions => {
  const found = new Map<string, McpToolDefinition>();
  for (const tool of tools) if (!found.has(tool.name)) found.set(tool.name, tool);
  return {
    ...(instructions === undefined || instructions === '' ? {} : { instructions }),
    tools: [...found.values()].sort(byName),
  };
};

/** The accepted tools that models may see. @param live undefined: it has not been asked in this window yet */
export const unchangedTools = (
  accepted: McpDefinitions,
  live: McpDefinitions | undefined,
): readonly McpToolDefinition[] => {
  if (live === undefined) return accepted.tools;
  const hashes = new Map(live.tools.map(({ name, hash }) => [name, hash]));
  return accepted.tools.filter(({ name, hash }) => hashes.get(name) === hash);
};

export const unchangedInstructions = (
  accepted: McpDefinitions,
  live: McpDefinitions | undefined,
): string | undefined =>
  live === undefined || live.instructions === accepted.instructions ? accepted.instructions : undefined;

/** In the order of the names, the instructions first. */
export const pendingChanges = (
  accepted: McpDefinitions,
  live: McpDefinitions | undefined,
  flagsFor: FlagsFor,
): readonly McpPendingChange[] => {
  if (live === undefined) return [];
  const changes: McpPendingChange[] = [];
  const { instructions: before } = accepted;
  const { instructions: after } = live;
  if (before !== after) {
    changes.push({
      kind: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
      what: 'instructions',
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      flags: after === undefined ? [] : flagsFor(after),
    });
  }
  const old = new Map(accepted.tools.map((tool) => [tool.name, tool]));
  const now = new Map(live.tools.map((tool) => [tool.name, tool]));
  for (const name of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [was, is] = [old.get(name), now.get(name)];
    if (was?.hash === is?.hash) continue;
    changes.push({
      kind: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed',
      what: { tool: name },
      ...(was === undefined ? {} : { before: toolText(was) }),
      ...(is === undefined ? {} : { after: toolText(is) }),
      flags: is === undefined ? [] : flagsFor(is),
    });
  }
  return changes;
};

/** Names a change exactly: what was accepted, and what is there now, of which server. */
export const changeHash = (
  consent: string,
  accepted: McpDefinitions | undefined,
  live: McpDefinitions | undefined,
): string => {
  const named = (of: McpDefinitions | undefined) =>
    of === undefined ? null : [of.instructions ?? null, of.tools.map(({ name, hash }) => [name, hash])];
  return createHash('sha256')
    .update(JSON.stringify([consent, named(accepted), named(live)]))
    .digest('hex');
};
