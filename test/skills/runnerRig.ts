import path from 'node:path';
import type { ExecutionPlan } from '../../extension/core/executionPlan.ts';
import { planExecution } from '../../extension/core/executionPlan.ts';
import type { EngineState, SandboxResult, SandboxSpec } from '../../extension/core/sandbox.ts';
import type { HostProcess, OutputKeeper, SkillRecord, SkillRunner } from '../../extension/core/skills.ts';
import type { ExecutionSettings } from '../../extension/shared/agent.ts';
import type { JsonObject } from '../../extension/shared/message.ts';
import type { LoadedSkill } from '../../extension/shared/skill.ts';
import { createSkillRunner, type SkillRunnerPorts } from '../../extension/skills/runner.ts';
import { createStagings } from '../../extension/skills/stagings.ts';
import { never } from '../tools/rig.ts';
import { temporaryFolder } from '../workspace/folders.ts';
import { ended, execution, readyEngine, skillOnDisk } from './skillRig.ts';

type HostCall = Parameters<HostProcess['run']>[0];

export const plainKeeper = (): OutputKeeper => {
  const chunks: Buffer[] = [];
  return {
    add: async (chunk) => {
      chunks.push(chunk);
    },
    finish: async () => Buffer.concat(chunks).toString(),
  };
};

export interface RunnerRig {
  readonly workspace: string;
  readonly skill: LoadedSkill;
  readonly runner: SkillRunner;
  readonly sandboxRuns: SandboxSpec[];
  readonly hostRuns: HostCall[];
  /** `image for whom`. */
  readonly missing: string[];
  readonly record: () => SkillRecord;
  readonly errors: unknown[];
  /** What changes between steps. */
  readonly now: {
    engine: EngineState;
    hasImage: boolean;
    hash: string;
    isTrusted: boolean;
    folder: string | undefined;
    inSandbox(spec: SandboxSpec, signal: AbortSignal): Promise<SandboxResult>;
    onHost: HostProcess['run'];
  };
  readonly asks: { engine: number };
}

/** The runner with a sandbox and a computer that only note what they are told to run. */
export const createRunnerRig = (
  more: Partial<LoadedSkill> = {},
  ports: Partial<SkillRunnerPorts> = {},
): RunnerRig => {
  const base = temporaryFolder();
  const workspace = path.join(base, 'work');
  const skill = skillOnDisk(path.join(base, 'tables'), { 'read.py': 'print(1)\n' }, more);
  const sandboxRuns: SandboxSpec[] = [];
  const hostRuns: HostCall[] = [];
  const missing: string[] = [];
  const errors: unknown[] = [];
  const asks = { engine: 0 };
  let record: SkillRecord = { isDisabled: false, grants: {} };
  const now: RunnerRig['now'] = {
    engine: readyEngine,
    hasImage: true,
    hash: skill.hash,
    isTrusted: true,
    folder: workspace,
    inSandbox: async () => ended(),
    onHost: async () => ({ exitCode: 0, timedOut: false }),
  };
  const unused = async (): Promise<never> => {
    throw new Error('not expected');
  };
  const runner = createSkillRunner({
    sandbox: {
      state: async () => {
        asks.engine += 1;
        return now.engine;
      },
      hasImage: async () => now.hasImage,
      run: (spec, signal) => {
        sandboxRuns.push(spec);
        return now.inSandbox(spec, signal);
      },
      pull: unused,
      build: unused,
      reap: unused,
      close: unused,
    },
    host: {
      run: (call, signal) => {
        hostRuns.push(call);
        return now.onHost(call, signal);
      },
    },
    plan: (question): ExecutionPlan => planExecution(question),
    folder: async () => now.folder,
    isTrusted: () => now.isTrusted,
    environment: () => ({ PATH: '/bin', HOME: '/home/x' }),
    hashOf: async () => now.hash,
    keepOutput: plainKeeper,
    liveOutput: (emit) => ({ add: (chunk) => emit(chunk.toString()), finish: () => {} }),
    records: {
      change: async (_source, _name, change) => {
        record = change(record);
      },
    },
    imageMissing: (image, needed) => {
      missing.push(`${image} for ${needed}`);
    },
    copies: createStagings(path.join(base, 'runs'), base),
    platform: 'linux',
    now: Date.now,
    logError: (error) => errors.push(error),
    ...ports,
  });
  return {
    workspace,
    skill,
    runner,
    sandboxRuns,
    hostRuns,
    missing,
    record: () => record,
    errors,
    now,
    asks,
  };
};

export const prepareIn = (
  { runner, skill }: Pick<RunnerRig, 'runner' | 'skill'>,
  input: JsonObject = { file: 'a.csv' },
  argv: readonly string[] = [],
  settings: Partial<ExecutionSettings> = {},
) => runner.prepare({ skill, entry: 'read', input, argv, execution: execution(settings) }, never);

/** Prepares and runs; with the live output. */
export const runIn = async (...call: Parameters<typeof prepareIn>) => {
  const live: string[] = [];
  const output = await (await prepareIn(...call)).run(never, (text) => live.push(text));
  const [first] = output.content;
  return { ...output, text: first?.type === 'text' ? first.text : '', live: live.join('') };
};
