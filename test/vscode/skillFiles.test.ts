import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'yaml';
import type { SkillProblem } from '../../extension/shared/skill.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import { answers, executed, resetVscode, Uri } from '../fakes/vscode.ts';
import { onDidChangeTextDocument, onDidCloseTextDocument } from '../fakes/vscodeDocuments.ts';
import { diagnostics, onDidOpenTextDocument, watchers } from '../fakes/vscodeLanguages.ts';
import { until } from '../storage/coldSupport.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill } from '../workspace/folders.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createSkillScaffold, nameProblem, scaffold } = await loadWithVscode(
  () => import('../../extension/vscode/skillScaffold.ts'),
);
const { createSkillDiagnostics } = await loadWithVscode(
  () => import('../../extension/vscode/skillDiagnostics.ts'),
);
const { watchFolder } = await loadWithVscode(() => import('../../extension/vscode/skillWatch.ts'));

let folder = '';
beforeEach(async () => {
  resetVscode();
  folder = await mkdtemp(path.join(os.tmpdir(), 'skills-'));
});
afterEach(() => rm(folder, { recursive: true }));

const rig = (isTrusted = true) => {
  const calls: string[] = [];
  const commands = createSkillScaffold({
    catalog: { refresh: () => void calls.push('refresh') },
    roots: async () => [{ name: 'shop', path: path.join(folder, 'shop') }],
    isTrusted: () => isTrusted,
    home: path.join(folder, 'home'),
  });
  return { ...commands, calls };
};

describe('a new skill', () => {
  it('is put into the workspace, and opened', async () => {
    const { createSkill, calls } = rig();
    answers.push('notes', 'Writes: "notes" #1', 'Python', 'In this workspace');
    const made = await createSkill();
    assert.equal(made, path.join(folder, 'shop/.anycowork/skills/notes'));
    const text = await readFile(path.join(made ?? '', 'skill.yaml'), 'utf8');
    assert.equal(parse(text).description, 'Writes: "notes" #1');
    assert.deepEqual([calls, executed], [['refresh'], [['anycowork.skills.focus']]]);
  });

  it('replaces nothing', async () => {
    const { createSkill } = rig();
    const wanted = { name: 'notes', description: 'x', runtime: 'shell', where: 'user' };
    assert.equal(await createSkill(wanted), path.join(folder, 'home/.anycowork/skills/notes'));
    await assert.rejects(createSkill(wanted), /already\. Nothing was written/);
  });

  it('that cannot be written says so, and what is there of it', async () => {
    await writeFile(path.join(folder, 'home'), 'no folder');
    const wanted = { name: 'notes', description: 'x', runtime: 'shell', where: 'user' };
    await assert.rejects(rig().createSkill(wanted), /^InputError: The skill could not be written to .* kept/);
  });

  it('is not put where it would not be used', async () => {
    const { createSkill } = rig(false);
    answers.push('notes', 'x', 'Python', 'In this workspace');
    await assert.rejects(createSkill(), /no In this workspace among the choices/);
    const wanted = { name: 'notes', description: 'x', runtime: 'shell', where: 'workspace' };
    await assert.rejects(createSkill(wanted), /not trusted/);
    await assert.rejects(createSkill({ ...wanted, name: '../x' }), /arguments are not right/);
  });

  for (const [name, fits] of [
    ['my-skill', true],
    ['a1', true],
    ['My', false],
    ['a--b', false],
    ['-a', false],
    ['a_b', false],
    ['', false],
    ['a'.repeat(65), false],
  ] as const) {
    it(`${fits ? 'may' : 'may not'} be called ${JSON.stringify(name.slice(0, 10))}`, () => {
      assert.equal(nameProblem(name) === undefined, fits);
    });
  }

  for (const runtime of ['python', 'node', 'shell'] as const) {
    it(`has a program in ${runtime}, and nothing that the product finds fault with`, async () => {
      const made = await rig().createSkill({
        name: 'notes',
        description: 'a: "b" #c',
        runtime,
        where: 'user',
      });
      const { skill, problems } = await readSkillFolder(made ?? '');
      assert.deepEqual(problems, []);
      assert.deepEqual(
        [skill?.description, skill?.runtime, skill?.entries.length],
        ['a: "b" #c', runtime, 1],
      );
      const files = scaffold({ name: 'notes', description: 'x', runtime });
      assert.ok(files['README.md']?.includes(`## ${skill?.entries[0]?.name}`));
    });
  }

  for (const [runtime, program] of [
    ['node', process.execPath],
    ['shell', '/bin/sh'],
  ] as const) {
    it(`has a program in ${runtime} that works at once`, async function () {
      if (process.platform === 'win32' && runtime === 'shell') skipBecause(this, 'there is no sh');
      const made = await rig().createSkill({ name: 'notes', description: 'x', runtime, where: 'user' });
      const [entry] = parse(await readFile(path.join(made ?? '', 'skill.yaml'), 'utf8')).entries;
      const { stdout, status } = spawnSync(program, [path.join(made ?? '', entry.file)], {
        cwd: made,
        input: '{}',
        encoding: 'utf8',
      });
      assert.deepEqual(
        [status, stdout],
        [
          0,
          `**3** entries in ${runtime === 'node' ? '`.`' : 'this folder'}\n\n- README.md\n- ${entry.file}\n- skill.yaml\n`,
        ],
      );
    });
  }
});

