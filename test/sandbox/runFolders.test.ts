import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SandboxError } from '../../extension/core/sandbox.ts';
import { checkRunFolders } from '../../extension/sandbox/runFolders.ts';
import { makeFolders, type TestFolders } from './sandboxSupport.ts';

describe('checkRunFolders', () => {
  let folders: TestFolders;
  let home: string;
  before(() => {
    folders = makeFolders();
    home = path.join(folders.base, 'home', 'user');
    mkdirSync(path.join(home, 'project', 'sub'), { recursive: true });
    mkdirSync(path.join(home, '.ssh', 'x'), { recursive: true });
    mkdirSync(path.join(home, '.claude', 'skills', 'x'), { recursive: true });
    mkdirSync(path.join(home, 'run'));
    writeFileSync(path.join(home, 'run', 'docker.sock'), '');
    symlinkSync('sub', path.join(home, 'project', 'link'));
    symlinkSync('../.ssh', path.join(home, 'project', 'out'));
    symlinkSync('project', path.join(home, 'alias'));
    symlinkSync(path.join(home, 'run', 'docker.sock'), path.join(folders.base, 'alias.sock'));
  });
  after(() => folders.remove());

  const check = (workspace: string, below = '.', skillFolder?: string): Promise<string> =>
    checkRunFolders(
      { workspace, below, ...(skillFolder === undefined ? {} : { skillFolder }) },
      { home, engineAddress: `unix://${path.join(folders.base, 'alias.sock')}` },
    );

  it('tells where the program really starts', async () => {
    const project = path.join(home, 'project');
    const skill = path.join(home, '.claude', 'skills', 'x');
    assert.equal(await check(project, '.', skill), '.');
    assert.equal(await check(project, 'sub'), 'sub');
    assert.equal(await check(project, 'link'), 'sub');
    assert.equal(await check(project, 'sub/..'), '.');
  });

  const refusals: readonly [name: string, of: () => Promise<string>, message: RegExp][] = [
    ['the disk', () => check('/'), /whole disk/],
    ['the home folder', () => check(home), /home folder/],
    ['what holds the home folder', () => check(path.dirname(home)), /home folder/],
    ['a folder of the system', () => check('/etc'), /belongs to the system/],
    ['the kernel', () => check('/proc/self'), /./],
    ['keys', () => check(path.join(home, '.ssh', 'x')), /\.ssh, which holds keys/],
    [
      'the socket of the engine, behind a link',
      () => check(path.join(home, 'run')),
      /socket of the container engine/,
    ],
    ['a link', () => check(path.join(home, 'alias')), /is a link to/],
    ['a relative path', () => check('project'), /is not there/],
    ['nothing', () => check(path.join(home, 'none')), /is not there/],
    ['a file', () => check(path.join(home, 'run', 'docker.sock')), /is not there/],
    ['a skill that is the home folder', () => check(path.join(home, 'project'), '.', home), /skill’s folder/],
    ['a start outside', () => check(path.join(home, 'project'), '../run'), /outside of the open folder/],
    [
      'a start behind a link out',
      () => check(path.join(home, 'project'), 'out'),
      /outside of the open folder/,
    ],
    ['a start that is not there', () => check(path.join(home, 'project'), 'none'), /is not there/],
  ];
  for (const [name, of, message] of refusals) {
    it(`refuses ${name}`, () =>
      assert.rejects(of(), (error) => {
        assert.ok(error instanceof SandboxError, String(error));
        assert.equal(error.kind, 'refused');
        assert.match(error.message, message);
        return true;
      }));
  }
});
