import { isSameState } from '../../extension/core/restorePlan.ts';
import type { Store } from '../../extension/core/store.ts';
import type { AuditEntry, NewAuditEntry } from '../../extension/shared/audit.ts';
import {
  type BudgetScope,
  limitKinds,
  raisedKey,
  raisedKind,
  type Spending,
} from '../../extension/shared/budget.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { AgentEvent, EventOf } from '../../extension/shared/event.ts';
import type { Rule } from '../../extension/shared/rule.ts';
import { type FileVersion, undoIdPrefix } from '../../extension/shared/undo.ts';
import { keptEntry, stepDecision } from '../../extension/storage/decisions.ts';

/** What the fake has to know of a chat. */
export interface ChatOfConsent {
  readonly isAtWork: boolean;
  readonly items: readonly ChatItem[];
  readonly usages: readonly EventOf<'Usage'>[];
}

type Methods = Pick<
  Store,
  | 'listRules'
  | 'saveRule'
  | 'deleteRule'
  | 'audit'
  | 'readAudit'
  | 'spent'
  | 'raiseBudget'
  | 'keepVersions'
  | 'listVersions'
  | 'versionHashes'
  | 'forgetVersions'
>;

export interface KeptConsent {
  readonly methods: Methods;
  record(event: AgentEvent, sessionId: string, agentId: string): void;
  /** The chat is gone for good. @param jobIds of its jobs */
  forget(sessionId: string, jobIds: readonly string[]): void;
  /** What can be undone of these steps goes on in another chat. */
  move(stepIds: ReadonlySet<string>, from: string, to: string): void;
  markUndone(sessionId: string, stepIds: readonly string[], at: number | undefined): void;
}

const spendingOf = (usages: readonly EventOf<'Usage'>[]): Spending => ({
  requests: usages.length,
  tokens: usages.reduce((sum, { usage }) => sum + usage.input + usage.output, 0),
  minutes: usages.reduce((sum, { workMs = 0 }) => sum + workMs, 0) / 60_000,
  usd: usages.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0),
  unpriced: usages.filter(({ costUsd }) => costUsd === undefined).length,
});

/** Whether a raise is of this job, chat or agent. */
const isOf = (key: string, id: string): boolean =>
  key === id || limitKinds.some((kind) => key === raisedKey(id, kind));

const byTimeAndId = (a: Rule, b: Rule): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

