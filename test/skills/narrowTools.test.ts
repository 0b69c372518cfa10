import assert from 'node:assert/strict';
import type { JsonObject } from '../../extension/shared/message.ts';
import { createNarrowing, type Narrowing } from '../../extension/skills/narrowTools.ts';
import { fakeTool } from '../fakes/tool.ts';
import { never, toolError } from '../tools/rig.ts';

const names = [
  'read_file',
  'list_directory',
  'find_files',
  'search_text',
  'edit_file',
  'write_file',
  'run_command',
  'use_skill',
  'read_skill_file',
  'run_skill',
  'outside_tool',
];

const toolsOf = (narrowing: Narrowing) => {
  const fakes = names.map((name) => fakeTool(name, { effect: name === 'run_command' ? 'execute' : 'read' }));
  const tools = narrowing.narrow(fakes, 's1');
  const tried = async (name: string, input: JsonObject = {}): Promise<boolean> => {
    const tool = tools.find(({ spec }) => spec.name === name);
    assert.ok(tool);
    return tool.prepare(input, never).then(
      () => true,
      (error: unknown) => !toolError(/the skill .* does without/)(error),
    );
  };
  const open = async (): Promise<readonly string[]> => {
    const answers = await Promise.all(names.map((name) => tried(name)));
    return names.filter((_, index) => answers[index]);
  };
  return { fakes, tools, tried, open };
};

const skillTools = ['use_skill', 'read_skill_file', 'run_skill'];

describe('skills narrow tools', () => {
  it('only while one that names tools is in use, in its chat', async () => {
    const narrowing = createNarrowing('posix');
    const { open, tools } = toolsOf(narrowing);
    assert.deepEqual(await open(), names);
    narrowing.used('s2', { id: 'other', allowedTools: [] });
    narrowing.used('s1', { id: 'free' });
    assert.deepEqual(await open(), names);
    narrowing.used('s1', { id: 'reader', allowedTools: ['Read', 'search_text'] });
    assert.deepEqual(await open(), ['read_file', 'search_text', ...skillTools]);
    assert.equal(narrowing.isUsed('s1', 'reader'), true);
    assert.equal(narrowing.isUsed('s1', 'other'), false);
    await assert.rejects(
      tools[5]?.prepare({}, never) ?? Promise.resolve(),
      toolError(
        /the skill reader, which is in use, does without write_file\. The tools that it works with: Read, search_text/,
      ),
    );
    narrowing.begin('s1', []);
    assert.deepEqual(await open(), names);
    assert.equal(narrowing.isUsed('s1', 'reader'), false);
    narrowing.begin('s1', [{ id: 'reader', allowedTools: ['Read'] }]);
    assert.deepEqual(await open(), ['read_file', ...skillTools]);
    assert.equal(narrowing.isUsed('s1', 'reader'), true);
  });

  it('also where another tool stands for it, and lets tools of servers be looked for', async () => {
    const narrowing = createNarrowing('posix');
    const target = fakeTool('memory__read');
    const standIn = { ...fakeTool('call_mcp_tool'), redirect: () => ({ tool: target, input: {} }) };
    const [find, call] = narrowing.narrow([fakeTool('find_mcp_tools'), standIn], 's1');
    narrowing.used('s1', { id: 'reader', allowedTools: ['Read'] });
    await find?.prepare({}, never);
    const inner = call?.redirect?.({}).tool;
    assert.ok(inner);
    await assert.rejects(
      inner.prepare({}, never),
      toolError(/reader, which is in use, does without memory__read/),
    );
    narrowing.begin('s1', [{ id: 'other', allowedTools: ['mcp__memory__read'] }]);
    await inner.prepare({}, never);
  });

  it('to what all of several allow', async () => {
    const narrowing = createNarrowing('posix');
    const { open } = toolsOf(narrowing);
    narrowing.used('s1', { id: 'a', allowedTools: ['Read', 'Edit', 'Grep'] });
    narrowing.used('s1', { id: 'b', allowedTools: ['Grep', 'edit_file', 'Bash'] });
    assert.deepEqual(await open(), ['search_text', 'edit_file', ...skillTools]);
    narrowing.used('s1', { id: 'c', allowedTools: [] });
    assert.deepEqual(await open(), skillTools);
  });

  it('by names of other products, in any case', async () => {
    const narrowing = createNarrowing('posix');
    const { open } = toolsOf(narrowing);
    narrowing.used('s1', {
      id: 'a',
      allowedTools: ['LS', 'GLOB', 'Write', 'multiedit', 'outside_tool', 'WebFetch', 'constructor'],
    });
    assert.deepEqual(await open(), [
      'list_directory',
      'find_files',
      'edit_file',
      'write_file',
      ...skillTools,
      'outside_tool',
    ]);
  });

  it('to commands, each part of a line', async () => {
    const narrowing = createNarrowing('posix');
    const { tried } = toolsOf(narrowing);
    narrowing.used('s1', {
      id: 'a',
      allowedTools: ['Bash(git:*)', 'Bash(npm run *)', 'Bash(npm test)', 'Bash(:*)'],
    });
    const runs = (command: string): Promise<boolean> => tried('run_command', { command });
    for (const command of [
      'git status',
      'git',
      'git log && npm test',
      'npm run build',
      "git commit -m 'a b'",
    ]) {
      assert.equal(await runs(command), true, command);
    }
    for (const command of [
      'rm -rf x',
      'gitx',
      'git log; rm x',
      'npm test x',
      'npm',
      'git log | sh',
      'git $(rm x)',
      'X=1 git log',
      '',
    ]) {
      assert.equal(await runs(command), false, command);
    }
    const other = createNarrowing('cmd');
    other.used('s1', { id: 'a', allowedTools: ['Bash(git:*)'] });
    assert.equal(await toolsOf(other).tried('run_command', { command: 'git log' }), false);
    // What runs in the sandbox is read by sh, whatever this computer has.
    const command = { line: 'git log', folder: '.', root: '/folder', below: '.', isSandboxed: true };
    const access = { paths: [], command };
    const [held] = other.narrow([fakeTool('run_command', { effect: 'execute', access })], 's1');
    await assert.doesNotReject(async () => held?.prepare({}, never));
  });

  it('to files', async () => {
    const narrowing = createNarrowing('posix');
    const { tried } = toolsOf(narrowing);
    narrowing.used('s1', { id: 'a', allowedTools: ['Read(docs/**)', 'Read(./*.md)', 'Write(*)'] });
    assert.equal(await tried('read_file', { path: 'docs/a/b.txt' }), true);
    assert.equal(await tried('read_file', { path: 'a.md' }), true);
    assert.equal(await tried('read_file', { path: 'src/a.ts' }), false);
    assert.equal(await tried('read_file', {}), false);
    assert.equal(await tried('write_file', { path: 'anywhere.ts' }), true);
  });

  it('and change nothing else of them', async () => {
    const narrowing = createNarrowing('posix');
    const { fakes, tools } = toolsOf(narrowing);
    assert.deepEqual(
      tools.map(({ spec }) => spec),
      fakes.map(({ spec }) => spec),
    );
    narrowing.used('s1', { id: 'a', allowedTools: ['Edit'] });
    await assert.rejects(tools[0]?.prepare({ path: 'a' }, never) ?? Promise.resolve());
    assert.deepEqual(fakes[0]?.prepared, []);
  });
});
