/** What the record of decisions says of MCP servers. Pure. */
import type { NewAuditEntry } from '../shared/audit.ts';
import type { McpSource } from '../shared/mcp.ts';

export interface Audited {
  readonly name: string;
  readonly source: McpSource;
  readonly hash?: string;
}

/** @param what `approved`, `the tool x turned off` */
export const mcpEntry = (
  at: number,
  { name, source, hash }: Audited,
  what: string,
  about: object = {},
  outcome: 'approved' | 'changed' = 'changed',
): NewAuditEntry => ({
  at,
  kind: 'mcp',
  outcome,
  title: `MCP server ${name}: ${what}`,
  detail: JSON.stringify({ from: source.label, file: source.file, consent: hash, ...about }),
  by: 'user',
  reason: 'chosen in VS Code',
  ruleIds: [],
});
