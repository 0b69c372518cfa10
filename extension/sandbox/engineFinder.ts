import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Docker from 'dockerode';
import * as z from 'zod';
import type { EngineInfo, EngineProblem, EngineState } from '../core/sandbox.ts';
import { currentContextName, readContext } from './dockerContexts.ts';
import {
  dockerOptionsOf,
  type EngineCertificates,
  type EngineOptions,
  type EngineTarget,
  parseAddress,
  readCertificates,
} from './engineAddress.ts';
import { engineMessage, problemOf } from './engineMessages.ts';
import { knownSockets } from './knownSockets.ts';

export type FoundEngine =
  | { readonly kind: 'ready'; readonly docker: Docker; readonly engine: EngineInfo }
  | Extract<EngineState, { kind: 'unavailable' }>;

export interface EngineFinder {
  /** Never throws. The answer is kept for a few seconds; calls at the same time share one search. */
  find(): Promise<FoundEngine>;
  /** The next call searches anew: after an engine was lost, or the setting changed. */
  forget(): void;
}

export interface EnginePorts {
  /** `anycowork.sandbox.host`; empty: not set. */
  setting(): string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the home folder. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** Of who runs this, on systems that have it. */
  readonly userId?: number;
  /** Milliseconds. */
  now(): number;
  /** @throws where it cannot be read */
  readFile?(file: string): Promise<string>;
  /** Makes the client; nothing is sent yet. */
  open?(options: EngineOptions): Docker;
  /** Milliseconds until an engine that does not answer counts as not there. */
  readonly deadlineMs?: number;
}

/** One place to look at. */
interface Candidate {
  readonly foundBy: string;
  readonly target: EngineTarget;
  readonly certificates: EngineCertificates;
}

interface Failure {
  readonly candidate: Candidate;
  readonly problem: EngineProblem;
  readonly answer: string;
}

const keepMs = 3_000;
const deadlineMs = 3_000;

/** Of several failures the first of these says most to the person. */
const tellingOrder: readonly EngineProblem[] = [
  'windowsContainers',
  'denied',
  'stopped',
  'unreachable',
  'missing',
];

const infoSchema = z.object({
  OSType: z.string().default('linux'),
  OperatingSystem: z.string().default(''),
  ServerVersion: z.string().default(''),
  SecurityOptions: z.array(z.string()).nullish(),
  MemTotal: z.number(),
  NCPU: z.number(),
});

const versionSchema = z.object({
  Version: z.string().optional(),
  Components: z.array(z.object({ Name: z.string(), Version: z.string() })).nullish(),
});

type Info = z.infer<typeof infoSchema>;
type Version = z.infer<typeof versionSchema>;

const kindOf = (info: Info, isPodman: boolean): EngineInfo['kind'] => {
  const has = (name: string) =>
    info.SecurityOptions?.some((option) => option.split(',').includes(`name=${name}`)) === true;
  if (isPodman) return has('rootless') ? 'podmanRootless' : 'rootful';
  // Desktop programs run Docker in a machine of their own and give files to whoever reads them; what runs in there as
  // whom does not matter.
  if (/^(?:Docker Desktop|OrbStack)/.test(info.OperatingSystem)) return 'desktop';
  if (has('rootless')) return 'rootless';
  return has('userns') ? 'usernsRemap' : 'rootful';
};

/** `28.2.2` and `20.10.24+dfsg1` to `28.2` and `20.10`. */
const shortVersion = (version: string): string => /^\d+\.\d+/.exec(version)?.[0] ?? version;

const describe = (info: Info, version: Version, { foundBy, target }: Candidate): EngineInfo => {
  const podman = version.Components?.find(({ Name }) => Name === 'Podman Engine');
  const number = shortVersion(podman?.Version ?? (info.ServerVersion || version.Version || ''));
  return {
    name: `${podman === undefined ? 'Docker' : 'Podman'} ${number}`.trim(),
    address: target.address,
    foundBy,
    kind: kindOf(info, podman !== undefined),
    memoryBytes: info.MemTotal,
    cpus: info.NCPU,
  };
};

const configFolderOf = ({ environment, home }: EnginePorts): string =>
  environment.DOCKER_CONFIG || path.join(home, '.docker');

