import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SkillInstallError } from '../../extension/core/skills.ts';

/** Everything below a folder, `/`-separated, with its content. */
export const contentsOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry): [string, string] => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(folder, file).split(path.sep).join('/'), readFileSync(file, 'latin1')];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** It fails in words for a person: of this kind, saying what was kept, without a stack or a system's code. */
export const refuses = async (work: Promise<unknown>, pattern: RegExp): Promise<void> => {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof SkillInstallError, String(error));
    assert.match(error.message, pattern);
    assert.match(error.message, /Nothing was|not marked/);
    assert.doesNotMatch(error.message, /\n\s+at |ENOENT|EEXIST/);
    return true;
  });
};

export const noSignal = (): AbortSignal => new AbortController().signal;

export const skillText = (name: string, description = `Does ${name}. Use it for ${name}.`): string =>
  `---\nname: ${name}\ndescription: ${description}\n---\n# ${name}\n\nRead this.\n`;
