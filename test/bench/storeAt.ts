// node test/bench/storeAt.ts fill|settle|measure FOLDER MESSAGES: one store of that many messages. See storage.ts.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../../extension/core/store.ts';
import { migrations } from '../../extension/storage/schema.ts';
import type { Statement } from '../../extension/storage/sqlite.ts';
import { createSqlStore, type SqlStoreOptions } from '../../extension/storage/sqlStore.ts';
import { jobEvents } from '../storage/chatEvents.ts';
import { model, openDatabase, quickDisk, session, userMessage } from '../storage/support.ts';
import { root } from '../support/setUp.mjs';
import { textsOf } from './words.ts';

const [task = '', folder = '', count = '0'] = process.argv.slice(2);
const messages = Number(count);
const perChat = 100;
const writes = 1_000;
const day = 86_400_000;

const storeOptions = (where: string): SqlStoreOptions => ({
  folder: where,
  workerFile: path.join(root, 'dist/storageWorker.js'),
  wasmFile: path.join(root, 'dist/sql-wasm.wasm'),
  ownerId: `bench-${process.pid}`,
  report: (problem) => {
    throw new Error(problem);
  },
});

const written = `written-${process.pid}`;
const chatId = (chat: number): string => `chat-${chat}`;

/** Rows as jobs leave them: two days old and older, the lower the number the older. */
const rowsOfChat = (chat: number, text: (words: number) => string): readonly Statement[] => {
  const id = chatId(chat);
  const at = Date.now() - 2 * day - (messages / perChat - chat) * 60_000;
  const statements: Statement[] = [
    {
      sql: 'INSERT INTO sessions (id, title, agent_id, model, folder, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      params: [id, text(5), 'agent', JSON.stringify(model), `/home/me/project-${chat % 7}`, at, at],
    },
  ];
  for (let index = 0; index < perChat; index += 1) {
    const role = index % 2 === 0 ? 'user' : 'assistant';
    const body = {
      role,
      id: `m${index}`,
      content: [{ type: 'text', text: text(60) }],
      createdAt: at,
      ...(role === 'assistant' ? { model, stopReason: 'end' } : {}),
    };
    statements.push({
      sql: 'INSERT INTO messages (session_id, id, job_id, kind, body, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      params: [id, `m${index}`, `${id}-job`, role, JSON.stringify(body), at],
    });
  }
  return statements;
};

/** In parts, each with its snapshot, as a history grows. */
const fill = async (): Promise<void> => {
  const text = textsOf(1);
  const { database } = await openDatabase(folder, { disk: quickDisk, migrations });
  for (let chat = 0; chat * perChat < messages; chat += 1) {
    await database.transact(`fill-${chat}`, () => rowsOfChat(chat, text));
    if (chat % 1_000 === 999) await database.snapshot();
  }
  await database.snapshot();
  await database.close();
};

const sizeOf = (where: string): number =>
  readdirSync(where, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);

const timed = async (action: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await action();
  return performance.now() - began;
};

const repeat = async (times: number, action: (index: number) => Promise<unknown>): Promise<number[]> => {
  const samples: number[] = [];
  for (let index = 0; index < times; index += 1) samples.push(await timed(() => action(index)));
  return samples;
};

/** What the disk and the system take for the least that any store with a lock has to do. */
const bareWrites = async (where: string, bytes: Buffer): Promise<number[]> => {
  const file = openSync(path.join(where, 'bare'), 'a');
  const lock = path.join(where, 'bare.lock');
  const samples = await repeat(300, async () => {
    mkdirSync(lock);
    writeSync(file, bytes);
    fdatasyncSync(file);
    rmdirSync(lock);
  });
  closeSync(file);
  return samples;
};

/** As a window that stays open: until every message is in the search index, and no old chat is put away any more. */
const settle = async (): Promise<void> => {
  const store = createSqlStore(storeOptions(folder));
  for (let before = ''; ; ) {
    await pause(3_000);
    const { facts, use } = await store.check();
    const now = JSON.stringify(use.parts);
    if (now === before && facts.some((fact) => /Search index: .* 0 waiting/.test(fact))) break;
    before = now;
  }
  await store.close();
};

const queries: Record<string, string> = {
  'one letter': 'k',
  'two letters': 'ka',
  'three letters': 'kat',
  'half a word': 'fabag',
  'two words': 'leko fa',
  'not there': 'zzzzzz',
};

const residentBytes = (): number => process.memoryUsage().rss;

/** The longest time in which nothing else could run in this thread, which stands for the window's host. */
const longestHold = async (action: () => Promise<unknown>): Promise<number> => {
  await pause(300);
  let last = performance.now();
  let longest = 0;
  let isOver = false;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await action();
  isOver = true;
  return longest;
};

/** Reads a chat of 10,000 messages. */
const holdOfLongChat = async (store: Store, text: (words: number) => string): Promise<number> => {
  const items = Array.from({ length: 10_000 }, (_, index) => {
    const message = userMessage(`long-${index}`, text(60));
    return { id: message.id, jobId: 'long', kind: 'user' as const, message };
  });
  const id = `long-${process.pid}`;
  await store.importSession(session(id, { updatedAt: Date.now() }), items);
  return longestHold(() => store.readAll(id));
};

const measure = async () => {
  const text = textsOf(2);
  const small = path.join(folder, 'empty-store');
  const empty = createSqlStore(storeOptions(small));
  await empty.open();
  const emptyResidentBytes = residentBytes();
  await empty.close();
  execFileSync('rm', ['-rf', small]);

  const store: Store = createSqlStore(storeOptions(folder));
  const open = await timed(() => store.open());
  const list = await repeat(50, () =>
    store.listSessions({ shelf: 'active', limit: 200, folderFirst: '/home/me/project-3' }),
  );
  const newest = messages / perChat - 1;
  const openChat = await repeat(50, (index) =>
    store.readPage(chatId(newest - (index % Math.min(5, newest))), 100),
  );

  await store.saveSession(session(written, { updatedAt: Date.now() }));
  const journal = path.join(folder, 'anycowork.journal');
  const message = text(50).slice(0, 300);
  const job = jobEvents(written, `${written}-job`);
  await store.record(job.started('Begin'));
  const before = statSync(journal).size;
  const said = job.said(message);
  const samples = await repeat(writes, (index) =>
    store.record(
      said.type === 'TurnCompleted' ? { ...said, message: { ...said.message, id: `w${index}` } } : said,
    ),
  );
  const writtenBytes = Math.round((statSync(journal).size - before) / writes);
  await store.record(job.completed());

  const search: Record<string, number[]> = {};
  for (const [name, query] of Object.entries(queries)) {
    search[name] = await repeat(20, () => store.search({ text: query, limit: 50 }));
  }
  const result = {
    bare: await bareWrites(folder, Buffer.alloc(writtenBytes)),
    writes: samples,
    writtenBytes,
    messageBytes: Buffer.byteLength(message),
    open,
    list,
    openChat,
    search,
    residentBytes: residentBytes(),
    emptyResidentBytes,
    folderBytes: sizeOf(folder),
    hold: await holdOfLongChat(store, text),
  };
  await store.close();
  return result;
};

if (task === 'fill') await fill();
else if (task === 'settle') await settle();
else console.log(JSON.stringify(await measure()));
