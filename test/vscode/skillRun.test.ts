import assert from 'node:assert/strict';
import { SandboxError } from '../../extension/core/sandbox.ts';
import { ToolError } from '../../extension/core/tool.ts';
import { answers, executed, messages, progress, resetVscode, told } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { emptyRecord, entry, skill, skillRig } from './skillRig.ts';

const { inputProblem, runReport, wordsOf } = await loadWithVscode(
  () => import('../../extension/vscode/skillRun.ts'),
);
const { SkillEntryItem, SkillItem } = await loadWithVscode(
  () => import('../../extension/vscode/skillItems.ts'),
);
const { exampleInput } = await loadWithVscode(() => import('../../extension/vscode/skillWords.ts'));

const list = entry('list', { folder: { type: 'string' }, depth: { type: 'integer', default: 2 } }, [
  'folder',
]);
const given = skill('x', { entries: [list, entry('plain')] });

beforeEach(resetVscode);

describe('a test run', () => {
  it('is asked about with its facts, and shows what came of it', async () => {
    const rig = skillRig([given, skill('words only'), skill('off', { state: 'disabled', entries: [list] })]);
    answers.push('x', 'list', '{"folder":"src"}', 'Run');
    const output = await rig.commands.runSkill();
    assert.equal(output?.summary, 'exit code 0');
    assert.deepEqual(
      rig.requests.map(({ skill: { id }, entry: name, input, argv }) => [id, name, input, argv]),
      [['x', 'list', { folder: 'src' }, []]],
    );
    assert.deepEqual([messages[0]?.text, messages[0]?.isModal], ['Run x/list?', true]);
    assert.match(messages[0]?.detail ?? '', /^In the sandbox: no network\n\nInput: \{"folder":"src"\}$/);
    assert.match(rig.previews[0]?.[1] ?? '', /# x\/list\n\n\*\*exit code 0\*\*.*\n\nHello/);
  });

  it('from the row of a program asks only for its arguments, which are words where it says nothing of them', async () => {
    const rig = skillRig([given]);
    answers.push("--out 'a b'", 'Run');
    const row = new SkillEntryItem(given, entry('plain'));
    await rig.commands.runSkill(row, [row]);
    assert.deepEqual(rig.requests[0]?.argv, ['--out', 'a b']);
  });

  it('from the row of a skill does not take what else the menu says for arguments', async () => {
    const rig = skillRig([given]);
    answers.push('plain', '', 'Run');
    const row = new SkillItem(given, emptyRecord, 0);
    await rig.commands.runSkill(row, [row]);
    assert.deepEqual([rig.requests[0]?.entry, rig.requests[0]?.argv], ['plain', []]);
  });

  it('by code is asked about too, and fails with words', async () => {
    const rig = skillRig([given]);
    answers.push(undefined);
    assert.equal(await rig.commands.runSkill('x', 'list', { folder: 'src' }, ['-v']), undefined);
    assert.deepEqual(rig.requests[0]?.argv, ['-v']);
    assert.equal(rig.previews.length, 0);
    await assert.rejects(rig.commands.runSkill('x', 'gone', {}), /no program gone\. It has: list, plain\./);
    await assert.rejects(rig.commands.runSkill('x', 'list', 'text'), /arguments are not right/);
    rig.state.failure = new ToolError('The image is missing.');
    await assert.rejects(rig.commands.runSkill('x', 'list', {}), /The image is missing/);
    await assert.rejects(skillRig([skill('y')]).commands.runSkill('y'), /y: It cannot be run/);
  });

  it('on this computer says so on its button, which Enter does not press', async () => {
    const rig = skillRig([given]);
    rig.state.prepared = { ...rig.state.prepared, plan: { place: 'host', reason: 'There is no engine.' } };
    answers.push('Run');
    assert.equal(await rig.commands.runSkill('x', 'list', {}), undefined);
    assert.deepEqual(messages[0]?.buttons, ['Don’t Run', 'Run Without Sandbox']);
  });

  it('that fails offers a way on', async () => {
    const rig = skillRig([given]);
    rig.state.failure = new ToolError('The engine is stopped.');
    answers.push('x', 'list', '{"folder":""}', 'Check Sandbox');
    assert.equal(await rig.commands.runSkill(), undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([told, executed], [['The engine is stopped.'], [['anycowork.checkSandbox']]]);
  });

  it('whose image is missing says nothing besides the question about the image', async () => {
    const rig = skillRig([given]);
    const cause = new SandboxError('missingImage', 'There is no image a/b:1.');
    rig.state.failure = new ToolError('The person has been asked.', { cause });
    answers.push('x', 'list', '{"folder":""}');
    assert.equal(await rig.commands.runSkill(), undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, []);
  });

  it('is cancelled', async () => {
    const rig = skillRig([given]);
    rig.state.prepared = {
      ...rig.state.prepared,
      run: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          for (const listener of progress.listeners) listener();
        }),
    };
    answers.push('Run');
    assert.equal(await rig.commands.runSkill('x', 'list', {}), undefined);
    assert.equal(rig.previews.length, 0);
  });
});

describe('what goes into a test run', () => {
  it('begins with what is required and what has a default', () => {
    assert.deepEqual(exampleInput(list.arguments), { folder: '', depth: 2 });
    assert.deepEqual(exampleInput({}), {});
  });

  it('is a JSON object', () => {
    assert.equal(inputProblem('{"a":[1,null]}'), undefined);
    for (const text of ['', '[]', '1', '{a:1}', 'null']) assert.notEqual(inputProblem(text), undefined, text);
  });

  it('or words, and nothing else of a shell', () => {
    assert.deepEqual(wordsOf(`a 'b c' "d;e" --x=1`), ['a', 'b c', 'd;e', '--x=1']);
    assert.deepEqual(wordsOf('  '), []);
    for (const line of ['a; rm x', 'a && b', 'a | b', '$(id)', 'a > b']) {
      assert.throws(() => wordsOf(line), /cannot be read|several commands/, line);
    }
  });
});

describe('what came of a test run', () => {
  it('has pictures of the program’s, and fetches none', () => {
    const { state } = skillRig([]);
    const text = runReport(state.prepared, {
      content: [
        { type: 'text', text: '![](https://example.org/?data=x) <img src=y>' },
        { type: 'image', mediaType: 'image/png', data: 'AAAA', name: 'charts/a](b.png' },
      ],
      isError: true,
      summary: 'exit code 1',
    });
    assert.match(text, /^# Failed: x\/list$/m);
    assert.deepEqual(text.match(/!\[.*?\]\(.*?\)/g), ['![charts/a (b.png](data:image/png;base64,AAAA)']);
    assert.ok(!text.includes('<img'));
  });
});
