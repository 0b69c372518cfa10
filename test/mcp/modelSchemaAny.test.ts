import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import fc from 'fast-check';
import { modelSchema } from '../../extension/mcp/modelSchema.ts';
import type { JsonObject, JsonValue } from '../../extension/shared/message.ts';
import { accepts, check, jsonObject, problems, words } from './schemaCheck.ts';

describe('schemas of MCP tools for models: any', () => {
  const leaf = fc.oneof(
    fc.record(
      { type: fc.constant('string'), minLength: fc.nat(3), maxLength: fc.integer({ min: 1, max: 5 }) },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      { type: fc.constantFrom('integer', 'number'), minimum: fc.integer({ min: -3, max: 3 }) },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constantFrom('boolean', 'null') }),
    fc.record({ const: fc.constantFrom<JsonValue>('a', 'b', 1, true, null, [], {}) }),
    fc.record({ enum: fc.uniqueArray(fc.constantFrom<JsonValue>('a', 'b', 1, 2, true), { minLength: 1 }) }),
    fc.constantFrom<JsonValue>(true, {}, { type: ['string', 'null'] }, { $ref: '#/$defs/t' }, { $ref: '#' }),
  );
  const { schema: any } = fc.letrec<{ schema: JsonValue; object: JsonValue }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4, depthIdentifier: 's' },
      leaf,
      tie('object'),
      fc.record(
        { type: fc.constant('array'), items: tie('schema'), maxItems: fc.nat(3) },
        { requiredKeys: ['type'] },
      ),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.dictionary(fc.constantFrom('not', 'if', 'then'), tie('schema'), { maxKeys: 3 }),
    ),
    object: fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'b', '$c'), tie('schema'), { maxKeys: 3 }),
        required: fc.subarray(['a', 'b', '$c']),
        additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
        patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), tie('schema'), { maxKeys: 1 }),
      },
      { requiredKeys: ['type'] },
    ),
  }));
  const top = fc
    .tuple(
      fc.dictionary(fc.constantFrom('a', 'b'), any, { maxKeys: 2 }),
      fc.option(fc.array(any, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 2 }),
      any,
    )
    .map(
      ([properties, anyOf, t]): JsonObject => ({
        type: 'object',
        properties,
        ...(anyOf === undefined ? {} : { anyOf }),
        $defs: { t },
      }),
    );

  it('is what vendors take, of any schema there is', () => {
    fc.assert(
      fc.property(top, (schema) => {
        assert.deepEqual(problems(modelSchema(schema)), []);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...words, 'allOf', '$ref', '$defs', 'const'), fc.jsonValue()),
        (drawn) => {
          assert.deepEqual(problems(modelSchema(jsonObject.parse(drawn))), []);
        },
      ),
      { numRuns: 300 },
    );
  });

  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'v' },
      fc.constantFrom<JsonValue>('a', 'b', '', 'abc', 1, 2, -1, true, false, null),
      fc.dictionary(fc.constantFrom('a', 'b', '$c', 'ab'), tie('value'), { maxKeys: 3 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }));

  // At the top alternatives are told in words: what one of them has is shown for all.
  it('takes nothing away that the server takes, below the top', () => {
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(
        top,
        fc.array(fc.dictionary(fc.constantFrom('a', 'b'), value, { maxKeys: 2 }), {
          minLength: 5,
          maxLength: 5,
        }),
        ({ anyOf: _, ...schema }, inputs) => {
          const shown = modelSchema(schema);
          for (const input of inputs) {
            const isTaken = accepts(schema, input);
            seen[isTaken ? 'taken' : 'refused'] += 1;
            if (isTaken) assert.ok(accepts(shown, input), JSON.stringify({ shown, input }));
          }
        },
      ),
      { numRuns: 200 },
    );
    assert.ok(seen.taken > 50 && seen.refused > 50, JSON.stringify(seen));
  });

  describe('of servers as they are', () => {
    const require = createRequire(import.meta.url);
    const mainOf = (name: string): string => {
      const manifest = require.resolve(`@modelcontextprotocol/${name}/package.json`);
      return path.join(path.dirname(manifest), 'dist/index.js');
    };
    const servers: [string, string[]][] = [
      ['server-everything', ['stdio']],
      ['server-memory', []],
      ['server-filesystem', [os.tmpdir()]],
    ];
    for (const [name, args] of servers) {
      it(name, async function () {
        this.timeout(60_000);
        const client = new Client({ name: 'test', version: '1' });
        const transport = new StdioClientTransport({
          command: process.execPath,
          args: [mainOf(name), ...args],
          stderr: 'ignore',
        });
        await client.connect(transport);
        try {
          const { tools } = await client.listTools();
          assert.ok(tools.length > 5, `${tools.length}`);
          for (const { inputSchema } of tools) check(jsonObject.parse(inputSchema));
        } finally {
          await client.close();
        }
      });
    }
  });
});
