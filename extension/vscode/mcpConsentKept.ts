/** What was approved of a server the last time, to show what has changed; never with values that may be secret. */
import { createHash } from 'node:crypto';
import type * as vscode from 'vscode';
import * as z from 'zod';
import type { McpSource } from '../shared/mcp.ts';

export interface KeptFacts {
  /** As they can be compared with `comparable`; undefined: nothing is known. */
  get(name: string, source: McpSource): readonly string[] | undefined;
  set(name: string, source: McpSource, facts: readonly string[]): Promise<void>;
  comparable(facts: readonly string[]): readonly string[];
}

export interface KeptFactsPorts {
  readonly state: Pick<vscode.Memento, 'get' | 'update'>;
  /** Takes known secrets out of a text. */
  redact(text: string): string;
}

const factsSchema = z.array(z.string());
/** Characters; more is not kept. */
const mostKept = 50_000;

/** Enough to see that a value is another one, and too little to find out which it is. */
const traceOf = (value: string): string => createHash('sha256').update(value).digest('hex').slice(0, 4);

/** `Environment variable TOKEN: x`, `Header Authorization: x`: what stands behind the name can be a secret. */
const valued = /^((?:Environment variable|Header) .*?: )(.+)$/s;

/** Keys in arguments and addresses look like this. */
const random = /[A-Za-z0-9_+=-]{16,}/g;
const withoutRandom = (text: string): string =>
  text.replaceAll(random, (word) =>
    /[A-Za-z]/.test(word) && /\d/.test(word) ? `(value ${traceOf(word)})` : word,
  );

const keyOf = (name: string, { place, folder }: McpSource): string =>
  `mcp.approved.${createHash('sha256')
    .update(JSON.stringify([name, place, folder ?? '']))
    .digest('hex')
    .slice(0, 32)}`;

export const createKeptFacts = ({ state, redact }: KeptFactsPorts): KeptFacts => {
  const comparable = (facts: readonly string[]): readonly string[] =>
    facts.map((fact) => {
      const [, what, value] = valued.exec(fact) ?? [];
      return what === undefined || value === undefined || /^‹[^›]*›$/.test(value)
        ? withoutRandom(redact(fact))
        : `${what}(value ${traceOf(value)})`;
    });
  return {
    get: (name, source) => factsSchema.safeParse(state.get<unknown>(keyOf(name, source))).data,
    set: async (name, source, facts) => {
      const kept = comparable(facts);
      const isShort = kept.join('\n').length <= mostKept;
      await state.update(keyOf(name, source), isShort ? [...kept] : undefined);
    },
    comparable,
  };
};
