import type { StepRecord } from '../shared/chat.ts';
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
