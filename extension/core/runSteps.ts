/** The tool calls of one turn, in their order: those that are alike and have to be asked are asked together. */
import type { JobError } from '../shared/event.ts';
import type { ToolCallBlock } from '../shared/message.ts';
import { type AskingCall, askAndRun, denial } from './askSteps.ts';
import { type ConsideredCall, considerCall, type ReadyCall } from './considerCall.ts';
import type { EventBody } from './runJob.ts';
import { keepBefore, reject, runApproved } from './runStep.ts';
import type { StepAccess } from './tool.ts';
import { endStep, type StepEnd, type Turn } from './turn.ts';

/** Steps that are asked together, at most. */
export const groupLimit = 20;

/** Undefined where nobody has to be asked, or can be. */
const asking = (call: ReadyCall): AskingCall | undefined => {
  const { verdict, prepared } = call;
  if (verdict.action !== 'ask' || prepared.approval === undefined) return undefined;
  return { ...call, verdict, question: prepared.approval };
};

/** Whether one path lies in the other; letter case does not tell them apart, since on some disks it does not. */
const overlap = (a: string, b: string): boolean => {
  const [short, long] = [a, b]
    .map((path) => `${path.replaceAll('\\', '/').toLowerCase()}/`)
    .sort((x, y) => x.length - y.length);
  return short === undefined || long?.startsWith(short) === true;
};

/** Nobody is to take a step that nothing holds for one like the sandboxed ones beside it. */
const placeOf = ({ command }: StepAccess): string =>
  command === undefined ? 'none' : `${command.isSandboxed} ${command.hasNetwork === true}`;

const mayBeGrouped = ({ step, verdict }: AskingCall): boolean =>
  step.effect !== 'read' && !verdict.isCautioned;

const joins = (group: readonly AskingCall[], next: AskingCall): boolean => {
  const { paths } = next.prepared.access;
  return (
    mayBeGrouped(next) &&
    group.every(({ step, prepared: { access } }) => {
      if (step.effect !== next.step.effect) return false;
      if (placeOf(access) !== placeOf(next.prepared.access)) return false;
      return access.paths.every((a) => paths.every((b) => !overlap(a.file, b.file)));
    })
  );
};

/**
 * Looks ahead while every call would be asked like the first. What ends the group is looked at again in its turn: the
 * group may change what it is about.
 * @param calls the first one's, and those that follow
 */
const gather = async (
  turn: Turn,
  first: AskingCall,
  calls: readonly ToolCallBlock[],
): Promise<readonly AskingCall[]> => {
  const group = [first];
  if (!mayBeGrouped(first)) return group;
  const [own, ...following] = calls;
  for (const call of following) {
    if (group.length >= groupLimit || turn.signal.aborted) break;
    if (call.name !== own?.name || call.inputError !== undefined) break;
    // What cannot be prepared is told, and logged, in its turn.
    const quiet = { ...turn, setUp: { ...turn.setUp, logError: () => undefined } };
    const next = await considerCall(quiet, call).catch(() => undefined);
    const asked = next?.isReady === true ? asking(next) : undefined;
    // Calls of one name may stand for several tools.
    if (asked === undefined || asked.step.tool !== first.step.tool || !joins(group, asked)) break;
    group.push(asked);
  }
  return group;
};

/** A call for which nobody is asked. */
async function* settle(turn: Turn, call: ConsideredCall): AsyncGenerator<EventBody, StepEnd> {
  const { step } = call;
  if (!call.isReady) {
    const end = endStep(turn, step, call.outcome);
    const { summary, diffs } = call.outcome;
    yield { type: 'StepCompleted', step, result: end.result, summary, diffs };
    return end;
  }
  const { prepared, verdict } = call;
  if (verdict.action !== 'run') return yield* reject(turn, step, denial(verdict.reason));
  const problem = await keepBefore(turn, step, prepared);
  if (verdict.mustBeUndoable && problem !== undefined && !turn.signal.aborted) {
    return yield* askInstead(turn, call, `it could not be undone: ${problem}`);
  }
  const { reason, ruleIds } = verdict;
  return yield* runApproved(turn, step, prepared, { by: 'rule', reason, ruleIds }, problem);
}

/** What was to run because it could be undone, and could not, is asked. */
async function* askInstead(turn: Turn, call: ReadyCall, reason: string): AsyncGenerator<EventBody, StepEnd> {
  const asked = asking({ ...call, verdict: { action: 'ask', reason, isCautioned: false, offers: [] } });
  if (asked === undefined) return yield* reject(turn, call.step, denial(reason));
  const ends: StepEnd[] = [];
  yield* askAndRun(turn, [asked], (end) => ends.push(end));
  const [end] = ends;
  if (end === undefined) throw new Error('A step that was asked has not ended.');
  return end;
}

/**
 * Calls `onEnd` as each step ends. Stops early when the job is cancelled or cannot go on; the calls left over are
 * answered as interrupted in the next request.
 * @returns why the job cannot go on
 */
export async function* runSteps(
  turn: Turn,
  calls: readonly ToolCallBlock[],
  onEnd: (end: StepEnd) => void,
): AsyncGenerator<EventBody, JobError | undefined> {
  let error: JobError | undefined;
  const note = (end: StepEnd): void => {
    onEnd(end);
    error ??= end.error;
  };
  for (let index = 0; index < calls.length && error === undefined; ) {
    const call = calls[index];
    if (call === undefined || turn.signal.aborted) return undefined;
    const considered = await considerCall(turn, call);
    const asked = considered.isReady ? asking(considered) : undefined;
    if (asked === undefined) {
      note(yield* settle(turn, considered));
      index += 1;
    } else {
      const group = await gather(turn, asked, calls.slice(index));
      yield* askAndRun(turn, group, note);
      index += group.length;
    }
  }
  return error;
}
