import { hashesIn } from './blobs.ts';
import { text } from './rows.ts';
import type { Query, Statement } from './sqlite.ts';
import { telegramTables } from './telegramSchema.ts';

/** One step from the schema before it. Its statements depend on nothing but the rows, as everything that is journaled. */
export interface Migration {
  readonly version: number;
  readonly statements: (query: Query) => readonly Statement[];
}

const tables = [
  // Of a snapshot only: the last transaction in it, and the journal begun with it.
  'CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID',

  `CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
  )`,

  `CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    model TEXT NOT NULL,
    folder TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_job_id TEXT
  )`,
  'CREATE INDEX sessions_by_time ON sessions (updated_at)',

  `CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled', 'interrupted')),
    owner TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
  )`,
  'CREATE INDEX jobs_by_session ON jobs (session_id)',
  "CREATE INDEX jobs_running ON jobs (id) WHERE status = 'running'",

  // One growing row number over everything a chat shows, so that a page of rows is a page of the chat.
  `CREATE TABLE messages (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'assistant', 'step', 'notice')),
    body TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (session_id, id)
  )`,
  'CREATE INDEX messages_by_session ON messages (session_id, row)',

  // What a message of kind step holds. A call without its result cannot be stored as finished.
  `CREATE TABLE steps (
    row INTEGER PRIMARY KEY REFERENCES messages (row),
    id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    status TEXT NOT NULL,
    step TEXT NOT NULL,
    prompt TEXT,
    decision TEXT,
    result TEXT,
    summary TEXT NOT NULL DEFAULT '""',
    diffs TEXT NOT NULL DEFAULT '[]',
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK (status IN ('waiting', 'running', 'interrupted')
      OR (status IN ('completed', 'failed', 'rejected', 'cancelled') AND result IS NOT NULL))
  )`,
  "CREATE INDEX steps_open ON steps (job_id) WHERE status IN ('waiting', 'running')",
  'CREATE INDEX steps_by_session ON steps (session_id)',

  `CREATE TABLE approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    step_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    payload_hash TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    expires_at INTEGER,
    decided_at INTEGER,
    approved INTEGER,
    scope TEXT,
    decided_by TEXT,
    surface TEXT,
    reason TEXT
  )`,
  'CREATE INDEX approvals_by_step ON approvals (step_id)',
  'CREATE INDEX approvals_by_session ON approvals (session_id)',

  // Pieces of the reply that is streaming, in order; a piece is a JSON string, so that any cut between two characters is kept.
  `CREATE TABLE drafts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    piece TEXT NOT NULL
  )`,
  'CREATE INDEX drafts_by_job ON drafts (job_id)',
  'CREATE INDEX drafts_by_session ON drafts (session_id)',

  `CREATE TABLE usage (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    reasoning INTEGER NOT NULL
  )`,
  'CREATE INDEX usage_by_session ON usage (session_id)',

  // Sums of usage, kept with each row of it, so that showing them does not grow with the chat.
  `CREATE TABLE usage_totals (
    session_id TEXT PRIMARY KEY,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    reasoning INTEGER NOT NULL
  )`,
];

const filesOfChats = [
  // Which chats need which files in blobs/, so that deleting a chat deletes the files that no other needs.
  `CREATE TABLE blob_refs (
    session_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (session_id, hash)
  ) WITHOUT ROWID`,
  'CREATE INDEX blob_refs_by_hash ON blob_refs (hash)',

  // Files that no chat needs any more, until they are deleted: a crash in between must not forget them.
  'CREATE TABLE doomed_blobs (hash TEXT PRIMARY KEY) WITHOUT ROWID',

  'CREATE INDEX approvals_open ON approvals (job_id) WHERE decided_at IS NULL',
];

/**
 * An index only: the words stand in the messages. Each window fills it on its own account, from `search_todo`; it is not
 * journaled, and can be made anew at any time.
 *
 * Words are told apart and folded in searchWords.ts, so that index, query and highlighting agree to the letter; what
 * comes here are words with a space between, for which the simplest tokenizer does.
 *
 * prefix="2" was measured with 100,000 messages of 500 bytes, documentation and code. Bytes of the index to those of the
 * text, and milliseconds of a search for one, two and three letters of a word: without 46 %, 158, 74 and 24; "2" 74 %,
 * 58, 0.6 and 24; "3" 75 %, 149, 29 and 0.3; "2,4" 103 %, 62, 0.4 and 16; "1,2,3" 118 %, 0.5, 0.4 and 0.4. It costs
 * memory in every window, and one letter is searched for as a word (see search.ts).
 */
export const createSearch =
  'CREATE VIRTUAL TABLE search USING fts4 (text, content="", order="desc", tokenize=simple, prefix="2")';

