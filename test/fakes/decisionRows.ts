import type { Store } from '../../extension/core/store.ts';
import type { AuditEntry } from '../../extension/shared/audit.ts';
import type { Rule } from '../../extension/shared/rule.ts';

type DecisionStore = Pick<Store, 'listRules' | 'saveRule' | 'deleteRule' | 'audit' | 'readAudit'>;

/** The part of a store that keeps rules and the record of decisions, in memory. */
export const decisionRows = (): DecisionStore & {
  readonly rows: { readonly rules: Map<string, Rule>; readonly audit: AuditEntry[] };
} => {
  const rules = new Map<string, Rule>();
  const audit: AuditEntry[] = [];
  return {
    rows: { rules, audit },
    listRules: async () => [...rules.values()],
    saveRule: async (rule) => void rules.set(rule.id, rule),
    deleteRule: async (id) => void rules.delete(id),
    audit: async (entry) => void audit.push({ ...entry, id: audit.length + 1 }),
    readAudit: async (afterId, limit) => audit.filter(({ id }) => id > afterId).slice(0, limit),
  };
};
