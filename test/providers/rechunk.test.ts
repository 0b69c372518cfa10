import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Heard, listen, providerAt } from './harness.ts';
import { ask, bytes, type Wire, type WireReply } from './wire.ts';
import { anthropicWire } from './wires/anthropic.ts';
import { geminiWire } from './wires/gemini.ts';
import { openaiWire } from './wires/openai.ts';
import { openaiCompatibleWire } from './wires/openaiCompatible.ts';

const reply: WireReply = {
  thinking: { text: 'Grübeln 🤔\nover two lines', signature: 'c2lnbmF0dXJl+/==' },
  text: ['Grüße', ' 😀', '\n\n', 'data: not an event', ' €'],
  calls: [
    { id: 'call_1', name: 'read_file', fragments: ['{"path":', '"日本語.ts"', '}'] },
    { id: 'call_2', name: 'read_file', fragments: ['{"path":"b\\n.ts"}'] },
  ],
  usage: { input: 100, cached: 60, output: 40, reasoning: 10 },
};

/** A body whose reads are cut at the given places. */
const cutBody = (whole: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % whole.length), whole.length])].sort(
    (a, b) => a - b,
  );
  return new ReadableStream({
    start: (controller) => {
      for (const [index, from] of places.entries()) {
        const to = places[index + 1];
        if (to !== undefined) controller.enqueue(whole.slice(from, to));
      }
      controller.close();
    },
  });
};

const result = ({ text, thinking, done, usage, error }: Heard): unknown => ({
  text,
  thinking,
  done,
  usage,
  error,
});

describe('a stream cut anywhere', () => {
  const { fetch } = globalThis;
  afterEach(() => {
    globalThis.fetch = fetch;
  });

  const play = async (wire: Wire, cuts: readonly number[]): Promise<unknown> => {
    const whole = bytes(wire.sse(reply));
    globalThis.fetch = async () =>
      new Response(cutBody(whole, cuts), { headers: { 'content-type': 'text/event-stream' } });
    return result(await listen(providerAt(wire, 'http://127.0.0.1:9'), ask(wire.model)));
  };

  for (const wire of [anthropicWire, openaiWire, openaiCompatibleWire, geminiWire]) {
    it(`gives the same reply (${wire.id})`, async () => {
      const uncut = await play(wire, []);
      assert.match(JSON.stringify(uncut), /"stopReason":"toolCalls"/);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(10_000), { maxLength: 60 }), async (cuts) => {
          assert.deepEqual(await play(wire, cuts), uncut);
        }),
        { numRuns: 60 },
      );
      const everyByte = bytes(wire.sse(reply)).map((_, index) => index);
      assert.deepEqual(await play(wire, Array.from(everyByte.keys())), uncut);
    });
  }
});
