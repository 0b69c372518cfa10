/** What the person has typed and attached but not sent yet. */
import { type ImageMediaType, imageMediaTypes, messageTextLimit } from '../extension/shared/message.ts';
import type { AttachedChip } from '../extension/shared/protocol.ts';
import { exactNumber } from './format.ts';

export interface DraftImage {
  readonly id: string;
  readonly mediaType: ImageMediaType;
  /** Base64, without a data: prefix. */
  readonly data: string;
  readonly name: string;
}

export interface Draft {
  readonly text: string;
  readonly images: readonly DraftImage[];
  /** Ids of skills that the person chose, and of those that they took away. */
  readonly skills?: readonly string[];
  readonly declined?: readonly string[];
  /** Resources and prompts of MCP servers; the host has what is in them. */
  readonly attached?: readonly AttachedChip[];
  /** Pictures that were attached and could not be kept while the view was away. */
  readonly lostImages?: number;
}

export const emptyDraft: Draft = { text: '', images: [] };

export const isEmptyDraft = ({ text, images, attached = [] }: Draft): boolean =>
  text.trim() === '' && images.length === 0 && attached.length === 0;

/** Pictures in one message; the protocol allows no more. */
export const imageCountLimit = 20;

/** Resources and prompts in one message; the protocol allows no more. */
export const attachedCountLimit = 20;

/** Why the host would not take the draft, and what to do; undefined when it would. */
export const draftProblem = ({ text, attached = [] }: Draft): string | undefined => {
  if (attached.length > attachedCountLimit)
    return `There are ${attached.length} resources and prompts attached; at most ${attachedCountLimit} go with one message. Remove some of them.`;
  return text.length <= messageTextLimit
    ? undefined
    : `This message has ${exactNumber(text.length)} characters; at most ${exactNumber(messageTextLimit)} can be sent. Shorten it, or put the text into a file and name the file here.`;
};

/** Characters of pictures that are kept over a reload: VS Code writes this state into its own database. */
const savedImageLimit = 1_000_000;

export const draftToSave = (draft: Draft): Draft => {
  const size = draft.images.reduce((sum, image) => sum + image.data.length, 0);
  if (size <= savedImageLimit) return draft;
  return { ...draft, images: [], lostImages: draft.images.length + (draft.lostImages ?? 0) };
};

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const toImage = (value: unknown): DraftImage[] => {
  if (!isRecord(value)) return [];
  const { id, data, name } = value;
  const mediaType = imageMediaTypes.find((each) => each === value.mediaType);
  const isWhole = typeof id === 'string' && typeof data === 'string' && typeof name === 'string';
  return isWhole && mediaType !== undefined ? [{ id, mediaType, data, name }] : [];
};

const toIds = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

const toChip = (value: unknown): AttachedChip[] => {
  if (!isRecord(value)) return [];
  const { id, kind, server, label, uri, images } = value;
  if (typeof id !== 'string' || typeof server !== 'string' || typeof label !== 'string') return [];
  if (typeof uri !== 'string' || typeof images !== 'number') return [];
  return kind === 'resource' || kind === 'prompt' ? [{ id, kind, server, label, uri, images }] : [];
};

/** A draft out of what is not known to be one. */
export const draftFrom = (value: unknown): Draft | undefined => {
  if (!isRecord(value) || typeof value.text !== 'string') return;
  const images = Array.isArray(value.images) ? value.images.flatMap(toImage) : [];
  const { lostImages } = value;
  const isSome = typeof lostImages === 'number' && lostImages > 0;
  const [skills, declined] = [toIds(value.skills), toIds(value.declined)];
  const attached = Array.isArray(value.attached) ? value.attached.flatMap(toChip) : [];
  return {
    text: value.text,
    images,
    ...(isSome ? { lostImages } : {}),
    ...(skills.length === 0 ? {} : { skills }),
    ...(declined.length === 0 ? {} : { declined }),
    ...(attached.length === 0 ? {} : { attached }),
  };
};

/** The draft out of what VS Code kept; an older version's state, or none, is an empty draft. */
export const draftFromSaved = (saved: unknown): Draft =>
  (isRecord(saved) ? draftFrom(saved.draft) : undefined) ?? emptyDraft;
