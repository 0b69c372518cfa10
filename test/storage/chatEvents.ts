import type { AgentEvent, Step } from '../../extension/shared/event.ts';
import type { ToolOutcome } from '../../extension/shared/message.ts';
import { model, userMessage } from './support.ts';

/** The events of one job in one chat, in the order of the calls. */
export const jobEvents = (sessionId: string, jobId: string) => {
  let at = 0;
  const stamp = () => {
    at += 1;
    return { jobId, at };
  };
  const step: Step = {
    id: `${jobId}-step`,
    sessionId,
    messageId: `${jobId}-message`,
    callId: `${jobId}-call`,
    tool: 'run_command',
    input: { command: 'ls' },
    title: 'ls',
    effect: 'execute',
    targets: ['ls'],
  };
  return {
    step,
    started: (text = 'Hello'): AgentEvent => ({
      ...stamp(),
      type: 'JobStarted',
      sessionId,
      agentId: 'agent',
      input: userMessage(`${jobId}-user`, text),
    }),
    said: (text: string): AgentEvent => ({
      ...stamp(),
      type: 'TurnCompleted',
      message: {
        role: 'assistant',
        id: `${jobId}-message`,
        model,
        content: [{ type: 'text', text }],
        stopReason: 'toolCalls',
        createdAt: at,
      },
    }),
    asked: (): AgentEvent => ({
      ...stamp(),
      type: 'ApprovalRequired',
      step,
      prompt: {
        title: 'Run ls?',
        detail: 'ls',
        diffs: [],
        offers: [],
        reason: 'no rule covers it',
        isCautioned: false,
      },
    }),
    approved: (): AgentEvent => ({ ...stamp(), type: 'StepApproved', step, by: 'user', reason: 'dialog' }),
    stepDone: (text: string, outcome: ToolOutcome = 'completed'): AgentEvent => ({
      ...stamp(),
      type: 'StepCompleted',
      step,
      summary: 'done',
      diffs: [],
      result: {
        role: 'tool',
        id: `${jobId}-result`,
        callId: step.callId,
        toolName: step.tool,
        content: [{ type: 'text', text }],
        outcome,
        createdAt: at,
      },
    }),
    completed: (): AgentEvent => ({ ...stamp(), type: 'JobCompleted', message: '' }),
    failed: (): AgentEvent => ({
      ...stamp(),
      type: 'JobFailed',
      error: { kind: 'network', message: 'Gone.', actions: ['retry'] },
    }),
    cancelled: (): AgentEvent => ({ ...stamp(), type: 'JobCancelled' }),
  };
};
