/** Chats for the tests, built from the product's own events and items. */

import { type ChatItem, type ChatState, emptyChat, type StepRecord } from '../../extension/shared/chat.ts';
import type { AgentEvent, ApprovalPrompt, Effect, FileDiff, Step } from '../../extension/shared/event.ts';
import type {
  AssistantMessage,
  JsonObject,
  ToolMessage,
  UserMessage,
} from '../../extension/shared/message.ts';
import type { Surroundings, ToWebviewBody } from '../../extension/shared/protocol.ts';
import type { FoundSession, SearchHit, SessionSummary, Shelf } from '../../extension/shared/session.ts';

export const model = { provider: 'gemini', model: 'gemini-3-flash' } as const;
export const start = Date.UTC(2026, 10, 22, 12, 0, 0);

export const surroundings: Surroundings = {
  agentName: 'Coder',
  modelLabel: 'Gemini: gemini-3-flash',
  isDemo: false,
  mode: 'ask',
  hasKey: true,
  providerName: 'Gemini',
  folderName: 'date-tools',
  folder: '/home/ada/date-tools',
  isTrusted: true,
  shelf: 'active',
  skills: [],
  prompts: [],
  suggestions: [
    'Explain what this project does',
    'Find out why a test in test/date.test.ts fails',
    'Add a script that checks the types',
  ],
};

export const chat = (items: readonly ChatItem[], more: Partial<ChatState> = {}): ChatState => ({
  ...emptyChat('coder', model),
  sessionId: 's1',
  title: 'Fix the flaky date test',
  items,
  ...more,
});

export const snapshot = (
  items: readonly ChatItem[] = [],
  more: Partial<ChatState> = {},
  around: Partial<Surroundings> = {},
): ToWebviewBody => ({
  type: 'snapshot',
  chat: chat(items, more),
  surroundings: { ...surroundings, ...around },
});

export const user = (id: string, text: string, row?: number): ChatItem => {
  const message: UserMessage = { role: 'user', id, content: [{ type: 'text', text }], createdAt: start };
  return { id, jobId: 'j1', kind: 'user', message, ...(row === undefined ? {} : { row }) };
};

export const reply = (id: string, text: string, more: Partial<AssistantMessage> = {}): AssistantMessage => ({
  role: 'assistant',
  id,
  model,
  content: [{ type: 'text', text }],
  stopReason: 'end',
  createdAt: start,
  ...more,
});

export const assistant = (id: string, text: string, row?: number): ChatItem => ({
  id,
  jobId: 'j1',
  kind: 'assistant',
  message: reply(id, text),
  streaming: false,
  ...(row === undefined ? {} : { row }),
});

export const step = (
  id: string,
  tool: string,
  title: string,
  effect: Effect = 'read',
  input: JsonObject = {},
): Step => ({
  id,
  sessionId: 's1',
  messageId: 'm1',
  callId: `call-${id}`,
  tool,
  input,
  title,
  effect,
  targets: [title],
});

export const toolMessage = (
  id: string,
  text: string,
  outcome: ToolMessage['outcome'] = 'completed',
): ToolMessage => ({
  role: 'tool',
  id: `result-${id}`,
  callId: `call-${id}`,
  toolName: 'tool',
  content: [{ type: 'text', text }],
  outcome,
  createdAt: start,
});

export const stepItem = (of: Step, more: Partial<StepRecord> = {}): ChatItem => ({
  id: of.id,
  jobId: 'j1',
  kind: 'step',
  record: {
    step: of,
    status: 'completed',
    startedAt: start,
    endedAt: start + 300,
    liveOutput: '',
    summary: '',
    diffs: [],
    result: toolMessage(of.id, 'done'),
    ...more,
  },
});

