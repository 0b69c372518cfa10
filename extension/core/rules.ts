/** The rules that people made: kept in the store, each change in the record of decisions. */
import type { NewAuditEntry } from '../shared/audit.ts';
import type { DecidedBy, Step } from '../shared/event.ts';
import type { Rule, RuleMatch, RuleOffer } from '../shared/rule.ts';
import type { Decision } from './approver.ts';
import { createOneAtATime } from './oneAtATime.ts';
import { ruleText } from './ruleMatch.ts';
import type { Store } from './store.ts';

export interface RuleBook {
  /** Of all chats and folders, other windows' included. @throws StoreError */
  list(): Promise<readonly Rule[]>;
  /**
   * Makes what an approval was widened to into rules of this agent.
   * @returns their ids, of those that there were already too; none where the answer was no, or was not for so long
   * @throws StoreError
   */
  allow(
    step: Step,
    offer: RuleOffer,
    decision: Decision,
    of: { readonly agentId: string; readonly folder: string },
  ): Promise<readonly string[]>;
  /** Adds or changes one. @param where as Rule.createdIn */
  save(rule: Rule, where: string): Promise<void>;
  delete(id: string, where: string): Promise<void>;
  /** After a change in this window. */
  onChange(listener: () => void): () => void;
}

export interface RuleBookPorts {
  readonly store: Pick<Store, 'listRules' | 'saveRule' | 'deleteRule' | 'audit'>;
  newId(): string;
  now(): number;
  /** A listener that throws is reported here and hurts nobody else. */
  logError(error: unknown): void;
}

const matchKey = (match: RuleMatch): string => {
  if (match.kind === 'path') return JSON.stringify(['path', [...match.tools].sort(), match.glob]);
  if (match.kind === 'tool') return JSON.stringify(['tool', match.tool, match.definition ?? null]);
  if (match.kind === 'skill') return JSON.stringify(['skill', match.skill, match.hash, match.entry]);
  return JSON.stringify(['command', match.argv, match.folder, match.isSandboxed === true]);
};

/** Whether there is nothing that `wanted` would add to it. */
const isAsWide = (existing: Rule, wanted: Rule): boolean =>
  matchKey(existing.match) === matchKey(wanted.match) &&
  existing.duration === wanted.duration &&
  existing.sessionId === wanted.sessionId &&
  existing.folder === wanted.folder &&
  (existing.agentId === undefined || existing.agentId === wanted.agentId);

export const createRuleBook = ({ store, newId, now, logError }: RuleBookPorts): RuleBook => {
  const listeners = new Set<() => void>();
  /** Two answers at once must not make the same rule twice. */
  const oneAtATime = createOneAtATime();

  const tellChange = (): void => {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        logError(error);
      }
    }
  };

  const audit = (
    rule: Rule,
    what: 'made' | 'changed' | 'deleted',
    from: { readonly by: DecidedBy; readonly where: string; readonly step?: Step },
  ): Promise<void> => {
    const { step } = from;
    const sessionId = step?.sessionId ?? rule.sessionId;
    const entry: NewAuditEntry = {
      at: now(),
      kind: 'rule',
      outcome: 'changed',
      title: `Rule ${what}: ${ruleText(rule)}`,
      detail: JSON.stringify(rule),
      by: from.by,
      reason: from.where,
      ruleIds: [rule.id],
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(rule.agentId === undefined ? {} : { agentId: rule.agentId }),
      ...(step === undefined ? {} : { stepId: step.id, tool: step.tool, effect: step.effect }),
    };
    return store.audit(entry);
  };

  return {
    list: () => store.listRules(),

    allow: (step, offer, decision, { agentId, folder }) =>
      oneAtATime(async () => {
        if (!decision.approved || decision.scope !== offer.duration || decision.by === 'rule') return [];
        const known = [...(await store.listRules())];
        const ids: string[] = [];
        const knownBefore = known.length;
        for (const match of offer.matches) {
          const rule: Rule = {
            id: newId(),
            match,
            duration: offer.duration,
            ...(offer.duration === 'session' ? { sessionId: step.sessionId } : {}),
            folder,
            agentId,
            createdAt: now(),
            createdIn: decision.surface,
          };
          const existing = known.find((each) => isAsWide(each, rule));
          ids.push((existing ?? rule).id);
          if (existing !== undefined) continue;
          // The record first: a rule that it does not tell of must never be there.
          await audit(rule, 'made', { by: decision.by, where: decision.surface, step });
          await store.saveRule(rule);
          known.push(rule);
        }
        if (known.length > knownBefore) tellChange();
        return [...new Set(ids)];
      }),

    save: (rule, where) =>
      oneAtATime(async () => {
        const isKnown = (await store.listRules()).some(({ id }) => id === rule.id);
        await audit(rule, isKnown ? 'changed' : 'made', { by: 'user', where });
        await store.saveRule(rule);
        tellChange();
      }),

    delete: (id, where) =>
      oneAtATime(async () => {
        const rule = (await store.listRules()).find((each) => each.id === id);
        if (rule === undefined) return;
        // The record first here too: where it cannot be written, the rule stays.
        await audit(rule, 'deleted', { by: 'user', where });
        await store.deleteRule(id);
        tellChange();
      }),

    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
