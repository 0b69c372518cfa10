/** Ports and words around skills: who knows them, who installs them, who runs them. */
import type { ExecutionSettings } from '../shared/agent.ts';
import type { JsonObject, UserBlock } from '../shared/message.ts';
import type {
  LoadedSkill,
  Skill,
  SkillFile,
  SkillGrants,
  SkillProblem,
  SkillRun,
  SkillRuntime,
  SkillSource,
} from '../shared/skill.ts';
import type { ExecutionPlan } from './executionPlan.ts';
import type { SandboxLimits } from './sandbox.ts';

/** What a skill gets that asks for nothing, and a command: more needs a grant. */
export const defaultLimits: SandboxLimits = {
  image: 'debian:bookworm-slim',
  memoryMb: 512,
  cpus: 1,
  timeoutSeconds: 120,
  network: false,
  execTmp: false,
  workspace: 'rw',
};

/** What runs programs of a skill that names no image. */
export const defaultImages: Readonly<Record<SkillRuntime, string>> = {
  python: 'python:3.12-slim',
  node: 'node:22-slim',
  shell: 'debian:bookworm-slim',
};

export type InstallOrigin =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'zip'; readonly file: string }
  /** `https://…` or `ssh://…` or `git@…`; `path` is `/`-separated, below the repository. */
  | { readonly kind: 'git'; readonly url: string; readonly ref?: string; readonly path?: string };

/** What is kept of a skill between windows. */
export interface SkillRecord {
  /** Set where its files have been looked at by the person, or came with the product. */
  readonly reviewedHash?: string;
  readonly isDisabled: boolean;
  /** By content hash. */
  readonly grants: Readonly<Record<string, SkillGrants>>;
  readonly lastRun?: SkillRun;
  /** Of an installed one. */
  readonly origin?: InstallOrigin;
  /** The commit that `origin` stood for. */
  readonly commit?: string;
  readonly installedAt?: number;
}

/**
 * Small files in the product's storage, one for each skill, replaced whole: of two windows that change one at the same
 * time the later wins.
 */
export interface SkillRecords {
  /** An empty record where nothing is kept. */
  get(source: SkillSource, name: string): Promise<SkillRecord>;
  /** @throws the system's error when it cannot be kept */
  change(source: SkillSource, name: string, change: (record: SkillRecord) => SkillRecord): Promise<void>;
  forget(source: SkillSource, name: string): Promise<void>;
  onChange(listener: () => void): () => void;
}

/** Every skill of this window. */
export interface SkillCatalog {
  /** By id. Read from the disk on the first call and after a change; all states, also broken ones. */
  list(): Promise<readonly LoadedSkill[]>;
  get(id: string): Promise<LoadedSkill | undefined>;
  /** Reads everything anew. */
  refresh(): void;
  onChange(listener: () => void): () => void;
  close(): void;
}

/** Usable by agents and people now. */
export const isUsable = ({ state }: Pick<LoadedSkill, 'state'>): boolean =>
  state === 'ready' || state === 'unreviewed';

/** A reason to look, found in the files of a skill; not a verdict. */
export interface ScanFinding {
  readonly file: string;
  readonly line: number;
  /** `pipes a download into a shell`, `invisible characters`. */
  readonly reason: string;
  /** The line, cut, its invisible characters written as escapes. */
  readonly excerpt: string;
}

/** A skill that could be installed, in a folder of its own in the product's storage. */
export interface OfferedSkill {
  readonly skill: Skill;
  readonly files: readonly SkillFile[];
  readonly hash: string;
  readonly problems: readonly SkillProblem[];
  readonly findings: readonly ScanFinding[];
  /** Absolute path. */
  readonly folder: string;
  /** The installed one that it would replace. */
  readonly replaces?: LoadedSkill;
}

export interface InstallOffer {
  readonly origin: InstallOrigin;
  readonly commit?: string;
  /** For people: `github.com/anthropics/skills`. */
  readonly label: string;
  readonly skills: readonly OfferedSkill[];
  /** Of what looked like a skill and is none. */
  readonly problems: readonly SkillProblem[];
}

