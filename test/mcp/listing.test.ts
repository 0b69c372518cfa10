import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  canonicalJson,
  definitionOf,
  readPrompt,
  readResourceEntry,
  readTool,
} from '../../extension/mcp/listing.ts';
import type { McpToolDefinition } from '../../extension/shared/mcp.ts';
import type { JsonObject, JsonValue } from '../../extension/shared/message.ts';

const json = fc.jsonValue({ maxDepth: 4 }).map((value): JsonValue => JSON.parse(JSON.stringify(value)));
const object = fc.dictionary(fc.string(), json).map((value): JsonObject => JSON.parse(JSON.stringify(value)));
const flag = fc.option(fc.boolean(), { nil: undefined });
const tool = fc
  .record({
    name: fc.string({ minLength: 1 }),
    title: fc.option(fc.string(), { nil: undefined }),
    description: fc.string(),
    inputSchema: object,
    outputSchema: fc.option(object, { nil: undefined }),
    hints: fc.record({ readOnly: flag, destructive: flag, idempotent: flag, openWorld: flag }),
  })
  .map(
    ({ title, outputSchema, hints, ...rest }): Omit<McpToolDefinition, 'hash'> => ({
      ...rest,
      ...(title === undefined ? {} : { title }),
      ...(outputSchema === undefined ? {} : { outputSchema }),
      hints: JSON.parse(JSON.stringify(hints)),
    }),
  );

/** The same with the keys of every object the other way round. */
const reversed = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return JSON.parse(
    `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(reversed(item))}`).join(',')}}`,
  );
};

describe('MCP listing', () => {
  it('has one canonical text for a value, which says all of it', () => {
    fc.assert(
      fc.property(json, (value) => {
        assert.equal(canonicalJson(reversed(value)), canonicalJson(value));
        assert.deepEqual(JSON.parse(canonicalJson(value)), value);
      }),
    );
  });

  it('hashes alike what says the same, and apart what does not', () => {
    fc.assert(
      fc.property(tool, tool, (a, b) => {
        const inputSchema: JsonObject = JSON.parse(JSON.stringify(reversed(a.inputSchema)));
        assert.equal(definitionOf({ ...a, inputSchema }).hash, definitionOf(a).hash);
        assert.equal(
          definitionOf(a).hash === definitionOf(b).hash,
          canonicalJson(textOf(a)) === canonicalJson(textOf(b)),
        );
      }),
    );
  });

  it('hashes every field', () => {
    const base = {
      name: 'n',
      title: 't',
      description: 'd',
      inputSchema: {},
      outputSchema: {},
      hints: { readOnly: true },
    };
    const others = [
      { ...base, name: 'm' },
      { ...base, title: 'u' },
      { ...base, description: 'e' },
      { ...base, inputSchema: { a: 1 } },
      { ...base, outputSchema: { a: 1 } },
      { ...base, hints: { readOnly: false } },
      { ...base, hints: {} },
      { name: 'n', description: 'd', inputSchema: {}, hints: { readOnly: true } },
    ];
    const hashes = [base, ...others].map((one) => definitionOf(one).hash);
    assert.equal(new Set(hashes).size, hashes.length);
    // Keys that JSON.parse takes and an assignment would not.
    const proto: JsonObject = JSON.parse('{"__proto__":{"a":1}}');
    assert.notEqual(definitionOf({ ...base, inputSchema: proto }).hash, definitionOf(base).hash);
  });

  it('reads whatever comes without throwing', () => {
    const anyTool = fc.record(
      {
        name: fc.anything(),
        title: fc.anything(),
        description: fc.anything(),
        inputSchema: fc.anything(),
        annotations: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), anyTool, tool), (raw) => {
        const read = readTool(raw);
        if (typeof read !== 'string') assert.equal(read.inputSchema.type, 'object');
        readPrompt(raw);
        readResourceEntry(raw);
      }),
    );
  });

  it('survives schemas that are nested deep', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    assert.match(
      String(readTool({ name: 'deep', inputSchema: { type: 'object', properties: deep } })),
      /deep/,
    );
  });
});

const textOf = (one: Omit<McpToolDefinition, 'hash'>): JsonValue => JSON.parse(JSON.stringify(one));
