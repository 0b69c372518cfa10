import type { ModelRef } from './message.ts';
import type { ApprovalMode } from './rule.ts';
import type { ExecutionMode } from './skill.ts';

export interface ExecutionSettings {
  /** Of its new chats; each chat may have another. */
  readonly mode: ApprovalMode;
  /** Model requests in one job before the person is asked whether to go on. */
  readonly turnLimit: number;
  /** Deadline of one command in milliseconds, where the call names none; at most `longestCommandTimeoutMs`. */
  readonly commandTimeoutMs: number;
  /** Where its commands and the programs of its skills run. */
  readonly sandbox: ExecutionMode;
  /** What a container of it may have at most, whatever a skill was granted: megabytes, and processors. */
  readonly memoryMb: number;
  readonly cpus: number;
}

/** Who works: a model with instructions, tools and execution settings. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly instructions: string;
  readonly model: ModelRef;
  /** Names of the tools it may use, those of skills too; `all` follows what the product offers. */
  readonly tools: readonly string[] | 'all';
  /** Ids of the skills it may use; `all` follows what there is. */
  readonly skills: readonly string[] | 'all';
  /** Names of the MCP servers whose tools it may use; `all` follows what there is. */
  readonly mcpServers: readonly string[] | 'all';
  readonly execution: ExecutionSettings;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const mayUseTool = ({ tools }: Pick<Agent, 'tools'>, name: string): boolean =>
  tools === 'all' || tools.includes(name);

export const defaultExecution: ExecutionSettings = {
  mode: 'ask',
  turnLimit: 50,
  commandTimeoutMs: 120_000,
  sandbox: 'flexible',
  memoryMb: 4_096,
  cpus: 4,
};

/** No command runs longer, whatever the agent's settings or the call say. */
export const longestCommandTimeoutMs = 3_600_000;
