/** What crosses the border between the extension host and the chat webview. Every message is one member of a union. */
import * as z from 'zod';
import type { ChatItem, ChatState } from './chat.ts';
import { type AgentEvent, errorActions } from './event.ts';
import type { AttachedContext, McpPromptChoice, McpResourceChoice } from './mcp.ts';
import { imageDataLimit, imageMediaTypes, messageTextLimit } from './message.ts';
import type { ApprovalMode } from './rule.ts';
import { type FoundSession, type SessionSummary, type Shelf, shelves } from './session.ts';
import type { SkillChoice } from './skill.ts';

const id = z.string().min(1).max(200);

/** The chat that the view shows; empty while it is a new one. The host may have gone to another meanwhile. */
const shownId = z.string().max(200);

const image = z.object({
  mediaType: z.enum(imageMediaTypes),
  data: z.string().max(imageDataLimit),
  name: z.string().max(200).optional(),
});

const toHostSchema = z.discriminatedUnion('type', [
  /** The view has loaded, or was shown again, or saw a gap in `seq`: answer with one snapshot. */
  z.object({ type: z.literal('ready') }),
  /** Answered by `accepted` or `refused` with the same requestId; until then the composer keeps the text. */
  z.object({
    type: z.literal('send'),
    requestId: id,
    sessionId: shownId,
    text: z.string().max(messageTextLimit),
    images: z.array(image).max(20),
    /** Ids of the skills that go with it. */
    skills: z.array(id).max(10).exactOptional(),
    /** Ids of resources and prompts that were attached, or that the replaced message came with. */
    attached: z.array(id).max(20).exactOptional(),
    /** Id of an earlier message of the person, which this one replaces together with all that came after it. */
    replaces: id.optional(),
  }),
  /** What MCP servers offer for what is typed behind `@`; answered by `resources`. A newer one ends an older one. */
  z.object({ type: z.literal('findResources'), requestId: id, text: z.string().max(500) }),
  /** The host reads it, and asks for the variables of a template; answered by `attached` or `notAttached`. */
  z.object({
    type: z.literal('attachResource'),
    requestId: id,
    server: z.string().min(1).max(200),
    uri: z.string().min(1).max(8_000),
    isTemplate: z.boolean(),
  }),
  /** The host asks for its arguments; answered by `attached` or `notAttached`. */
  z.object({
    type: z.literal('attachPrompt'),
    requestId: id,
    server: z.string().min(1).max(200),
    name: z.string().min(1).max(500),
  }),
  /** Opens what the model reads of it: of the composer, or of a message of the shown chat. */
  z.object({ type: z.literal('openAttached'), id, itemId: id.exactOptional() }),
  z.object({ type: z.literal('stop'), jobId: id }),
  z.object({
    type: z.literal('decide'),
    stepId: id,
    approved: z.boolean(),
    scope: z.enum(['once', 'session', 'workspace']),
    reason: z.string().max(10_000).optional(),
  }),
  /** Open the diff or the full input of a waiting step, or the diff of a finished one. */
  z.object({ type: z.literal('review'), stepId: id }),
  /** A button under an error or an empty state. */
  z.object({
    type: z.literal('act'),
    action: z.enum([...errorActions, 'openFolder', 'manageTrust']),
    sessionId: shownId,
  }),
  z.object({ type: z.literal('newChat') }),
  /** Answered by `sessions` or `sessionsUnread`. */
  z.object({
    type: z.literal('listSessions'),
    shelf: z.enum(shelves),
    limit: z.number().int().min(1).max(100_000),
  }),
  /** Answered by `found`, once or more, or by `searchFailed`. A newer search ends an older one. */
  z.object({
    type: z.literal('search'),
    requestId: id,
    text: z.string().max(1_000),
    limit: z.number().int().min(1).max(1_000),
  }),
  /** With a row: opens there, and not at the end. */
  z.object({ type: z.literal('openSession'), sessionId: id, row: z.number().int().optional() }),
  /** Of the shown chat, which is looked at in its middle: go to its end. */
  z.object({ type: z.literal('showNewest') }),
  z.object({
    type: z.literal('changeSession'),
    sessionId: id,
    change: z.union([
      z.strictObject({ title: z.string().trim().min(1).max(200) }),
      z.strictObject({ isPinned: z.boolean() }),
      z.strictObject({ shelf: z.enum(shelves) }),
    ]),
  }),
  /** For good; of a chat that was deleted before. The host asks first. */
  z.object({ type: z.literal('purgeSession'), sessionId: id }),
  /** A new chat with everything up to this item; it is opened. */
  z.object({ type: z.literal('fork'), sessionId: id, itemId: id }),
  /** Has the answer made anew that this item belongs to. The chat as it was is kept in the archive. */
  z.object({ type: z.literal('retryFrom'), sessionId: id, itemId: id }),
  /** Items older than this row; answered by `older` or `olderUnread`. */
  z.object({ type: z.literal('loadOlder'), sessionId: id, beforeRow: z.number().int() }),
  /** Items newer than this row; answered by `newer`, `newerUnread`, or, where it is the rest, by a snapshot. */
  z.object({ type: z.literal('loadNewer'), sessionId: id, afterRow: z.number().int() }),
  /** Puts back what the step changed, or, once that was done, shows what it was. The host shows the change first. */
  z.object({ type: z.literal('undoStep'), sessionId: id, stepId: id }),
  /** Puts files back as they were before this message. The host asks whether the chat goes back too. */
  z.object({ type: z.literal('restoreBefore'), sessionId: id, itemId: id }),
  z.object({ type: z.literal('pickMode') }),
  z.object({ type: z.literal('pickAgent') }),
  z.object({ type: z.literal('pickModel') }),
  /** A path in an answer was clicked; resolved against the workspace by the host. */
  z.object({
    type: z.literal('openFile'),
    path: z.string().min(1).max(4_000),
    line: z.number().int().positive().optional(),
  }),
  z.object({ type: z.literal('openLink'), href: z.string().min(1).max(4_000) }),
  z.object({ type: z.literal('copy'), text: z.string().max(5_000_000) }),
  z.object({ type: z.literal('insertAtCursor'), text: z.string().max(5_000_000) }),
]);

