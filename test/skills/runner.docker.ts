import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { SkillRunner } from '../../extension/core/skills.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import type { LoadedSkill } from '../../extension/shared/skill.ts';
import { readSkillFolder } from '../../extension/skills/skillFolder.ts';
import {
  containersOf,
  makeFolders,
  makeSandbox,
  type TestFolders,
  type TestSandbox,
} from '../sandbox/sandboxSupport.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { never, toolError } from '../tools/rig.ts';
import { fill, removeTemporaryFolders } from '../workspace/folders.ts';
import { createRunnerRig } from './runnerRig.ts';
import { entryOf, execution } from './skillRig.ts';

const programs: Record<string, string> = {
  'table.py': `import json, os, sys
call = json.load(sys.stdin)
os.makedirs("out", exist_ok=True)
with open("out/" + call["name"] + ".csv", "w") as file:
    file.write("a,b\\n1,2\\n")
print("| a | b |\\n|---|---|\\n| 1 | 2 |\\n")
print("Arguments:", json.dumps(sys.argv[1:]))
print("wrote it", file=sys.stderr)
`,
  'memory.py': 'x = bytearray(900_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("got it")\n',
  'sleep.py': 'import time\nprint("begun", flush=True)\ntime.sleep(300)\n',
  'change.py': 'open("/skill/table.py", "w")\n',
  'hooks.py':
    'import os\nos.makedirs(".vscode")\nopen(".vscode/tasks.json", "w").write("{}")\nprint("done")\n',
  'lib.py': 'words = "reviewed"\n',
  'main.py': 'import lib\nprint(lib.words)\n',
  'late.py': `import os, time
print("begun", flush=True)
while not os.path.exists("go"): time.sleep(0.05)
import lib
print(lib.words)
`,
  'compile.py': `import py_compile, sys
open("/tmp/lib.py", "w").write('words = "planted"')
name = f"lib.{sys.implementation.cache_tag}.pyc"
py_compile.compile("/tmp/lib.py", name, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
print(name)
`,
  'hello.sh': 'read -r input\nprintf "%s %s\\n" "$input" "$(pwd)"\n',
  'hello.mjs': 'console.log(process.version !== "" && process.cwd());\n',
};

