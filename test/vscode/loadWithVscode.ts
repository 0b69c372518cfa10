import { registerHooks } from 'node:module';

const fake = new URL('../fakes/vscode.ts', import.meta.url).href;

/** Loads a module that imports `vscode`, which only exists inside VS Code: it gets the fake. */
export const loadWithVscode = async <T>(load: () => Promise<T>): Promise<T> => {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'vscode' ? { url: fake, shortCircuit: true } : next(specifier, context),
  });
  try {
    return await load();
  } finally {
    hooks.deregister();
  }
};
