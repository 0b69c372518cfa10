/** Whose words, besides the person's and their files', stand in a chat. */
import type { Message } from '../shared/message.ts';

/**
 * Of what has come in since the person's last message, the first that others wrote: `a web page (example.org)`.
 * A new message of the person starts clean; a job that goes on without one does not, and what was imported as a message of
 * theirs is none.
 */
export const taintOf = (messages: readonly Message[]): string | undefined => {
  const last = messages.findLastIndex(({ role, taint }) => role === 'user' && taint === undefined);
  const message = messages[last];
  // What they attached may be somebody else's words all the same.
  const attached =
    message?.role === 'user'
      ? [...(message.skills ?? []), ...(message.attached ?? [])].find(({ taint }) => taint !== undefined)
      : undefined;
  return attached?.taint ?? messages.slice(last + 1).find(({ taint }) => taint !== undefined)?.taint;
};
