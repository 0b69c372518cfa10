import { type Agent, defaultExecution } from '../shared/agent.ts';
import { text } from './rows.ts';
import type { Query, Statement } from './sqlite.ts';

/** What an older version wrote lacks what agents have got since. */
const complete = (body: string): Agent => {
  const stored: Agent = JSON.parse(body);
  return {
    ...stored,
    skills: stored.skills ?? 'all',
    mcpServers: stored.mcpServers ?? 'all',
    execution: { ...defaultExecution, ...stored.execution },
  };
};

export const listAgents = (query: Query): readonly Agent[] =>
  query('SELECT body FROM agents ORDER BY created_at, id').map((row) => complete(text(row, 'body')));

export const saveAgent = (agent: Agent): readonly Statement[] => [
  {
    sql: `INSERT INTO agents (id, name, body, created_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body`,
    params: [agent.id, agent.name, JSON.stringify(agent), agent.createdAt],
  },
];

export const deleteAgent = (id: string): readonly Statement[] => [
  { sql: 'DELETE FROM agents WHERE id = ?', params: [id] },
];
