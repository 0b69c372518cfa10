/** Notices an agent that goes round in circles: the same calls, with the same results, again and again. Pure. */
import type { JsonObject, JsonValue, UserBlock } from '../shared/message.ts';

/** What a call was and what came of it. */
export interface PastCall {
  readonly tool: string;
  readonly input: JsonObject;
  /** As the model reads it. */
  readonly content: readonly UserBlock[];
  /** For a person: `run_command (npm test)`. */
  readonly label: string;
}

/** From so many times on the model is told that it repeats itself. */
export const warnedAt = 3;
/** After so many times the job ends. */
export const stoppedAt = 6;

/** Calls that take turns, and still count as one thing that is repeated. */
const longestCycle = 2;

/** No more of the past than this many calls has to be kept. */
export const rememberedCalls = stoppedAt * longestCycle;

const sameValue = (a: JsonValue | undefined, b: JsonValue | undefined): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return false;
    return a.length === b.length && a.every((each, index) => sameValue(each, b[index]));
  }
  // The order in which a model writes the keys says nothing.
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]));
};

const sameBlock = (a: UserBlock, b: UserBlock | undefined): boolean => {
  if (b === undefined) return false;
  if (a.type === 'text') return b.type === 'text' && a.text === b.text;
  return b.type === 'image' && a.data === b.data;
};

const sameCall = (a: PastCall, b: PastCall | undefined): boolean =>
  b !== undefined &&
  a.tool === b.tool &&
  sameValue(a.input, b.input) &&
  a.content.length === b.content.length &&
  a.content.every((block, index) => sameBlock(block, b.content[index]));

export interface Repetition {
  /** 1: not repeated. */
  readonly times: number;
  /** What was repeated: one call, or two that take turns. */
  readonly labels: readonly string[];
}

/** How often the calls that the past ends with were made in a row, each time with the same results. */
export const repetitionOf = (past: readonly PastCall[]): Repetition => {
  let most: Repetition = { times: 1, labels: past.slice(-1).map(({ label }) => label) };
  for (let cycle = 1; cycle <= longestCycle; cycle += 1) {
    let same = 0;
    while (same < past.length - cycle) {
      const call = past[past.length - 1 - same];
      if (call === undefined || !sameCall(call, past[past.length - 1 - same - cycle])) break;
      same += 1;
    }
    const times = Math.floor((same + cycle) / cycle);
    if (times > most.times) most = { times, labels: past.slice(-cycle).map(({ label }) => label) };
  }
  return most;
};

/** What the model reads behind the result of a call that it repeats; undefined where it does not. */
export const repetitionNote = ({ times, labels }: Repetition): string | undefined => {
  if (times < warnedAt) return undefined;
  const what = labels.length === 1 ? 'this call' : 'these two calls';
  return `You have now made ${what} ${times} times in a row, each time with the same input and the same result. Making it again will not change that: try something else, or tell the person what is in the way.`;
};
