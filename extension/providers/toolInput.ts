import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { JsonObject } from '../shared/message.ts';

const jsonObject = z.record(z.string(), z.json());

export interface ToolInput {
  readonly input: JsonObject;
  readonly inputError?: string;
}

const failing = (inputError: string): ToolInput => ({ input: {}, inputError });

export const toolInputOf = (value: unknown): ToolInput => {
  const parsed = jsonObject.safeParse(value);
  return parsed.success ? { input: parsed.data } : failing('The arguments were not a JSON object.');
};

/** A call's arguments as text; models send none at all for a tool without parameters. */
export const parseToolInput = (text: string): ToolInput => {
  if (text.trim() === '') return { input: {} };
  try {
    return toolInputOf(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failing(`The arguments were not valid JSON: ${reason}`);
  }
};

/** For servers that give a call no id. */
export const newCallId = (): string => `call_${randomUUID().replaceAll('-', '')}`;