const shelvesAndSearch = [
  "ALTER TABLE sessions ADD COLUMN title_by TEXT NOT NULL DEFAULT 'message'",
  'ALTER TABLE sessions ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0',
  "ALTER TABLE sessions ADD COLUMN shelf TEXT NOT NULL DEFAULT 'active'",
  'ALTER TABLE sessions ADD COLUMN shelved_at INTEGER',
  // The file under cold/ that holds the rows of an old chat; null while they are here.
  'ALTER TABLE sessions ADD COLUMN cold_file TEXT',
  // Bytes of those rows there.
  'ALTER TABLE sessions ADD COLUMN cold_bytes INTEGER',
  'DROP INDEX sessions_by_time',
  'CREATE INDEX sessions_by_shelf ON sessions (shelf, updated_at)',
  'CREATE INDEX sessions_cold ON sessions (cold_file) WHERE cold_file IS NOT NULL',

  createSearch,

  // Rows of messages that are not in the index yet.
  'CREATE TABLE search_todo (row INTEGER PRIMARY KEY)',
  `CREATE TRIGGER search_message AFTER INSERT ON messages WHEN new.kind IN ('user', 'assistant') BEGIN
    INSERT OR IGNORE INTO search_todo (row) VALUES (new.row);
  END`,
  `CREATE TRIGGER search_changed_message AFTER UPDATE OF body ON messages
    WHEN new.kind IN ('user', 'assistant') AND new.body IS NOT old.body BEGIN
    INSERT OR IGNORE INTO search_todo (row) VALUES (new.row);
  END`,
  `CREATE TRIGGER search_new_step AFTER INSERT ON steps WHEN new.result IS NOT NULL BEGIN
    INSERT OR IGNORE INTO search_todo (row) VALUES (new.row);
  END`,
  `CREATE TRIGGER search_step AFTER UPDATE OF result ON steps WHEN new.result IS NOT NULL AND old.result IS NULL BEGIN
    INSERT OR IGNORE INTO search_todo (row) VALUES (new.row);
  END`,
  "INSERT INTO search_todo (row) SELECT row FROM messages WHERE kind IN ('user', 'assistant')",
  'INSERT INTO search_todo (row) SELECT row FROM steps WHERE result IS NOT NULL',
];

const consent = [
  // Null: its agent's.
  'ALTER TABLE sessions ADD COLUMN mode TEXT',
  // What the step can take back; null where it changed no file.
  'ALTER TABLE steps ADD COLUMN undo TEXT',

  `CREATE TABLE rules (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    session_id TEXT,
    folder TEXT NOT NULL,
    created_at INTEGER NOT NULL
  )`,
  'CREATE INDEX rules_by_session ON rules (session_id) WHERE session_id IS NOT NULL',

  // The record of decisions. Not of a chat: it stays when its chat is deleted, and never goes into a file of old chats.
  // Title, detail and reason are JSON strings, so that any text is kept to the letter.
  `CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    session_id TEXT,
    job_id TEXT,
    step_id TEXT,
    agent_id TEXT,
    tool TEXT,
    effect TEXT,
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    rule_ids TEXT NOT NULL
  )`,

  // What files were before a step and after it. The contents are files under before/. Paths are JSON strings.
  `CREATE TABLE file_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    step_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    file TEXT NOT NULL,
    label TEXT NOT NULL,
    root TEXT NOT NULL,
    before TEXT NOT NULL,
    before_hash TEXT,
    after TEXT,
    after_hash TEXT,
    at INTEGER NOT NULL,
    undone_at INTEGER,
    UNIQUE (step_id, file)
  )`,
  'CREATE INDEX file_versions_by_session ON file_versions (session_id)',
  'CREATE INDEX file_versions_by_before ON file_versions (before_hash) WHERE before_hash IS NOT NULL',
  'CREATE INDEX file_versions_by_after ON file_versions (after_hash) WHERE after_hash IS NOT NULL',

  'CREATE TABLE budget_raises (scope TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL)',
  'CREATE INDEX budget_raises_by_key ON budget_raises (scope, key, at)',

  // Null: the price is not known.
  'ALTER TABLE usage ADD COLUMN cost_usd REAL',
  'ALTER TABLE usage ADD COLUMN work_ms REAL NOT NULL DEFAULT 0',
  'CREATE INDEX usage_by_job ON usage (job_id)',
  'ALTER TABLE usage_totals ADD COLUMN cost_usd REAL NOT NULL DEFAULT 0',
  'ALTER TABLE usage_totals ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE usage_totals ADD COLUMN requests INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE usage_totals ADD COLUMN work_ms REAL NOT NULL DEFAULT 0',
  `UPDATE usage_totals SET
    unpriced = (SELECT count(*) FROM usage WHERE usage.session_id = usage_totals.session_id),
    requests = (SELECT count(*) FROM usage WHERE usage.session_id = usage_totals.session_id)`,

  // What was spent lately, for the sums of a day: whatever becomes of the chat that it was spent in, it was spent.
  `CREATE TABLE spending (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    agent_id TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    cost_usd REAL,
    work_ms REAL NOT NULL
  )`,
  'CREATE INDEX spending_by_time ON spending (at)',
];

/** The references that stand in the rows of version 1. */
const referencesInRows = (query: Query): readonly Statement[] => {
  const columns = ['step', 'prompt', 'decision', 'result', 'summary', 'diffs'].map((name) => ['steps', name]);
  return [['messages', 'body'], ...columns].flatMap(([table, column]) =>
    query(`SELECT session_id, ${column} AS packed FROM ${table} WHERE ${column} LIKE '%"$blob":"%'`).flatMap(
      (row) =>
        hashesIn(text(row, 'packed')).map((hash) => ({
          sql: 'INSERT OR IGNORE INTO blob_refs (session_id, hash) VALUES (?, ?)',
          params: [text(row, 'session_id'), hash],
        })),
    ),
  );
};

/** Numbered, run in order, never changed once released. */
export const migrations: readonly Migration[] = [
  { version: 1, statements: () => tables.map((sql) => ({ sql, params: [] })) },
  {
    version: 2,
    statements: (query) => [...filesOfChats.map((sql) => ({ sql, params: [] })), ...referencesInRows(query)],
  },
  { version: 3, statements: () => shelvesAndSearch.map((sql) => ({ sql, params: [] })) },
  { version: 4, statements: () => consent.map((sql) => ({ sql, params: [] })) },
  { version: 5, statements: () => telegramTables.map((sql) => ({ sql, params: [] })) },
];
