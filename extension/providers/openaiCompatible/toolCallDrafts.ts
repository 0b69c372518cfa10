import type { ModelRef, ToolCallBlock } from '../../shared/message.ts';
import { newCallId, parseToolInput } from '../toolInput.ts';
import type { ToolCallDelta } from './chunk.ts';

export interface ToolCallDraft {
  readonly index: number | undefined;
  id: string;
  name: string;
  json: string;
  extra: ToolCallDelta['extra_content'];
}

const belongsTo = (draft: ToolCallDraft, delta: ToolCallDelta): boolean => {
  // Old Ollama sends every call whole, all under index 0; only the ids tell them apart.
  if (delta.id && draft.id && delta.id !== draft.id) return false;
  if (typeof delta.index === 'number') return draft.index === delta.index;
  // No index at all: a name begins a call unless its id is known, anything else goes on with the last one.
  return delta.id ? delta.id === draft.id : !delta.function?.name;
};

/** Adds one fragment to the call it belongs to, or begins a new one. */
export const addFragment = (drafts: ToolCallDraft[], delta: ToolCallDelta): void => {
  let draft = drafts.findLast((each) => belongsTo(each, delta));
  if (draft === undefined) {
    draft = { index: delta.index ?? undefined, id: '', name: '', json: '', extra: undefined };
    drafts.push(draft);
  }
  draft.id ||= delta.id ?? '';
  // Some servers repeat the name in every fragment.
  draft.name ||= delta.function?.name ?? '';
  draft.extra ??= delta.extra_content;
  const given = delta.function?.arguments;
  if (typeof given === 'string') draft.json += given;
  else if (given !== undefined && given !== null) draft.json += JSON.stringify(given);
};

export const toolCallOf = (draft: ToolCallDraft, model: ModelRef): ToolCallBlock => ({
  type: 'toolCall',
  id: draft.id || newCallId(),
  name: draft.name,
  ...parseToolInput(draft.json),
  ...(draft.extra === undefined ? {} : { replay: { model, data: { extra_content: draft.extra } } }),
});
