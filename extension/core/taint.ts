/** Whose words, besides the person's and their files', stand in a chat. */
import type { Message } from '../shared/message.ts';

/**
 * Of what has come in since the person's last message, the first that others wrote: `a web page (example.org)`.
 * A new message of the person starts clean; a job that goes on without one does not.
 */
export const taintOf = (messages: readonly Message[]): string | undefined => {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  for (const message of messages.slice(last + 1)) {
    if (message.role === 'tool' && message.taint !== undefined) return message.taint;
  }
  return undefined;
};
