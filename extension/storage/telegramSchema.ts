/** Version 5: what bots keep. Ids of chats are columns and nothing else, since a chat can get another one. */
export const telegramTables = [
  `CREATE TABLE telegram_bots (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
  )`,

  // What was taken, so that nothing is handled twice. Most of it is of entries, and of presses.
  `CREATE TABLE telegram_updates (
    config_id TEXT NOT NULL,
    update_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (config_id, update_id)
  ) WITHOUT ROWID`,
  'CREATE INDEX telegram_updates_by_time ON telegram_updates (at)',

  `CREATE TABLE telegram_entries (
    config_id TEXT NOT NULL,
    update_id INTEGER NOT NULL,
    chat_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (config_id, update_id)
  ) WITHOUT ROWID`,
  "CREATE INDEX telegram_entries_open ON telegram_entries (config_id, received_at) WHERE state <> 'done'",
  "CREATE INDEX telegram_entries_done ON telegram_entries (received_at) WHERE state = 'done'",
  'CREATE INDEX telegram_entries_by_user ON telegram_entries (config_id, user_id, received_at)',

  `CREATE TABLE telegram_bindings (
    config_id TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    topic_id INTEGER NOT NULL,
    session_id TEXT,
    agent_id TEXT,
    PRIMARY KEY (config_id, chat_id, topic_id)
  ) WITHOUT ROWID`,
  'CREATE INDEX telegram_bindings_by_session ON telegram_bindings (session_id) WHERE session_id IS NOT NULL',

  `CREATE TABLE telegram_cards (
    id TEXT PRIMARY KEY,
    config_id TEXT NOT NULL,
    chat_id INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    body TEXT NOT NULL
  )`,
  'CREATE INDEX telegram_cards_by_bot ON telegram_cards (config_id)',

  // Which jobs count for the budget of which bot. Not of a chat: what was spent in one that is gone was spent.
  `CREATE TABLE telegram_jobs (
    job_id TEXT PRIMARY KEY,
    config_id TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX telegram_jobs_by_time ON telegram_jobs (at)',
  // Null: of a version that did not keep it, when there were no bots.
  'ALTER TABLE spending ADD COLUMN job_id TEXT',

  `CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    config_id TEXT,
    chat_id INTEGER,
    done_through INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
  )`,
];
