/**
 * The lines of the files through which windows tell each other of their jobs. The first line of a job's `.events` says
 * whose it is; then come its events, and the answers to what others asked in its `.asks`. The files are this extension's
 * own, but another version of it may have written them, and what they say is carried out: it is parsed as if it came
 * from anywhere.
 */
import * as z from 'zod';
import type { AnswerResult } from '../core/approvals.ts';
import type { Ask } from '../core/relay.ts';
import { type AgentEvent, type AgentEventType, errorActions, errorKinds } from '../shared/event.ts';
import { imageMediaTypes, type JsonObject, type JsonValue, providerIds } from '../shared/message.ts';

const text = z.string();
const number = z.number();
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const modelRef = z.object({ provider: z.enum(providerIds), model: text });
const replay = z.object({ model: modelRef, data: z.custom<JsonValue>((value) => value !== undefined) });

const textBlock = z.object({ type: z.literal('text'), text, replay: replay.exactOptional() });
const userContent = z.array(
  z.discriminatedUnion('type', [
    textBlock,
    z.object({
      type: z.literal('image'),
      mediaType: z.enum(imageMediaTypes),
      data: text,
      name: text.exactOptional(),
    }),
  ]),
);
const assistantContent = z.array(
  z.discriminatedUnion('type', [
    textBlock,
    z.object({ type: z.literal('thinking'), text, replay: replay.exactOptional() }),
    z.object({
      type: z.literal('toolCall'),
      id: text,
      name: text,
      input: jsonObject,
      inputError: text.exactOptional(),
      replay: replay.exactOptional(),
    }),
  ]),
);
const toolMessage = z.object({
  role: z.literal('tool'),
  id: text,
  callId: text,
  toolName: text,
  content: userContent,
  outcome: z.enum(['completed', 'failed', 'rejected', 'cancelled', 'interrupted']),
  createdAt: number,
});
const diffs = z.array(
  z.object({
    path: text,
    kind: z.enum(['created', 'changed', 'deleted', 'moved']),
    movedTo: text.exactOptional(),
    added: number,
    removed: number,
    patch: text,
    omittedLines: number,
  }),
);
const ruleMatch = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('path'), tools: z.array(text), glob: text }),
  z.object({
    kind: z.literal('command'),
    argv: z.array(text),
    folder: text,
    isSandboxed: z.literal(true).exactOptional(),
  }),
  z.object({ kind: z.literal('skill'), skill: text, hash: text, entry: text }),
  z.object({ kind: z.literal('tool'), tool: text, definition: text.exactOptional() }),
]);
const prompt = z.object({
  title: text,
  detail: text,
  diffs,
  offers: z.array(
    z.object({ duration: z.enum(['session', 'workspace']), matches: z.array(ruleMatch), label: text }),
  ),
  reason: text,
  isCautioned: z.boolean(),
  isSandboxed: z.boolean().exactOptional(),
  groupId: text.exactOptional(),
  expiresAt: number.exactOptional(),
});
const step = z.object({
  id: text,
  sessionId: text,
  messageId: text,
  callId: text,
  tool: text,
  input: jsonObject,
  title: text,
  effect: z.enum(['read', 'write', 'execute', 'network']),
  targets: z.array(text),
});
const decidedBy = z.enum(['rule', 'user', 'telegram']);

