import type { AgentEvent } from '../shared/event.ts';

type Joinable = Extract<AgentEvent, { type: 'Token' | 'Thinking' | 'StepProgress' }>;

const isJoinable = (event: AgentEvent): event is Joinable =>
  event.type === 'Token' || event.type === 'Thinking' || event.type === 'StepProgress';

/** Two pieces of one streaming text as one, told when the later one was; undefined for any other two events. */
export const joinEvents = (before: AgentEvent, event: AgentEvent): Joinable | undefined => {
  if (!isJoinable(before) || !isJoinable(event)) return undefined;
  if (before.type !== event.type || before.jobId !== event.jobId) return undefined;
  if (before.type === 'StepProgress' && event.type === 'StepProgress' && before.stepId !== event.stepId) {
    return undefined;
  }
  return { ...before, text: before.text + event.text, at: event.at };
};
