import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Skill } from '../../extension/shared/skill.ts';
import { toSkillMarkdown } from '../../extension/skills/exportSkill.ts';
import { parseSkillFiles } from '../../extension/skills/skillFile.ts';
import { parseSkillMarkdown } from '../../extension/skills/skillMarkdown.ts';

const parse = (text: string, files: readonly string[] = [], folderName = 'folder') =>
  parseSkillMarkdown(text, { folderName, files });
const problemsOf = (text: string): string[] =>
  parse(text).problems.map(({ line, severity, message }) => `${line} ${severity} ${message}`);
const withFront = (front: string, body = '# Body\n'): string => `---\n${front}\n---\n${body}`;

describe('SKILL.md', () => {
  it('has name, description and body', () => {
    const { skill, problems } = parse(withFront('name: a\ndescription: Does a.', '\n# Body\n\n---\n\nmore'));
    assert.deepEqual(problems, []);
    assert.equal(skill?.body, '# Body\n\n---\n\nmore');
    assert.equal(skill?.format, 'SKILL.md');
    assert.equal(skill?.mode, 'flexible');
  });

  it('reads unquoted colons, hints in brackets and long lines as people mean them', () => {
    const front =
      'name: a\ndescription: Reads: all. Use when: "x" or\n  a line: goes on \\ here\nargument-hint: [file] [page]\nlicense: MIT # ok';
    const { skill, problems } = parse(withFront(front));
    assert.equal(skill?.description, 'Reads: all. Use when: "x" or a line: goes on \\ here');
    assert.equal(skill?.argumentHint, '[file] [page]');
    assert.deepEqual(
      problems.map(({ line, severity }) => [line, severity]),
      [[3, 'warning']],
    );
    assert.match(problems[0]?.message ?? '', /Put quotes around/);
  });

  it('keeps a hint that is a list to YAML', () => {
    assert.equal(
      parse(withFront('name: a\ndescription: x\nargument-hint: [file]')).skill?.argumentHint,
      '[file]',
    );
  });

  it('makes a name of the folder where the name is bad or missing', () => {
    for (const front of ['name: My Skill', 'name: -a-', 'license: x', `name: ${'a'.repeat(65)}`]) {
      const { skill, problems } = parse(withFront(`${front}\ndescription: x`), [], 'My Folder');
      assert.equal(skill?.name, 'my-folder');
      assert.equal(problems[0]?.severity, 'warning');
    }
    assert.equal(parse(withFront('name: Ünïcode\ndescription: x'), [], '日本').skill?.name, 'unicode');
  });

  it('needs a description', () => {
    assert.deepEqual(problemsOf(withFront('name: a')), [
      '2 error description: The description is missing. Say in the front matter what the skill does and when to use it.',
    ]);
    assert.match(problemsOf(withFront('name: a\ndescription: ""'))[0] ?? '', /^3 error description: .*empty/);
  });

  it('uses a long description whole, and says so', () => {
    const { skill, problems } = parse(withFront(`name: a\ndescription: ${'x'.repeat(1_068)}`));
    assert.equal(skill?.description.length, 1_068);
    assert.match(problems[0]?.message ?? '', /1068 characters.*used whole/);
    assert.equal(
      parse(withFront(`name: a\ndescription: ${'x'.repeat(9_000)}`)).skill?.description.length,
      4_096,
    );
  });

  it('says what is wrong with the front matter', () => {
    assert.match(problemsOf('# Title')[0] ?? '', /^1 error The file has to begin with `---`/);
    assert.match(problemsOf('\n---\nname: a')[0] ?? '', /^2 error .*not closed/);
    assert.match(problemsOf(withFront('name: a\n - b'))[0] ?? '', /^[23] error/);
  });

  it('passes over keys of other products, and tells of hooks and slips', () => {
    const front =
      'name: a\ndescription: x\nmodel: opus\neffort: high\npaths: ["**"]\nhooks: {a: 1}\ndisable-model-invocatoin: true';
    const problems = problemsOf(withFront(front));
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', /^7 warning hooks: Hooks run code/);
    assert.match(problems[1] ?? '', /^8 warning .*Do you mean `disable-model-invocation`/);
  });

  it('reads who may use it and with which tools', () => {
    const front =
      'name: a\ndescription: x\nuser-invocable: "false"\ndisable-model-invocation: true\nallowed-tools: Bash(git add:*) Read, Edit';
    const { skill } = parse(withFront(front));
    assert.equal(skill?.isForAgents, false);
    assert.equal(skill?.isForPeople, false);
    assert.deepEqual(skill?.allowedTools, ['Bash(git add:*)', 'Read', 'Edit']);
    assert.deepEqual(parse(withFront('name: a\ndescription: x\nallowed-tools: []')).skill?.allowedTools, []);
    assert.equal(parse(withFront('name: a\ndescription: x\nallowed-tools:')).skill?.allowedTools, undefined);
  });

  it('infers programs from scripts', () => {
    const files = [
      'SKILL.md',
      'scripts/read.py',
      'scripts/office/read.py',
      'scripts/office/deep/lib.py',
      'scripts/__init__.py',
      'scripts/test_read.py',
      'scripts/run.sh',
      'other/x.py',
      'scripts/data.json',
    ];
    const { skill, problems } = parse(withFront('name: a\ndescription: x'), files);
    assert.deepEqual(
      skill?.entries.map(({ name, file }) => [name, file]),
      [
        ['read', 'scripts/read.py'],
        ['office-read', 'scripts/office/read.py'],
      ],
    );
    assert.equal(skill?.runtime, 'python');
    assert.deepEqual(skill?.entries[0]?.arguments, { type: 'object' });
    assert.match(problems[0]?.message ?? '', /scripts\/run.sh/);
  });

  it('reads our own metadata, and is strict about them', () => {
    const front = [
      'name: a',
      'description: x',
      'metadata:',
      '  version: 1.10',
      '  author: me',
      '  anycowork-display-name: A',
      '  anycowork-triggers: extract table, "*.pdf"',
      '  anycowork-entry: src/run.js',
      `  anycowork-sandbox: '{"mode": "sandbox", "requires_sandbox": true, "memory": "1g"}'`,
    ].join('\n');
    const { skill } = parse(withFront(front), ['src/run.js']);
    assert.equal(skill?.version, '1.10');
    assert.equal(skill?.displayName, 'A');
    assert.deepEqual(skill?.triggers, ['extract table', '"*.pdf"']);
    assert.deepEqual(
      skill?.entries.map(({ name, file }) => [name, file]),
      [['run', 'src/run.js']],
    );
    assert.deepEqual(
      [skill?.runtime, skill?.mode, skill?.requiresSandbox, skill?.sandbox.memoryMb],
      ['node', 'sandbox', true, 1_024],
    );

    const bad = (value: string) =>
      problemsOf(withFront(`name: a\ndescription: x\nmetadata:\n  anycowork-sandbox: '${value}'`))[0] ?? '';
    assert.match(bad('{'), /^5 error metadata.anycowork-sandbox: This is no JSON/);
    assert.match(
      bad('{"memory": "lots"}'),
      /^5 error metadata.anycowork-sandbox.memory: `lots` does not fit/,
    );
    assert.match(bad('{"mode": "none"}'), /^5 error metadata.anycowork-sandbox.mode: Write one of/);
  });

  it('has to have the files that it names, and wins over skill.yaml', () => {
    const text = (file: string, content: string) => ({ file, content: Buffer.from(content) });
    const yaml = text(
      'skill.yaml',
      'name: yaml\ndescription: x\nentries: [{name: a, description: A., file: scripts/rn.py}]',
    );
    const markdown = text('SKILL.md', '\uFEFF---\r\nname: markdown\r\ndescription: x\r\n---\r\nBody\r\n');
    const both = parseSkillFiles('f', ['SKILL.md', 'skill.yaml'], [yaml, markdown]);
    assert.equal(both.skill?.name, 'markdown');
    assert.equal(both.skill?.body, 'Body\n');
    assert.deepEqual(
      both.problems.map(({ file, severity }) => [file, severity]),
      [['skill.yaml', 'warning']],
    );
    const alone = parseSkillFiles('f', ['scripts/run.py', 'skill.yaml'], [yaml]);
    assert.equal(alone.skill, undefined);
    assert.match(
      alone.problems.find(({ severity }) => severity === 'error')?.message ?? '',
      /`scripts\/rn.py`, is not in the folder. Do you mean `scripts\/run.py`/,
    );
    assert.match(
      parseSkillFiles('f', ['x'], []).problems[0]?.message ?? '',
      /neither SKILL.md nor skill.yaml/,
    );
    const utf16 = { file: 'SKILL.md', content: Buffer.from('\uFEFF---', 'utf16le') };
    assert.match(parseSkillFiles('f', ['SKILL.md'], [utf16]).problems[0]?.message ?? '', /UTF-8/);
  });
});

