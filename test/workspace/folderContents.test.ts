import assert from 'node:assert/strict';
import { chmodSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { askedContent } from '../../extension/workspace/folderContents.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { fill, removeTemporaryFolders, temporaryFolder } from './folders.ts';

describe('askedContent', () => {
  afterEach(removeTemporaryFolders);
  const isEnv = (below: string): string | undefined => (below.endsWith('.env') ? 'secret' : undefined);

  it('names the first name that asks, at any depth', async () => {
    const folder = temporaryFolder();
    fill(folder, { 'a.ts': '', 'deep/er/.env': '' });
    assert.equal(await askedContent(folder, 'app', isEnv), 'app holds deep/er/.env: secret');
    assert.equal(await askedContent(path.join(folder, 'deep'), 'app', () => undefined), undefined);
  });

  it('asks where there is more than it looks at', async () => {
    const folder = temporaryFolder();
    fill(folder, { 'a/1': '', 'a/2': '', 'b/.env': '' });
    assert.equal(await askedContent(folder, 'app', () => undefined, 5), undefined);
    assert.equal(
      await askedContent(folder, 'app', () => undefined, 4),
      'app holds more than 4 names, and not all were looked at',
    );
  });

  it('follows no links', async () => {
    const folder = temporaryFolder();
    fill(folder, { 'out/.env': '', 'in/a.ts': '' });
    symlinkSync(path.join(folder, 'out'), path.join(folder, 'in/link'));
    symlinkSync('..', path.join(folder, 'in/loop'));
    assert.equal(await askedContent(path.join(folder, 'in'), 'in', isEnv), undefined);
  });

  it('asks where it may not look', async function () {
    if (process.getuid?.() === 0) skipBecause(this, 'root may look everywhere');
    const folder = temporaryFolder();
    fill(folder, { 'closed/x': '' });
    chmodSync(path.join(folder, 'closed'), 0o000);
    const found = await askedContent(folder, 'app', isEnv);
    chmodSync(path.join(folder, 'closed'), 0o700);
    assert.equal(found, 'not everything in app can be looked at');
  });
});
