import assert from 'node:assert/strict';
import { realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { PathAccess } from '../../extension/core/tool.ts';
import type { Effect } from '../../extension/shared/event.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import { type BuiltInToolName, builtInToolNames } from '../../extension/tools/index.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createToolRig } from './rig.ts';

interface Row {
  readonly tool: BuiltInToolName;
  readonly input: JsonObject;
  readonly effect: Effect;
  /** Kind and label. */
  readonly paths: readonly (readonly [PathAccess['kind'], string])[];
  readonly caution?: RegExp;
  readonly asks: boolean;
}

const content = {
  'a.txt': 'one\n',
  'src/b.ts': 'b\n',
  '.env': 'KEY=1\n',
  '.git/config': 'x\n',
  'AGENTS.md': 'x\n',
};
const edits = (from: string) => [{ old_text: from, new_text: 'two' }];
const read = (tool: BuiltInToolName, input: JsonObject, label: string): Row => ({
  tool,
  input,
  effect: 'read',
  paths: [['read', label]],
  asks: false,
});
const change = (tool: BuiltInToolName, input: JsonObject, paths: Row['paths'], caution?: RegExp): Row => ({
  tool,
  input,
  effect: 'write',
  paths,
  asks: true,
  ...(caution === undefined ? {} : { caution }),
});

const rows: readonly Row[] = [
  read('read_file', { path: 'a.txt' }, 'a.txt'),
  read('read_file', { path: '.git/config' }, '.git/config'),
  {
    ...read('read_file', { path: '.env' }, '.env'),
    asks: true,
    caution: /^\.env looks like it holds secrets$/,
  },
  { ...read('read_file', { path: 'link.txt' }, '.env'), asks: true, caution: /^\.env looks/ },
  read('list_directory', {}, '.'),
  read('list_directory', { path: 'src' }, 'src'),
  read('find_files', { glob: '*', path: 'src' }, 'src'),
  read('search_text', { pattern: 'x' }, '.'),
  read('search_text', { pattern: 'x', path: 'src/b.ts' }, 'src/b.ts'),
  { ...read('diagnostics', {}, ''), paths: [] },
  read('diagnostics', { path: 'a.txt' }, 'a.txt'),
  change('edit_file', { path: 'a.txt', edits: edits('one') }, [['write', 'a.txt']]),
  change(
    'edit_file',
    { path: '.git/config', edits: edits('x') },
    [['write', '.git/config']],
    /^\.git is protected/,
  ),
  change('write_file', { path: 'new/c.ts', content: 'x' }, [['write', 'new/c.ts']]),
  change('write_file', { path: 'alias/c.ts', content: 'x' }, [['write', 'src/c.ts']]),
  change(
    'write_file',
    { path: '.vscode/tasks.json', content: 'x' },
    [['write', '.vscode/tasks.json']],
    /protected/,
  ),
  change('write_file', { path: 'prod.env', content: 'x' }, [['write', 'prod.env']], /holds secrets/),
  change(
    'write_file',
    { path: 'hooks/pre-commit', content: 'x' },
    [['write', '.git/hooks/pre-commit']],
    /protected/,
  ),
  change('move_file', { from: 'a.txt', to: 'src/a.txt' }, [
    ['move', 'a.txt'],
    ['move', 'src/a.txt'],
  ]),
  change(
    'move_file',
    { from: 'a.txt', to: '.git/hooks/pre-commit' },
    [
      ['move', 'a.txt'],
      ['move', '.git/hooks/pre-commit'],
    ],
    /\.git is protected/,
  ),
  change(
    'move_file',
    { from: '.git', to: 'history' },
    [
      ['move', '.git'],
      ['move', 'history'],
    ],
    /\.git is protected/,
  ),
  change('delete_file', { path: 'src/b.ts' }, [['delete', 'src/b.ts']]),
  change('delete_file', { path: 'AGENTS.md' }, [['delete', 'AGENTS.md']], /instructs agents/),
  { tool: 'run_command', input: { command: 'ls' }, effect: 'execute', paths: [], asks: true },
];

describe('what the policy is told of a step', () => {
  afterEach(removeTemporaryFolders);

  it('is tested for every tool', () => {
    assert.deepEqual(new Set(rows.map(({ tool }) => tool)), new Set(builtInToolNames));
  });

  for (const { tool, input, effect, paths, caution, asks } of rows) {
    it(`${tool} ${JSON.stringify(input)}`, async () => {
      const rig = createToolRig(content);
      fill(rig.root, { '.git/hooks/.keep': '' });
      symlinkSync('.env', path.join(rig.root, 'link.txt'));
      symlinkSync('src', path.join(rig.root, 'alias'));
      symlinkSync('.git/hooks', path.join(rig.root, 'hooks'));
      const step = await rig.prepare(tool, input);
      const root = realpathSync(rig.root);
      const expected = paths.map(([kind, label]) => ({
        label,
        file: path.join(root, label),
        root,
        below: label,
        kind,
      }));
      assert.deepEqual(step.access.paths, expected);
      assert.equal(step.effect, effect);
      assert.match(step.access.caution ?? '', caution ?? /^$/);
      assert.equal(step.approval !== undefined, asks);
      assert.deepEqual(
        step.access.command,
        tool === 'run_command'
          ? { line: 'ls', folder: '.', root, below: '.', isSandboxed: false }
          : undefined,
      );
    });
  }

  it('names the root, of several, and all of them where the whole workspace is meant', async () => {
    const rig = createToolRig(content, { secondRoot: true });
    const step = await rig.prepare('write_file', { path: 'second/new.txt', content: 'x' });
    const second = path.join(realpathSync(rig.base), 'second');
    assert.deepEqual(step.access.paths, [
      {
        label: 'second/new.txt',
        file: path.join(second, 'new.txt'),
        root: second,
        below: 'new.txt',
        kind: 'write',
      },
    ]);
    const search = await rig.prepare('search_text', { pattern: 'x' });
    assert.deepEqual(
      search.access.paths.map(({ label }) => label),
      ['work', 'second'],
    );
    const command = await rig.prepare('run_command', { command: 'ls', folder: 'second' });
    const { folder, root, below } = command.access.command ?? {};
    assert.deepEqual([folder, root, below], ['second', second, '.']);
  });
});
