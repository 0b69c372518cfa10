import type Docker from 'dockerode';
import type { DockerOptions } from 'dockerode';
import type { EngineInfo, EngineState } from '../core/sandbox.ts';

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
  open?(options: DockerOptions): Docker;
  /** Milliseconds until an engine that does not answer counts as not there. */
  readonly deadlineMs?: number;
}

export declare const createEngineFinder: (ports: EnginePorts) => EngineFinder;