export type ToHost = z.infer<typeof toHostSchema>;

/** @throws ZodError when it is not a message of this protocol. */
export const parseToHost = (value: unknown): ToHost => toHostSchema.parse(value);

/** Everything around the chat itself that the view draws. */
export interface Surroundings {
  readonly agentName: string;
  /** `Gemini: gemini-3-flash`, and whether it is a scripted demo. */
  readonly modelLabel: string;
  readonly isDemo: boolean;
  /** Of the shown chat. */
  readonly mode: ApprovalMode;
  /** The chat's provider has a key, or needs none. */
  readonly hasKey: boolean;
  readonly providerName: string;
  /** As people call what is open; absent without a folder. */
  readonly folderName?: string;
  /** As chats name it (`Session.folder`); empty without one. */
  readonly folder: string;
  readonly isTrusted: boolean;
  /** Where the shown chat lies; `active` for a new one. */
  readonly shelf: Shelf;
  /** Things to try in the open folder; an empty chat shows them. */
  readonly suggestions: readonly string[];
  /** What the person may have the agent use, by id. */
  readonly skills: readonly SkillChoice[];
  /** Prompts of MCP servers that run. */
  readonly prompts: readonly McpPromptChoice[];
  /** Set when the store cannot be written: shown above the composer, which then keeps its text. */
  readonly storageProblem?: string;
}

/** What the composer knows of a resource or prompt that goes along. */
export type AttachedChip = Pick<AttachedContext, 'id' | 'kind' | 'server' | 'label' | 'uri'> & {
  /** Pictures that come with it. */
  readonly images: number;
};

/** `seq` counts the posts since the last snapshot, which has 0; a gap means a post was lost. */
export type ToWebview = {
  readonly seq: number;
} /** `focusRow`: show this item and mark it. Once: the next snapshot has it no more. */ & (
  | {
      readonly type: 'snapshot';
      readonly chat: ChatState;
      readonly surroundings: Surroundings;
      readonly focusRow?: number;
    }
  /** No snapshot could be made: what happened, and what was kept. Another `ready` tries again. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'event'; readonly event: AgentEvent }
  | { readonly type: 'surroundings'; readonly surroundings: Surroundings }
  | {
      readonly type: 'older';
      readonly sessionId: string;
      readonly items: readonly ChatItem[];
      readonly hasOlder: boolean;
    }
  /** In the place of `older`: what happened. */
  | { readonly type: 'olderUnread'; readonly sessionId: string; readonly message: string }
  | {
      readonly type: 'newer';
      readonly sessionId: string;
      readonly items: readonly ChatItem[];
      readonly hasNewer: boolean;
    }
  /** In the place of `newer`: what happened. */
  | { readonly type: 'newerUnread'; readonly sessionId: string; readonly message: string }
  /** The shown chat is called this now. */
  | { readonly type: 'title'; readonly sessionId: string; readonly title: string }
  | {
      readonly type: 'sessions';
      readonly shelf: Shelf;
      readonly sessions: readonly SessionSummary[];
      readonly hasMore: boolean;
    }
  /** More of what was found; the first takes the place of an older result. `isDone`: there will be no more of this. */
  | {
      readonly type: 'found';
      readonly requestId: string;
      readonly isFirst: boolean;
      readonly sessions: readonly FoundSession[];
      readonly isDone: boolean;
      /** There is more than was asked for. */
      readonly hasMore: boolean;
    }
  | { readonly type: 'searchFailed'; readonly requestId: string; readonly message: string }
  /** In the place of `sessions`: what happened. */
  | { readonly type: 'sessionsUnread'; readonly message: string }
  /** A chat of the list has begun or ended its work, or waits: whoever shows the list asks for it again. */
  | { readonly type: 'sessionsChanged' }
  /** The session list should be shown: the person pressed History in the title bar. */
  | { readonly type: 'showSessions' }
  | { readonly type: 'focusComposer' }
  /**
   * The person chose to edit this message from a menu: put it into the composer, to be sent with `replaces`. May come
   * before the snapshot of its chat; it counts as soon as the item is there.
   */
  | { readonly type: 'editMessage'; readonly sessionId: string; readonly itemId: string }
  | {
      readonly type: 'resources';
      readonly requestId: string;
      readonly choices: readonly McpResourceChoice[];
    }
  | { readonly type: 'attached'; readonly requestId: string; readonly chip: AttachedChip }
  /** In the place of `attached`: what happened; empty where the person thought better of it. */
  | { readonly type: 'notAttached'; readonly requestId: string; readonly message: string }
  | { readonly type: 'accepted'; readonly requestId: string }
  /** After `decide`: the person thought better of it, or it could not be taken. The step still waits. */
  | { readonly type: 'undecided'; readonly stepId: string }
  /** `sessionId`: the chat that shows this, where that is about to be another one. */
  | {
      readonly type: 'refused';
      readonly requestId: string;
      readonly message: string;
      readonly sessionId?: string;
    }
);

export type ToWebviewBody = ToWebview extends infer M
  ? M extends ToWebview
    ? Omit<M, 'seq'>
    : never
  : never;