describe('skills in containers', function () {
  this.timeout(60_000);
  let host = '';
  let folders: TestFolders;
  let box: TestSandbox;
  let runner: SkillRunner;
  let skill: LoadedSkill;

  before(function () {
    host = dockerHostOrSkip(this);
  });
  beforeEach(async () => {
    folders = makeFolders();
    box = makeSandbox(host, folders.quarantine);
    const place = path.join(folders.base, 'tables');
    fill(place, programs);
    const { files, hash } = await readSkillFolder(place);
    const entries = files.map(({ path: file }) =>
      entryOf({ name: file.replace('.', '-'), file, arguments: { type: 'object' } }),
    );
    const source = { place: 'installed', label: 'here', folder: place } as const;
    const rig = createRunnerRig(
      { files, hash, entries, source },
      {
        sandbox: box.sandbox,
        folder: async () => folders.workspace,
        hashOf: async (folder) => (await readSkillFolder(folder)).hash,
      },
    );
    ({ runner, skill } = rig);
  });
  afterEach(async () => {
    await box.sandbox.close();
    assert.deepEqual(await containersOf(host, box.ownerId), []);
    assert.deepEqual(box.errors, []);
    folders.remove();
    removeTemporaryFolders();
  });

  const run = async (
    entry: string,
    {
      input = {},
      argv = [],
      signal = never,
      emit = () => {},
      more = {},
    }: {
      input?: JsonObject;
      argv?: readonly string[];
      signal?: AbortSignal;
      emit?: (text: string) => void;
      more?: Partial<LoadedSkill>;
    } = {},
  ) => {
    const request = { skill: { ...skill, ...more }, entry, input, argv, execution: execution() };
    const output = await (await runner.prepare(request, signal)).run(signal, emit);
    const [first] = output.content;
    return { ...output, text: first?.type === 'text' ? first.text : '' };
  };

  it('read JSON, write files and print Markdown', async () => {
    const argv = ['--x', '; touch /workspace/no', '$(touch /workspace/no)', '`id`'];
    const output = await run('table-py', { input: { name: 'été 1' }, argv });
    assert.match(output.text, /^\| a \| b \|\n\|---\|---\|\n\| 1 \| 2 \|/);
    assert.deepEqual(JSON.parse(/Arguments: (\[.*\])/.exec(output.text)?.[1] ?? ''), argv);
    assert.match(output.text, /Standard error:\n\n```\nwrote it\n```/);
    assert.match(
      output.text,
      /\[exit code 0; files written: \[out\/été 1\.csv\]\(out\/%C3%A9t%C3%A9%201\.csv\)\]$/,
    );
    const file = path.join(folders.workspace, 'out', 'été 1.csv');
    assert.equal(readFileSync(file, 'utf8'), 'a,b\n1,2\n');
    assert.equal(statSync(file).uid, statSync(folders.workspace).uid);
    assert.equal(existsSync(path.join(folders.workspace, 'no')), false);
  });

  it('run by a shell and by Node too', async () => {
    assert.equal((await run('hello-sh', { input: { a: 1 } })).text, '{"a":1} /workspace\n\n[exit code 0]');
    assert.match((await run('hello-mjs')).text, /^\/workspace\n/);
  });

  it('are ended for lack of memory', async () => {
    const output = await run('memory-py');
    assert.equal(output.isError, true);
    assert.match(output.summary, /out of memory$/);
    assert.match(output.text, /512 MB/);
    assert.doesNotMatch(output.text, /got it/);
  });

  it('are ended at their deadline, what they had said kept', async () => {
    const output = await run('sleep-py', { more: { sandbox: { timeoutSeconds: 2 } } });
    assert.equal(output.summary, 'deadline of 2 s passed');
    assert.match(output.text, /^begun\n\nIt was ended after 2 seconds/);
  });

  it('end with the person', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const running = run('sleep-py', {
      signal: stop.signal,
      emit: (text) => {
        if (text.includes('begun')) stop.abort(reason);
      },
    });
    await assert.rejects(running, (error) => error === reason);
    assert.deepEqual(await containersOf(host, box.ownerId), []);
  });

  it('cannot change themselves, and what they plant is told', async () => {
    const changing = await run('change-py');
    assert.match(changing.text, /Read-only file system/);
    assert.equal(changing.isError, true);
    const planting = await run('hooks-py');
    assert.match(planting.text, /touched what is protected[\s\S]*\.vscode/);
    assert.equal(existsSync(path.join(folders.workspace, '.vscode')), false);
  });

  it('do not run what lies compiled beside them, which nobody has reviewed', async () => {
    const [name = ''] = (await run('compile-py')).text.match(/lib\.\S+\.pyc/) ?? [];
    const cache = path.join(skill.source.folder, '__pycache__');
    mkdirSync(cache);
    copyFileSync(path.join(folders.workspace, name), path.join(cache, name));
    assert.match((await run('main-py')).text, /^```\nreviewed\n```|^reviewed/);
  });

  it('do not see what becomes of their files while they run', async () => {
    const { folder } = skill.source;
    const output = await run('late-py', {
      emit: (text) => {
        if (!text.includes('begun')) return;
        fill(folder, { 'lib.py': 'words = "changed"\n' });
        fill(folders.workspace, { go: '' });
      },
    });
    assert.match(output.text, /begun\nreviewed/);
  });

  it('do not run once their files have changed', async () => {
    fill(skill.source.folder, { 'table.py': 'print("another")\n' });
    await assert.rejects(run('table-py'), toolError(/have changed since it was loaded/));
  });

  it('do not run in an image that is not there', async () => {
    const more = { sandbox: { image: 'anycowork-test/not-there:1' } };
    await assert.rejects(run('table-py', { more }), toolError(/not-there:1, which is not on this computer/));
  });
});
