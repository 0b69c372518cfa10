// node test/storage/writeFixture.ts CHECKOUT VERSION: writes test/fixtures/storage/vVERSION with the storage code of that
// checkout of an earlier commit (its own, and not today's, so that the bytes are what people have): chats as people have
// them, some in the snapshot and some in the journal, in a window that then crashed. What that code read back of them goes
// into expected.json.gz. To be run once, with the last commit before a new schema:
// Where the events of that time had another form, that checkout's own copy of this file writes them.
// git worktree add --detach /tmp/old COMMIT && ln -s "$PWD/node_modules" /tmp/old/node_modules
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defaultExecution } from '../../extension/shared/agent.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type * as Disk from '../../extension/storage/disk.ts';
import type * as Sqlite from '../../extension/storage/sqlite.ts';
import type * as Service from '../../extension/storage/storeService.ts';
import { jobEvents } from './chatEvents.ts';
import { decision, version as fileVersion, rule } from './consentSupport.ts';
import { model, session, userMessage, wasmFile } from './support.ts';

const [checkout = '', version = ''] = process.argv.slice(2);
const old = (name: string): Promise<unknown> =>
  import(pathToFileURL(path.join(checkout, `extension/storage/${name}.ts`)).href);
// What is used of it is as it is today.
const { realDisk } = (await old('disk')) as typeof Disk;
const { loadSqlite } = (await old('sqlite')) as typeof Sqlite;
const { createStoreService } = (await old('storeService')) as typeof Service;

const where = mkdtempSync(path.join(tmpdir(), 'anycowork-fixture-'));
const problems: string[] = [];
const service = createStoreService({
  folder: where,
  disk: realDisk,
  openSqlite: await loadSqlite(wasmFile),
  owner: { id: `fixture-${version}`, pid: 1, start: '1', machine: 'of the fixture' },
  incarnation: '1',
  now: () => 5_000,
  snapshotBytes: 8_000,
  report: (problem) => problems.push(problem),
  onChange: () => undefined,
});

let calls = 0;
const call = (): string => {
  calls += 1;
  return `fixture-${calls}`;
};
const tell = async (...events: readonly AgentEvent[]): Promise<void> => {
  for (const event of events) await service.record(call(), event);
};
const usage = (jobId: string, input: number, costUsd?: number): AgentEvent => ({
  type: 'Usage',
  jobId,
  at: 9,
  usage: { input, output: 7, cachedInput: 1, cacheWrite: 2, reasoning: 3 },
  ...(costUsd === undefined ? {} : { costUsd, workMs: 250 }),
});

const words = 'The helper adds a month with setMonth, which rolls over on the 31st. ';
const shared = `shared ${words.repeat(260)}`;
const own = `own ${words.repeat(260)}😀\ud83d`;

await service.open('');
await service.saveAgent(call(), {
  id: 'agent',
  name: 'Coder “ü”',
  instructions: 'Say "no"; -- é',
  model,
  tools: ['read_file', 'run_command'],
  skills: ['spreadsheet'],
  mcpServers: ['memory'],
  execution: defaultExecution,
  createdAt: 1,
  updatedAt: 2,
});

// Finished, with everything that a chat can have; its long texts are files.
await service.saveSession(
  call(),
  session('whole', { title: 'Fix the flaky date test 😀', createdAt: 10, updatedAt: 20 }),
);
const first = jobEvents('whole', 'whole-1');
await tell(first.started('The date test fails on the 31st. Find out why.'), usage('whole-1', 100));
await tell(first.said(`I look at it. ${words}`), first.asked());
const yes = { approved: true, scope: 'session', by: 'user', surface: 'dialog' } as const;
await service.recordDecision(call(), first.step.id, yes, 30);
await service.keepVersions(call(), [fileVersion(first.step.id, 'whole', { at: 31 })]);
await tell(first.approved(), first.stepDone(shared), usage('whole-1', 250, 0.125), first.completed());
const second = jobEvents('whole', 'whole-2');
const picture = Buffer.from(words.repeat(200)).toString('base64');
await tell(
  {
    type: 'JobStarted',
    jobId: 'whole-2',
    at: 40,
    sessionId: 'whole',
    agentId: 'agent',
    input: {
      ...userMessage('whole-2-user', 'And this?'),
      content: [
        { type: 'text', text: 'And this? {"$blob":"none"}\0' },
        { type: 'image', mediaType: 'image/png', data: picture },
      ],
    },
  },
  {
    type: 'TurnCompleted',
    jobId: 'whole-2',
    at: 41,
    message: {
      role: 'assistant',
      id: 'whole-2-message',
      model,
      content: [
        { type: 'thinking', text: 'Hm.' },
        { type: 'text', text: `Let me change it.\n\n\`\`\`ts\n${words}\n\`\`\`` },
        { type: 'toolCall', id: 'whole-2-call', name: 'run_command', input: { command: 'ls', $blob: 'x' } },
      ],
      stopReason: 'toolCalls',
      createdAt: 41,
    },
  },
  second.asked(),
);
const no = { approved: false, scope: 'once', by: 'user', surface: 'chat', reason: 'Not this one.' } as const;
await service.recordDecision(call(), second.step.id, no, 42);
await tell(
  {
    type: 'StepRejected',
    jobId: 'whole-2',
    at: 43,
    step: second.step,
    by: 'user',
    reason: 'Not this one.',
    result: {
      role: 'tool',
      id: 'whole-2-result',
      callId: 'whole-2-call',
      toolName: 'run_command',
      content: [{ type: 'text', text: 'Rejected: Not this one.' }],
      outcome: 'rejected',
      createdAt: 43,
    },
  },
  second.completed(),
);

