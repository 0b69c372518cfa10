/** Port to a container engine: where programs run that nobody has to trust. */
import type { SandboxWish } from '../shared/skill.ts';

/** Why there is no sandbox. Each has its own message. */
export const engineProblems = [
  'missing',
  'denied',
  'stopped',
  'unreachable',
  'windowsContainers',
  'folderUnseen',
  'virtualWorkspace',
] as const;
export type EngineProblem = (typeof engineProblems)[number];

export interface EngineInfo {
  /** `Docker 28.2`, `Podman 5.1`. */
  readonly name: string;
  /** `unix:///var/run/docker.sock`, and where that was found: `setting`, `DOCKER_HOST`, `context colima`, `known socket`. */
  readonly address: string;
  readonly foundBy: string;
  /** How it maps users. */
  readonly kind: 'rootful' | 'rootless' | 'usernsRemap' | 'podmanRootless' | 'desktop';
  /** Bytes and processors that it has. */
  readonly memoryBytes: number;
  readonly cpus: number;
}

export type EngineState =
  | { readonly kind: 'ready'; readonly engine: EngineInfo }
  | {
      readonly kind: 'unavailable';
      readonly problem: EngineProblem;
      /** What is wrong, and what to do; sentences for a person. */
      readonly message: string;
      /** The addresses that were tried and what each answered. */
      readonly tried: readonly string[];
    };

/** What a container may have; every field is set. */
export interface SandboxLimits extends Required<Omit<SandboxWish, 'workspace'>> {
  readonly workspace: 'rw' | 'ro';
}

export interface SandboxSpec {
  /** The program and its arguments; never a line for a shell. */
  readonly argv: readonly string[];
  /** What it reads on its standard input; empty: nothing. */
  readonly input: string;
  /** Absolute real path of the open folder; it is /workspace inside. */
  readonly workspace: string;
  /** `/`-separated, below the workspace: where it starts; `.` is the workspace. */
  readonly below: string;
  /** Absolute path; it is /skill inside, read-only. */
  readonly skillFolder?: string;
  readonly limits: SandboxLimits;
  /** On top of HOME and the like. Never secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** In the order of arrival. The next chunk waits for the promise. */
  onOutput(chunk: Buffer, stream: 'stdout' | 'stderr'): Promise<void>;
}

/** Something protected (`.git`, `.vscode/tasks.json`) that was changed or made inside, and has been put out of the way. */
export interface ProtectedChange {
  /** `/`-separated, below the workspace. */
  readonly path: string;
  readonly kind: 'made' | 'changed' | 'deleted';
  /** What was done about it: `moved to …`, `put back`. */
  readonly answer: string;
}

export interface SandboxResult {
  readonly exitCode: number | undefined;
  readonly timedOut: boolean;
  /** `certain`: the engine says so. `likely`: killed, and not by us. */
  readonly outOfMemory: 'no' | 'likely' | 'certain';
  /** It wrote more than is taken, and was ended. */
  readonly isFlooding: boolean;
  readonly protectedChanges: readonly ProtectedChange[];
  /** Milliseconds from the call to the first output or the end. */
  readonly firstOutputMs: number;
}

export interface ImageProgress {
  /** In a few words: `extracting layer 3 of 7`. */
  readonly text: string;
  /** 0 to 1, where it is known. */
  readonly part?: number;
}

/** An image that is made on this computer: a public one with packages of its distribution. */
export interface ImageRecipe {
  readonly name: string;
  readonly base: string;
  /** Debian packages. */
  readonly packages: readonly string[];
}

export interface Sandbox {
  /** Asks the engine, at most every few seconds. @param folder also: whether the engine sees it */
  state(folder?: string): Promise<EngineState>;
  hasImage(image: string): Promise<boolean>;
  /** Fetches an image. @throws SandboxError */
  pull(image: string, onProgress: (progress: ImageProgress) => void, signal: AbortSignal): Promise<void>;
  /** Makes an image; its base is fetched. @throws SandboxError */
  build(
    recipe: ImageRecipe,
    onProgress: (progress: ImageProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Runs one program in a container of its own, which is gone when this settles.
   * @throws SandboxError; the signal's reason when aborted, once the container is gone
   */
  run(spec: SandboxSpec, signal: AbortSignal): Promise<SandboxResult>;
  /** Removes what windows that are gone left behind. @returns how many */
  reap(): Promise<number>;
  /** Kills and removes everything of this window. */
  close(): Promise<void>;
}

export type SandboxErrorKind =
  | EngineProblem
  | 'missingImage'
  | 'engineLost'
  | 'refused'
  | 'pullFailed'
  | 'buildFailed';

/** The message says what happened, what was kept, and what to do next. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly kind: SandboxErrorKind;
  constructor(kind: SandboxErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
