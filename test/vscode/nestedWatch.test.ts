import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createNestedWatch } from '../../extension/vscode/nestedWatch.ts';
import { until } from '../storage/coldSupport.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';

describe('folders below a folder that was moved in', () => {
  let top = '';
  let told = 0;
  let watching: ReturnType<typeof createNestedWatch>;
  beforeEach(() => {
    const base = temporaryFolder();
    fill(base, { 'moved/SKILL.md': 'a', 'moved/scripts/run.py': 'a', 'next/scripts/run.py': 'b' });
    top = path.join(base, 'moved');
    told = 0;
    watching = createNestedWatch(() => {
      told += 1;
    });
  });
  afterEach(() => {
    watching.dispose();
    removeTemporaryFolders();
  });

  const tellsOf = async (change: () => void): Promise<void> => {
    const before = told;
    change();
    await until(() => told > before, 'a change');
  };

  it('are looked after, and those that are made there later', async () => {
    await watching.renew(top);
    await tellsOf(() => appendFileSync(path.join(top, 'scripts', 'run.py'), 'b'));
    const deeper = path.join(top, 'scripts', 'deeper');
    await tellsOf(() => mkdirSync(deeper));
    // The new folder is looked after once it has been found.
    let size = 0;
    await until(async () => {
      const before = told;
      size += 1;
      fill(deeper, { [`${size}.py`]: 'c' });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return told > before;
    }, 'a change in the new folder');
  });

  it('are looked after once another one has taken its place', async () => {
    await watching.renew(top);
    renameSync(top, `${top}-old`);
    renameSync(path.join(path.dirname(top), 'next'), top);
    await watching.renew(top);
    await tellsOf(() => appendFileSync(path.join(top, 'scripts', 'run.py'), 'b'));
  });

  it('may be gone, or nobody’s business any more', async () => {
    await watching.renew(path.join(top, 'SKILL.md'));
    await watching.renew(path.join(top, 'gone'));
    await watching.renew(top);
    watching.dispose();
    await watching.renew(top);
    rmSync(path.join(top, 'scripts'), { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(told, 0);
  });
});
