import type Docker from 'dockerode';
import type { ImageProgress, ImageRecipe } from '../core/sandbox.ts';

/** @throws SandboxError `engineLost` */
export declare const hasImage: (docker: Docker, image: string) => Promise<boolean>;

/** @throws SandboxError `refused` (no tag, `latest`), `pullFailed`, `engineLost`; the signal's reason when aborted */
export declare const pullImage: (
  docker: Docker,
  image: string,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
) => Promise<void>;

/** @throws SandboxError `refused`, `pullFailed`, `buildFailed`, `engineLost`; the signal's reason when aborted */
export declare const buildImage: (
  docker: Docker,
  recipe: ImageRecipe,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
) => Promise<void>;
