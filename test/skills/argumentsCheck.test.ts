import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../extension/shared/message.ts';
import { checkArguments } from '../../extension/skills/argumentsCheck.ts';

const check = (properties: JsonObject, input: JsonObject, more: JsonObject = {}): readonly string[] =>
  checkArguments({ type: 'object', properties, ...more }, input);

describe('arguments of a program', () => {
  it('fit, or the path of what does not is told', () => {
    const schema: JsonObject = {
      file: { type: 'string', minLength: 1, maxLength: 5 },
      mode: { enum: ['a', 'b'] },
      rows: {
        type: 'array',
        items: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
      },
      size: { type: 'number', minimum: 0, exclusiveMaximum: 10 },
      either: { type: ['string', 'null'] },
    };
    const good = { file: 'a.csv', mode: 'b', rows: [{ id: 1 }], size: 0, either: null };
    assert.deepEqual(check(schema, good, { required: ['file'] }), []);
    const bad = { file: '', mode: 'c', rows: [{ id: 1 }, {}, { id: 1.5 }], size: 10, either: 1 };
    assert.deepEqual(check(schema, bad, { required: ['file', 'other'] }), [
      'other: is missing',
      'file: must have at least 1 character',
      'mode: must be one of "a", "b"',
      'rows[1].id: is missing',
      'rows[2].id: must be integer, and is number (1.5)',
      'size: must be less than 10',
      'either: must be string or null, and is number (1)',
    ]);
  });

  it('may hold more only where the schema does not forbid it', () => {
    const known = { input: { type: 'object', properties: { a: {} }, additionalProperties: false } };
    assert.deepEqual(check(known, { more: 1 }), []);
    assert.deepEqual(check(known, { more: 1 }, { additionalProperties: false }), [
      'more: is not known; known are input',
    ]);
    assert.deepEqual(check(known, { input: { b: 1 } }), ['input.b: is not known; known are a']);
    assert.deepEqual(check({}, { x: 'a' }, { additionalProperties: { type: 'number' } }), [
      'x: must be number, and is string ("a")',
    ]);
  });

  it('are told in few words', () => {
    const problems = checkArguments({ required: Array.from({ length: 20 }, (_, index) => `p${index}`) }, {});
    assert.equal(problems.length, 9);
    assert.equal(problems.at(-1), 'and 12 more');
  });

  it('are held to plain patterns, and to none that could take long', () => {
    assert.deepEqual(check({ x: { pattern: '^[A-Z]+\\d$' } }, { x: 'ABc' }), ['x: must match ^[A-Z]+\\d$']);
    assert.deepEqual(check({ x: { pattern: '^[A-Z]+\\d$' } }, { x: 'AB1' }), []);
    const hostile = [
      '^(a+)+$',
      '(a|a)*$',
      `${'a?'.repeat(60)}${'a'.repeat(60)}$`,
      'a*a*a*a*a*a*b',
      '(?=(a+))\\1b',
      '[',
    ];
    for (const pattern of hostile) {
      assert.deepEqual(check({ x: { pattern } }, { x: `${'a'.repeat(1_500)}!` }), [], pattern);
    }
  });

  it('never make it fail, whatever the schema is', () => {
    const json = fc.jsonValue().map((value) => value as JsonValue);
    const names = fc.constantFrom(
      'type',
      'properties',
      'required',
      'items',
      'enum',
      'const',
      'minimum',
      'maxLength',
      'pattern',
      'additionalProperties',
      'minItems',
    );
    const schema = fc.dictionary(names, json);
    fc.assert(
      fc.property(schema, schema, fc.dictionary(fc.string(), json), (outer, inner, input) => {
        const problems = checkArguments(
          { ...outer, properties: { x: inner } },
          { ...input, x: input.x ?? 1 },
        );
        assert.ok(problems.every((each) => each.length > 0));
      }),
    );
  });
});
