/** Resources and prompts of MCP servers on their way into the message. Pure: no DOM, no clock. */
import type { McpPromptChoice, McpResourceChoice } from '../extension/shared/mcp.ts';
import type { ToHost, ToWebview } from '../extension/shared/protocol.ts';
import { announceText } from './announce.ts';
import type { ViewState } from './state.ts';

type Message<T extends ToWebview['type']> = Extract<ToWebview, { type: T }>;

const without = (state: ViewState, requestId: string): ViewState => ({
  ...state,
  attaching: state.attaching.filter((each) => each.requestId !== requestId),
});

/** One that was taken away while it was read is not wanted any more. */
export const takeAttached = (state: ViewState, { requestId, chip }: Message<'attached'>): ViewState => {
  if (state.attaching.every((each) => each.requestId !== requestId)) return state;
  const { draft } = state;
  const attached = [...(draft.attached ?? []), chip];
  // Without the focus: whoever types on meanwhile keeps the caret where it is.
  return {
    ...without(state, requestId),
    draft: { ...draft, attached },
    announcer: announceText(state.announcer, `Attached ${chip.label}.`),
  };
};

export const takeNotAttached = (
  state: ViewState,
  { requestId, message }: Pick<Message<'notAttached'>, 'requestId' | 'message'>,
): ViewState => {
  if (state.attaching.every((each) => each.requestId !== requestId)) return state;
  const next = without(state, requestId);
  return message === '' ? next : { ...next, refusal: { sessionId: state.chat.sessionId, message } };
};

/** Takes a chip away, or what is still being read. @param id of the chip, or of the request */
export const removeAttached = (state: ViewState, id: string): ViewState => {
  const { attached, ...draft } = state.draft;
  const left = attached?.filter((each) => each.id !== id) ?? [];
  return {
    ...without(state, id),
    draft: left.length === 0 ? draft : { ...draft, attached: left },
    focusCount: state.focusCount + 1,
  };
};

const beginAttaching = (state: ViewState, requestId: string, label: string, text: string): ViewState => ({
  ...state,
  draft: { ...state.draft, text },
  attaching: [...state.attaching, { requestId, label }],
  announcer: announceText(state.announcer, `Reading ${label}.`),
});

/** @param text what is left of what was typed */
export const attachResource = (
  state: ViewState,
  { server, uri, name, isTemplate }: McpResourceChoice,
  requestId: string,
  text: string,
): { state: ViewState; post: ToHost } => ({
  state: beginAttaching(state, requestId, name, text),
  post: { type: 'attachResource', requestId, server, uri, isTemplate },
});

export const attachPrompt = (
  state: ViewState,
  { server, name, id }: McpPromptChoice,
  requestId: string,
): { state: ViewState; post: ToHost } => ({
  state: beginAttaching(state, requestId, `/${id}`, ''),
  post: { type: 'attachPrompt', requestId, server, name },
});

export interface Mention {
  /** Where the `@` stands. */
  readonly start: number;
  /** What is typed behind it. */
  readonly query: string;
}

/** The mention that is being typed at the caret: an `@` at the beginning or behind a space, and no space since. */
export const mentionAt = (text: string, caret: number): Mention | undefined => {
  // The text may be a pasted log: no more of it is looked at than a mention can be long.
  const found = /(?:^|\s)@([^\s@]{0,200})$/.exec(text.slice(Math.max(0, caret - 202), caret));
  const query = found?.[1];
  return query === undefined ? undefined : { start: caret - query.length - 1, query };
};

/** Of what was found for an earlier part of a mention, what still fits while the rest is asked for. */
export const stillFitting = (
  choices: readonly McpResourceChoice[],
  asked: string,
  query: string,
): readonly McpResourceChoice[] => {
  if (asked === query) return choices;
  if (!query.startsWith(asked)) return [];
  const typed = query.toLowerCase();
  return choices.filter(({ server, uri, name }) =>
    [name, `${server}:${uri}`].some((text) => text.toLowerCase().includes(typed)),
  );
};

/** Prompts whose name goes on as typed behind the slash; the text has nothing else. */
export const promptMatches = (
  text: string,
  prompts: readonly McpPromptChoice[],
): readonly McpPromptChoice[] => {
  const typed = /^\/(\S*)$/.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  return prompts.filter(({ id }) => id.toLowerCase().includes(typed));
};
