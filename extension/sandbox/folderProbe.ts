import type Docker from 'dockerode';
import type { EngineInfo } from '../core/sandbox.ts';

/** Files that begin so live for the moment of a probe; whoever watches the folder can ignore them. */
export const probeFilePrefix = '.anycowork-probe-';

/**
 * `seen`: a container reads what lies in the folder here. `unseen`: the engine is elsewhere, or may not share the folder.
 * `unknown`: it could not be tried, because there is no image to try it with, or nothing can be written into the folder.
 */
export type FolderSight = 'seen' | 'unseen' | 'unknown';

export interface FolderProbe {
  /**
   * Remembers its answers by engine and folder: `seen` for good, `unseen` for seconds, `unknown` not at all.
   * @param folder absolute real path
   * @param images tried first, where they are there; else any image
   * @throws SandboxError `engineLost`
   */
  look(docker: Docker, engine: EngineInfo, folder: string, images: readonly string[]): Promise<FolderSight>;
  forget(): void;
}

export declare const createFolderProbe: (ports: {
  now(): number;
  labels(): Record<string, string>;
}) => FolderProbe;
