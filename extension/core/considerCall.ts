/** One tool call before anything happens: find the tool, prepare, decide. Changes nothing, so it may be done again. */
import type { Step } from '../shared/event.ts';
import type { ToolCallBlock } from '../shared/message.ts';
import { settleAfterAbort } from './abort.ts';
import type { PolicyDecision } from './policy.ts';
import { outcomeOf } from './runStep.ts';
import type { PreparedStep } from './tool.ts';
import { cancelGrace, failedOutcome, type Outcome, type Turn } from './turn.ts';

/** A call that can be run, once that has been decided. */
export interface ReadyCall {
  readonly isReady: true;
  readonly step: Step;
  readonly prepared: PreparedStep;
  readonly verdict: PolicyDecision;
}

export type ConsideredCall =
  | ReadyCall
  /** There is nothing to run: its result is known. */
  | { readonly isReady: false; readonly step: Step; readonly outcome: Outcome };

/** Fails closed: what cannot be decided is asked. */
export const decideOn = async (turn: Turn, step: Step, prepared: PreparedStep): Promise<PolicyDecision> => {
  try {
    const taint = turn.taint();
    const { edit, isKnown } = turn.unchecked;
    return await turn.setUp.decide(step, prepared, {
      ...(taint === undefined ? {} : { taint }),
      ...(edit === undefined || isKnown ? {} : { uncheckedEdit: edit }),
    });
  } catch (error) {
    turn.setUp.logError(error);
    return { action: 'ask', reason: 'its rules could not be read', isCautioned: false, offers: [] };
  }
};

export const considerCall = async (turn: Turn, call: ToolCallBlock): Promise<ConsideredCall> => {
  const { job, setUp, message, signal } = turn;
  const id = setUp.newId();
  const describe = (prepared?: PreparedStep): Step => ({
    id,
    sessionId: job.sessionId,
    messageId: message.id,
    callId: call.id,
    tool: call.name,
    input: call.input,
    title: prepared?.title ?? '',
    effect: prepared?.effect ?? 'read',
    targets: prepared?.targets ?? [],
  });

  const tool = setUp.tools.find((each) => each.spec.name === call.name);
  if (tool === undefined || call.inputError !== undefined) {
    const names = setUp.tools.map((each) => each.spec.name).join(', ');
    const problem = call.inputError ?? `There is no tool "${call.name}". The tools are: ${names}.`;
    const summary = tool === undefined ? 'unknown tool' : 'bad input';
    return { isReady: false, step: describe(), outcome: failedOutcome(problem, summary) };
  }
  let prepared: PreparedStep;
  try {
    prepared = await settleAfterAbort(tool.prepare(call.input, signal), signal, cancelGrace);
  } catch (error) {
    return { isReady: false, step: describe(), outcome: outcomeOf(error, signal, setUp.logError) };
  }
  const step = describe(prepared);
  return { isReady: true, step, prepared, verdict: await decideOn(turn, step, prepared) };
};
