/** The message that a job begins with. */
import type { AttachedContext } from '../shared/mcp.ts';
import type { ImageBlock, UserMessage } from '../shared/message.ts';
import type { AttachedSkill } from '../shared/skill.ts';
import type { JobOrigin } from './jobOrigin.ts';

export interface StartRequest {
  /** Absent together with images: the job goes on from where the last one stopped. */
  readonly text?: string;
  readonly images?: readonly ImageBlock[];
  /** What the person has the agent use. */
  readonly skills?: readonly AttachedSkill[];
  /** Resources and prompts of MCP servers. */
  readonly attached?: readonly AttachedContext[];
  /** Where it does not come from this window's own chat. */
  readonly origin?: JobOrigin;
  /** The words are not the person's own: `a forwarded message`. */
  readonly taint?: string;
}

/**
 * What was attached and says something by itself: a prompt may be all of a message. What a resource is called is its
 * server's to choose, and must not stand there as what the person wants.
 */
export const attachedText = (attached: readonly AttachedContext[]): string =>
  attached.map(({ kind, label }) => (kind === 'prompt' ? label : `[attached: ${label}]`)).join(', ');

/** @returns undefined where nothing was sent: the job goes on from where the last one stopped */
export const userInput = (
  { text = '', images = [], skills = [], attached = [], origin, taint }: StartRequest,
  id: string,
  createdAt: number,
): UserMessage | undefined => {
  const words = text.trim() === '' && images.length === 0 ? attachedText(attached) : text;
  const content = [...(words === '' ? [] : [{ type: 'text' as const, text: words }]), ...images];
  if (content.length === 0) return undefined;
  return {
    role: 'user',
    id,
    content,
    createdAt,
    ...(skills.length === 0 ? {} : { skills }),
    ...(attached.length === 0 ? {} : { attached }),
    ...(origin === undefined ? {} : { via: origin.via }),
    ...(taint === undefined ? {} : { taint }),
  };
};
