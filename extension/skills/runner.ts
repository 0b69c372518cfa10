/** Runs programs of skills: checks, plans, runs in a container or on this computer, and tells what came of it. */
import path from 'node:path';
import type { ExecutionPlan, ExecutionQuestion } from '../core/executionPlan.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { type EngineState, type Sandbox, SandboxError } from '../core/sandbox.ts';
import type {
  HostProcess,
  OutputKeeper,
  PreparedRun,
  SkillRecords,
  SkillRunner,
  SkillRunOutput,
  SkillRunRequest,
} from '../core/skills.ts';
import { ToolError } from '../core/tool.ts';
import type { LoadedSkill, SkillEntry, SkillRun, SkillRuntime } from '../shared/skill.ts';
import { artefactLinks, findArtefacts, readPictures } from './artefacts.ts';
import { type LimitsAnswer, type LimitsQuestion, limitsFor, limitsText } from './limits.ts';
import { checkRequest, checkUnchanged, interpreterOf, lineOf, runtimeOf } from './runChecks.ts';
import { type RunCopyPorts, withRunCopy } from './runCopy.ts';
import { type RunEnd, runText, runWords } from './runResult.ts';

export interface SkillRunnerPorts extends RunCopyPorts {
  readonly sandbox: Sandbox;
  readonly host: HostProcess;
  plan(question: ExecutionQuestion): ExecutionPlan;
  /** Absolute real path of the first open folder; undefined where none is open. */
  folder(): Promise<string | undefined>;
  isTrusted(): boolean;
  /** The whole environment of a program on this computer, without keys. */
  environment(): Readonly<Record<string, string>>;
  /** The content hash of a skill's folder, as its files are now. */
  hashOf(folder: string): Promise<string>;
  keepOutput(): OutputKeeper;
  /** Passes output on in few pieces. */
  liveOutput(emit: (text: string) => void): { add(chunk: Buffer): void; finish(): void };
  readonly records: Pick<SkillRecords, 'change'>;
  /** The person is offered to get it. @param needed `the skill x` */
  imageMissing(image: string, needed: string): void;
  /** Absent: the defaults. */
  limits?(): Pick<LimitsQuestion, 'base' | 'images'>;
  /** As of process.platform. */
  readonly platform: string;
  now(): number;
}

const unconfined = 'Not sandboxed: it can do what you can do on this computer';

interface Planned {
  readonly request: SkillRunRequest;
  readonly entry: SkillEntry;
  readonly runtime: SkillRuntime;
  readonly folder: string;
  readonly plan: Exclude<ExecutionPlan, { place: 'refused' }>;
  readonly limits: LimitsAnswer;
}

/** The engine is asked only where the answer matters: it may be slow to say that it is not there. */
const planFor = async (
  { sandbox, plan, isTrusted }: SkillRunnerPorts,
  { skill, execution }: SkillRunRequest,
  folder: string,
): Promise<Planned['plan']> => {
  const { mode, requiresSandbox } = skill;
  const question = { agentMode: execution.sandbox, skill: { mode, requiresSandbox }, isTrusted: isTrusted() };
  const without = plan({ ...question, engine: 'unavailable' });
  const withEngine = plan({ ...question, engine: 'ready' });
  if (without.place === withEngine.place && withEngine.place === 'host') return withEngine;
  if (withEngine.place === 'refused') throw new ToolError(withEngine.reason);
  const state: EngineState = await sandbox.state(folder);
  if (state.kind === 'ready') return withEngine;
  const problem = without.reason.includes(state.message) ? '' : ` ${state.message}`;
  if (without.place === 'refused') throw new ToolError(`${without.reason}${problem}`);
  return { ...without, reason: `${without.reason}${problem}` };
};

const factsOf = ({ plan, limits }: Pick<Planned, 'plan' | 'limits'>): readonly string[] =>
  plan.place === 'host'
    ? [unconfined, plan.reason.replace(/^Not sandboxed: ./, (start) => start.slice(-1).toUpperCase())]
    : [
        `In the sandbox: ${limitsText(limits.wished)}`,
        `Image: ${limits.wished.image}`,
        ...(limits.asked.length === 0
          ? []
          : [`It asks for more than it was granted: ${limits.asked.join(', ')}. It gets that for this run`]),
      ];

const missingImage = (
  { imageMissing }: SkillRunnerPorts,
  { id }: LoadedSkill,
  image: string,
  cause: unknown = new SandboxError('missingImage', `There is no image ${image}.`),
): ToolError => {
  imageMissing(image, `the skill ${id}`);
  return new ToolError(
    `The skill ${id} runs in the image ${image}, which is not on this computer. Nothing was run. The person has been asked whether to get it; try again once it is there.`,
    { cause },
  );
};

/** What the engine says goes to whoever asked, in its words. */
const inWords = (error: unknown): unknown =>
  error instanceof SandboxError ? new ToolError(error.message, { cause: error }) : error;

const hasImage = async ({ sandbox }: SkillRunnerPorts, image: string): Promise<boolean> => {
  try {
    return await sandbox.hasImage(image);
  } catch (error) {
    throw inWords(error);
  }
};

