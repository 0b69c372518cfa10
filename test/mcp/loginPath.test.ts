import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  createLoginPath,
  type LoginPath,
  type LoginPathPorts,
  loginArguments,
  mergePaths,
} from '../../extension/mcp/loginPath.ts';
import { killTree } from '../../extension/tools/processTree.ts';
import { skipBecause } from '../support/skipBecause.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';
import { livingOf, until } from './stdioRig.ts';

describe('PATH of the login shell', function () {
  this.timeout(30_000);
  const log: string[] = [];
  const open: LoginPath[] = [];
  const login = (SHELL: string, more: Partial<LoginPathPorts> = {}, home = '/'): LoginPath => {
    const made = createLoginPath({
      environment: () => ({ SHELL, PATH: '/bin:/usr/bin:/editor', HOME: home }),
      killTree,
      log: (text) => void log.push(text),
      ...more,
    });
    open.push(made);
    return made;
  };
  /** A shell that runs this script of /bin/sh. */
  const shell = (folder: string, script: string, name = 'oddsh'): string => {
    const file = path.join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  before(function () {
    if (process.platform === 'win32') skipBecause(this, 'Windows has no login shell');
  });
  afterEach(async () => {
    log.length = 0;
    await Promise.all(open.splice(0).map((each) => each.close()));
    removeTemporaryFolders();
  });

  it('is that of a profile, whatever it prints, and then what the editor has besides', async function () {
    if (!existsSync('/bin/bash')) return skipBecause(this, 'there is no bash');
    const home = temporaryFolder();
    writeFileSync(
      path.join(home, '.bash_profile'),
      'echo "Welcome!"; echo PATH=/wrong; export PATH="/from/profile:/bin:relative::/with blank"; echo bye',
    );
    assert.equal(await login('/bin/bash', {}, home).get(), '/from/profile:/bin:/with blank:/usr/bin:/editor');
    assert.deepEqual(log, []);
  });

  it('is asked for once, when it is needed', async () => {
    const folder = temporaryFolder();
    const count = path.join(folder, 'count');
    const asked = login(shell(folder, `echo x >>${count}; PATH=/own:$PATH; export PATH; eval "$2"`));
    assert.ok(!existsSync(count));
    const [first, second] = await Promise.all([asked.get(), asked.get()]);
    assert.equal(first, '/own:/bin:/usr/bin:/editor');
    assert.equal(second, first);
    assert.equal(await asked.get(), first);
    assert.equal(readFileSync(count, 'utf8'), 'x\n');
  });

  it('is that of the editor where the shell fails', async () => {
    const folder = temporaryFolder();
    const own = '/bin:/usr/bin:/editor';
    assert.equal(await login('/no/such/shell').get(), own);
    assert.equal(await login(shell(folder, 'echo nologin; exit 1', 'a')).get(), own);
    assert.equal(await login(shell(folder, 'exec yes', 'b')).get(), own);
    assert.match(log[0] ?? '', /\(\/no\/such\/shell\) is not known: .*ENOENT/);
    assert.match(log[1] ?? '', /ended with exit code 1/);
    assert.match(log[2] ?? '', /printed too much/);
  });

  it('is asked for again where the shell failed, but not for ever', async () => {
    const folder = temporaryFolder();
    const count = path.join(folder, 'count');
    const fails = login(shell(folder, `echo x >>${count}; exit 1`, 'a'));
    for (let turn = 0; turn < 5; turn += 1) assert.equal(await fails.get(), '/bin:/usr/bin:/editor');
    assert.equal(readFileSync(count, 'utf8'), 'x\nx\nx\n');
    const mended = path.join(folder, 'mended');
    const late = login(shell(folder, `[ -e ${mended} ] || exit 1; PATH=/own; export PATH; eval "$2"`, 'b'));
    assert.equal(await late.get(), '/bin:/usr/bin:/editor');
    writeFileSync(mended, '');
    assert.match(await late.get(), /^\/own:/);
  });

  it('does not wait longer than its limit, and leaves nothing running', async () => {
    const folder = temporaryFolder();
    const ids = path.join(folder, 'ids');
    const slow = shell(folder, `sleep 300 & echo $$ $! >${ids}; sleep 300`);
    const asked = login(slow, { timeoutMs: 1_000 });
    assert.equal(await asked.get(), '/bin:/usr/bin:/editor');
    assert.match(log.join(), /did not answer within 1 s/);
    await asked.close();
    const running = readFileSync(ids, 'utf8').trim().split(' ').map(Number);
    assert.deepEqual(livingOf(running), []);
  });

  it('can be given up', async () => {
    const folder = temporaryFolder();
    const ids = path.join(folder, 'ids');
    const asked = login(shell(folder, `echo $$ >${ids}.new; mv ${ids}.new ${ids}; sleep 300`));
    const found = asked.get();
    await until(() => existsSync(ids), 'its shell');
    await asked.close();
    assert.equal(await found, '/bin:/usr/bin:/editor');
    assert.deepEqual(livingOf([Number(readFileSync(ids, 'utf8'))]), []);
    assert.deepEqual(log, []);
  });

  it('does not wait for what a profile leaves in the background', async () => {
    const folder = temporaryFolder();
    const ids = path.join(folder, 'ids');
    const asked = login(shell(folder, `sleep 300 & echo $! >${ids}; PATH=/own; export PATH; eval "$2"`));
    assert.match(await asked.get(), /^\/own:/);
    process.kill(Number(readFileSync(ids, 'utf8')), 'SIGKILL');
  });

  it('is the environment on Windows', async () => {
    const environment = () => ({ Path: '/a', SHELL: '/no/such/shell' });
    assert.equal(await login('', { environment, platform: 'win32' }).get(), '/a');
    assert.deepEqual(log, []);
  });

  it('is asked for in the way of each shell', () => {
    const ways = ['/bin/zsh', '/usr/bin/fish', '/bin/tcsh', '/opt/bin/nu', '/usr/bin/pwsh'].map(
      loginArguments,
    );
    assert.deepEqual(ways, [['-ilc'], ['-ilc'], ['-ic'], ['-l', '-c'], ['-Login', '-Command']]);
  });
});

describe('merged PATHs', () => {
  it('have every absolute folder once, in order', () => {
    const folder = fc.constantFrom('/a', '/b', '/c d', '', '.', 'x/y', '/a/b');
    const joined = fc.array(folder).map((folders) => folders.join(path.delimiter));
    fc.assert(
      fc.property(joined, joined, (first, second) => {
        const merged = mergePaths(first, second).split(path.delimiter);
        const given = [first, second].flatMap((each) => each.split(path.delimiter));
        const wanted = given.filter((each, index) => path.isAbsolute(each) && given.indexOf(each) === index);
        assert.deepEqual(merged, wanted.length === 0 ? [''] : wanted);
      }),
    );
  });
});
