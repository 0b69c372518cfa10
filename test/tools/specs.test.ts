import assert from 'node:assert/strict';
import type { JsonObject } from '../../extension/shared/message.ts';
import { type BuiltInToolName, builtInToolNames, createTools } from '../../extension/tools/index.ts';
import { createLeftProcesses } from '../../extension/tools/leftProcesses.ts';
import { createSeenFiles } from '../../extension/tools/seenFiles.ts';
import { createWorkspaceFiles } from '../../extension/workspace/files.ts';
import { createFakeEditor } from '../fakes/editor.ts';
import { cpuTime } from '../support/clocks.ts';
import { removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig, never, toolError } from './rig.ts';

describe('built-in tools', () => {
  afterEach(removeTemporaryFolders);

  it('are the ten, in order', () => {
    const editor = createFakeEditor();
    const tools = createTools({
      files: createWorkspaceFiles({ roots: () => [], editor }),
      editor,
      seen: createSeenFiles(),
      ripgrep: async () => undefined,
      environment: () => ({}),
      spillFolder: '/nowhere',
      commandTimeoutMs: 1_000,
      leftProcesses: createLeftProcesses(),
    });
    assert.deepEqual(
      tools.map(({ spec }) => spec.name),
      [...builtInToolNames],
    );
    assert.equal(new Set(builtInToolNames).size, 10);

    const words = new Set([
      'type',
      'description',
      'properties',
      'required',
      'items',
      'enum',
      'additionalProperties',
    ]);
    const check = (schema: unknown, where: string): void => {
      assert.ok(typeof schema === 'object' && schema !== null && !Array.isArray(schema), where);
      for (const [key, value] of Object.entries(schema)) {
        assert.ok(words.has(key), `${where}: ${key} is not understood by every provider`);
        if (key === 'properties') {
          for (const [name, property] of Object.entries(value ?? {})) check(property, `${where}.${name}`);
        }
        if (key === 'items') check(value, `${where}[]`);
      }
      assert.ok('type' in schema, `${where} has no type`);
    };
    for (const { spec } of tools) {
      check(spec.inputSchema, spec.name);
      assert.equal(spec.inputSchema.type, 'object');
      assert.ok(spec.description.length > 20 && spec.description.length < 500, spec.name);
    }
  });

  it('derive the schema from the parser', async () => {
    const editor = createFakeEditor();
    const ports = {
      files: createWorkspaceFiles({ roots: () => [], editor }),
      editor,
      seen: createSeenFiles(),
      ripgrep: async () => undefined,
      environment: () => ({}),
      spillFolder: '/nowhere',
      commandTimeoutMs: 1_000,
      leftProcesses: createLeftProcesses(),
    };
    const edit = createTools(ports).find(({ spec }) => spec.name === 'edit_file');
    assert.deepEqual(edit?.spec.inputSchema, {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'File to edit.' },
        edits: {
          type: 'array',
          description: 'Applied in order, all or none.',
          items: {
            type: 'object',
            properties: {
              old_text: {
                type: 'string',
                description:
                  'Text to replace, exactly as in the file, without line numbers. Must be there once.',
              },
              new_text: { type: 'string', description: 'Text to put in its place. Empty to remove it.' },
              replace_all: { type: 'boolean', description: 'Replace every occurrence.' },
            },
            required: ['old_text', 'new_text'],
            additionalProperties: false,
          },
        },
      },
      required: ['path', 'edits'],
      additionalProperties: false,
    });
  });

  it('say what is wrong with an input, and take null for what is left out', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' });
    await assert.rejects(rig.prepare('read_file', {}), toolError(/does not fit read_file.*path/));
    await assert.rejects(rig.prepare('read_file', { path: 'a.txt', line: 3 }), toolError(/line/));
    await assert.rejects(
      rig.prepare('edit_file', { path: 'a.txt', edits: [{}] }),
      toolError(/edits\.0\.old_text/),
    );
    await assert.rejects(
      rig.prepare('read_file', { path: 'a.txt', start_line: 3, end_line: 2 }),
      toolError(/end_line is before start_line/),
    );
    assert.match(await rig.text('read_file', { path: 'a.txt', start_line: null }), /one/);
  });

  it('turn the boundary into a failure the model reads', async () => {
    const rig = createToolRig({});
    const leading: [BuiltInToolName, JsonObject][] = [
      ['read_file', { path: '../x' }],
      ['list_directory', { path: '/etc' }],
      ['find_files', { glob: '*', path: '..' }],
      ['search_text', { pattern: 'x', path: '/etc/passwd' }],
      ['edit_file', { path: '/etc/passwd', edits: [{ old_text: 'a', new_text: 'b' }] }],
      ['write_file', { path: '../x', content: '' }],
      ['move_file', { from: '.keep', to: '../x' }],
      ['delete_file', { path: '/etc/passwd' }],
      ['run_command', { command: 'ls', folder: '..' }],
      ['diagnostics', { path: '/etc/passwd' }],
    ];
    for (const [tool, input] of leading) {
      await assert.rejects(rig.prepare(tool, input), toolError(/outside the workspace/), tool);
    }
  });

  it('refuse every form of a path that could mean something else', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' });
    const forms = [
      'a.txt\0.png',
      'C:\\work\\a.txt',
      'C:a.txt',
      '\\\\server\\share\\a.txt',
      '//server/share',
      '~/x',
    ];
    const asking = (form: string): [BuiltInToolName, JsonObject][] => [
      ['read_file', { path: form }],
      ['list_directory', { path: form }],
      ['search_text', { pattern: 'x', path: form }],
      ['edit_file', { path: form, edits: [{ old_text: 'one', new_text: 'two' }] }],
      ['write_file', { path: form, content: 'x' }],
      ['move_file', { from: form, to: 'b.txt' }],
      ['move_file', { from: 'a.txt', to: form }],
      ['delete_file', { path: form }],
      ['run_command', { command: 'ls', folder: form }],
      ['diagnostics', { path: form }],
    ];
    for (const form of forms) {
      for (const [tool, input] of asking(form)) {
        await assert.rejects(rig.prepare(tool, input), toolError(/./), `${tool} ${JSON.stringify(form)}`);
      }
    }
    assert.equal(rig.onDisk('a.txt'), 'one\n');
  });

  it('see protection through another case', async () => {
    const rig = createToolRig({});
    for (const path of ['.GIT/hooks/pre-commit', '.VsCode/tasks.json', 'Agents.MD', '.ENV', 'Id_RSA']) {
      const { access } = await rig.prepare('write_file', { path, content: 'x' });
      assert.match(access.caution ?? '', /is protected|holds secrets/, path);
    }
  });

  it('address the roots of a workspace by name', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' }, { secondRoot: true });
    assert.match(await rig.text('read_file', { path: 'second/only.txt' }), /in the second/);
    await rig.run('write_file', { path: 'second/new/b.txt', content: 'b\n' });
    await rig.run('move_file', { from: 'second/new/b.txt', to: 'work/b.txt' });
    assert.equal(rig.onDisk('b.txt'), 'b\n');
    assert.equal((await rig.prepare('delete_file', { path: 'work/a.txt' })).title, 'work/a.txt');
    assert.match(await rig.text('run_command', { command: 'pwd' }), /\/work\n/);
    assert.match(await rig.text('run_command', { command: 'pwd', folder: 'second' }), /\/second\n/);
    for (const path of ['a.txt', 'work/../second/only.txt', 'third/x']) {
      await assert.rejects(rig.prepare('read_file', { path }), toolError(/./), path);
    }
  });

  it('prepare quickly, and change nothing', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`).join('\n');
    const rig = createToolRig({ 'a.txt': lines });
    const input = { path: 'a.txt', edits: [{ old_text: 'line 7\n', new_text: 'seven\n' }] };
    await rig.prepare('edit_file', input);
    const began = cpuTime();
    for (let round = 0; round < 20; round += 1) await rig.prepare('edit_file', input);
    const each = (cpuTime() - began) / 20;
    assert.ok(each < 20, `${each} ms`);
    assert.equal(rig.onDisk('a.txt'), lines);
  });

  it('do not run once cancelled', async () => {
    const rig = createToolRig({ 'a.txt': 'one\n' });
    const cancelled = AbortSignal.abort(new Error('cancelled'));
    await assert.rejects(rig.prepare('read_file', { path: 'a.txt' }, cancelled), /cancelled/);
    const step = await rig.prepare('delete_file', { path: 'a.txt' }, never);
    await assert.rejects(
      step.run(cancelled, () => {}),
      /cancelled/,
    );
    assert.equal(rig.onDisk('a.txt'), 'one\n');
  });
});