interface Outputs {
  onOutput(chunk: Buffer, stream?: 'stdout' | 'stderr'): Promise<void>;
  finish(): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

const collect = (ports: SkillRunnerPorts, emit: (text: string) => void): Outputs => {
  const live = ports.liveOutput(emit);
  const stdout = ports.keepOutput();
  // Most programs write nothing there.
  let kept: OutputKeeper | undefined;
  return {
    onOutput: (chunk, stream = 'stdout') => {
      live.add(chunk);
      if (stream === 'stdout') return stdout.add(chunk);
      kept ??= ports.keepOutput();
      return kept.add(chunk);
    },
    finish: async () => {
      live.finish();
      return { stdout: await stdout.finish(), stderr: (await kept?.finish()) ?? '' };
    },
  };
};

const runInSandbox = async (
  ports: SkillRunnerPorts,
  { request, entry, runtime, folder, limits }: Planned,
  skillFolder: string,
  outputs: Outputs,
  signal: AbortSignal,
): Promise<RunEnd> => {
  const { skill, argv, input } = request;
  try {
    return await ports.sandbox.run(
      {
        argv: [interpreterOf(runtime, 'linux'), `/skill/${entry.file}`, ...argv],
        input: JSON.stringify(input),
        workspace: folder,
        below: '.',
        skillFolder,
        limits: limits.wished,
        environment: {},
        onOutput: outputs.onOutput,
      },
      signal,
    );
  } catch (error) {
    if (!signal.aborted && error instanceof SandboxError && error.kind === 'missingImage') {
      throw missingImage(ports, skill, limits.wished.image, error);
    }
    throw signal.aborted ? error : inWords(error);
  }
};

const runOnHost = async (
  ports: SkillRunnerPorts,
  { request, entry, runtime, folder, limits }: Planned,
  skillFolder: string,
  outputs: Outputs,
  signal: AbortSignal,
): Promise<RunEnd> => {
  const { argv, input } = request;
  const file = path.join(skillFolder, ...entry.file.split('/'));
  const interpreter = interpreterOf(runtime, ports.platform);
  try {
    const { exitCode, timedOut } = await ports.host.run(
      {
        argv: [interpreter, file, ...argv],
        folder,
        environment: {
          ...ports.environment(),
          // Nothing that it could compile is ever run again.
          PYTHONDONTWRITEBYTECODE: '1',
          PYTHONUNBUFFERED: '1',
        },
        input: JSON.stringify(input),
        timeoutMs: limits.wished.timeoutSeconds * 1_000,
        onOutput: outputs.onOutput,
      },
      signal,
    );
    return { exitCode, timedOut, outOfMemory: 'no', isFlooding: false, protectedChanges: [] };
  } catch (error) {
    const isSystemError = error instanceof Error && 'code' in error && 'syscall' in error;
    if (signal.aborted || !isSystemError) throw error;
    const why = error.code === 'ENOENT' ? `there is no ${interpreter} on this computer` : error.message;
    throw new ToolError(`The program could not be started: ${why}. Nothing was run.`, { cause: error });
  }
};

const answerOf = async (
  { entry, folder, plan, limits }: Planned,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  end: RunEnd,
  startedAt: number,
): Promise<SkillRunOutput> => {
  const words = runWords(end, limits.wished);
  const mayWrite = plan.place === 'host' || limits.wished.workspace === 'rw';
  const artefacts = mayWrite
    ? await findArtefacts(folder, startedAt)
    : { listed: [], total: 0, isCut: false };
  const pictures = await readPictures(folder, artefacts.listed);
  const text = runText(entry, { stdout, stderr, words, end, files: artefactLinks(artefacts) });
  const { isError, summary } = words;
  return { content: [{ type: 'text', text }, ...pictures], isError, summary };
};

const runPlanned = async (
  ports: SkillRunnerPorts,
  planned: Planned,
  signal: AbortSignal,
  emit: (text: string) => void,
): Promise<SkillRunOutput> => {
  const { request, entry, plan } = planned;
  const { skill } = request;
  signal.throwIfAborted();
  await checkUnchanged(skill, ports.hashOf);
  const startedAt = ports.now();
  const note = (summary: string, isError: boolean): Promise<void> => {
    const { place } = plan;
    const durationMs = ports.now() - startedAt;
    const lastRun: SkillRun = { at: startedAt, entry: entry.name, place, summary, isError, durationMs };
    // What came of it is told, whether or not it can be kept.
    return ports.records
      .change(skill.source, skill.name, (record) => ({ ...record, lastRun }))
      .catch(ports.logError);
  };
  const outputs = collect(ports, emit);
  const start = plan.place === 'sandbox' ? runInSandbox : runOnHost;
  let end: RunEnd;
  try {
    end = await withRunCopy(ports, skill, (copy) => start(ports, planned, copy, outputs, signal));
  } catch (error) {
    await outputs.finish().catch(ports.logError);
    await note(signal.aborted ? 'stopped' : reasonOf(error).slice(0, 200), true);
    throw error;
  }
  const output = await answerOf(planned, await outputs.finish(), end, startedAt);
  await note(output.summary, output.isError);
  return output;
};

export const createSkillRunner = (ports: SkillRunnerPorts): SkillRunner => ({
  prepare: async (request, signal): Promise<PreparedRun> => {
    signal.throwIfAborted();
    const { skill, execution } = request;
    const entry = checkRequest(request);
    const folder = await ports.folder();
    if (folder === undefined) {
      throw new ToolError('No folder is open, and programs of skills work in one. Open a folder first.');
    }
    const plan = await planFor(ports, request, folder);
    const runtime = runtimeOf(skill, entry);
    const limits = limitsFor({ skill, runtime, agent: execution, ...ports.limits?.() });
    const { image } = limits.wished;
    if (plan.place === 'sandbox' && !(await hasImage(ports, image))) {
      throw missingImage(ports, skill, image);
    }
    await checkUnchanged(skill, ports.hashOf);
    const planned = { request, entry, runtime, folder, plan, limits };
    return {
      plan,
      limits: limits.wished,
      asked: plan.place === 'sandbox' ? limits.asked : [],
      facts: factsOf(planned),
      line: lineOf(request),
      run: (runSignal, emit) => runPlanned(ports, planned, runSignal, emit),
    };
  },
});
