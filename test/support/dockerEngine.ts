import { skipBecause } from './skipBecause.ts';

/** The engine that `npm test` found or started, as in DOCKER_HOST; undefined where there is none. */
export const dockerHost = (): string | undefined => process.env.DOCKER_HOST || undefined;

/** For a hook of a suite: the engine's address, or the suite is skipped. */
export const dockerHostOrSkip = (context: Mocha.Context): string =>
  dockerHost() ?? skipBecause(context, 'there is no container engine (skipped: no Docker engine)');
