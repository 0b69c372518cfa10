/** Where a program may run. Pure; the table of all cases is its test. */
import type { ExecutionMode } from '../shared/skill.ts';

export interface ExecutionQuestion {
  readonly agentMode: ExecutionMode;
  /** Absent: a command. */
  readonly skill?: { readonly mode: ExecutionMode; readonly requiresSandbox: boolean };
  readonly engine: 'ready' | 'unavailable';
  readonly isTrusted: boolean;
}

export type ExecutionPlan =
  | { readonly place: 'sandbox'; readonly reason: string }
  /** Always asked; the question says that nothing holds it. */
  | { readonly place: 'host'; readonly reason: string }
  /** `reason` says why, and what to do. */
  | { readonly place: 'refused'; readonly reason: string };