describe('problems of a skill while it is edited', () => {
  const line = { range: 'whole line' };
  const document = (name: string, text = 'name: x') => ({
    uri: Uri.file(`/skills/x/${name}`),
    version: 1,
    isClosed: false,
    lineCount: 3,
    lineAt: (at: number) => ({ range: { ...line, at } }),
    getText: () => text,
  });
  const problem = (more: Partial<SkillProblem>): SkillProblem => ({
    file: 'skill.yaml',
    severity: 'error',
    message: 'Wrong.',
    ...more,
  });

  it('stand at their lines, and go when it is closed', async () => {
    const read: (readonly string[])[] = [];
    const watching = createSkillDiagnostics({
      parse: async (file, text) => {
        read.push([file, text]);
        return [
          problem({ line: 2 }),
          problem({ severity: 'warning' }),
          problem({ line: 99 }),
          problem({ file: 'README.md' }),
        ];
      },
      logError: assert.fail,
    });
    const opened = document('skill.yaml');
    onDidOpenTextDocument.fire(opened);
    onDidOpenTextDocument.fire(document('other.yaml'));
    await pause(1);
    assert.deepEqual(read, [['/skills/x/skill.yaml', 'name: x']]);
    assert.deepEqual(
      diagnostics
        .get('/skills/x/skill.yaml')
        ?.map(({ range, severity, source }) => [Reflect.get(range, 'at'), severity, source]),
      [
        [1, 0, 'AnyCowork'],
        [0, 1, 'AnyCowork'],
        [2, 0, 'AnyCowork'],
      ],
    );
    // Of a document it uses no more than this.
    onDidCloseTextDocument.fire(opened as never);
    assert.equal(diagnostics.size, 0);
    watching.dispose();
  });

  it('are those of what is shown, not of what was', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly SkillProblem[]>();
    const watching = createSkillDiagnostics({ parse: () => promise, logError: assert.fail });
    const opened = document('SKILL.md');
    onDidOpenTextDocument.fire(opened);
    opened.version = 2;
    resolve([problem({ file: 'SKILL.md' })]);
    await pause(1);
    assert.equal(diagnostics.size, 0);
    watching.dispose();
  });

  it('are read once after the last key', async () => {
    let reads = 0;
    const watching = createSkillDiagnostics({
      parse: async () => {
        reads += 1;
        return [];
      },
      logError: assert.fail,
    });
    const edited = document('skill.yaml');
    for (let key = 0; key < 3; key += 1) onDidChangeTextDocument.fire({ document: edited as never });
    assert.equal(reads, 0);
    while (reads === 0) await pause(20);
    await pause(1);
    assert.equal(reads, 1);
    watching.dispose();
  });
});

describe('watching a folder', () => {
  it('tells of what happens in it until it is over', () => {
    let changes = 0;
    const watching = watchFolder('/home/me/.anycowork/skills', () => {
      changes += 1;
    });
    const [watcher] = watchers;
    assert.deepEqual(
      [watcher?.pattern.baseUri.fsPath, watcher?.pattern.pattern],
      ['/home/me/.anycowork/skills', '**/*'],
    );
    watcher?.fire(Uri.file('/home/me/.anycowork/skills/x/skill.yaml'));
    assert.ok(changes > 0);
    watching.dispose();
    const before = changes;
    watcher?.fire(Uri.file('/home/me/.anycowork/skills/x/skill.yaml'));
    assert.deepEqual([changes, watchers.size], [before, 0]);
  });

  it('sees what the editor does not tell of in a folder that was only just made', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'only there the editor misses it');
    const base = folder;
    let changes = 0;
    const watching = watchFolder(path.join(base, '.agents', 'skills'), () => {
      changes += 1;
    });
    fill(base, { '.agents/skills/first/SKILL.md': 'a' });
    // All that the editor says.
    for (const watcher of [...watchers]) {
      if (watcher.pattern.pattern === '.agents') watcher.fire(Uri.file(path.join(base, '.agents')));
    }
    const tellsOf = async (name: string): Promise<void> => {
      let size = 0;
      // It is looked after once what was made before it has been seen: until then nothing is told of it.
      await until(async () => {
        const before = changes;
        size += 1;
        fill(base, { [name]: 'b'.repeat(size) });
        await pause(50);
        return changes > before;
      }, name);
    };
    await until(() => changes > 1, 'what was there by then');
    await tellsOf('.agents/skills/second/SKILL.md');
    await tellsOf('.agents/skills/first/scripts/run.py');
    watching.dispose();
  });
});
