import type { EngineProblem, SandboxError } from '../core/sandbox.ts';

/** What a message can name. */
export interface ProblemFacts {
  /** `unix:///var/run/docker.sock`; absent where nothing was named and nothing found. */
  readonly address?: string;
  /** `setting`, `DOCKER_HOST`, `context colima`, `known socket`. */
  readonly foundBy?: string;
  /** What the system or the engine said: `connection refused`. */
  readonly answer?: string;
  /** Of `folderUnseen`. */
  readonly folder?: string;
  readonly platform?: NodeJS.Platform;
}

/** What is wrong and what to do; sentences for a person. */
export declare const engineMessage: (problem: EngineProblem, facts: ProblemFacts) => string;

/** `engineLost` where an error says that the engine went away (connection refused, reset, socket gone); else undefined. */
export declare const asEngineLost: (error: unknown) => SandboxError | undefined;

/** For catch(): throws `engineLost`, or the error itself. */
export declare const engineLostOr: (error: unknown) => never;