/** Bad input from a place that skills come from, in words for a person. */
export class SkillInstallError extends Error {
  override readonly name = 'SkillInstallError';
}

/** What is kept of a skill as it was when it was reviewed. */
export interface ReviewedCopy {
  /** Absolute path; it has the text files, up to 5 MB of them. */
  readonly folder: string;
  /** All that were reviewed, also those that are not in the folder. */
  readonly files: readonly SkillFile[];
}

export interface SkillInstaller {
  /**
   * Fetches and checks; installs nothing. `discard` what it answers.
   * @throws SkillInstallError; the signal's reason when aborted
   */
  stage(
    origin: InstallOrigin,
    onProgress: (text: string) => void,
    signal: AbortSignal,
  ): Promise<InstallOffer>;
  /** Puts one skill of an offer in its place, as reviewed by the person. @throws SkillInstallError */
  install(offer: InstallOffer, offered: OfferedSkill, grants: SkillGrants): Promise<void>;
  discard(offer: InstallOffer): Promise<void>;
  uninstall(skill: LoadedSkill): Promise<void>;
  /** The files as they are now are what the person has looked at. @throws SkillInstallError when they changed meanwhile */
  markReviewed(skill: LoadedSkill): Promise<void>;
  /** The files as they were when they were reviewed last, where a copy was kept. */
  reviewedCopy(skill: LoadedSkill): Promise<ReviewedCopy | undefined>;
  scan(folder: string, files: readonly SkillFile[]): Promise<readonly ScanFinding[]>;
}

/** Runs a program on this computer, without a shell, as a process group that ends as a whole. */
export interface HostProcess {
  /** @throws the signal's reason when aborted, once it is gone; the system's error when it cannot be started */
  run(
    process: {
      readonly argv: readonly string[];
      /** Absolute. */
      readonly folder: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly input: string;
      readonly timeoutMs: number;
      /** `stream` where it is known. */
      onOutput(chunk: Buffer, stream?: 'stdout' | 'stderr'): Promise<void>;
    },
    signal: AbortSignal,
  ): Promise<{ readonly exitCode: number | undefined; readonly timedOut: boolean }>;
}

/** Collects the output of a program: everything, or head and tail with a note where the rest is. */
export interface OutputKeeper {
  /** Wait for it before the next chunk. */
  add(chunk: Buffer): Promise<void>;
  finish(): Promise<string>;
}

export interface SkillRunRequest {
  readonly skill: LoadedSkill;
  readonly entry: string;
  /** Goes to the program as JSON on its standard input. */
  readonly input: JsonObject;
  /** Goes to the program behind its file; never through a shell. */
  readonly argv: readonly string[];
  readonly execution: ExecutionSettings;
}

export interface SkillRunOutput {
  /** Markdown, then pictures that it made. */
  readonly content: readonly UserBlock[];
  readonly isError: boolean;
  readonly summary: string;
}

/** A run that has been checked and planned; nothing has happened yet. */
export interface PreparedRun {
  readonly plan: ExecutionPlan;
  /** Of a sandboxed one. */
  readonly limits: SandboxLimits;
  /** In words: what the skill asks for and has no grant for; it is given with the approval of this one run. */
  readonly asked: readonly string[];
  /** For a person, one each: where it runs and what it can reach. */
  readonly facts: readonly string[];
  /** As a line, for people: `spreadsheet/read --sheet 1`, quoted where needed. */
  readonly line: string;
  /**
   * @param emit live output
   * @throws ToolError where it cannot run; the signal's reason when aborted
   */
  run(signal: AbortSignal, emit: (text: string) => void): Promise<SkillRunOutput>;
}

export interface SkillRunner {
  /** @throws ToolError with a message that agents and people can act on */
  prepare(request: SkillRunRequest, signal: AbortSignal): Promise<PreparedRun>;
}
