import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { entryKeys, sandboxKeys } from '../../extension/skills/skillFields.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { parseSkillYaml, skillYamlKeys } from '../../extension/skills/skillYaml.ts';

const root = path.resolve(import.meta.dirname, '../..');
const fixtures = path.join(root, 'test/fixtures/skills');

const property = z.object({ description: z.string().optional(), $ref: z.string().optional() });
const described = z.object({
  description: z.string().optional(),
  properties: z.record(z.string(), property),
});
const text = readFileSync(path.join(root, 'media/skill.schema.json'), 'utf8');
const schema = described
  .extend({
    properties: z.object({ sandbox: described }).catchall(property),
    definitions: z.object({ entry: described, namedEntry: described }).catchall(property),
  })
  .parse(JSON.parse(text));
const validator = z.fromJSONSchema(JSON.parse(text));

const minimal = { name: 'a', description: 'Does a.' };

describe('the schema of skill.yaml', () => {
  it('knows the keys of the parser, with a description each', () => {
    const { properties, definitions } = schema;
    assert.deepEqual(Object.keys(properties).sort(), [...skillYamlKeys].sort());
    assert.deepEqual(Object.keys(properties.sandbox.properties).sort(), [...sandboxKeys].sort());
    for (const { properties: each } of [definitions.entry, definitions.namedEntry]) {
      assert.deepEqual(Object.keys(each).sort(), [...entryKeys].sort());
    }
    const all = { ...properties, ...properties.sandbox.properties, ...definitions };
    const silent = Object.entries(all).filter(
      ([key, each]) => !/entry$/i.test(key) && !('description' in each && each.description),
    );
    assert.deepEqual(
      silent.map(([key]) => key),
      [],
    );
  });

  for (const file of globSync('{test/fixtures/skills,skills}/*/skill.yaml', { cwd: root })) {
    it(`fits ${file}`, async () => {
      const result = validator.safeParse(parse(readFileSync(path.join(root, file), 'utf8')));
      assert.deepEqual(result.error?.issues ?? [], []);
      const { skill, problems } = await readSkillFolder(path.join(root, path.dirname(file)));
      assert.deepEqual(problems, []);
      assert.ok(skill);
    });
  }

  const both: [isRight: boolean, added: Record<string, unknown>][] = [
    [true, {}],
    [true, { sandbox: { memory: '1.5g', timeout: '90s', network: 'bridge', cpus: 0.5 } }],
    [true, { sandbox: { memory: 512, timeout: 90, network: true } }],
    [true, { entries: { run: { description: 'Runs.', file: 'a.py' } } }],
    [false, { name: 'A b' }],
    [false, { name: 'a--b' }],
    [false, { description: '' }],
    [false, { mode: 'container' }],
    [false, { runtime: 'ruby' }],
    [false, { sandbox: { memory: 'lots' } }],
    [false, { sandbox: { memory: 1 } }],
    [false, { sandbox: { timeout: '2d' } }],
    [false, { sandbox: { timeout: 4_000 } }],
    [false, { sandbox: { network: 'host' } }],
    [false, { sandbox: { image: '--x' } }],
    [false, { sandbox: { workspace: 'copy' } }],
    [false, { entries: [{ description: 'Runs.', file: 'a.py' }] }],
    [false, { entries: [{ name: 'run', description: 'Runs.', file: 'a.py', output: 'html' }] }],
    [
      false,
      { entries: [{ name: 'run', description: 'Runs.', file: 'a.py', arguments: { type: 'string' } }] },
    ],
  ];
  for (const [isRight, added] of both) {
    it(`is of one mind with the parser about ${JSON.stringify(added)}`, () => {
      const data = { ...minimal, ...added };
      assert.equal(validator.safeParse(data).success, isRight);
      assert.equal(parseSkillYaml(JSON.stringify(data), 'x').skill !== undefined, isRight);
    });
  }
});

describe('the skills of the fixtures', () => {
  it('are read with every field', async () => {
    const { skill } = await readSkillFolder(path.join(fixtures, 'full'));
    assert.deepEqual(skill, {
      name: 'full',
      description: 'Reads tables: of any kind. Use it for spreadsheets.',
      displayName: 'Tables in full',
      version: '1.10',
      author: 'Somebody',
      license: 'MIT',
      compatibility: 'Needs Python 3.11',
      format: 'skill.yaml',
      triggers: ['extract table', '*.xlsx', '/pivot (table|chart)s?/'],
      runtime: 'python',
      entries: [
        {
          name: 'read',
          description: 'Reads one table.',
          file: 'scripts/read.py',
          arguments: { type: 'object', required: ['path'], properties: { path: { type: 'string' } } },
          output: 'markdown',
        },
        {
          name: 'count',
          description: 'Counts rows.',
          file: 'scripts/count.py',
          arguments: { type: 'object' },
          output: 'text',
        },
      ],
      mode: 'sandbox',
      requiresSandbox: true,
      sandbox: {
        image: 'python:3.12-slim',
        memoryMb: 1_024,
        cpus: 1.5,
        timeoutSeconds: 120,
        network: false,
        execTmp: false,
        workspace: 'ro',
      },
      allowedTools: ['read_file', 'Bash(git log:*)', 'search'],
      isForAgents: false,
      isForPeople: true,
      argumentHint: '[file]',
      body: '# Full\n\nRead tables with `read`, count them with `count`.\n',
    });
  });

  it('are read as the standard is meant', async () => {
    const { skill, problems } = await readSkillFolder(path.join(fixtures, 'standard'));
    assert.equal(
      skill?.description,
      'Works on documents: reads, writes and checks them. Use when: a document is mentioned.',
    );
    assert.deepEqual(
      skill?.entries.map(({ name }) => name),
      ['unpack', 'recalc'],
    );
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ['warning', 'warning', 'warning'],
    );
    assert.ok(existsSync(path.join(fixtures, 'standard/scripts/old.sh')));
  });
});
