/** What a container of a skill may have. Pure: what it asks for, what it was granted, what the agent takes at most. */

import type { SandboxLimits } from '../core/sandbox.ts';
import { defaultImages, defaultLimits } from '../core/skills.ts';
import { counted } from '../core/text.ts';
import { type ExecutionSettings, longestCommandTimeoutMs } from '../shared/agent.ts';
import type { LoadedSkill, SkillGrants, SkillRuntime } from '../shared/skill.ts';

export interface LimitsQuestion {
  readonly skill: Pick<LoadedSkill, 'sandbox' | 'grants'> & {
    readonly source: Pick<LoadedSkill['source'], 'place'>;
  };
  readonly runtime: SkillRuntime;
  /** No container gets more, whatever was granted. */
  readonly agent: Pick<ExecutionSettings, 'memoryMb' | 'cpus'>;
  /** What needs no grant; its image is not looked at. Absent: the default. */
  readonly base?: SandboxLimits;
  /** Which image where the skill names none. Absent: the default. */
  readonly images?: Readonly<Record<SkillRuntime, string>>;
}

export interface LimitsAnswer {
  /** What it has without that anybody is asked. */
  readonly granted: SandboxLimits;
  /** What it has once the person approved what is in `asked`. */
  readonly wished: SandboxLimits;
  /** In words, one each; empty where both are the same. */
  readonly asked: readonly string[];
  /** What a person would have to grant so that nothing is asked. */
  readonly missing: SkillGrants;
}

/** `2 minutes`, `90 seconds`. */
export const durationText = (seconds: number): string =>
  seconds >= 60 && seconds % 60 === 0 ? counted(seconds / 60, 'minute') : counted(seconds, 'second');

/** `no network, 512 MB, 1 processor, 2 minutes, this folder read-write`. */
export const limitsText = ({
  network,
  memoryMb,
  cpus,
  timeoutSeconds,
  workspace,
  execTmp,
}: SandboxLimits): string =>
  [
    network ? 'the whole internet' : 'no network',
    `${memoryMb} MB`,
    counted(cpus, 'processor'),
    durationText(timeoutSeconds),
    `this folder ${workspace === 'rw' ? 'read-write' : 'read-only'}`,
    ...(execTmp ? ['programs may start from /tmp'] : []),
  ].join(', ');

interface Allowed<Value> {
  readonly granted: Value;
  readonly wished: Value;
}

/** Up to the base and up to the grant are free; the cap holds for both. */
const allowNumber = (
  wish: number | undefined,
  base: number,
  grant: number | undefined,
  cap: number,
): Allowed<number> => {
  const wished = Math.min(wish ?? base, cap);
  return { wished, granted: Math.min(wished, Math.max(base, grant ?? 0)) };
};

const allowFlag = (
  wish: boolean | undefined,
  base: boolean,
  grant: boolean | undefined,
): Allowed<boolean> => {
  const wished = wish ?? base;
  return { wished, granted: wished && (base || grant === true) };
};

const allowImage = ({ skill, runtime, images = defaultImages }: LimitsQuestion): Allowed<string> => {
  const wished = skill.sandbox.image ?? images[runtime];
  const ours = [...Object.values(images), ...Object.values(defaultImages)];
  const isFree = skill.source.place === 'bundled' || ours.includes(wished) || skill.grants.image === wished;
  return { wished, granted: isFree ? wished : images[runtime] };
};

export const limitsFor = (question: LimitsQuestion): LimitsAnswer => {
  const { skill, agent, base = defaultLimits } = question;
  const { sandbox: wish, grants } = skill;
  const longest = longestCommandTimeoutMs / 1_000;
  const image = allowImage(question);
  const memoryMb = allowNumber(wish.memoryMb, base.memoryMb, grants.memoryMb, agent.memoryMb);
  const cpus = allowNumber(wish.cpus, base.cpus, grants.cpus, agent.cpus);
  const timeoutSeconds = allowNumber(
    wish.timeoutSeconds,
    base.timeoutSeconds,
    grants.timeoutSeconds,
    longest,
  );
  const network = allowFlag(wish.network, base.network, grants.network);
  const execTmp = allowFlag(wish.execTmp, base.execTmp, grants.execTmp);
  const workspace = wish.workspace === 'ro' ? 'ro' : base.workspace;
  const take = (which: 'granted' | 'wished'): SandboxLimits => ({
    image: image[which],
    memoryMb: memoryMb[which],
    cpus: cpus[which],
    timeoutSeconds: timeoutSeconds[which],
    network: network[which],
    execTmp: execTmp[which],
    workspace,
  });
  const [granted, wished] = [take('granted'), take('wished')];
  const asks = (name: keyof SkillGrants): boolean => granted[name] !== wished[name];
  const words: Readonly<Record<keyof SkillGrants, string>> = {
    network: 'network: the whole internet',
    image: `image: ${wished.image}`,
    memoryMb: `memory: ${wished.memoryMb} MB`,
    cpus: `processors: ${wished.cpus}`,
    timeoutSeconds: `time: ${durationText(wished.timeoutSeconds)}`,
    execTmp: 'programs started from /tmp',
  };
  const missing: SkillGrants = {
    ...(asks('network') ? { network: wished.network } : {}),
    ...(asks('image') ? { image: wished.image } : {}),
    ...(asks('memoryMb') ? { memoryMb: wished.memoryMb } : {}),
    ...(asks('cpus') ? { cpus: wished.cpus } : {}),
    ...(asks('timeoutSeconds') ? { timeoutSeconds: wished.timeoutSeconds } : {}),
    ...(asks('execTmp') ? { execTmp: wished.execTmp } : {}),
  };
  const names: readonly (keyof SkillGrants)[] = [
    'network',
    'image',
    'memoryMb',
    'cpus',
    'timeoutSeconds',
    'execTmp',
  ];
  return { granted, wished, asked: names.filter(asks).map((name) => words[name]), missing };
};
