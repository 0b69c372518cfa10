import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type IgnoreRules, ignoreRulesOf, noIgnoreRules } from './ignoreRules.ts';
import { skippedFolders } from './ripgrep.ts';

const skipped = new Set(skippedFolders);

async function* walkFolder(
  folder: string,
  below: string,
  rules: IgnoreRules,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  signal.throwIfAborted();
  // A folder that may not be read has nothing to show.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    const relative = below === '' ? entry.name : `${below}/${entry.name}`;
    if (skipped.has(entry.name) || rules.isIgnored(file, entry.isDirectory())) continue;
    if (entry.isFile()) yield relative;
    else if (entry.isDirectory()) yield* walkFolder(file, relative, await rules.enter(file), signal);
  }
}

/**
 * The files below a folder as `rg --files` lists them, `/`-separated and relative to it. Follows no symbolic links.
 * @throws the signal's reason when aborted
 */
export async function* walkFiles(
  folder: string,
  useIgnoreFiles: boolean,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const rules = useIgnoreFiles ? await ignoreRulesOf(folder) : noIgnoreRules;
  yield* walkFolder(folder, '', rules, signal);
}
