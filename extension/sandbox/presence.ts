import { settleAfterAbort } from '../core/abort.ts';
import { isWithin } from './runFolders.ts';

interface Present {
  readonly workspace: string;
  readonly isWriting: boolean;
  readonly over: Promise<void>;
}

/** Who works where. */
export interface Presence {
  /**
   * Waits while a program works in a folder above or below that one of the two may write into: it could lay a link in the
   * place of a folder that is about to be mounted. Those in the same folder do not wait for each other.
   * @param workspace absolute real path
   * @returns leaves again
   * @throws the signal's reason when aborted
   */
  enter(workspace: string, isWriting: boolean, signal: AbortSignal): Promise<() => void>;
}

export const createPresence = (): Presence => {
  const present = new Set<Present>();
  return {
    enter: async (workspace, isWriting, signal) => {
      const inTheWay = (other: Present): boolean =>
        other.workspace !== workspace &&
        (isWriting || other.isWriting) &&
        (isWithin(other.workspace, workspace) || isWithin(workspace, other.workspace));
      for (;;) {
        const other = [...present].find(inTheWay);
        if (other === undefined) break;
        await settleAfterAbort(other.over, signal, 0);
      }
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const mine: Present = { workspace, isWriting, over };
      present.add(mine);
      return () => {
        present.delete(mine);
        resolve();
      };
    },
  };
};
