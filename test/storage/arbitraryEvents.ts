import fc from 'fast-check';
import { type ChatItem, type ChatState, emptyChat, reduceChat } from '../../extension/shared/chat.ts';
import type {
  AgentEvent,
  ApprovalPrompt,
  DecidedBy,
  FileDiff,
  JobError,
  Step,
} from '../../extension/shared/event.ts';
import type { AssistantBlock, ToolCallBlock, ToolMessage } from '../../extension/shared/message.ts';
import { blobThreshold } from '../../extension/storage/blobs.ts';
import { model } from './support.ts';

/** One decision of the chance: what happens next, in which chat, and with which words. */
interface Choice {
  readonly session: number;
  readonly next: number;
  readonly text: string;
}

export const sessionIds = ['chat-a', 'chat-b'] as const;

const nasty = [
  '',
  '\0',
  'before\0after',
  '\ud800',
  'cut in two \ud83d',
  '"$blob":"',
  '{"$blob":"0000"}',
  "Robert'); DROP TABLE messages;--",
  'ä'.repeat(blobThreshold + 1),
  `${'😀'.repeat(blobThreshold / 2)}\ud83d`,
  'QUJD'.repeat(blobThreshold / 4 + 1),
  'x'.repeat(blobThreshold),
];

/** Any text a person, a model or a tool may come up with; some of it too long for a row. */
export const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 3, arbitrary: fc.constantFrom(...nasty) },
);

