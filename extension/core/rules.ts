/** The rules that people made: kept in the store, each change in the record of decisions. */
import type { Step } from '../shared/event.ts';
import type { Rule, RuleOffer } from '../shared/rule.ts';
import type { Decision } from './approver.ts';

export interface RuleBook {
  /** Of all chats and folders, other windows' included. @throws StoreError */
  list(): Promise<readonly Rule[]>;
  /** Makes what an approval was widened to into rules of this agent. @returns their ids @throws StoreError */
  allow(step: Step, offer: RuleOffer, decision: Decision, of: { readonly agentId: string; readonly folder: string }): Promise<readonly string[]>;
  /** Adds or changes one. @param where as Rule.createdIn */
  save(rule: Rule, where: string): Promise<void>;
  delete(id: string, where: string): Promise<void>;
  /** After a change in this window. */
  onChange(listener: () => void): () => void;
}
