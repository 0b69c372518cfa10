import type { StepRecord } from '../shared/chat.ts';
import type { AttachedContext } from '../shared/mcp.ts';
import type { Store } from './store.ts';

/** @returns undefined where the chat has no such step */
export const findStep = async (
  store: Pick<Store, 'readAll'>,
  sessionId: string | undefined,
  stepId: string,
): Promise<StepRecord | undefined> => {
  if (sessionId === undefined) return undefined;
  const item = (await store.readAll(sessionId)).find((each) => each.kind === 'step' && each.id === stepId);
  return item?.kind === 'step' ? item.record : undefined;
};

/** What a message came with; nothing where the chat has no such message. */
export const attachedOf = async (
  store: Pick<Store, 'readAll'>,
  sessionId: string | undefined,
  itemId: string,
): Promise<readonly AttachedContext[]> => {
  if (sessionId === undefined) return [];
  const item = (await store.readAll(sessionId)).find((each) => each.id === itemId);
  return item?.kind === 'user' ? (item.message.attached ?? []) : [];
};
