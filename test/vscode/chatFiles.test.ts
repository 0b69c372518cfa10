import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createAgents } from '../../extension/core/agents.ts';
import type { Session } from '../../extension/shared/session.ts';
import { counters } from '../fakes/ids.ts';
import { fakeStore } from '../fakes/store.ts';
import { answers, executed, progress, resetVscode, told } from '../fakes/vscode.ts';
import { until } from '../storage/coldSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createChatFileCommands } = await loadWithVscode(
  () => import('../../extension/vscode/chatFileCommands.ts'),
);
const { createExportEverything } = await loadWithVscode(
  () => import('../../extension/vscode/exportEverything.ts'),
);
const { Uri } = await loadWithVscode(() => import('vscode'));

const at = new Date(2026, 10, 24, 12).getTime();
const model = { provider: 'gemini', model: 'm' } as const;

const session = (id: string, title: string): Session => ({
  id,
  title,
  titleBy: 'person',
  agentId: 'coder',
  model,
  folder: '/home/me/site',
  createdAt: at,
  updatedAt: at,
});

describe('chats and files', () => {
  let folder = '';
  beforeEach(() => {
    resetVscode();
    folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-files-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const inFolder = (name: string): string => path.join(folder, name);

  /** A store with chats that have one message each, and the commands of a window. */
  const rig = async (...titles: readonly string[]) => {
    const store = fakeStore();
    const ids = counters();
    const agents = createAgents({ store, defaultModel: async () => model, ...ids });
    await agents.create({ name: 'Coder' });
    for (const [index, title] of titles.entries()) {
      const id = `s${index}`;
      await store.importSession(session(id, title), [
        {
          kind: 'user',
          id: `${id}-u`,
          jobId: `${id}-j`,
          message: {
            role: 'user',
            id: `${id}-u`,
            content: [{ type: 'text', text: `Question of ${title}` }],
            createdAt: at,
          },
        },
      ]);
    }
    const opened: string[] = [];
    const files = createChatFileCommands({
      store,
      current: { open: async (id: string) => void opened.push(id) },
      picker: { session: async (id: string) => store.getSession(id) },
      agentName: async () => 'Coder',
      sessionsChanged: () => undefined,
      focusChat: async () => undefined,
      newId: ids.newId,
      // The commands use nothing else.
    } as never);
    const { exportEverything } = createExportEverything({ store, agents, now: () => at });
    return { store, opened, ...files, exportEverything };
  };

  it('exports for code, and imports the same chat again', async () => {
    const { store, exportSession, importSession, opened } = await rig('Dates');
    assert.equal(await exportSession('s0', { format: 'json', file: inFolder('a.json') }), inFolder('a.json'));
    const [imported] = await importSession(inFolder('a.json'));
    assert.ok(imported !== undefined && 'sessionId' in imported);
    assert.notEqual(imported.sessionId, 's0');
    assert.deepEqual(opened, [imported.sessionId]);
    const [item] = await store.readAll(imported.sessionId);
    assert.ok(item?.kind === 'user');
    assert.deepEqual(item.message.content, [{ type: 'text', text: 'Question of Dates' }]);
    await exportSession('s0', { format: 'markdown', file: inFolder('a.md') });
    assert.match(readFileSync(inFolder('a.md'), 'utf8'), /^# Dates[\s\S]*Question of Dates/);
    await assert.rejects(exportSession('s0', { format: 'json', file: 'a.json' }), /absolute path/);
    assert.deepEqual(told, []);
  });

  it('asks for format and place, and opens what was written', async () => {
    const { exportSession } = await rig('Dates: why?');
    const target = Uri.file(inFolder('mine.md'));
    answers.push('Markdown', target, 'Open');
    await exportSession({ webviewSection: 'session', sessionId: 's0' });
    // Not part of the export, which has answered by now.
    await until(() => executed.length > 0, 'the file to be opened');
    assert.deepEqual(told, ['Exported “Dates: why?” to mine.md.']);
    assert.deepEqual(executed, [['vscode.open', target]]);
    assert.match(readFileSync(inFolder('mine.md'), 'utf8'), /Question of Dates/);
    answers.push('JSON', undefined);
    assert.equal(await exportSession('s0'), undefined);
    assert.deepEqual(readdirSync(folder), ['mine.md']);
  });

  it('imports many files, says what is wrong with each wrong one, and opens the last chat', async () => {
    const { exportSession, importSession, opened } = await rig('One', 'Two');
    await exportSession('s0', { format: 'json', file: inFolder('1.json') });
    await exportSession('s1', { format: 'json', file: inFolder('2.json') });
    writeFileSync(inFolder('other.json'), '{"name":"a package"}');
    writeFileSync(inFolder('cut.json'), readFileSync(inFolder('1.json'), 'utf8').slice(0, 200));
    const names = ['1.json', 'other.json', '2.json', 'cut.json', 'gone.json'];
    answers.push(names.map((name) => Uri.file(inFolder(name))));
    const results = await importSession();
    assert.deepEqual(
      results.map((each) => ('title' in each ? each.title : 'wrong')),
      ['One', 'wrong', 'Two', 'wrong', 'wrong'],
    );
    assert.equal(told[0], 'Imported 2 chats.');
    assert.match(told[1] ?? '', /^other\.json: This file is not a chat/);
    assert.match(told[2] ?? '', /^cut\.json: .*cut off/);
    assert.match(told[3] ?? '', /^gone\.json: .*ENOENT/);
    assert.equal(told.length, 4);
    const last = results[2];
    assert.ok(last !== undefined && 'sessionId' in last);
    assert.deepEqual(opened, [last.sessionId]);
  });

  it('stops an export when it is cancelled, keeps what was written, and says so', async () => {
    const { exportEverything } = await rig('One', 'Two', 'Three');
    answers.push([Uri.file(folder)]);
    let reports = 0;
    progress.onReport = () => {
      reports += 1;
      progress.isCancelled = reports === 2;
    };
    const result = await exportEverything();
    assert.equal(result?.isCancelled, true);
    assert.equal(result?.chats, 2);
    const target = inFolder('anycowork-export-2026-11-24');
    assert.match(readFileSync(path.join(target, 'index.md'), 'utf8'), /stopped before its end/);
    assert.equal(readdirSync(target).length, 6);
    assert.match(told[0] ?? '', /^The export was stopped\. Exported 2 chats to /);
    answers.push(undefined);
    assert.equal(await exportEverything(), undefined);
  });

  it('exports everything, names what it had to leave out, and holds no key', async () => {
    const { store, exportEverything, importSession } = await rig(
      'Plan',
      'plan',
      'Damaged',
      'Old',
      'Gone',
      'a/b [c](d)',
    );
    await store.updateSession('s3', { shelf: 'archived' }, at);
    await store.updateSession('s4', { shelf: 'deleted' }, at);
    const readAll = store.readAll;
    store.readAll = async (id) => {
      if (id === 's2') throw new Error('Its rows are damaged.');
      return readAll(id);
    };
    process.env.GEMINI_API_KEY = 'planted-key-export';
    try {
      const result = await exportEverything({ folder });
      assert.equal(result?.chats, 4);
      assert.deepEqual(result?.skipped, [
        { sessionId: 's2', title: 'Damaged', problem: 'Its rows are damaged.' },
      ]);
      assert.equal(result?.folder, inFolder('anycowork-export-2026-11-24'));
    } finally {
      delete process.env.GEMINI_API_KEY;
    }
    const target = inFolder('anycowork-export-2026-11-24');
    const names = readdirSync(target).toSorted();
    assert.deepEqual(
      names.map((name) => name.toLowerCase()).toSorted(),
      [
        ...['a b [c](d)', 'old', 'plan', 'plan (2)'].flatMap((name) =>
          ['json', 'md'].map((ending) => `2026-11-24 ${name}.${ending}`),
        ),
        'agents.json',
        'index.md',
      ].toSorted(),
    );
    const texts = names.map((name) => readFileSync(path.join(target, name), 'utf8'));
    assert.doesNotMatch(texts.join('\n'), /planted-key-export/);
    assert.match(readFileSync(path.join(target, 'agents.json'), 'utf8'), /"name": "Coder"/);
    const index = readFileSync(path.join(target, 'index.md'), 'utf8');
    assert.match(index, /4 chats/);
    assert.match(index, /- Damaged: Its rows are damaged\./);
    assert.match(index, /\[a\/b \\\[c\\\]\\\(d\\\)\]\(2026-11-24%20a%20b%20%5Bc%5D%28d%29\.md\)/);
    assert.match(index, /archived/);
    assert.doesNotMatch(index, /Gone/);
    // Made a second time on the same day, nothing is overwritten; and every file can be had back.
    assert.equal((await exportEverything({ folder }))?.folder, `${target}-2`);
    const back = await importSession(
      names.filter((name) => /^2026.*json$/.test(name)).map((name) => path.join(target, name)),
    );
    assert.deepEqual(back.map((each) => ('title' in each ? each.title : each.problem)).toSorted(), [
      'Old',
      'Plan',
      'a/b [c](d)',
      'plan',
    ]);
  });
});