const every = { jobId: text, at: number };
const events = {
  JobStarted: z.object({
    ...every,
    type: z.literal('JobStarted'),
    sessionId: text,
    agentId: text,
    input: z
      .object({
        role: z.literal('user'),
        id: text,
        content: userContent,
        createdAt: number,
        taint: text.exactOptional(),
        via: text.exactOptional(),
        skills: z
          .array(z.object({ id: text, name: text, text, taint: text.exactOptional() }))
          .exactOptional(),
        attached: z
          .array(
            z.object({
              id: text,
              kind: z.enum(['resource', 'prompt']),
              server: text,
              label: text,
              uri: text,
              text,
              taint: text.exactOptional(),
            }),
          )
          .exactOptional(),
      })
      .exactOptional(),
  }),
  Thinking: z.object({ ...every, type: z.literal('Thinking'), text }),
  Token: z.object({ ...every, type: z.literal('Token'), text }),
  Retrying: z.object({
    ...every,
    type: z.literal('Retrying'),
    attempt: number,
    delayMs: number,
    reason: text,
  }),
  ApprovalRequired: z.object({ ...every, type: z.literal('ApprovalRequired'), step, prompt }),
  StepApproved: z.object({
    ...every,
    type: z.literal('StepApproved'),
    step,
    by: decidedBy,
    reason: text,
    ruleIds: z.array(text).exactOptional(),
    accepted: z
      .array(z.object({ path: text, sha256: text, added: z.number(), removed: z.number() }))
      .exactOptional(),
  }),
  StepRejected: z.object({
    ...every,
    type: z.literal('StepRejected'),
    step,
    by: decidedBy,
    reason: text,
    result: toolMessage,
  }),
  StepProgress: z.object({ ...every, type: z.literal('StepProgress'), stepId: text, text }),
  StepCompleted: z.object({
    ...every,
    type: z.literal('StepCompleted'),
    step,
    result: toolMessage,
    summary: text,
    diffs,
    undo: z
      .object({ files: number, unknown: z.array(text), undoneAt: number.exactOptional() })
      .exactOptional(),
  }),
  TurnCompleted: z.object({
    ...every,
    type: z.literal('TurnCompleted'),
    message: z.object({
      role: z.literal('assistant'),
      id: text,
      model: modelRef,
      content: assistantContent,
      stopReason: z.enum(['end', 'toolCalls', 'length', 'refused', 'interrupted']),
      createdAt: number,
    }),
  }),
  Usage: z.object({
    ...every,
    type: z.literal('Usage'),
    usage: z.object({
      input: number,
      output: number,
      cachedInput: number,
      cacheWrite: number,
      reasoning: number,
    }),
    isEstimated: z.literal(true).exactOptional(),
    costUsd: number.exactOptional(),
    workMs: number.exactOptional(),
  }),
  JobCompleted: z.object({ ...every, type: z.literal('JobCompleted'), message: text }),
  JobFailed: z.object({
    ...every,
    type: z.literal('JobFailed'),
    error: z.object({
      kind: z.enum(errorKinds),
      message: text,
      actions: z.array(z.enum(errorActions)),
    }),
  }),
  JobCancelled: z.object({ ...every, type: z.literal('JobCancelled') }),
} satisfies { [T in AgentEventType]: z.ZodType<Extract<AgentEvent, { type: T }>> };

const isEventType = (type: unknown): type is AgentEventType =>
  typeof type === 'string' && Object.hasOwn(events, type);

/** Grows when an older version must not try to understand the rest of the file. */
const version = 2;

const headerSchema = z.object({ version: z.literal(version), jobId: text, owner: text, place: text });

/** Who runs the job. */
export interface Header {
  readonly jobId: string;
  /** Of the store's owners (windows), the id. */
  readonly owner: string;
  readonly place: string;
}

const answerSchema = z.object({
  answerTo: text,
  result: z.enum(['accepted', 'alreadyAnswered', 'unknown']),
});

export interface Answer {
  readonly answerTo: string;
  readonly result: AnswerResult;
}

const askSchema = z.object({
  id: z.string().min(1).max(200),
  /** Milliseconds since the epoch; later the asker has been told that nothing happened. */
  until: number,
  ask: z.discriminatedUnion('type', [
    z.object({ type: z.literal('stop') }),
    z.object({
      type: z.literal('decide'),
      stepId: z.string().min(1).max(200),
      decision: z.object({
        approved: z.boolean(),
        scope: z.enum(['once', 'session', 'workspace']),
        // Nobody but a person answers from another window.
        by: z.enum(['user', 'telegram']),
        surface: z.string().max(200),
        reason: z.string().max(10_000).exactOptional(),
      }),
    }),
  ]),
});

export interface AskLine {
  readonly id: string;
  readonly until: number;
  readonly ask: Ask;
}

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

const has = <K extends string>(value: unknown, key: K): value is Record<K, unknown> =>
  typeof value === 'object' && value !== null && key in value;

export const headerLine = (header: Header): string => `${JSON.stringify({ version, ...header })}\n`;
export const eventLine = (event: AgentEvent): string => `${JSON.stringify(event)}\n`;
export const answerLine = (answer: Answer): string => `${JSON.stringify(answer)}\n`;
export const askLine = (ask: AskLine): string => `${JSON.stringify(ask)}\n`;

/** @returns undefined for what is no header of this version */
export const parseHeader = (line: string): Header | undefined => headerSchema.safeParse(parseJson(line)).data;

/**
 * @param restore given what stands in the line, returns what is meant
 * @returns undefined for a line to pass over: an answer, or what only a newer version says; `damaged` for anything else
 */
export const parseEvent = (
  line: string,
  restore: (value: unknown) => unknown,
): AgentEvent | 'damaged' | undefined => {
  const value = restore(parseJson(line));
  if (!has(value, 'type')) return has(value, 'answerTo') ? undefined : 'damaged';
  if (!isEventType(value.type)) return typeof value.type === 'string' ? undefined : 'damaged';
  return events[value.type].safeParse(value).data ?? 'damaged';
};

/** @returns undefined for every other line */
export const parseAnswer = (line: string): Answer | undefined =>
  line.startsWith('{"answerTo"') ? answerSchema.safeParse(parseJson(line)).data : undefined;

/** @returns undefined for what cannot be understood, and is not carried out */
export const parseAsk = (line: string): AskLine | undefined => askSchema.safeParse(parseJson(line)).data;
