import type { AgentEvent } from '../../extension/shared/event.ts';

/**
 * Checks a job's events against the grammar of event.ts.
 * @returns what is wrong, or undefined
 */
export const grammarProblem = (events: readonly AgentEvent[]): string | undefined => {
  const [first] = events;
  const last = events.at(-1);
  if (first?.type !== 'JobStarted') return 'does not begin with JobStarted';
  if (last === undefined || !['JobCompleted', 'JobFailed', 'JobCancelled'].includes(last.type)) {
    return `ends with ${last?.type}`;
  }
  let place: 'turn' | 'steps' = 'turn';
  let open: { id: string; phase: 'asked' | 'running' } | undefined;
  let calls: string[] = [];
  for (const event of events.slice(1, -1)) {
    if ('step' in event && event.type !== 'StepApproved' && event.type !== 'ApprovalRequired') {
      if (place !== 'steps') return `${event.type} outside a turn`;
    }
    switch (event.type) {
      case 'Thinking':
      case 'Token':
      case 'Retrying':
      case 'Usage':
        if (open !== undefined) return `${event.type} while a step is open`;
        place = 'turn';
        break;
      case 'TurnCompleted':
        if (open !== undefined) return 'TurnCompleted while a step is open';
        place = 'steps';
        calls = event.message.content.flatMap((block) => (block.type === 'toolCall' ? [block.id] : []));
        break;
      case 'ApprovalRequired':
        if (open !== undefined || place !== 'steps') return 'ApprovalRequired out of place';
        open = { id: event.step.id, phase: 'asked' };
        break;
      case 'StepApproved':
        if (place !== 'steps') return 'StepApproved outside a turn';
        if (open !== undefined && (open.id !== event.step.id || open.phase === 'running')) {
          return 'StepApproved out of place';
        }
        open = { id: event.step.id, phase: 'running' };
        break;
      case 'StepProgress':
        if (open?.phase !== 'running' || open.id !== event.stepId) return 'StepProgress out of place';
        break;
      case 'StepRejected':
        if (open !== undefined && (open.id !== event.step.id || open.phase !== 'asked')) {
          return 'StepRejected out of place';
        }
        open = undefined;
        if (calls.shift() !== event.result.callId) return 'a result for another call';
        break;
      case 'StepCompleted':
        if (open !== undefined && (open.id !== event.step.id || open.phase !== 'running')) {
          return 'StepCompleted out of place';
        }
        open = undefined;
        if (calls.shift() !== event.result.callId) return 'a result for another call';
        break;
      default:
        return `${event.type} in the middle`;
    }
  }
  return open === undefined ? undefined : 'a step was left open';
};
