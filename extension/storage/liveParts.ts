/**
 * Long strings (pictures, long results) cross in parts, each a line of its own before the event that holds them: to
 * write or read a line of many megabytes at once would hold up everything else that the extension host does.
 */
import * as z from 'zod';
import type { AgentEvent } from '../shared/event.ts';
import { eventLine, parseEvent } from './liveLine.ts';

/** Characters of a string that is written in one piece. */
const partLength = 100_000;

/** Stands in the place of a string that was told before. Its name is made by chance, so nothing else looks like it. */
interface Reference {
  readonly $part: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const hasLongString = (value: unknown): boolean => {
  if (typeof value === 'string') return value.length > partLength;
  return isObject(value) && Object.values(value).some(hasLongString);
};

const replace = (value: unknown, replacement: (value: unknown) => unknown): unknown => {
  const replaced = replacement(value);
  if (replaced !== value || !isObject(value)) return replaced;
  if (Array.isArray(value)) return value.map((each) => replace(each, replacement));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replace(each, replacement)]));
};

/** The lines of an event, each made when it is asked for. */
export function* eventLines(event: AgentEvent, newId: () => string): Generator<string, void> {
  if (!hasLongString(event)) {
    yield eventLine(event);
    return;
  }
  const long: { readonly part: string; readonly text: string }[] = [];
  const short = replace(event, (value): unknown => {
    if (typeof value !== 'string' || value.length <= partLength) return value;
    const part = newId();
    long.push({ part, text: value });
    const reference: Reference = { $part: part };
    return reference;
  });
  for (const { part, text } of long) {
    for (let start = 0; start < text.length; start += partLength) {
      yield `${JSON.stringify({ part, text: text.slice(start, start + partLength) })}\n`;
    }
  }
  yield `${JSON.stringify(short)}\n`;
}

const partSchema = z.object({ part: z.string(), text: z.string() });

/** Reads the lines of one job in their order. */
export class EventReader {
  readonly #parts = new Map<string, string[]>();

  /** @returns as parseEvent does; undefined for a part, too */
  read(line: string): AgentEvent | 'damaged' | undefined {
    if (!line.startsWith('{"part":')) return parseEvent(line, (value) => this.#restore(value));
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return 'damaged';
    }
    const parsed = partSchema.safeParse(value).data;
    if (parsed === undefined) return 'damaged';
    const pieces = this.#parts.get(parsed.part) ?? [];
    pieces.push(parsed.text);
    this.#parts.set(parsed.part, pieces);
    return undefined;
  }

  #restore(value: unknown): unknown {
    if (this.#parts.size === 0) return value;
    const restored = replace(value, (each) => {
      if (!isObject(each) || typeof each.$part !== 'string') return each;
      return this.#parts.get(each.$part)?.join('') ?? each;
    });
    this.#parts.clear();
    return restored;
  }
}
