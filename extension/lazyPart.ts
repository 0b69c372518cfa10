/** Commands and views of a part of the product that loads on its first use. A part of app.ts. */
import type { RulesTree } from './vscode/rulesTree.ts';

export type Command = (...values: readonly unknown[]) => Promise<unknown>;

/** One load at a time; one that failed is tried again by the next who needs it. */
export const loadOnce = <T>(
  load: () => Promise<T>,
): { get(): Promise<T>; loaded(): Promise<T> | undefined } => {
  let loading: Promise<T> | undefined;
  return {
    get: () => {
      loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return loading;
    },
    loaded: () => loading,
  };
};

export const lazyCommands = <N extends string>(
  names: readonly N[],
  commands: () => Promise<Readonly<Record<N, (...values: never[]) => Promise<unknown>>>>,
): Readonly<Record<N, Command>> => {
  const lazily =
    (name: N): Command =>
    async (...values) => {
      // Each checks what it is given.
      const run = (await commands())[name] as Command;
      return run(...values);
    };
  // fromEntries forgets which names there are.
  return Object.fromEntries(names.map((name) => [name, lazily(name)])) as Record<N, Command>;
};

export const lazyTree = (tree: () => Promise<RulesTree>, logError: (error: unknown) => void): RulesTree => ({
  children: async (parent) => (await tree()).children(parent),
  onChange: (listener) => {
    let unlisten: (() => void) | undefined;
    let isOver = false;
    tree()
      .then((loaded) => {
        if (!isOver) unlisten = loaded.onChange(listener);
      })
      .catch(logError);
    return () => {
      isOver = true;
      unlisten?.();
    };
  },
});
