import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../support/setUp.mjs';

/**
 * Bundles the suite that runs inside the extension host, where no TypeScript can be loaded. Packages stay outside: the
 * bundle stands in dist-test/, from where node_modules is found.
 * @returns the path of the bundle.
 */
export const bundleForHost = async (entry: string): Promise<string> => {
  const outfile = path.join(root, 'dist-test', `${path.basename(entry, '.ts')}.cjs`);
  await build({
    entryPoints: [path.join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outfile;
};
