/** The tools that VS Code has, and which of them the person has chosen. */
import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { JsonObject } from '../shared/message.ts';

/** As VS Code lists it. */
export interface EditorTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** SHA-256, in hexadecimal, of everything above. */
  readonly hash: string;
}

/** Our own tools go another way. */
const ownPrefix = 'anycowork_';

const toolSchema = z.object({
  name: z.string().min(1),
  description: z.string().catch(''),
  inputSchema: z.record(z.string(), z.json()).catch({ type: 'object', properties: {} }),
});

const byName = (a: EditorTool, b: EditorTool): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** @returns undefined where this VS Code has no such thing */
export const editorToolsNow = (): readonly EditorTool[] | undefined => {
  const lm: unknown = Reflect.get(vscode, 'lm');
  if (typeof lm !== 'object' || lm === null) return undefined;
  const tools: unknown = Reflect.get(lm, 'tools');
  if (!Array.isArray(tools) || typeof Reflect.get(lm, 'invokeTool') !== 'function') return undefined;
  return tools
    .flatMap((tool: unknown): readonly EditorTool[] => {
      const parsed = toolSchema.safeParse(tool).data;
      if (parsed === undefined || parsed.name.startsWith(ownPrefix)) return [];
      const { name, description, inputSchema } = parsed;
      const hash = createHash('sha256')
        .update(JSON.stringify([name, description, inputSchema]))
        .digest('hex');
      return [{ name, description, inputSchema, hash }];
    })
    .toSorted(byName);
};

/** Hashes by name: what the person looked at when they chose it. */
export type Chosen = ReadonlyMap<string, string>;

const key = 'mcp.editorTools';
const chosenSchema = z.array(z.tuple([z.string(), z.string()]));

export type ChoiceState = Pick<vscode.Memento, 'get' | 'update'>;

export const readChosen = (state: ChoiceState): Chosen =>
  new Map(chosenSchema.safeParse(state.get<unknown>(key)).data ?? []);

export const writeChosen = async (state: ChoiceState, chosen: Chosen): Promise<void> => {
  await state.update(key, [...chosen]);
};

const longest = 64;
const prefix = 'vscode__';

/** Names for models, none of them twice. By the name it has in VS Code. Pure. */
export const editorToolNames = (names: readonly string[]): ReadonlyMap<string, string> => {
  const room = longest - prefix.length;
  const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9_-]+/g, '_');
  const taken = Map.groupBy(new Set(names), plain);
  return new Map(
    names.map((name) => {
      const safe = plain(name);
      const isExact = safe === name && safe.length <= room;
      const isAlone = safe.length <= room && taken.get(safe)?.length === 1;
      if (isExact || isAlone) return [name, `${prefix}${safe}`];
      const suffix = `_${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
      return [name, `${prefix}${safe.slice(0, room - suffix.length)}${suffix}`];
    }),
  );
};
