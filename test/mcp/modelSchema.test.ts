import assert from 'node:assert/strict';
import { modelSchema } from '../../extension/mcp/modelSchema.ts';
import type { JsonObject, JsonValue } from '../../extension/shared/message.ts';
import { check, jsonObject } from './schemaCheck.ts';

const objectWith = (property: JsonValue, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties: { a: property },
  ...more,
});
const propertyOf = (property: JsonValue, more: JsonObject = {}): unknown => {
  const { properties } = modelSchema(objectWith(property, more));
  return jsonObject.parse(properties).a;
};

describe('schemas of MCP tools for models', () => {
  it('leaves an ordinary schema as it is', () => {
    const schema: JsonObject = {
      type: 'object',
      title: 'Input',
      description: 'What it takes.',
      properties: {
        path: {
          type: 'string',
          description: 'File.',
          minLength: 1,
          pattern: '^/',
          format: 'uri',
          default: '/',
        },
        mode: { type: 'string', enum: ['a', 'b'] },
        list: { type: 'array', items: { type: 'integer', minimum: 0 }, maxItems: 3, uniqueItems: true },
        inner: {
          type: ['object', 'null'],
          properties: { x: { type: 'boolean' } },
          required: ['x'],
          additionalProperties: false,
        },
        any: { anyOf: [{ type: 'string' }, { type: 'number', exclusiveMinimum: 0 }] },
        map: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['path'],
      additionalProperties: false,
    };
    assert.deepEqual(check(schema), schema);
  });

  const cases: [string, JsonValue, unknown][] = [
    [
      '$schema and other marks',
      { $schema: 'x', $id: 'y', $comment: 'z', type: 'string', 'x-order': 1 },
      { type: 'string' },
    ],
    ['true', true, {}],
    ['const of a text', { const: 'x' }, { type: 'string', enum: ['x'] }],
    ['const of a number', { const: 1 }, { type: 'integer', enum: [1] }],
    [
      'const true',
      { const: true, description: 'D.' },
      { type: 'boolean', description: 'D. One of: [true].' },
    ],
    ['const of an object', { const: { b: 1 } }, { description: 'One of: [{"b":1}].' }],
    [
      'an enum with null',
      { enum: ['x', null], type: ['string', 'null'] },
      { type: ['string', 'null'], enum: ['x'] },
    ],
    ['an enum of several kinds', { enum: ['x', 1] }, { description: 'One of: ["x",1].' }],
    ['nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    ['a type nobody knows', { type: 'any' }, {}],
    ['no type', { properties: { x: true } }, { type: 'object', properties: { x: {} } }],
    [
      'bounds of an old draft',
      { type: 'number', minimum: 1, exclusiveMinimum: true },
      { type: 'number', minimum: 1 },
    ],
    ['required of an old draft', { type: 'string', required: true }, { type: 'string' }],
    [
      'required of what is not there',
      { type: 'object', properties: {}, required: ['x'] },
      { type: 'object', properties: {} },
    ],
    ['a list of anything', { type: 'array' }, { type: 'array', items: {} }],
    ['a list of true', { type: 'array', items: true }, { type: 'array', items: {} }],
    [
      'a tuple of an old draft',
      {
        type: 'array',
        items: [{ type: 'string', description: 'name' }, { type: 'number' }],
        minItems: 2,
        maxItems: 2,
      },
      {
        type: 'array',
        minItems: 2,
        maxItems: 2,
        items: { anyOf: [{ type: 'string', description: 'name' }, { type: 'number' }] },
        description: 'In this order: string (name), number.',
      },
    ],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false },
      { type: 'array', items: { type: 'number' }, description: 'In this order: number, number.' },
    ],
    [
      'oneOf',
      { oneOf: [{ type: 'string' }, false, { type: 'null' }] },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    [
      'allOf',
      {
        allOf: [
          { type: 'object', properties: { x: true }, required: ['x'] },
          { properties: { y: { const: 'z' } }, required: ['y'] },
        ],
      },
      {
        type: 'object',
        properties: { y: { type: 'string', enum: ['z'] }, x: {} },
        required: ['y', 'x'],
      },
    ],
    ['not, if and else', { type: 'string', not: { const: 'x' }, if: true, else: false }, { type: 'string' }],
    [
      'properties that may not be',
      { type: 'object', properties: { x: false } },
      { type: 'object', properties: {} },
    ],
    [
      'names that not every vendor takes',
      {
        type: 'object',
        properties: { $filter: { type: 'string', description: 'OData.' }, b: true },
        additionalProperties: false,
      },
      { type: 'object', properties: { b: {} }, description: 'It also takes "$filter" (OData.).' },
    ],
    [
      'patterns of names',
      { type: 'object', patternProperties: { '^x': true }, additionalProperties: false },
      { type: 'object' },
    ],
    [
      'hidden characters',
      { type: 'string', description: 'a\u200bb\u{e0041}' },
      { type: 'string', description: 'ab' },
    ],
  ];
  for (const [name, given, expected] of cases) {
    it(`mends ${name}`, () => {
      check(objectWith(given));
      assert.deepEqual(propertyOf(given), expected);
    });
  }

  it('puts what a reference stands for in its place', () => {
    const more = {
      $defs: { t: { type: 'string', title: 'T' }, u: { $ref: '#/$defs/t' } },
      definitions: { v: { const: 1 } },
    };
    assert.deepEqual(propertyOf({ $ref: '#/$defs/u', description: 'D.' }, more), {
      type: 'string',
      title: 'T',
      description: 'D.',
    });
    assert.deepEqual(propertyOf({ $ref: '#/definitions/v' }, more), { type: 'integer', enum: [1] });
    assert.deepEqual(propertyOf({ $ref: '#/$defs/no' }, more), { description: 'As no says.' });
    assert.deepEqual(propertyOf({ $ref: 'https://example.org/x' }, more), { description: 'As x says.' });
    assert.deepEqual(propertyOf({ type: 'array', items: { $ref: '#/$defs/t' } }, more), {
      type: 'array',
      items: { type: 'string', title: 'T' },
    });
  });

  it('looks into what refers to itself once', () => {
    const tree = {
      type: 'object',
      properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } },
    };
    assert.deepEqual(propertyOf({ $ref: '#/$defs/tree' }, { $defs: { tree } }), {
      type: 'object',
      properties: { children: { type: 'array', items: { description: 'The same as tree above, again.' } } },
    });
    check({ $ref: '#' });
    check(objectWith({ $ref: '#' }));
    check(
      objectWith({ $ref: '#/$defs/a' }, { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }),
    );
    check(
      objectWith(
        { $ref: '#/$defs/a' },
        { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] } } },
      ),
    );
  });

  it('puts alternatives at the top beside each other', () => {
    const branch = (kind: string, name: string): JsonObject => ({
      type: 'object',
      properties: { kind: { const: kind }, [name]: { type: 'string' } },
      required: ['kind', name],
      additionalProperties: false,
    });
    assert.deepEqual(check({ type: 'object', oneOf: [branch('a', 'content'), branch('b', 'url')] }), {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['a', 'b'] },
        content: { type: 'string' },
        url: { type: 'string' },
      },
      required: ['kind'],
      description: 'Give one of these: content; url.',
    });
    assert.deepEqual(
      check(
        objectWith(
          { type: 'string' },
          { properties: { a: {}, b: {} }, anyOf: [{ required: ['a'] }, { required: ['b'] }] },
        ),
      ),
      { type: 'object', properties: { a: {}, b: {} }, description: 'Give one of these: a; b.' },
    );
  });

  it('is always of an object', () => {
    const none = { type: 'object', properties: {} };
    for (const schema of [
      {},
      { type: 'string' },
      { enum: [1] },
      { type: 'array', items: true },
      { properties: [] },
    ]) {
      const { type, properties } = check(schema);
      assert.deepEqual({ type, properties }, none);
    }
  });

  it('is bounded in time and size, whatever is sent', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [
        `p${index}`,
        { type: 'string', description: 'x'.repeat(50) },
      ]),
    );
    let deep: JsonObject = { type: 'string' };
    for (let depth = 0; depth < 500; depth += 1) deep = { type: 'array', items: deep };
    const bomb = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `d${index}`,
        {
          anyOf: Array.from({ length: 20 }, () => ({ $ref: `#/$defs/d${index + 1}` })),
          allOf: Array.from({ length: 20 }, () => ({ $ref: `#/$defs/d${index + 1}` })),
        },
      ]),
    );
    const start = performance.now();
    for (const schema of [
      objectWith(true, { properties: wide }),
      objectWith(deep),
      objectWith({ $ref: '#/$defs/d0' }, { $defs: bomb }),
    ]) {
      assert.ok(JSON.stringify(check(schema)).length <= 60_000);
    }
    assert.ok(performance.now() - start < 5_000);
  });

  it('takes names that mean something to JavaScript', () => {
    const schema = jsonObject.parse(
      JSON.parse(
        '{"type":"object","properties":{"constructor":{"type":"string"},"toString":{"$ref":"#/$defs/__proto__"}}}',
      ),
    );
    assert.deepEqual(JSON.parse(JSON.stringify(check(schema))), {
      type: 'object',
      properties: { constructor: { type: 'string' }, toString: { description: 'As __proto__ says.' } },
    });
  });
});