const candidatesOf = async (ports: EnginePorts): Promise<readonly Candidate[]> => {
  const { environment } = ports;
  const read = ports.readFile ?? ((file: string) => readFile(file, 'utf8'));
  const files = { folder: configFolderOf(ports), readFile: read };

  const named = async (foundBy: string, address: string): Promise<Candidate> => {
    const wantsTls = (environment.DOCKER_TLS_VERIFY ?? environment.DOCKER_TLS ?? '') !== '';
    const target = parseAddress(address, wantsTls);
    const usesTls = target.kind === 'tcp' && target.isTls;
    const folder = environment.DOCKER_CERT_PATH || files.folder;
    return { foundBy, target, certificates: usesTls ? await readCertificates(folder, read) : {} };
  };
  const ofContext = async (name: string): Promise<Candidate> => {
    const foundBy = `context ${name}`;
    const context = await readContext(files, name);
    if (context === undefined) {
      const reason = 'is a context that Docker does not know, or that names no engine';
      return { foundBy, target: { kind: 'refused', address: name, reason }, certificates: {} };
    }
    const { host, isTls, certificates } = context;
    return { foundBy, target: parseAddress(host, isTls), certificates };
  };

  // Who names an engine means that one: nothing else is tried in its place. What `docker context use` chose once may be
  // of a program that is long gone, so then the usual places follow.
  const setting = ports.setting().trim();
  if (setting !== '') return [await named('setting', setting)];
  if (environment.DOCKER_HOST) return [await named('DOCKER_HOST', environment.DOCKER_HOST)];
  const context = environment.DOCKER_CONTEXT;
  if (context && context !== 'default') return [await ofContext(context)];
  const current = context === 'default' ? undefined : await currentContextName(files);
  const known = knownSockets(ports).map(
    (file): Candidate => ({ foundBy: 'known socket', target: parseAddress(file), certificates: {} }),
  );
  const all = current === undefined ? known : [await ofContext(current), ...known];
  return all.filter(
    ({ target }, index) => all.findIndex((each) => each.target.address === target.address) === index,
  );
};

const withDeadline = async <Value>(work: Promise<Value>, ms: number): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('late', 'TimeoutError')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const ask = async (
  candidate: Candidate,
  ports: EnginePorts,
): Promise<Extract<FoundEngine, { kind: 'ready' }> | Failure> => {
  const { target, certificates } = candidate;
  if (target.kind === 'refused') return { candidate, problem: 'unreachable', answer: target.reason };
  try {
    const open = ports.open ?? ((options: EngineOptions) => new Docker(options));
    const options = dockerOptionsOf(target, certificates);
    const deadline = ports.deadlineMs ?? deadlineMs;
    // A client of its own for the questions: its time limit lets go of connections on which nobody answers.
    const asking = open({ ...options, timeout: deadline + 1_000 });
    const [info, version] = await withDeadline(
      asking.ping().then(() => Promise.all([asking.info(), asking.version()])),
      deadline,
    );
    const knownInfo = infoSchema.safeParse(info).data;
    if (knownInfo === undefined)
      return { candidate, problem: 'unreachable', answer: 'what answers there is no container engine' };
    if (knownInfo.OSType === 'windows')
      return { candidate, problem: 'windowsContainers', answer: 'runs Windows containers' };
    const engine = describe(knownInfo, versionSchema.safeParse(version).data ?? {}, candidate);
    return { kind: 'ready', docker: open(options), engine };
  } catch (error) {
    return { candidate, ...problemOf(error, target.kind) };
  }
};

const search = async (ports: EnginePorts): Promise<FoundEngine> => {
  const failures: Failure[] = [];
  for (const candidate of await candidatesOf(ports)) {
    const answer = await ask(candidate, ports);
    if ('kind' in answer) return answer;
    failures.push(answer);
  }
  const worst = tellingOrder
    .map((problem) => failures.find((failure) => failure.problem === problem))
    .find((failure) => failure !== undefined);
  const problem = worst?.problem ?? 'missing';
  const facts = worst && {
    address: worst.candidate.target.address,
    foundBy: worst.candidate.foundBy,
    answer: worst.answer,
  };
  return {
    kind: 'unavailable',
    problem,
    message: engineMessage(problem, { ...facts, platform: ports.platform }),
    tried: failures.map(
      ({ candidate, answer }) => `${candidate.target.address} (${candidate.foundBy}): ${answer}`,
    ),
  };
};

/** Looks for a container engine where the setting, the environment and the docker command say, then at the usual places. */
export const createEngineFinder = (ports: EnginePorts): EngineFinder => {
  let kept: { readonly answer: Promise<FoundEngine>; until: number } | undefined;
  return {
    find: () => {
      if (kept !== undefined && ports.now() < kept.until) return kept.answer;
      const mine = { answer: search(ports), until: Number.POSITIVE_INFINITY };
      kept = mine;
      const settle = () => {
        mine.until = ports.now() + keepMs;
      };
      mine.answer.then(settle, settle);
      return mine.answer;
    },
    forget: () => {
      kept = undefined;
    },
  };
};