const choices = fc.array(
  fc.record({ session: fc.nat(sessionIds.length - 1), next: fc.nat(1_000), text: anyText }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

/** Where a chat stands in the grammar of events. */
interface Place {
  readonly job?: { readonly id: string; readonly calls: readonly ToolCallBlock[]; readonly open?: OpenStep };
}
interface OpenStep {
  readonly step: Step;
  readonly phase: 'asked' | 'running';
}

type Body = AgentEvent extends infer E ? (E extends AgentEvent ? Omit<E, 'jobId' | 'at'> : never) : never;

const deciders: readonly DecidedBy[] = ['rule', 'user', 'telegram'];
const error: JobError = { kind: 'network', message: 'Gone.', actions: ['retry'] };

/** What may come next, as event and as the place behind it. */
const possible = (
  place: Place,
  sessionId: string,
  { text, next }: Choice,
  at: number,
): readonly (readonly [Body, Place])[] => {
  const { job } = place;
  if (job === undefined) {
    const id = `job-${at}`;
    const content = [
      { type: 'text' as const, text },
      { type: 'image' as const, mediaType: 'image/png' as const, data: text },
    ];
    const input = { role: 'user' as const, id: `user-${at}`, content, createdAt: at };
    const started = { job: { id, calls: [] } };
    return [
      [{ type: 'JobStarted', sessionId, agentId: 'agent', input }, started],
      [{ type: 'JobStarted', sessionId, agentId: 'agent' }, started],
    ];
  }
  const ends: (readonly [Body, Place])[] = [
    [{ type: 'JobCompleted', message: text }, {}],
    [{ type: 'JobFailed', error: { ...error, message: text } }, {}],
    [{ type: 'JobCancelled' }, {}],
  ];
  const by = deciders[next % deciders.length] ?? 'user';
  const [call, ...rest] = job.calls;
  const after = { job: { id: job.id, calls: rest } };
  if (call === undefined) {
    const calls = Array.from(
      { length: next % 4 },
      (_, index): ToolCallBlock => ({
        type: 'toolCall',
        id: `call-${at}-${index}`,
        name: 'tool',
        input: { text, $blob: text, $$blob: [text, null, { deep: 1.5 }], ['__proto__']: false },
      }),
    );
    const said: AssistantBlock[] = [{ type: 'thinking', text }, { type: 'text', text }, ...calls];
    // Sums of such fractions are exact, in whatever order.
    const price = next % 3 === 0 ? {} : { costUsd: next / 1_024, workMs: next % 2 };
    const usage = { input: next, output: next % 7, cachedInput: 1, cacheWrite: 0, reasoning: 2 };
    return [
      ...ends,
      [{ type: 'Thinking', text }, place],
      [{ type: 'Token', text }, place],
      [{ type: 'Retrying', attempt: 1, delayMs: 5, reason: text }, place],
      [{ type: 'Usage', usage, ...price }, place],
      ...Array.from({ length: 3 }, (): readonly [Body, Place] => [
        {
          type: 'TurnCompleted',
          message: {
            role: 'assistant',
            id: `message-${at}`,
            model,
            content: said,
            stopReason: 'end',
            createdAt: at,
          },
        },
        { job: { id: job.id, calls } },
      ]),
    ];
  }
  const step: Step = job.open?.step ?? {
    id: `step-${call.id}`,
    sessionId,
    messageId: `message-${at}`,
    callId: call.id,
    tool: call.name,
    input: call.input,
    title: text,
    effect: 'write',
    targets: [text],
  };
  const result = (outcome: ToolMessage['outcome']): ToolMessage => ({
    role: 'tool',
    id: `result-${step.id}`,
    callId: step.callId,
    toolName: step.tool,
    content: [{ type: 'text', text }],
    outcome,
    createdAt: at,
  });
  const diff: FileDiff = { path: text, kind: 'moved', added: 1, removed: 0, patch: text, omittedLines: 0 };
  const prompt: ApprovalPrompt = {
    title: text,
    detail: text,
    diffs: [diff],
    offers:
      next % 2 === 0
        ? []
        : [
            {
              duration: 'session',
              label: text,
              matches: [
                { kind: 'command', argv: [text], folder: text },
                { kind: 'path', tools: ['tool'], glob: text },
                { kind: 'tool', tool: 'tool' },
                { kind: 'command', argv: [text], folder: text, isSandboxed: true },
                { kind: 'skill', skill: text, hash: text, entry: text },
              ],
            },
          ],
    ...(next % 3 === 0 ? {} : { isSandboxed: next % 3 === 1 }),
    reason: text,
    isCautioned: next % 3 === 0,
    ...(next % 2 === 0 ? {} : { groupId: text, expiresAt: at + 1_000 }),
  };
  const undo = next % 3 === 0 ? {} : { undo: { files: next % 5, unknown: next % 2 === 0 ? [] : [text] } };
  const ruleIds =
    next % 2 === 0
      ? {}
      : { ruleIds: [text], accepted: [{ path: text, sha256: text, added: next, removed: 0 }] };
  const open = (phase: OpenStep['phase']): Place => ({ job: { ...job, open: { step, phase } } });
  const completed: readonly (readonly [Body, Place])[] = [
    [
      { type: 'StepCompleted', step, result: result('completed'), summary: text, diffs: [diff], ...undo },
      after,
    ],
    [{ type: 'StepCompleted', step, result: result('failed'), summary: text, diffs: [], ...undo }, after],
  ];
  const decided: readonly (readonly [Body, Place])[] = [
    [{ type: 'StepApproved', step, by, reason: text, ...ruleIds }, open('running')],
    [{ type: 'StepRejected', step, by, reason: text, result: result('rejected') }, after],
    [{ type: 'StepRejected', step, by, reason: text, result: result('cancelled') }, after],
  ];
  if (job.open === undefined) {
    return [...ends, [{ type: 'ApprovalRequired', step, prompt }, open('asked')], ...decided, ...completed];
  }
  if (job.open.phase === 'asked') return [...ends, ...decided, ...decided];
  return [...ends, [{ type: 'StepProgress', stepId: step.id, text }, place], ...completed, ...completed];
};

/** Events of several chats in turn, each keeping to the grammar of its job; the last jobs may still be running. */
export const anyEvents: fc.Arbitrary<readonly AgentEvent[]> = choices.map((chosen) => {
  const places = new Map<string, Place>();
  return chosen.map((choice, index): AgentEvent => {
    const sessionId = sessionIds[choice.session] ?? sessionIds[0];
    const at = index + 1;
    const before = places.get(sessionId) ?? {};
    const all = possible(before, sessionId, choice, at);
    const [body, after] = all[choice.next % all.length] ?? all[0] ?? [{ type: 'JobCancelled' }, before];
    places.set(sessionId, after);
    // The union of the bodies, each with what every event has.
    return { ...body, jobId: before.job?.id ?? after.job?.id ?? '', at } as AgentEvent;
  });
});

/** The chats that the events make, by the reducer that the views use. */
export const chatsOf = (events: readonly AgentEvent[]): ReadonlyMap<string, ChatState> => {
  const chats = new Map<string, ChatState>(sessionIds.map((id) => [id, emptyChat('agent', model)]));
  const sessionOfJob = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'JobStarted') sessionOfJob.set(event.jobId, event.sessionId);
    const id = sessionOfJob.get(event.jobId) ?? '';
    chats.set(id, reduceChat(chats.get(id) ?? emptyChat('agent', model), event));
  }
  return chats;
};

/** Items without what is only ever seen live: previews of a reply, output of a running step, how long it thought. */
export const lasting = (items: readonly ChatItem[]): readonly unknown[] =>
  items.flatMap((item): readonly unknown[] => {
    const { row: _, ...kept } = item;
    if (kept.kind === 'step') return [{ ...kept, record: { ...kept.record, liveOutput: '' } }];
    if (kept.kind !== 'assistant') return [kept];
    const { thinkingMs: __, ...said } = kept;
    return said.streaming ? [] : [said];
  });

/** Fails as fast-check does, without the many thousand characters of the long texts. */
export const reportBriefly = <T>(details: fc.RunDetails<T>): void => {
  if (!details.failed) return;
  const report = fc.defaultReportMessage(details) ?? 'failed';
  const brief = report.replaceAll(/(.{1,12}?)\1{40,}/gsu, '$1…');
  throw new Error(brief, { cause: details.errorInstance });
};
