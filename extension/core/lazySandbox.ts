/** A sandbox whose engine client is loaded on its first use: whoever never uses it never pays for it. */
import type { Sandbox } from './sandbox.ts';

/** @param load is called once, again after it failed */
export const lazySandbox = (load: () => Promise<Sandbox>): Sandbox => {
  let loading: Promise<Sandbox> | undefined;
  const loaded = (): Promise<Sandbox> => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  return {
    state: async (folder) => (await loaded()).state(folder),
    hasImage: async (image) => (await loaded()).hasImage(image),
    pull: async (image, onProgress, signal) => (await loaded()).pull(image, onProgress, signal),
    build: async (recipe, onProgress, signal) => (await loaded()).build(recipe, onProgress, signal),
    run: async (spec, signal) => (await loaded()).run(spec, signal),
    reap: async () => (await loaded()).reap(),
    // What was never used has nothing to end.
    close: async () => (await loading)?.close(),
  };
};