export const patch = [
  '@@ -12,7 +12,9 @@ export const addMonth = (date: Date): Date => {',
  '   const next = new Date(date);',
  '-  next.setMonth(next.getMonth() + 1);',
  '-  return next;',
  '+  const day = next.getDate();',
  '+  next.setDate(1);',
  '+  next.setMonth(next.getMonth() + 1);',
  '+  next.setDate(Math.min(day, daysInMonth(next)));',
  '+  return next;',
  ' };',
].join('\n');

export const diff: FileDiff = {
  path: 'src/date.ts',
  kind: 'changed',
  added: 5,
  removed: 2,
  patch,
  omittedLines: 0,
};

export const commandPrompt: ApprovalPrompt = {
  title: 'Run npm test?',
  detail: 'npm test -- date\n\nFolder: /home/ada/date-tools',
  diffs: [],
  offers: [
    {
      duration: 'session',
      matches: [{ kind: 'command', argv: ['npm', 'test', '--', 'date'], folder: 'date-tools' }],
      label: 'npm test -- date in this chat',
    },
    {
      duration: 'workspace',
      matches: [{ kind: 'command', argv: ['npm', 'test', '--', 'date'], folder: 'date-tools' }],
      label: 'npm test -- date in this workspace',
    },
  ],
  reason: 'no rule covers it',
  isCautioned: false,
};

const editOffer = { kind: 'path', tools: ['edit_file', 'write_file'], glob: '**' } as const;

/** One of several edits that are asked together. */
export const editPrompt = (path: string, groupId?: string): ApprovalPrompt => ({
  title: `Edit ${path}?`,
  detail: `${path}: +5 -2`,
  diffs: [{ ...diff, path }],
  offers: [
    { duration: 'session', matches: [editOffer], label: 'edits to files in this workspace' },
    { duration: 'workspace', matches: [{ ...editOffer, glob: path }], label: `edits to ${path}` },
  ],
  reason: 'no rule covers it',
  isCautioned: false,
  ...(groupId === undefined ? {} : { groupId }),
});

/** Questions about edits of these files, asked together. */
export const askedTogether = (...paths: readonly string[]): readonly ToWebviewBody[] =>
  paths.map((path, index) =>
    event({
      ...at(2),
      type: 'ApprovalRequired',
      step: step(`g${index}`, 'edit_file', path, 'write', { path }),
      prompt: editPrompt(path, 'group1'),
    }),
  );

export const at = (offset: number) => ({ jobId: 'j1', at: start + offset });

export const event = (of: AgentEvent): ToWebviewBody => ({ type: 'event', event: of });

export const jobStarted = (id: string, text: string): ToWebviewBody => {
  const input: UserMessage = { role: 'user', id, content: [{ type: 'text', text }], createdAt: start };
  return event({ ...at(0), type: 'JobStarted', sessionId: 's1', agentId: 'coder', input });
};

export const token = (text: string, offset = 1): ToWebviewBody =>
  event({ ...at(offset), type: 'Token', text });

export const session = (id: string, title: string, more: Partial<SessionSummary> = {}): SessionSummary => ({
  id,
  title,
  titleBy: 'message',
  agentId: 'coder',
  model,
  folder: '/home/ada/date-tools',
  createdAt: start,
  updatedAt: start,
  status: 'idle',
  shelf: 'active',
  isPinned: false,
  ...more,
});

export const sessionsOf = (
  sessions: readonly SessionSummary[],
  shelf: Shelf = 'active',
  hasMore = false,
): ToWebviewBody => ({ type: 'sessions', shelf, sessions, hasMore });

/** A hit whose word is highlighted wherever it stands in the text. */
export const hit = (
  row: number,
  kind: SearchHit['kind'],
  snippet: string,
  word: string,
  at = start,
): SearchHit => ({
  row,
  kind,
  snippet,
  ranges: [...snippet.matchAll(new RegExp(word, 'g'))].map(({ index }) => [index, index + word.length]),
  at,
});

export const foundIn = (
  of: SessionSummary,
  hits: readonly SearchHit[],
  more: Partial<FoundSession> = {},
): FoundSession => ({ session: of, titleRanges: [], hits, moreHits: 0, ...more });