// Many, so that a snapshot is made: what comes next stands in the journal.
for (let index = 0; index < 6; index += 1) {
  const id = `short-${index}`;
  await service.saveSession(call(), session(id, { title: `Chat ${index}`, updatedAt: 50 + index }));
  const job = jobEvents(id, `${id}-job`);
  await tell(job.started(`Question ${index}`), job.said(words), job.stepDone(words), job.completed());
}

await service.updateSession(call(), 'short-1', { mode: 'smart', isPinned: true }, 57);
await service.saveRule(call(), rule('rule “ü”'));
await service.saveRule(call(), rule('of-chat', { sessionId: 'whole', duration: 'session', createdAt: 2 }));
await service.audit(call(), { ...decision, detail: 'Say "no"; \0 😀\ud83d' });
await service.raiseBudget(call(), 'chat', 'whole#usd', 59);

// Failed, with a file that another chat has too.
await service.saveSession(call(), session('failed', { folder: '/home/me/other "x"', updatedAt: 60 }));
const failing = jobEvents('failed', 'failed-1');
await tell(failing.started(shared), usage('failed-1', 40), failing.said(own), failing.failed());

await service.saveSession(call(), session('stopped', { title: '<b>&amp;</b>', updatedAt: 61 }));
const stopped = jobEvents('stopped', 'stopped-1');
await tell(stopped.started(), stopped.said('I will'), stopped.approved(), stopped.stepDone('', 'failed'));
await tell(stopped.cancelled());

await service.saveSession(call(), session('empty', { updatedAt: 62 }));

const read = async () => {
  const chats = [];
  const ids = ['whole', ...Array.from({ length: 6 }, (_, index) => `short-${index}`)];
  for (const id of [...ids, 'failed', 'stopped', 'empty']) {
    const [summary, items, used] = [
      await service.getSession('', id),
      (await service.readPage('', id, 1_000_000)).items,
      await service.sessionUsage('', id),
    ];
    chats.push({ summary, items, usage: used });
  }
  const [rules, audit] = [await service.listRules(''), await service.readAudit('', 0, 1_000)];
  return { agents: await service.listAgents(''), chats, rules, audit };
};
const expected = await read();

// The window crashes in the middle of a reply, with a question open.
await service.saveSession(call(), session('running', { updatedAt: 63 }));
const running = jobEvents('running', 'running-1');
await tell(running.started('Go on'), running.said('I will'), running.asked());
await service.saveDraft(call(), 'running-1', 'And th');
await service.saveDraft(call(), 'running-1', 'And then');

if (problems.length > 0) throw new Error(problems.join('\n'));
const target = path.resolve(import.meta.dirname, '../fixtures/storage', `v${version}`);
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
writeFileSync(path.join(target, 'expected.json.gz'), gzipSync(JSON.stringify(expected), { level: 9 }));
for (const entry of readdirSync(where, { recursive: true, withFileTypes: true })) {
  const name = path.relative(where, path.join(entry.parentPath, entry.name));
  // What says that the window lives ends with it.
  if (!entry.isFile() || name.startsWith('owners') || name.endsWith('.lock')) continue;
  const file = path.join(target, `${name}.gz`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, gzipSync(readFileSync(path.join(where, name)), { level: 9 }));
}
rmSync(where, { recursive: true, force: true });
process.exit(0);
