import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '../../extension/tools/findProgram.ts';
import { createHostProcess } from '../../extension/tools/hostProcess.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { never } from './rig.ts';

const suffix = process.platform === 'win32' ? '.exe' : '';

const put = (folder: string, name: string): string => {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name + suffix);
  writeFileSync(file, '#!/bin/sh\necho planted\n');
  chmodSync(file, 0o755);
  return file;
};

describe('where a program lies', () => {
  afterEach(removeTemporaryFolders);

  it('is said by PATH, in its order', async () => {
    const base = temporaryFolder();
    const [a, b] = [path.join(base, 'a'), path.join(base, 'b')];
    const second = put(b, 'tool');
    mkdirSync(path.join(a, `tool${suffix}`), { recursive: true });
    if (process.platform !== 'win32') {
      assert.equal(await findProgram('tool', { PATH: [a, b].join(path.delimiter) }), second);
    }
    assert.equal(await findProgram('tool', { Path: b }), second);
    assert.equal(await findProgram('tool', { PATH: a.slice(0, -1) }), undefined);
    assert.equal(await findProgram('tool', {}), undefined);
    assert.equal(await findProgram(second, {}), second);
  });

  it('is never the folder in which it starts', async () => {
    const folder = temporaryFolder();
    put(folder, 'anycowork-planted');
    const PATH = ['.', '', `..${path.sep}${path.basename(folder)}`].join(path.delimiter);
    const run = { argv: ['anycowork-planted'], folder, environment: { PATH }, input: '', timeoutMs: 5_000 };
    await assert.rejects(
      createHostProcess().run({ ...run, onOutput: async () => {} }, never),
      (error) => error instanceof Error && 'code' in error && error.code === 'ENOENT',
    );
  });
});
