import { groupLimit } from '../../extension/core/runSteps.ts';
import type { AgentEvent, Step } from '../../extension/shared/event.ts';

/** Steps that have been asked and have not gone on: one, or those of one group. */
interface Asked {
  readonly steps: Step[];
  readonly groupId: string | undefined;
  /** How many there were. */
  size: number;
  /** One of them has gone on, so that no other may be asked with them. */
  hasGoneOn: boolean;
}

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
  let asked: Asked | undefined;
  let running: string | undefined;
  let calls: string[] = [];
  const ended = new Set<string>();

  /** The step goes on: where steps have been asked it is the first of them. */
  const goesOn = ({ id }: Step): boolean => {
    if (running !== undefined || ended.has(id)) return false;
    if (asked === undefined) return true;
    if (asked.steps.shift()?.id !== id) return false;
    asked.hasGoneOn = true;
    if (asked.steps.length > 0) return true;
    if (asked.size === 1 && asked.groupId !== undefined) return false;
    asked = undefined;
    return true;
  };
  const ends = ({ id }: Step, callId: string): string | undefined => {
    running = undefined;
    ended.add(id);
    return calls.shift() === callId ? undefined : 'a result for another call';
  };

  for (const event of events.slice(1, -1)) {
    if ('step' in event && place !== 'steps') return `${event.type} outside a turn`;
    switch (event.type) {
      case 'Thinking':
      case 'Token':
      case 'Retrying':
      case 'Usage':
        if (running !== undefined || asked !== undefined) return `${event.type} while a step is open`;
        place = 'turn';
        break;
      case 'TurnCompleted':
        if (running !== undefined || asked !== undefined) return 'TurnCompleted while a step is open';
        place = 'steps';
        calls = event.message.content.flatMap((block) => (block.type === 'toolCall' ? [block.id] : []));
        break;
      case 'ApprovalRequired': {
        const { groupId } = event.prompt;
        if (running !== undefined || ended.has(event.step.id)) return 'ApprovalRequired out of place';
        if (asked === undefined) {
          asked = { steps: [event.step], groupId, size: 1, hasGoneOn: false };
          break;
        }
        if (groupId === undefined || asked.groupId !== groupId) return 'asked while another step waits';
        if (asked.hasGoneOn) return 'asked after a step of its group went on';
        if (asked.steps.some(({ tool }) => tool !== event.step.tool)) return 'steps of one group differ';
        asked.size += 1;
        if (asked.size > groupLimit) return 'a group is too large';
        asked.steps.push(event.step);
        break;
      }
      case 'StepApproved':
        if (!goesOn(event.step)) return 'StepApproved out of place';
        running = event.step.id;
        break;
      case 'StepProgress':
        if (running !== event.stepId) return 'StepProgress out of place';
        break;
      case 'StepRejected': {
        if (!goesOn(event.step)) return 'StepRejected out of place';
        const problem = ends(event.step, event.result.callId);
        if (problem !== undefined) return problem;
        break;
      }
      case 'StepCompleted': {
        const isOpen = running === undefined ? asked === undefined : running === event.step.id;
        if (!isOpen) return 'StepCompleted out of place';
        const problem = ends(event.step, event.result.callId);
        if (problem !== undefined) return problem;
        break;
      }
      default:
        return `${event.type} in the middle`;
    }
  }
  if (running !== undefined) return 'a step was left running';
  // Only what could not be kept, and a bug, end a job anywhere; else each question has its answer first.
  const isBrokenOff = last.type === 'JobFailed' && ['storage', 'internal'].includes(last.error.kind);
  return asked === undefined || isBrokenOff ? undefined : 'a question was left open';
};
