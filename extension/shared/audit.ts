import type { DecidedBy, Effect } from './event.ts';

/**
 * One line of the record of decisions: who, when, what exactly, and by which rule. It is kept when its chat is deleted.
 * `step`: a step ran or was refused, but for reads that every chat may do; `rule`: a rule was made, changed or deleted; `mode`: a chat's mode was changed;
 * `budget`: a budget was raised; `undo`: files were put back; `skill`: a skill was installed, trusted, granted something,
 * turned on or off, or run by the person; `bot`: a Telegram bot was made or deleted, or who may talk to it and what it may do was changed;
 * `mcp`: an MCP server was approved, its changes were accepted, it or a tool of it was turned on or off, or somebody signed in at it or out.
 */
export interface AuditEntry {
  readonly id: number;
  readonly at: number;
  readonly kind: 'step' | 'rule' | 'mode' | 'budget' | 'undo' | 'skill' | 'bot' | 'mcp';
  readonly outcome: 'ran' | 'approved' | 'rejected' | 'refused' | 'changed';
  readonly sessionId?: string;
  readonly jobId?: string;
  readonly stepId?: string;
  readonly agentId?: string;
  readonly tool?: string;
  readonly effect?: Effect;
  /** A line for a person. */
  readonly title: string;
  /**
   * What exactly: the tool's input as JSON, the rule, the files. Of what goes into files only hashes and counts; what the
   * person made of an edit is below `accepted`.
   */
  readonly detail: string;
  readonly by: DecidedBy;
  /** Where it was answered, or which rule or mode, in words. */
  readonly reason: string;
  readonly ruleIds: readonly string[];
}

export type NewAuditEntry = Omit<AuditEntry, 'id'>;
