import assert from 'node:assert/strict';
import { createAgents } from '../../extension/core/agents.ts';
import { createApprovals } from '../../extension/core/approvals.ts';
import { createChats } from '../../extension/core/chats.ts';
import { createJobs, type JobsPorts } from '../../extension/core/jobs.ts';
import { createRuleBook } from '../../extension/core/rules.ts';
import type { Tool } from '../../extension/core/tool.ts';
import type { ChatState } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type { AttachedSkill } from '../../extension/shared/skill.ts';
import { counters } from '../fakes/ids.ts';
import { fakeProvider, type ScriptedReply, textReply } from '../fakes/provider.ts';
import { fakeStore } from '../fakes/store.ts';
import { fakeUndo } from '../fakes/undoKeeper.ts';

/** The core of one window, on a store in memory and a model that is scripted. */
export const house = (
  replies: readonly ScriptedReply[],
  tools: readonly Tool[] = [],
  ports: Partial<JobsPorts> = {},
) => {
  const ids = counters();
  /** A test changes it. */
  const folder = { isTrusted: true };
  const store = fakeStore();
  const provider = fakeProvider(replies);
  /** By chat, the windows in which agents work beside this one. */
  const places = new Map<string, string>();
  /** By id, those that may be attached. */
  const skills = new Map<string, AttachedSkill>();
  const errors: unknown[] = [];
  const logError = (error: unknown) => void errors.push(error);
  const approvals = createApprovals({ onError: logError, now: ids.now });
  const rules = createRuleBook({ store, logError, ...ids });
  const undo = fakeUndo();
  const budgets: JobsPorts['budgets'] = { check: async () => undefined, costOf: () => undefined };
  const jobs = createJobs({
    store,
    approvals,
    rules,
    undo,
    budgets,
    approvalExpiry: () => undefined,
    folder: () => '/folder',
    realFolder: async () => '/folder',
    shell: 'posix',
    provider: () => provider,
    tools: () => tools,
    system: () => 'system',
    contextBudget: () => 100_000,
    isTrusted: () => folder.isTrusted,
    logError,
    ...ids,
    ...ports,
  });
  const defaultModel = async () => ({ provider: 'gemini', model: 'fake' }) as const;
  const agents = createAgents({ store, defaultModel, ...ids });
  const chats = createChats({
    store,
    agents,
    jobs,
    elsewhere: { running: () => undefined, whereIn: async (sessionId) => places.get(sessionId) },
    folder: () => '/folder',
    attachSkills: async (wanted) => wanted.flatMap((id) => skills.get(id) ?? []),
    isTrusted: () => folder.isTrusted,
    ...ids,
  });
  const events: AgentEvent[] = [];
  jobs.onEvent((event) => events.push(event));
  const ended = (jobId: string) =>
    new Promise<AgentEvent>((resolve) => {
      const isEnd = (event: AgentEvent) =>
        event.jobId === jobId && ['JobCompleted', 'JobFailed', 'JobCancelled'].includes(event.type);
      const found = events.find(isEnd);
      if (found !== undefined) resolve(found);
      const unlisten = jobs.onEvent((event) => {
        if (!isEnd(event)) return;
        unlisten();
        resolve(event);
      });
    });
  return {
    ...ids,
    folder,
    places,
    skills,
    store,
    rules,
    undo,
    provider,
    budgets,
    approvals,
    jobs,
    agents,
    chats,
    events,
    errors,
    ended,
  };
};

/** The newest part of a chat. */
export const snapshotOf = async (
  chats: ReturnType<typeof createChats>,
  sessionId: string,
): Promise<ChatState> => {
  const taken: ChatState[] = [];
  await chats.snapshot(sessionId, 100, (state) => taken.push(state));
  const [state] = taken;
  assert.ok(state);
  return state;
};

/** A reply that waits to be released, and ends at once when aborted. */
export const held = () => {
  const gate = Promise.withResolvers<void>();
  const reply: ScriptedReply = async function* (_request, signal) {
    yield { type: 'text', text: 'partial' };
    signal.addEventListener('abort', () => gate.reject(signal.reason), { once: true });
    await gate.promise;
    yield* textReply('partial and done');
  };
  return { reply, release: gate.resolve };
};
