import type { ScopeSpending, SessionUsage, SpentQuery } from '../core/store.ts';
import {
  type BudgetScope,
  type LimitKind,
  limitKinds,
  raisedKey,
  raisedKind,
  type Spending,
} from '../shared/budget.ts';
import type { EventOf } from '../shared/event.ts';
import { addUsage, noUsage, type TokenUsage } from '../shared/message.ts';
import { integer, text } from './rows.ts';
import type { Query, Row, SqlParam, Statement } from './sqlite.ts';

/** So long is known what was spent, whatever became of the chat; a day is what is asked for. Milliseconds. */
const spendingKeptMs = 31 * 24 * 60 * 60 * 1_000;

export const insertUsage = (
  sessionId: string,
  agentId: string,
  { jobId, at, usage, costUsd, workMs = 0, isAside }: EventOf<'Usage'>,
): readonly Statement[] => {
  const numbers = [usage.input, usage.output, usage.cachedInput, usage.cacheWrite, usage.reasoning];
  const cost = costUsd ?? null;
  return [
    ...(isAside === true
      ? []
      : [
          {
            sql: `INSERT INTO usage
                (session_id, job_id, at, input, output, cached_input, cache_write, reasoning, cost_usd, work_ms)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            params: [sessionId, jobId, at, ...numbers, cost, workMs],
          },
        ]),
    {
      sql: `INSERT INTO usage_totals
          (session_id, input, output, cached_input, cache_write, reasoning, cost_usd, unpriced, requests, work_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
        ON CONFLICT (session_id) DO UPDATE SET input = input + excluded.input, output = output + excluded.output,
          cached_input = cached_input + excluded.cached_input, cache_write = cache_write + excluded.cache_write,
          reasoning = reasoning + excluded.reasoning, cost_usd = cost_usd + excluded.cost_usd,
          unpriced = unpriced + excluded.unpriced, requests = requests + 1, work_ms = work_ms + excluded.work_ms`,
      params: [sessionId, ...numbers, costUsd ?? 0, costUsd === undefined ? 1 : 0, workMs],
    },
    {
      sql: 'INSERT INTO spending (at, agent_id, job_id, tokens, cost_usd, work_ms) VALUES (?, ?, ?, ?, ?, ?)',
      params: [at, agentId, jobId, usage.input + usage.output, cost, workMs],
    },
  ];
};

const usageOf = (row: Row): TokenUsage => ({
  input: integer(row, 'input'),
  output: integer(row, 'output'),
  cachedInput: integer(row, 'cached_input'),
  cacheWrite: integer(row, 'cache_write'),
  reasoning: integer(row, 'reasoning'),
});

/** The requests of one job, which is the last: how many rows that is does not grow with the chat. */
const rowsOfJob = (query: Query, sessionId: string, jobId: string): readonly Row[] =>
  query(
    `SELECT * FROM usage WHERE session_id = ? AND id > coalesce((SELECT id FROM usage
      WHERE session_id = ? AND job_id <> ? ORDER BY id DESC LIMIT 1), 0)`,
    [sessionId, sessionId, jobId],
  );

const subtractUsage = (a: TokenUsage, b: TokenUsage): TokenUsage => ({
  input: a.input - b.input,
  output: a.output - b.output,
  cachedInput: a.cachedInput - b.cachedInput,
  cacheWrite: a.cacheWrite - b.cacheWrite,
  reasoning: a.reasoning - b.reasoning,
});

export const sessionUsage = (query: Query, sessionId: string, exceptJobId = ''): SessionUsage => {
  const totals = query('SELECT * FROM usage_totals WHERE session_id = ?', [sessionId])[0];
  if (totals === undefined) return { total: noUsage, lastRequest: noUsage, costUsd: 0, unpriced: 0 };
  const last = query('SELECT * FROM usage WHERE session_id = ? AND job_id <> ? ORDER BY id DESC LIMIT 1', [
    sessionId,
    exceptJobId,
  ])[0];
  const except = exceptJobId === '' ? [] : rowsOfJob(query, sessionId, exceptJobId);
  const costOfExcept = except.reduce((sum, row) => sum + Number(row.cost_usd ?? 0), 0);
  return {
    total: subtractUsage(usageOf(totals), except.map(usageOf).reduce(addUsage, noUsage)),
    lastRequest: last === undefined ? noUsage : usageOf(last),
    // What is left of a sum of fractions can be a little less than nothing.
    costUsd: Math.max(0, Number(totals.cost_usd) - costOfExcept),
    unpriced: integer(totals, 'unpriced') - except.filter((row) => row.cost_usd === null).length,
  };
};

const sums = `count(*) AS requests, total(work_ms) AS work_ms, total(cost_usd) AS cost_usd,
  count(*) - count(cost_usd) AS unpriced`;

const spendingOf = (row: Row | undefined): Spending => ({
  requests: Number(row?.requests ?? 0),
  tokens: Number(row?.tokens ?? 0),
  minutes: Number(row?.work_ms ?? 0) / 60_000,
  usd: Number(row?.cost_usd ?? 0),
  unpriced: Number(row?.unpriced ?? 0),
});

const endings = `(SELECT '' AS ending ${limitKinds.map((kind) => `UNION ALL SELECT '${raisedKey('', kind)}'`).join(' ')})`;
const isKeyOf = `key IN (SELECT ? || ending FROM ${endings})`;

/** The raises of a chat and of its jobs. */
export const forgetRaises = (sessionId: string): Statement => ({
  sql: `DELETE FROM budget_raises WHERE (scope = 'chat' AND ${isKeyOf})
    OR (scope = 'job' AND key IN (SELECT id || ending FROM jobs, ${endings} WHERE session_id = ?))`,
  params: [sessionId, sessionId],
});

/** @param chat the database that the chat's rows lie in */
export const spent = (
  live: Query,
  chat: Query,
  { jobId, sessionId, agentId, since }: SpentQuery,
): Readonly<Record<BudgetScope, ScopeSpending>> => {
  const scope = (
    spending: Row | undefined,
    condition: string,
    params: readonly SqlParam[],
  ): ScopeSpending => {
    const raisedBy: Partial<Record<LimitKind, number>> = {};
    let raised = 0;
    for (const row of live(
      `SELECT key, count(*) AS times FROM budget_raises WHERE ${condition} GROUP BY key`,
      params,
    )) {
      const kind = raisedKind(text(row, 'key'));
      const times = Number(row.times);
      raised += times;
      if (kind !== undefined) raisedBy[kind] = (raisedBy[kind] ?? 0) + times;
    }
    return {
      spending: spendingOf(spending),
      raised,
      ...(Object.keys(raisedBy).length === 0 ? {} : { raisedBy }),
    };
  };
  const [job] = chat(
    `SELECT ${sums}, total(input + output) AS tokens FROM usage WHERE job_id = ? AND session_id = ?`,
    [jobId, sessionId],
  );
  const [whole] = chat('SELECT *, input + output AS tokens FROM usage_totals WHERE session_id = ?', [
    sessionId,
  ]);
  const lately = `SELECT ${sums}, total(tokens) AS tokens FROM spending WHERE at >= ?`;
  const [agent] = live(`${lately} AND agent_id = ?`, [since, agentId]);
  const [day] = live(lately, [since]);
  return {
    job: scope(job, `scope = 'job' AND ${isKeyOf}`, [jobId]),
    chat: scope(whole, `scope = 'chat' AND ${isKeyOf}`, [sessionId]),
    agent: scope(agent, `scope = 'agent' AND ${isKeyOf} AND at >= ?`, [agentId, since]),
    // There is one day at a time, whatever it is called.
    day: scope(day, "scope = 'day' AND at >= ?", [since]),
  };
};

export const raiseBudget = (scope: BudgetScope, key: string, at: number): readonly Statement[] => [
  { sql: 'INSERT INTO budget_raises (scope, key, at) VALUES (?, ?, ?)', params: [scope, key, at] },
];

/** What a job spends from now on counts for a bot. */
export const countJob = (configId: string, jobId: string, at: number): readonly Statement[] => [
  {
    sql: 'INSERT OR REPLACE INTO telegram_jobs (job_id, config_id, at) VALUES (?, ?, ?)',
    params: [jobId, configId, at],
  },
];

/** From what is kept of each request whatever becomes of its chat. */
export const botSpending = (live: Query, configId: string, since: number): Spending =>
  spendingOf(
    live(
      `SELECT ${sums}, total(tokens) AS tokens FROM spending
        WHERE at >= ? AND job_id IN (SELECT job_id FROM telegram_jobs WHERE config_id = ?)`,
      [since, configId],
    )[0],
  );

/** What nobody asks for any more. */
export const forgetOldSpending = (query: Query, now: number): readonly Statement[] => {
  const time = now - spendingKeptMs;
  return ['spending', 'telegram_jobs'].flatMap((table) =>
    query(`SELECT 1 FROM ${table} WHERE at < ? LIMIT 1`, [time]).length === 0
      ? []
      : [{ sql: `DELETE FROM ${table} WHERE at < ?`, params: [time] }],
  );
};
