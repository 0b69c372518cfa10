import { commonArguments, runRipgrep } from './ripgrep.ts';
import type { SearchFolder, Searching } from './searchScope.ts';
import { walkFiles } from './walk.ts';

/**
 * Hands out every file below a folder that no ignore file leaves out, in no certain order.
 * @param onFile gets paths relative to the folder, `/`-separated; returns false to stop
 * @throws the signal's reason when aborted
 */
export const listFiles = async (
  searching: Searching,
  { folder, useIgnoreFiles }: SearchFolder,
  onFile: (relative: string) => boolean,
  signal: AbortSignal,
): Promise<void> => {
  const binary = await searching.ripgrep();
  let started = false;
  const done =
    binary !== undefined &&
    (await runRipgrep(
      {
        binary,
        folder,
        arguments: [...commonArguments(useIgnoreFiles), '--files', './'],
        environment: searching.environment(),
        onLine: (line) => {
          started = true;
          return onFile(
            line.replace(/^\.[\\/]/, '').replaceAll('\\', process.platform === 'win32' ? '/' : '\\'),
          );
        },
      },
      signal,
    ));
  // What was handed out cannot be taken back: a ripgrep that broke off half-way is taken as it is.
  if (done || started) return;
  for await (const relative of walkFiles(folder, useIgnoreFiles, signal)) {
    if (!onFile(relative)) return;
  }
};