describe('SKILL.md for other products', () => {
  const line = fc
    .stringMatching(/^[A-Za-z][A-Za-z ,:"'#{}[\]\\-]{0,40}[a-z.]$/)
    .map((text) => text.replace(/\s+/g, ' '));
  const name = fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,10})?$/);
  const entry = fc.record({
    name,
    description: line,
    file: fc.constantFrom('a.py', 'scripts/b.py'),
    arguments: fc.constant({ type: 'object', properties: { a: { type: 'string' } } }),
    output: fc.constantFrom('text' as const, 'markdown' as const),
  });
  const skills: fc.Arbitrary<Skill> = fc
    .record(
      {
        name,
        description: line,
        displayName: line,
        version: fc.constantFrom('1.10', '2', 'v3'),
        author: line,
        license: line,
        compatibility: line,
        triggers: fc.uniqueArray(fc.constantFrom('extract table', '*.pdf', '/a{2,3}/', 'one, two', '表格'), {
          maxLength: 4,
        }),
        mode: fc.constantFrom('sandbox' as const, 'flexible' as const, 'direct' as const),
        requiresSandbox: fc.boolean(),
        sandbox: fc.record(
          {
            image: fc.constant('python:3.12-slim'),
            memoryMb: fc.integer({ min: 16, max: 4_096 }),
            cpus: fc.constantFrom(0.5, 2),
            timeoutSeconds: fc.integer({ min: 1, max: 3_600 }),
            network: fc.boolean(),
            execTmp: fc.boolean(),
            workspace: fc.constantFrom('rw' as const, 'ro' as const),
          },
          { requiredKeys: [] },
        ),
        allowedTools: fc.array(fc.constantFrom('Read', 'Bash(git add:*)'), { maxLength: 2 }),
        isForAgents: fc.boolean(),
        isForPeople: fc.boolean(),
        argumentHint: fc.constantFrom('[file]', '<a> <b>'),
        body: fc.constantFrom('', '# Title\n', 'x\n\n---\n\ny'),
        entries: fc.uniqueArray(entry, { selector: (each) => each.name, maxLength: 3 }),
      },
      {
        requiredKeys: [
          'name',
          'description',
          'triggers',
          'mode',
          'requiresSandbox',
          'sandbox',
          'isForAgents',
          'isForPeople',
          'body',
          'entries',
        ],
      },
    )
    .map((skill) => ({
      ...skill,
      format: 'SKILL.md' as const,
      ...(skill.entries.length > 0 ? { runtime: 'python' as const } : {}),
    }));

  it('says the same when it is read again', () => {
    fc.assert(
      fc.property(skills, (skill) => {
        const { text = '', problems } = toSkillMarkdown(skill);
        assert.deepEqual(problems, []);
        const again = parse(text);
        assert.deepEqual(again.problems, []);
        assert.deepEqual(again.skill, JSON.parse(JSON.stringify(skill)));
      }),
    );
  });

  const base: Skill = {
    ...(parse(withFront('name: a\ndescription: Does a.')).skill as Skill),
    triggers: ['extract table', '*.pdf'],
  };

  it('tells other products when to use it, where there is room', () => {
    assert.match(
      toSkillMarkdown(base).text ?? '',
      /^description: "?Does a. Use when: extract table, \*.pdf."?$/m,
    );
    const long = { ...base, description: 'x'.repeat(1_020) };
    assert.doesNotMatch(toSkillMarkdown(long).text ?? '', /Use when/);
  });

  it('is not made where the standard does not allow it', () => {
    const refused = toSkillMarkdown({
      ...base,
      name: 'A',
      description: 'x'.repeat(1_025),
      compatibility: 'x'.repeat(501),
    });
    assert.equal(refused.text, undefined);
    assert.equal(refused.problems.length, 3);
  });
});
