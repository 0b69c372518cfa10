import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type { ModelRef, UserMessage } from '../../extension/shared/message.ts';
import type { Session } from '../../extension/shared/session.ts';
import { partsOf } from '../../extension/storage/arriving.ts';
import { Database, type DatabaseOptions } from '../../extension/storage/database.ts';
import { type Disk, realDisk } from '../../extension/storage/disk.ts';
import { thisOwner } from '../../extension/storage/owner.ts';
import type { Migration } from '../../extension/storage/schema.ts';
import { loadSqlite, type OpenSqlite, type Statement } from '../../extension/storage/sqlite.ts';
import { createSqlStore, type SqlStoreOptions } from '../../extension/storage/sqlStore.ts';
import {
  createStoreService,
  type ServiceOptions,
  type StoreHandlers,
} from '../../extension/storage/storeService.ts';

const root = path.resolve(import.meta.dirname, '../..');
export const wasmFile = path.join(root, 'node_modules/sql.js/dist/sql-wasm.wasm');

/** Names the bundled thread to a process that a test starts, so that it need not make its own. */
export const workerVariable = 'ANYCOWORK_TEST_STORAGE_WORKER';

let bundled: string | undefined = process.env[workerVariable];
/** The thread as the product has it, in one file: it starts in half the time, and tests start many. */
export const workerFile = (): string => {
  if (bundled !== undefined) return bundled;
  const folder = mkdtempSync(path.join(tmpdir(), 'anycowork-worker-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  bundled = path.join(folder, 'worker.mjs');
  buildSync({
    entryPoints: [path.join(root, 'extension/storage/worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundled,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return bundled;
};

let loading: Promise<OpenSqlite> | undefined;
export const openSqlite = (): Promise<OpenSqlite> => {
  loading ??= loadSqlite(wasmFile);
  return loading;
};

/** What a test has opened in this process: a window left open would go on renewing its lease, in a folder that is gone. */
const openServices: StoreHandlers[] = [];

/** A folder that is gone after the test, once every service is closed. */
export const temporaryFolder = (context: Mocha.Suite): (() => string) => {
  const made: string[] = [];
  context.afterEach(async () => {
    for (const service of openServices.splice(0)) await service.close('');
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'anycowork-storage-'));
    made.push(folder);
    return folder;
  };
};

let names = 0;
export const uniqueName = (): string => {
  names += 1;
  return `name-${process.pid}-${names}`;
};

/** One table, to look at the durable core without the product's schema. */
export const noteMigrations: readonly Migration[] = [
  {
    version: 1,
    statements: () => [
      { sql: 'CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID', params: [] },
      { sql: 'CREATE TABLE notes (row INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)', params: [] },
    ],
  },
];

export const addNote = (text: string): Statement => ({
  sql: 'INSERT INTO notes (text) VALUES (?)',
  params: [text],
});

export interface OpenedDatabase {
  readonly database: Database;
  readonly problems: string[];
  readonly add: (text: string) => Promise<void>;
  readonly notes: () => Promise<readonly string[]>;
}

export const openDatabase = async (
  folder: string,
  options: Partial<DatabaseOptions> = {},
): Promise<OpenedDatabase> => {
  const problems: string[] = [];
  const database = await Database.open({
    folder,
    disk: realDisk,
    openSqlite: await openSqlite(),
    owner: thisOwner(uniqueName()),
    incarnation: '1',
    migrations: noteMigrations,
    now: Date.now,
    report: (problem) => problems.push(problem),
    onForeignChange: () => undefined,
    ...options,
  });
  return {
    database,
    problems,
    add: (text) => database.transact(uniqueName(), () => [addNote(text)]),
    notes: () =>
      database.read((query) => query('SELECT text FROM notes ORDER BY row').map((row) => String(row.text))),
  };
};

/** The real disk with some operations replaced. */
export const diskWith = (changes: Partial<Disk>): Disk => ({ ...realDisk, ...changes });

/** As durable as a machine without a power cut: what is about more than that uses the real disk. */
export const quickDisk: Disk = diskWith({
  syncData: () => undefined,
  syncFolder: () => undefined,
  writeFile: (file, parts) => writeFileSync(file, Buffer.concat(parts)),
});

export const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: made up by a test`), { code });

/** The store's handlers without a thread, with a unique name for each call. */
export interface OpenedService {
  readonly service: StoreHandlers;
  readonly problems: string[];
  readonly record: (event: AgentEvent) => Promise<void>;
  readonly items: (sessionId: string) => Promise<readonly ChatItem[]>;
}

export const openService = async (
  folder: string,
  options: Partial<ServiceOptions> & { readonly ownerId?: string } = {},
): Promise<OpenedService> => {
  const problems: string[] = [];
  const service = createStoreService({
    folder,
    disk: realDisk,
    openSqlite: await openSqlite(),
    owner: thisOwner(options.ownerId ?? uniqueName()),
    incarnation: '1',
    now: Date.now,
    report: (problem) => problems.push(problem),
    onChange: () => undefined,
    ...options,
  });
  await service.open('');
  openServices.push(service);
  return {
    service,
    problems,
    record: (event) => service.record(uniqueName(), event),
    items: (sessionId) =>
      service.readPage('', sessionId, Number.MAX_SAFE_INTEGER - 1).then(({ items }) => items),
  };
};

/** As a window imports a chat, without its thread. */
export const importItems = async (
  { service }: OpenedService,
  to: Session,
  items: readonly ChatItem[],
): Promise<void> => {
  const parts = [...partsOf(items)];
  for (const part of parts) await service.importPart(uniqueName(), to.id, part);
  await service.importSession(uniqueName(), to, to.id, parts.length);
};

export const storeOptions = (folder: string, problems: string[] = []): SqlStoreOptions => ({
  folder,
  workerFile: workerFile(),
  wasmFile,
  ownerId: uniqueName(),
  report: (problem) => problems.push(problem),
});

export const openStore = (folder: string, problems: string[] = []) =>
  createSqlStore(storeOptions(folder, problems));

export const model: ModelRef = { provider: 'gemini', model: 'some-model' };

export const session = (id: string, changes: Partial<Session> = {}): Session => ({
  id,
  title: 'A chat',
  titleBy: 'message',
  agentId: 'agent',
  model,
  folder: '/home/me/project',
  createdAt: 1,
  updatedAt: 1,
  ...changes,
});

export const userMessage = (id: string, text = 'Hello'): UserMessage => ({
  role: 'user',
  id,
  content: [{ type: 'text', text }],
  createdAt: 1,
});
