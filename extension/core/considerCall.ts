/** One tool call before anything happens: find the tool, prepare, decide. Changes nothing, so it may be done again. */
import type { Step } from '../shared/event.ts';
import type { JsonObject, ToolCallBlock } from '../shared/message.ts';
import { outsideServer } from '../shared/toolVerb.ts';
import { settleAfterAbort } from './abort.ts';
import type { PolicyDecision } from './policy.ts';
import { outcomeOf } from './runStep.ts';
import { type PreparedStep, type Tool, ToolError } from './tool.ts';
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

/** The tool that a call is about in the end. @throws ToolError */
const subjectOf = (tool: Tool, input: JsonObject): { readonly tool: Tool; readonly input: JsonObject } => {
  const target = tool.redirect?.(input);
  if (target === undefined) return { tool, input };
  if (target.tool.redirect !== undefined) {
    throw new ToolError(`${target.tool.spec.name} cannot be called through ${tool.spec.name}.`);
  }
  return target;
};

export const considerCall = async (turn: Turn, call: ToolCallBlock): Promise<ConsideredCall> => {
  const { job, setUp, message, signal } = turn;
  const id = setUp.newId();
  const describe = (prepared?: PreparedStep, subject?: ReturnType<typeof subjectOf>): Step => ({
    id,
    sessionId: job.sessionId,
    messageId: message.id,
    callId: call.id,
    tool: subject?.tool.spec.name ?? call.name,
    input: subject?.input ?? call.input,
    // Of a tool that is not there (any more), the name is all there is to show.
    title: prepared?.title ?? (outsideServer(call.name) === undefined ? '' : call.name),
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
  let subject: ReturnType<typeof subjectOf> | undefined;
  let prepared: PreparedStep;
  try {
    subject = subjectOf(tool, call.input);
    prepared = await settleAfterAbort(subject.tool.prepare(subject.input, signal), signal, cancelGrace);
  } catch (error) {
    const outcome = outcomeOf(error, signal, setUp.logError);
    return { isReady: false, step: describe(undefined, subject), outcome };
  }
  const step = describe(prepared, subject);
  return { isReady: true, step, prepared, verdict: await decideOn(turn, step, prepared) };
};
