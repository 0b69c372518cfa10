/** What the MCP servers of a window need from around them. */
import type { SetTimer } from '../core/approvals.ts';
import type { McpConfigs, McpLog, McpPeople, McpServers, SecretBox } from '../core/mcp.ts';
import type { NewAuditEntry } from '../shared/audit.ts';
import type { McpConnect, McpRecords, McpSignIns } from './types.ts';

export interface McpManagerPorts {
  readonly configs: McpConfigs;
  readonly records: McpRecords;
  readonly connect: McpConnect;
  readonly signIns: McpSignIns;
  readonly people: McpPeople;
  readonly secrets: SecretBox;
  readonly log: McpLog;
  isTrusted(): boolean;
  /** The open folders, as file URIs. */
  roots(): readonly { readonly uri: string; readonly name: string }[];
  /** Keeps one line of the record of decisions. @throws StoreError */
  audit(entry: NewAuditEntry): Promise<void>;
  /** Takes known secrets out of a text. */
  redact(text: string): string;
  /** Keeps a long text in a file. @returns its absolute path */
  spill(text: string): Promise<string>;
  /** Keeps what a server gave in a file of that name, or one like it. @returns its absolute path */
  saveFile(name: string, bytes: Uint8Array): Promise<string>;
  now(): number;
  readonly setTimer: SetTimer;
  logError(error: unknown): void;
}

export interface McpManager extends McpServers {
  /** Trust was given, or other folders are open. */
  windowChanged(): void;
}
