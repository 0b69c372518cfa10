/** What people decided about MCP servers, kept between windows: one small file for each, replaced whole. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { createInTurn } from '../core/inTurn.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpDefinitions, McpToolDefinition, McpToolHints } from '../shared/mcp.ts';
import type { JsonObject } from '../shared/message.ts';
import { replaceFile } from './replaceFile.ts';
import type { McpEra, McpRecord, McpRecords } from './types.ts';

/** Out of a file of JSON: it holds nothing but JSON. */
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

const hintsSchema: z.ZodType<McpToolHints> = z.object({
  readOnly: z.boolean().exactOptional(),
  destructive: z.boolean().exactOptional(),
  idempotent: z.boolean().exactOptional(),
  openWorld: z.boolean().exactOptional(),
});
const toolSchema: z.ZodType<McpToolDefinition> = z.object({
  name: z.string(),
  title: z.string().exactOptional(),
  description: z.string(),
  inputSchema: jsonObject,
  outputSchema: jsonObject.exactOptional(),
  hints: hintsSchema,
  hash: z.string(),
});
const definitionsSchema: z.ZodType<McpDefinitions> = z.object({
  instructions: z.string().exactOptional(),
  tools: z.array(toolSchema),
});
const eraSchema: z.ZodType<McpEra> = z.object({ kind: z.enum(['modern', 'legacy']), at: z.number() });
const recordSchema: z.ZodType<McpRecord> = z.object({
  name: z.string(),
  approvedAt: z.number(),
  definitions: definitionsSchema.exactOptional(),
  era: eraSchema.exactOptional(),
  isOwnWords: z.boolean(),
  allowsSampling: z.boolean(),
  disabledTools: z.array(z.string()),
});

/** Of a server by its name and place, whatever it starts. */
interface Choice {
  readonly isDisabled: boolean;
  readonly lastHash?: string;
}
const choiceSchema: z.ZodType<Choice> = z.object({
  isDisabled: z.boolean(),
  lastHash: z.string().exactOptional(),
});

export interface McpRecordsPorts {
  /** Absolute path of a folder for these files only; made when needed. */
  readonly folder: string;
  readonly logError: (text: string) => void;
  /** Tells of changes of the folder by other windows. */
  readonly watch?: (folder: string, onChange: () => void) => { dispose(): void };
}

/** A kind of file: what it holds, what counts where there is none, and where it cannot be read. */
interface Kind<T> {
  readonly prefix: string;
  readonly schema: z.ZodType<{ readonly version: 1; readonly key: string; readonly value: T }>;
  readonly missing: T | undefined;
  readonly unreadable: T | undefined;
  readonly consequence: string;
}

const fileSchema = <T>(value: z.ZodType<T>) => z.object({ version: z.literal(1), key: z.string(), value });

const approvals: Kind<McpRecord> = {
  prefix: 'server',
  schema: fileSchema(recordSchema),
  missing: undefined,
  unreadable: undefined,
  consequence: 'It counts as not approved: starting the server asks again.',
};
const choices: Kind<Choice> = {
  prefix: 'choice',
  schema: fileSchema(choiceSchema),
  missing: { isDisabled: false },
  // Somebody may have turned it off.
  unreadable: { isDisabled: true },
  consequence: 'The server counts as disabled until it is enabled again.',
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

export const createMcpRecords = ({ folder, logError, watch }: McpRecordsPorts): McpRecords => {
  const listeners = new Set<() => void>();
  /** The last change of each file, so that two of this window follow one another. */
  const inTurn = createInTurn<string>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const watching = watch?.(folder, tell);
  const fileOf = (prefix: string, key: string): string =>
    path.join(folder, `${createHash('sha256').update(`${prefix}:${key}`).digest('hex')}.json`);

  const read = async <T>(kind: Kind<T>, key: string): Promise<T | undefined> => {
    const file = fileOf(kind.prefix, key);
    try {
      const { key: found, value } = kind.schema.parse(JSON.parse(await readFile(file, 'utf8')));
      if (found !== key) throw new Error('it belongs to another server');
      return value;
    } catch (error) {
      if (isMissing(error)) return kind.missing;
      logError(
        `What was kept of an MCP server cannot be read (${file}): ${reasonOf(error)}. ${kind.consequence}`,
      );
      return kind.unreadable;
    }
  };

  const change = async <T>(kind: Kind<T>, key: string, next: (before: T | undefined) => T): Promise<void> => {
    const file = fileOf(kind.prefix, key);
    let isChanged = false;
    await inTurn(file, async () => {
      const before = await read(kind, key);
      const value = next(before);
      const text = JSON.stringify({ version: 1, key, value }, null, 2);
      // Nothing to write, and nothing to wake other windows for.
      if (before !== undefined && text === JSON.stringify({ version: 1, key, value: before }, null, 2)) {
        isChanged = before === kind.unreadable;
        if (!isChanged) return;
      }
      await replaceFile(file, `${text}\n`, { mode: 0o600 });
      isChanged = true;
    });
    if (isChanged) tell();
  };

  return {
    get: (hash) => read(approvals, hash),
    change: (hash, next) => change(approvals, hash, next),
    isDisabled: async (key) => (await read(choices, key))?.isDisabled === true,
    setDisabled: (key, isDisabled) => change(choices, key, (before) => ({ ...before, isDisabled })),
    lastHash: async (key) => (await read(choices, key))?.lastHash,
    setLastHash: (key, lastHash) =>
      change(choices, key, (before) => ({ isDisabled: false, ...before, lastHash })),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      watching?.dispose();
      listeners.clear();
    },
  };
};
