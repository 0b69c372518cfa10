import { createContext } from 'preact';

/** Around cards that wait together. */
export interface AskedTogether {
  /** What was answered here already, by step: whether it was approved. Their turn comes one after the other. */
  readonly answers: ReadonlyMap<string, boolean>;
  readonly onAnswer: (stepId: string, isApproved: boolean) => void;
}

export const GroupContext = createContext<AskedTogether | undefined>(undefined);
