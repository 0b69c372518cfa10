import type { StepUndoKeeper } from '../../extension/core/undo.ts';

export interface FakeUndo extends StepUndoKeeper {
  /** `before read_file`, `after read_file`, in order. */
  readonly calls: string[];
}

/** Keeps nothing, and says that each step that changes something changed one file. */
export const fakeUndo = (before?: StepUndoKeeper['before']): FakeUndo => {
  const calls: string[] = [];
  return {
    calls,
    before: async (step, prepared, signal) => {
      calls.push(`before ${step.tool}`);
      await before?.(step, prepared, signal);
    },
    after: async (step) => {
      calls.push(`after ${step.tool}`);
      return { files: 1, unknown: [] };
    },
  };
};
