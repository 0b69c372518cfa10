// Programs that try to get out of the sandbox, in real containers of a real engine. Each is held, and the engine goes on.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import {
  containersOf,
  giveAway,
  makeFolders,
  makeSandbox,
  type Ran,
  type RunOptions,
  runIn,
  type TestFolders,
  type TestSandbox,
} from './sandboxSupport.ts';

describe('escaping from the sandbox', function () {
  this.timeout(60_000);
  let host = '';
  let folders: TestFolders;
  let box: TestSandbox;

  before(function () {
    host = dockerHostOrSkip(this);
  });
  beforeEach(() => {
    folders = makeFolders();
    box = makeSandbox(host, folders.quarantine);
  });
  afterEach(async () => {
    if (host === '') return;
    folders.remove();
    assert.deepEqual(await containersOf(host, box.ownerId), [], 'no container is left');
    assert.deepEqual(box.errors, []);
  });

  const shell = (script: string, options?: RunOptions): Promise<Ran> =>
    runIn(box.sandbox, folders.workspace, ['sh', '-c', script], options);

  /** Runs Python; each `attempt` prints the name of what was done, or of what stopped it. */
  const python = (script: string, options?: RunOptions): Promise<Ran> => {
    const head = `import ctypes, errno, json, os, platform, socket, subprocess, sys, time
def attempt(name, action):
    try:
        action()
        print(name, 'DONE', flush=True)
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, error.errno), flush=True)
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *parameters):
    if libc.syscall(number, *parameters) < 0:
        raise OSError(ctypes.get_errno(), '')
`;
    return runIn(box.sandbox, folders.workspace, ['python3', '-c', `${head}${script}`], options);
  };

  const answers = ({ output }: Ran): Record<string, string> =>
    Object.fromEntries(
      output
        .trim()
        .split('\n')
        .map((line) => {
          const [name = '', answer = ''] = line.split(' ');
          return [name, answer];
        }),
    );

  const put = (file: string, text: string): string => {
    const whole = path.join(folders.workspace, file);
    mkdirSync(path.dirname(whole), { recursive: true });
    writeFileSync(whole, text);
    for (let each = whole; each !== folders.workspace; each = path.dirname(each)) giveAway(each);
    return whole;
  };
  const isText = (file: string, text: string): void => {
    assert.equal(readFileSync(path.join(folders.workspace, file), 'utf8'), text);
  };

  it('writes nowhere but into the workspace and a small /tmp', async () => {
    const skillFolder = path.join(folders.base, 'skill');
    mkdirSync(skillFolder);
    chmodSync(skillFolder, 0o777);
    const ran = await python(
      `for place in ['/x', '/etc/x', '/usr/bin/x', '/skill/x', '/workspace/../x', '/var/tmp/x', '/root/x']:
    attempt(place, lambda: open(place, 'w'))
attempt('/workspace/x', lambda: open('/workspace/x', 'w'))
attempt('full', lambda: open('/tmp/x', 'wb').write(b'0' * 80_000_000))
os.remove('/tmp/x')
open('/tmp/p', 'w').write('#!/bin/sh\\n')
os.chmod('/tmp/p', 0o755)
attempt('started', lambda: subprocess.run(['/tmp/p']))`,
      { spec: { skillFolder } },
    );
    const { '/workspace/x': inWorkspace, full, started, '/root/x': inRoot, ...outside } = answers(ran);
    assert.deepEqual(new Set(Object.values(outside)), new Set(['EROFS']));
    assert.match(inRoot ?? '', /EROFS|EACCES/);
    assert.deepEqual([inWorkspace, full, started], ['DONE', 'ENOSPC', 'EACCES']);
    assert.deepEqual(readdirSync(skillFolder), []);
    assert.deepEqual(readdirSync(folders.base).sort(), ['skill', 'work']);
    const granted = await shell('printf "#!/bin/sh\\necho started" > /tmp/p; chmod +x /tmp/p; /tmp/p', {
      limits: { execTmp: true },
    });
    assert.equal(granted.output, 'started\n');
  });

  it('writes nothing where it may only read', async () => {
    put('a.txt', 'kept');
    const ran = await shell('cat a.txt 2>&1; exec 2>&1; echo x > a.txt; echo x > new; rm a.txt', {
      limits: { workspace: 'ro' },
    });
    assert.match(ran.output, /^kept/);
    assert.notEqual(ran.exitCode, 0);
    isText('a.txt', 'kept');
    assert.deepEqual(readdirSync(folders.workspace), ['a.txt']);
  });

  it('reads neither the passwords nor the home folder nor anything beside the workspace', async () => {
    const secret = `secret-${process.pid}-${Date.now()}`;
    const inHome = mkdtempSync(path.join(os.homedir(), '.anycowork-escape-'));
    try {
      writeFileSync(path.join(inHome, 'key'), secret);
      chmodSync(inHome, 0o755);
      writeFileSync(path.join(folders.base, 'beside'), secret);
      const places = [
        path.join(inHome, 'key'),
        path.join(folders.base, 'beside'),
        '../beside',
        '/proc/1/root/etc/shadow',
      ];
      const ran = await shell(
        `cat /etc/shadow; ${places.map((each) => `cat ${each}; cat /proc/1/root${each}; ln -s ${each} l; cat l; rm l`).join('; ')}; ls -A ${os.homedir()} /home`,
      );
      assert.ok(!ran.output.includes(secret), ran.output);
      assert.ok(!/^\w+:[$*!]/m.test(ran.output), ran.output);
      assert.match(ran.output, /\/etc\/shadow: Permission denied/);
    } finally {
      rmSync(inHome, { recursive: true });
    }
  });

  it('gets no more than a few processes, and the engine works on', async () => {
    const ran = await python(`count = 0
try:
    while count < 1000:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        count += 1
except OSError as error:
    print(count, errno.errorcode[error.errno])`);
    const [, count = ''] = /^(\d+) EAGAIN$/m.exec(ran.output) ?? [];
    assert.ok(Number(count) > 10 && Number(count) < 64, ran.output);
    const bomb = await shell('b() { b | b & }; b; sleep 1; sleep 60', { limits: { timeoutSeconds: 3 } });
    assert.match(bomb.output, /[Cc]annot fork/);
    assert.equal((await shell('echo fine')).output, 'fine\n');
  });

  it('gets no more memory than it may have', async () => {
    const ran = await python(
      `x = bytearray(600_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint('HAD IT')`,
    );
    assert.equal(ran.output, '');
    assert.deepEqual([ran.exitCode, ran.outOfMemory], [137, 'certain']);
    assert.equal((await shell('echo held')).output, 'held\n');
  });

  it('may write 50 MB of output, and is ended beyond the cap', async () => {
    const ran = await shell('head -c 50000000 /dev/zero');
    assert.deepEqual([ran.bytes, ran.exitCode, ran.isFlooding], [50_000_000, 0, false]);
    box = makeSandbox(host, folders.quarantine, { mostOutputBytes: 1_000_000 });
    const flood = await shell('yes');
    assert.deepEqual([flood.bytes, flood.exitCode, flood.isFlooding], [1_000_000, undefined, true]);
  });

  it('changes nothing in .git, and cannot put another in its place', async () => {
    put('.git/hooks/pre-commit', 'old hook');
    put('.git/config', 'old config');
    const ran = await shell(`echo x > .git/hooks/pre-commit
echo x > .git/hooks/post-checkout
echo x >> .git/config
rm -rf .git
mv .git .g2 && mkdir .git
ln .git/config hard
mkdir other && mv -T other .git
chmod 777 .git/config`);
    assert.match(ran.output, /Read-only file system/);
    assert.match(ran.output, /Device or resource busy/);
    isText('.git/hooks/pre-commit', 'old hook');
    isText('.git/config', 'old config');
    assert.deepEqual(readdirSync(path.join(folders.workspace, '.git')).sort(), ['config', 'hooks']);
    assert.deepEqual(readdirSync(path.join(folders.workspace, '.git', 'hooks')), ['pre-commit']);
    assert.deepEqual(ran.protectedChanges, []);
    assert.ok(!existsSync(path.join(folders.workspace, '.g2')));
  });

  it('changes no .vscode that is there', async () => {
    put('.vscode/tasks.json', '{}');
    put('.npmrc', 'registry=a');
    const ran = await shell(
      'echo x > .vscode/tasks.json; echo x > .vscode/settings.json; mv .vscode v; echo x > .npmrc; echo x > n; mv n .npmrc',
    );
    isText('.vscode/tasks.json', '{}');
    isText('.npmrc', 'registry=a');
    assert.deepEqual(readdirSync(path.join(folders.workspace, '.vscode')), ['tasks.json']);
    assert.deepEqual(ran.protectedChanges, []);
  });

  it('makes no protected file where there was none: it is moved away and told', async () => {
    put('src/a.ts', '');
    const ran = await shell(`mkdir .vscode src/.VSCode .git; echo tasks > .vscode/tasks.json
echo x > src/.VSCode/settings.json; echo x > .git/config; echo x > .envrc; echo x > src/AGENTS.md
mkdir -p repo/objects repo/refs; echo x > repo/HEAD; echo x > repo/config; echo ok > result.txt`);
    assert.deepEqual(ran.protectedChanges.map(({ path: where, kind }) => `${kind} ${where}`).sort(), [
      'made .envrc',
      'made .git',
      'made .vscode',
      'made repo/HEAD',
      'made src/.VSCode',
      'made src/AGENTS.md',
    ]);
    assert.deepEqual(readdirSync(folders.workspace).sort(), ['repo', 'result.txt', 'src']);
    assert.deepEqual(readdirSync(path.join(folders.workspace, 'src')), ['a.ts']);
    const answer = ran.protectedChanges.find((change) => change.path === '.vscode')?.answer ?? '';
    const kept = answer.replace(/^moved to /, '');
    assert.deepEqual([kept.startsWith(folders.quarantine), readdirSync(kept)], [true, ['tasks.json']]);
  });

  it('hides nothing by closing folders to their owner, and writes into no repository of another name', async () => {
    for (const each of ['HEAD', 'objects/x', 'refs/x', 'config']) put(`.bare/${each}`, 'old');
    const script =
      'echo x > .bare/config; mv .bare b; mkdir -p a/.vscode; echo x > a/.vscode/tasks.json; chmod 555 a/.vscode; chmod 0 a; chmod 311 .';
    const ran = await shell(script);
    assert.match(ran.output, /Read-only file system.*Device or resource busy/s);
    isText('.bare/config', 'old');
    assert.ok(ran.protectedChanges.some((change) => change.path === 'a/.vscode'));
    assert.deepEqual(readdirSync(path.join(folders.workspace, 'a')), []);
  });

  it('cannot get at protected places below by moving the folders above them', async () => {
    put('packages/a/.vscode/tasks.json', 'old');
    const ran = await shell(
      'echo x > packages/a/.vscode/tasks.json; mv packages p2; mkdir -p packages/a/.vscode; echo evil > packages/a/.vscode/tasks.json',
    );
    assert.match(ran.output, /Read-only file system/);
    assert.deepEqual(
      ran.protectedChanges.map(({ path: where }) => where),
      ['packages/a/.vscode'],
    );
    isText('p2/a/.vscode/tasks.json', 'old');
    assert.ok(!existsSync(path.join(folders.workspace, 'packages/a/.vscode')));
  });

  it('leaves no link behind that leads out of the workspace', async () => {
    put('inner/target.txt', 'x');
    const ran = await shell(`ln -s /etc/passwd secret; ln -s ${folders.base} up; ln -s ../.. inner/climb
ln -s / .vscode; ln -s inner/target.txt good; ln -s ../../nowhere/yet inner/dangling; ln -s inner/new fresh`);
    assert.deepEqual(ran.protectedChanges.map(({ path: where }) => where).sort(), [
      '.vscode',
      'inner/climb',
      'inner/dangling',
      'secret',
      'up',
    ]);
    assert.equal(
      ran.protectedChanges.find((change) => change.path === 'secret')?.answer,
      'removed; it was a link to /etc/passwd',
    );
    assert.deepEqual(readdirSync(folders.workspace).sort(), ['fresh', 'good', 'inner']);
    assert.ok(lstatSync(path.join(folders.workspace, 'good')).isSymbolicLink());
  });

  it('reaches no network, and not the metadata of a cloud', async () => {
    const ran = await python(`def connect(address):
    s = socket.socket()
    s.settimeout(3)
    s.connect(address)
attempt('internet', lambda: connect(('1.1.1.1', 53)))
attempt('metadata', lambda: connect(('169.254.169.254', 80)))
attempt('bridge', lambda: connect(('172.17.0.1', 22)))
print('interfaces', ','.join(os.listdir('/sys/class/net')))`);
    assert.deepEqual(answers(ran), {
      internet: 'ENETUNREACH',
      metadata: 'ENETUNREACH',
      bridge: 'ENETUNREACH',
      interfaces: 'lo',
    });
  });

  it('has no way to the engine', async () => {
    const socketFile = host.replace(/^unix:\/\//, '');
    const ran = await shell(
      `ls -l ${socketFile} /var/run/docker.sock /run/docker.sock /run/containerd; find / -xdev -type s 2>/dev/null; env`,
    );
    assert.ok(!/^s/m.test(ran.output), ran.output);
    assert.ok(!/DOCKER|TOKEN|KEY=|SECRET/.test(ran.output), ran.output);
  });

  it('cannot call what the kernel keeps for others: keyring, mounts, namespaces, modules, time', async () => {
    const ran = await python(`x86 = platform.machine() == 'x86_64'
def number(a, b): return a if x86 else b
attempt('add_key', lambda: call(number(248, 217), b'user', b'n', b'v', 1, -3))
attempt('request_key', lambda: call(number(249, 218), b'user', b'n', None, -3))
attempt('keyctl', lambda: call(number(250, 219), 0, -3, 1))
attempt('mount', lambda: call(number(165, 40), b'none', b'/tmp', b'tmpfs', 0, None))
attempt('umount', lambda: call(number(166, 39), b'/workspace', 2))
attempt('pivot_root', lambda: call(number(155, 41), b'/', b'/tmp'))
attempt('unshare_user', lambda: call(number(272, 97), 0x10000000))
attempt('unshare_mount', lambda: call(number(272, 97), 0x20000))
attempt('bpf', lambda: call(number(321, 280), 0, None, 0))
attempt('perf', lambda: call(number(298, 241), None, 0, -1, -1, 0))
attempt('init_module', lambda: call(number(175, 105), None, 0, b''))
attempt('reboot', lambda: call(number(169, 142), 0xfee1dead, 672274793, 0, None))
attempt('settime', lambda: time.clock_settime(time.CLOCK_REALTIME, 0))
attempt('ptrace_kernel', lambda: call(number(101, 117), 16, 2, None, None))
attempt('setuid', lambda: os.setuid(0))
attempt('setgroups', lambda: os.setgroups([0]))
attempt('chroot', lambda: os.chroot('/tmp'))
attempt('chown', lambda: (open('/workspace/mine', 'w').close(), os.chown('/workspace/mine', 0, 0)))
attempt('mknod', lambda: os.mknod('/workspace/disk', 0o60666, os.makedev(254, 0)))
attempt('nice', lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))`);
    const { ptrace_kernel: ptrace, nice, ...rest } = answers(ran);
    // There is no such process to be seen in here.
    assert.equal(ptrace, 'ESRCH');
    assert.match(nice ?? '', /EPERM|EACCES/);
    assert.equal(Object.keys(rest).length, 18);
    assert.deepEqual(new Set(Object.values(rest)), new Set(['EPERM']), JSON.stringify(rest));
  });

  it('sees no process and no device of the computer, and sets nothing in its kernel', async () => {
    const ran =
      await python(`for place in ['/proc/sys/kernel/core_pattern', '/proc/sys/vm/overcommit_memory', '/proc/sysrq-trigger',
    '/proc/sys/kernel/hostname', '/sys/kernel/uevent_helper', '/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/cgroup.procs',
    '/dev/mem', '/dev/kmsg', '/dev/vda', '/dev/sda', '/proc/kcore']:
    attempt(place, lambda: open(place, 'r+b', buffering=0).write(b'0'))
print('processes', sum(each.isdigit() for each in os.listdir('/proc')))
print('devices', ','.join(sorted(os.listdir('/dev'))))`);
    const { processes, devices, ...places } = answers(ran);
    assert.ok(Number(processes) <= 3, processes);
    const harmless =
      'console core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ');
    const unexpected = (devices ?? '').split(',').filter((name) => !harmless.includes(name));
    assert.deepEqual(unexpected, []);
    assert.match(devices ?? '', /urandom/);
    for (const [place, answer] of Object.entries(places)) {
      assert.match(answer, /EROFS|EACCES|EPERM|ENOENT/, place);
    }
  });

  it('gains nothing from programs that run as root', async () => {
    const ran = await shell(
      'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; echo | su -c id 2>&1; cp /bin/sh own; chmod u+s own; ./own -p -c "id -u"; id -u',
    );
    assert.match(ran.output, /^CapEff:\s0+$/m);
    assert.match(ran.output, /^CapBnd:\s0+$/m);
    assert.match(ran.output, /^NoNewPrivs:\s1$/m);
    assert.match(ran.output, /^Seccomp:\s2$/m);
    assert.ok(!/uid=0|^0$/m.test(ran.output), ran.output);
  });

  it('gets its arguments as they are: no shell reads them', async () => {
    const argv = [
      '; rm -rf /workspace',
      '$(touch pwned)',
      '`touch pwned`',
      '--privileged',
      '-v',
      '/:/host',
      '--',
      '&& touch pwned',
      '*',
      '$HOME',
      'two\nlines',
      '"quoted\' ',
      '',
      'ümläut 😀',
    ];
    const ran = await runIn(box.sandbox, folders.workspace, [
      'python3',
      '-c',
      'import json, sys; print(json.dumps(sys.argv[1:]))',
      ...argv,
    ]);
    assert.deepEqual(JSON.parse(ran.output), argv);
    const option = await runIn(box.sandbox, folders.workspace, ['--privileged', 'sh', '-c', 'touch pwned']);
    assert.equal(option.exitCode, 127);
    assert.deepEqual(readdirSync(folders.workspace), []);
  });
});