/** Rules, decisions, budgets and file versions of the fake store. */
export const keptConsent = (chatOf: (id: string) => ChatOfConsent | undefined): KeptConsent => {
  const rules = new Map<string, Rule>();
  const decisions: AuditEntry[] = [];
  const spendings: { readonly usage: EventOf<'Usage'>; readonly agentId: string }[] = [];
  let raises: { readonly scope: BudgetScope; readonly key: string; readonly at: number }[] = [];
  /** In the order in which they were first kept. */
  const versions = new Map<string, FileVersion>();
  /** Keys of those whose content as it was is not needed any more. */
  const forgotten = new Set<string>();
  const decide = (entry: NewAuditEntry): void => {
    decisions.push({ ...keptEntry(entry), id: decisions.length + 1 });
  };
  const hashOf = ({ before }: FileVersion): string | undefined =>
    before.kind === 'file' ? before.hash : undefined;
  const stepRows = (sessionId: string): ReadonlyMap<string, number> =>
    new Map(
      (chatOf(sessionId)?.items ?? []).flatMap(({ kind, id, row }) =>
        kind === 'step' ? [[id, row ?? 0] as const] : [],
      ),
    );

  return {
    methods: {
      listRules: async () => [...rules.values()].sort(byTimeAndId),
      saveRule: async (rule) => void rules.set(rule.id, rule),
      deleteRule: async (id) => void rules.delete(id),
      audit: async (entry) => decide(entry),
      readAudit: async (afterId, limit) => decisions.filter(({ id }) => id > afterId).slice(0, limit),
      spent: async ({ jobId, sessionId, agentId, since }) => {
        const chat = chatOf(sessionId)?.usages ?? [];
        const lately = spendings.filter(({ usage }) => usage.at >= since);
        const ofAgent = lately.filter((each) => each.agentId === agentId);
        const raised = (scope: BudgetScope, key: string | undefined, from = Number.NEGATIVE_INFINITY) => {
          const own = raises.filter(
            (each) => each.scope === scope && (key === undefined || isOf(each.key, key)) && each.at >= from,
          );
          const times = limitKinds.flatMap((kind) => {
            const { length } = own.filter((each) => raisedKind(each.key) === kind);
            return length === 0 ? [] : [[kind, length] as const];
          });
          return {
            raised: own.length,
            ...(times.length === 0 ? {} : { raisedBy: Object.fromEntries(times) }),
          };
        };
        return {
          job: {
            spending: spendingOf(chat.filter((usage) => usage.jobId === jobId && usage.isAside !== true)),
            ...raised('job', jobId),
          },
          chat: { spending: spendingOf(chat), ...raised('chat', sessionId) },
          agent: {
            spending: spendingOf(ofAgent.map(({ usage }) => usage)),
            ...raised('agent', agentId, since),
          },
          day: {
            spending: spendingOf(lately.map(({ usage }) => usage)),
            ...raised('day', undefined, since),
          },
        };
      },
      raiseBudget: async (scope, key, at) => void raises.push({ scope, key, at }),
      keepVersions: async (kept) => {
        for (const version of kept) {
          if (chatOf(version.sessionId) === undefined) continue;
          const key = JSON.stringify([version.stepId, version.file]);
          const { before, after } = version;
          if (after !== undefined && isSameState(before, after)) versions.delete(key);
          else versions.set(key, version);
          forgotten.delete(key);
        }
      },
      listVersions: async (sessionId, of) => {
        const all = [...versions.values()].filter((version) => version.sessionId === sessionId);
        if ('stepId' in of) return all.filter(({ stepId }) => stepId === of.stepId);
        if ('of' in of) return all.filter(({ stepId }) => stepId.startsWith(undoIdPrefix));
        const rows = stepRows(sessionId);
        const rowOf = ({ stepId }: FileVersion): number => rows.get(stepId) ?? -1;
        return all
          .filter((version) => rows.has(version.stepId) && rowOf(version) >= of.fromRow)
          .sort((a, b) => rowOf(a) - rowOf(b));
      },
      versionHashes: async () =>
        [
          ...new Set(
            [...versions].flatMap(([key, version]) => (forgotten.has(key) ? [] : (hashOf(version) ?? []))),
          ),
        ].sort(),
      forgetVersions: async (hashes) => {
        for (const [key, version] of versions) {
          const hash = forgotten.has(key) ? undefined : hashOf(version);
          const isMeant = hash !== undefined && hashes.includes(hash);
          if (isMeant && chatOf(version.sessionId)?.isAtWork !== true) forgotten.add(key);
        }
      },
    },
    record: (event, sessionId, agentId) => {
      if (event.type === 'Usage') spendings.push({ usage: event, agentId });
      if (event.type === 'StepApproved' || event.type === 'StepRejected') {
        const entry = stepDecision(event, sessionId, agentId);
        if (entry !== undefined) decide(entry);
      }
    },
    forget: (sessionId, jobIds) => {
      for (const [id, rule] of rules) if (rule.sessionId === sessionId) rules.delete(id);
      for (const [key, version] of versions) if (version.sessionId === sessionId) versions.delete(key);
      raises = raises.filter(
        ({ scope, key }) =>
          !(scope === 'chat' && isOf(key, sessionId)) &&
          !(scope === 'job' && jobIds.some((jobId) => isOf(key, jobId))),
      );
    },
    move: (stepIds, from, to) => {
      for (const [key, version] of versions) {
        if (version.sessionId === from && stepIds.has(version.stepId))
          versions.set(key, { ...version, sessionId: to });
      }
    },
    markUndone: (sessionId, stepIds, at) => {
      for (const [key, version] of versions) {
        const { undoneAt: _, ...rest } = version;
        if (version.sessionId === sessionId && stepIds.includes(version.stepId))
          versions.set(key, at === undefined ? rest : { ...rest, undoneAt: at });
      }
    },
  };
};
