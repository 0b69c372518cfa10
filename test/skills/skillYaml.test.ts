import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nearestKey } from '../../extension/skills/skillFields.ts';
import { parseSkillFiles } from '../../extension/skills/skillFile.ts';
import { parseSkillYaml, skillYamlKeys } from '../../extension/skills/skillYaml.ts';

const minimal = 'name: a\ndescription: Does a.\n';
const parse = (text: string) => parseSkillYaml(text, '# Readme');

/** Problems as `line severity message`. */
const problemsOf = (text: string): string[] =>
  parse(text).problems.map(({ line, severity, message }) => `${line} ${severity} ${message}`);

describe('skill.yaml', () => {
  it('needs no more than a name and a description', () => {
    const { skill, problems } = parse(minimal);
    assert.deepEqual(problems, []);
    assert.deepEqual(skill, {
      name: 'a',
      description: 'Does a.',
      format: 'skill.yaml',
      triggers: [],
      entries: [],
      mode: 'flexible',
      requiresSandbox: false,
      sandbox: {},
      isForAgents: true,
      isForPeople: true,
      body: '# Readme',
    });
  });

  const wrong: [name: string, added: string, problem: RegExp][] = [
    ['a bad mode', 'mode: container', /^3 error mode: Write one of sandbox, flexible, direct/],
    ['a bad runtime', 'runtime: ruby', /^3 error runtime: Write one of python, node, shell/],
    ['memory', 'sandbox:\n  memory: lots', /^4 error sandbox.memory: `lots` does not fit. Write megabytes/],
    ['too little memory', 'sandbox: {memory: 4m}', /^3 error sandbox.memory: .*at least 16 MB/],
    ['a timeout', 'sandbox:\n  timeout: 2h', /^4 error sandbox.timeout: .*at most an hour/],
    ['processors', 'sandbox:\n  cpus: "many"', /^4 error sandbox.cpus/],
    [
      'host network',
      'sandbox:\n  network: host',
      /^4 error sandbox.network: .*`true` \(the whole internet\)/,
    ],
    ['an image that is an option', 'sandbox:\n  image: --privileged', /^4 error sandbox.image/],
    ['a workspace', 'sandbox:\n  workspace: copy', /^4 error sandbox.workspace: .*`rw`/],
    ['yes for true', 'requires_sandbox: yes', /^3 error requires_sandbox: `yes` does not fit. Write `true`/],
    [
      'a path that leads out',
      'entries:\n  - name: x\n    description: X.\n    file: ../x.py',
      /^6 error entries\[0\].file: The file has to lie in/,
    ],
    ['an absolute path', 'entries: [{name: x, description: X., file: /x.py}]', /^3 error entries\[0\].file/],
    [
      'a Windows path',
      'entries: [{name: x, description: X., file: "a\\\\x.py"}]',
      /^3 error entries\[0\].file/,
    ],
    [
      'an entry without a file',
      'entries:\n  x:\n    description: X.',
      /^4 error entries\[0\].file: Say which file/,
    ],
    [
      'an entry without a description',
      'entries:\n  x:\n    file: x.py',
      /^4 error entries\[0\].description: The description is missing/,
    ],
    [
      'two entries of one name',
      'entries:\n  - {name: x, description: X., file: x.py}\n  - {name: x, description: X., file: x.py}',
      /^5 error entries\[1\].name: Two programs are called `x`/,
    ],
    [
      'arguments that are no object',
      'entries:\n  x:\n    description: X.\n    file: x.py\n    arguments:\n      type: string',
      /^8 error entries\[0\].arguments.type: A program takes an object/,
    ],
    [
      'programs of unknown runtime',
      'entries: [{name: x, description: X., file: x}]',
      /^3 error entries: Say what runs/,
    ],
    [
      'a list in place of the sandbox',
      'sandbox: [1]',
      /^3 error sandbox: This has to be a list of `key: value`/,
    ],
    ['a key twice', 'name: b', /^3 error The same key stands here/],
    ['an unquoted colon', 'license: MIT: no', /^3 error A value with a colon/],
    ['a tab', 'sandbox:\n\tmemory: 1', /^4 error .*tab/],
    [
      'a slip',
      'trigers: [abc]',
      /^3 warning trigers: This key is not known. It is ignored. Do you mean `triggers`\?/,
    ],
    ['another writing', 'allowed_tools: Read', /^3 warning allowed_tools: Write `allowed-tools`/],
    ['a key of its own', 'colour: red', /^3 warning colour: .*Delete it/],
    ['a slip below', 'sandbox:\n  mem: 3\n  imgae: x', /^5 warning sandbox.imgae: .*`image`/],
    [
      'a trigger',
      'triggers:\n  - abc\n  - /(a/',
      /^5 warning triggers\[1\]: `\/\(a\/` is left out. A `\(` is not closed/,
    ],
  ];
  for (const [name, added, problem] of wrong) {
    it(`tells line and fix of ${name}`, () => {
      const problems = problemsOf(`${minimal}${added}\n`);
      assert.ok(
        problems.some((each) => problem.test(each)),
        problems.join('\n'),
      );
      const isBroken = parse(`${minimal}${added}\n`).skill === undefined;
      assert.equal(isBroken, problem.source.includes('error'));
    });
  }

  it('tells what is missing, and a better name', () => {
    assert.match(
      problemsOf('name: a\n')[0] ?? '',
      /^1 error description: The description is missing. Say what/,
    );
    assert.match(problemsOf('name: My Skill!\ndescription: x\n')[0] ?? '', /such as `my-skill`/);
    assert.match(problemsOf('just text')[0] ?? '', /^1 error This file has to be a list/);
    assert.match(problemsOf('')[0] ?? '', /^1 error This file has to be a list/);
  });

  it('takes a key in another writing at its word where it limits', () => {
    assert.equal(parse(`${minimal}requiresSandbox: true\n`).skill?.requiresSandbox, true);
  });

  it('keeps the writing of numbers', () => {
    assert.equal(parse(`${minimal}version: 1.10\n`).skill?.version, '1.10');
    assert.equal(parse('name: 7\ndescription: 3.0\n').skill?.description, '3.0');
  });

  it('reads amounts', () => {
    const sandbox = (text: string) => parse(`${minimal}sandbox: {${text}}\n`).skill?.sandbox;
    assert.deepEqual(sandbox('memory: 256m, timeout: 2m, network: none'), {
      memoryMb: 256,
      timeoutSeconds: 120,
      network: false,
    });
    assert.deepEqual(sandbox('memory: 1.5g, timeout: 90, network: bridge'), {
      memoryMb: 1536,
      timeoutSeconds: 90,
      network: true,
    });
    assert.deepEqual(sandbox('memory: 512, exec_tmp: true'), { memoryMb: 512, execTmp: true });
  });

  it('makes one line of a description', () => {
    assert.equal(parse('name: a\ndescription: |\n  One\n\n  two\n').skill?.description, 'One two');
  });

  it('says that a README is missing, and when it is too long for others', () => {
    const missing = parseSkillYaml(minimal, undefined);
    assert.match(missing.problems[0]?.message ?? '', /no README.md/);
    assert.ok(missing.skill);
    assert.match(
      problemsOf(`name: a\ndescription: ${'x'.repeat(1_100)}\n`)[0] ?? '',
      /^2 warning description: It has 1100/,
    );
  });

  it('does not lose itself in aliases and brackets', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((key, index) => {
        const before = 'abcdefghi'[index];
        return `${key}: &${key} [${`*${before},`.repeat(9)}]`;
      }),
    ].join('\n');
    assert.match(problemsOf(bomb)[0] ?? '', /too tangled/);
    assert.match(problemsOf('['.repeat(20_000))[0] ?? '', /too tangled/);
    assert.match(problemsOf(' '.repeat(40_001))[0] ?? '', /longer than 40,000/);
  });

  it('tells of a few of thousands of unknown keys, and takes the others at their word all the same', () => {
    const letters = [...'bcdfghjklmnpqrstuvwxyz'];
    const keys = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => `qq${a}${b}${c}:`)));
    const { skill, problems } = parse(
      `${minimal}${keys.slice(0, 4_000).join('\n')}\nRequires-Sandbox: true\n`,
    );
    assert.equal(skill?.requiresSandbox, true);
    assert.equal(problems.length, 40);
  });

  it('has at most a hundred problems, errors first', () => {
    const triggers = Array.from({ length: 500 }, () => '- a\n').join('');
    const text = `name: A\ndescription: x\ntriggers:\n${triggers}mode: x\n`;
    const read = (yaml: string) => {
      const content = Buffer.from(yaml);
      return parseSkillFiles('a', ['skill.yaml'], [{ file: 'skill.yaml', content }]).problems;
    };
    assert.deepEqual(
      read(text).map(({ severity }) => severity),
      ['error', 'error'],
    );
    const told = read(text.replace('name: A', 'name: a').replace('mode: x', ''));
    assert.equal(told.length, 101);
    assert.match(told.at(-1)?.message ?? '', /^There are 401 more problems/);
  });

  it('does not search long among thousands of files for programs that are missing', () => {
    const files = Array.from({ length: 2_000 }, (_, index) => `${'folder/'.repeat(100)}${index}.txt`);
    const entries = Array.from(
      { length: 50 },
      (_, index) => `- {name: e${index}, description: D., file: ${'b'.repeat(60)}${index}.py}\n`,
    ).join('');
    const content = Buffer.from(`${minimal}entries:\n${entries}`);
    const { problems } = parseSkillFiles('a', files, [{ file: 'skill.yaml', content }]);
    assert.equal(problems.filter(({ severity }) => severity === 'error').length, 50);
  });

  it('never throws, and every problem has a line of the file', () => {
    const key = fc.oneof(fc.constantFrom(...skillYamlKeys), fc.string({ maxLength: 8 }));
    const value = fc.oneof(
      fc.jsonValue().map((each) => JSON.stringify(each)),
      fc.string({ maxLength: 20 }),
      fc.constantFrom('&a x', '*a', '!!js x', '.inf', '2020-01-01'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 8 }), (pairs) => {
        const text = pairs.map(([each, other]) => `${each}: ${other}`).join('\n');
        const { skill, problems } = parse(text);
        const lines = text.split('\n').length;
        for (const { line } of problems) assert.ok(line === undefined || (line >= 1 && line <= lines + 1));
        assert.ok(skill !== undefined || problems.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 500 },
    );
  });

  it('knows the nearest key, and no far one', () => {
    assert.equal(nearestKey('descripton', skillYamlKeys), 'description');
    assert.equal(nearestKey('colour', skillYamlKeys), undefined);
  });
});
