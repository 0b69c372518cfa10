// A real container engine for the tests: one that runs already, else, on Debian as root, one of our own, with images made
// on this machine where none can be fetched. Runs on any Node from 20 up.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { homedir, networkInterfaces } from 'node:os';
import path from 'node:path';
import {
  aptInstall,
  isDebianRoot,
  nodePath,
  onPath,
  root,
  run,
  say,
  seconds,
  toolEnvironment,
} from './setUp.mjs';

const cacheFolder = path.join(
  process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'),
  'anycowork-test',
  'docker',
);

/** Short, because sockets lie in it and their paths must fit into 107 bytes; of its own for each cache folder. */
const runFolder = `/run/anycowork-test-${createHash('sha256').update(cacheFolder).digest('hex').slice(0, 8)}`;
const inRun = (...names) => path.join(runFolder, ...names);
const ownHost = `unix://${inRun('docker.sock')}`;
/** A bridge of its own: two engines on one would give out the same addresses. */
const bridge = `acw${runFolder.slice(-8)}`;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sleepHere = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const readText = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

/** When a process began, in ticks since the machine did: process ids come again, both together do not. */
const startOf = (pid) => {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};
const me = `${process.pid}-${startOf(process.pid)}`;
const isThere = (name) => {
  const [pid, start] = name.split('-');
  return start !== '' && startOf(pid) === start;
};

/** @param {string} host as in DOCKER_HOST; only what needs no certificates */
const answers = (host) =>
  new Promise((resolve) => {
    const url = URL.canParse(host) ? new URL(host) : undefined;
    const target =
      url?.protocol === 'unix:'
        ? { socketPath: url.pathname }
        : { host: url?.hostname, port: url?.port || '2375' };
    if (url === undefined || !['unix:', 'tcp:'].includes(url.protocol)) return resolve(false);
    const request = http.get({ ...target, path: '/_ping', timeout: 3_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });

const lockFile = inRun('lock');

/** Takes the lock once, unless somebody who is there has it. */
const tryLock = () => {
  try {
    symlinkSync(me, lockFile);
    return true;
  } catch {
    let holder = '';
    try {
      holder = readlinkSync(lockFile);
    } catch {
      return false;
    }
    if (isThere(holder)) return false;
    // Moved away, so that of two who see it only one removes it; and put back if it is a new one by now.
    const moved = `${lockFile}-${me}`;
    try {
      renameSync(lockFile, moved);
      if (readlinkSync(moved) === holder) rmSync(moved);
      else renameSync(moved, lockFile);
    } catch {
      // Another one was quicker.
    }
    return false;
  }
};

const unlock = () => rmSync(lockFile, { force: true });

const lock = async () => {
  mkdirSync(inRun('users'), { recursive: true });
  const started = Date.now();
  let told = started;
  while (!tryLock()) {
    await sleep(100);
    if (Date.now() - told > 15_000) {
      told = Date.now();
      say(`waiting for another run that prepares the container engine, ${seconds(started)}`);
    }
  }
};

/** Names of runs that use the engine and are there; what others left behind goes. */
const otherUsers = () =>
  readdirSync(inRun('users')).filter((name) => {
    if (!isThere(name)) rmSync(inRun('users', name), { force: true });
    return name !== me && isThere(name);
  });

/** The engine's process, where it is there and has not ended. */
const enginePid = () => {
  const pid = readText(inRun('pid'));
  return pid !== '' && / \(dockerd\) [^ZX] /.test(` ${readText(`/proc/${pid}/stat`)}`)
    ? Number(pid)
    : undefined;
};

/** Ends the engine if nobody else uses it. Without a wait for promises: also a run that is interrupted does it. */
const release = () => {
  try {
    rmSync(inRun('users', me), { force: true });
    const until = Date.now() + 5_000;
    while (!tryLock()) {
      // Who has the lock is about to use the engine.
      if (Date.now() > until) return;
      sleepHere(50);
    }
    const pid = enginePid();
    if (pid !== undefined && otherUsers().length === 0) {
      process.kill(pid, 'SIGTERM');
      const last = Date.now() + 20_000;
      while (enginePid() !== undefined && Date.now() < last) sleepHere(50);
      if (enginePid() !== undefined) process.kill(pid, 'SIGKILL');
      removeBridge();
    }
    unlock();
  } catch (error) {
    console.log(`  the container engine of the tests could not be stopped: ${error.message}`);
  }
};

const ip = (...args) => {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
};

/** @returns options of dockerd; none where the tool is missing, and then it uses its usual bridge */
const ensureBridge = () => {
  if (onPath('ip') === undefined) return [];
  if (!existsSync(`/sys/class/net/${bridge}`)) {
    const taken = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const free = ['172.29.213', '10.213.47', '192.168.213', '172.28.97'].find((net) =>
      taken.every(({ address }) => !address.startsWith(`${net}.`)),
    );
    if (free === undefined) return [];
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('addr', 'add', `${free}.1/24`, 'dev', bridge);
  }
  ip('link', 'set', bridge, 'up');
  return ['--bridge', bridge];
};

/** With the rules that the engine has made for it and leaves behind. */
const removeBridge = () => {
  for (const table of ['filter', 'nat']) {
    const { stdout } = spawnSync('iptables', ['-t', table, '-S'], { encoding: 'utf8' });
    for (const line of (stdout ?? '').split('\n')) {
      if (!line.startsWith('-A ') || !line.includes(bridge)) continue;
      spawnSync('iptables', ['-t', table, ...line.replace('-A', '-D').trim().split(' ')], {
        stdio: 'ignore',
      });
    }
  }
  spawnSync('ip', ['link', 'delete', bridge], { stdio: 'ignore' });
};

const startEngine = async () => {
  const started = Date.now();
  mkdirSync(path.join(cacheFolder, 'data'), { recursive: true });
  rmSync(inRun('pid'), { force: true });
  const bridgeOptions = ensureBridge();
  const logFile = path.join(cacheFolder, 'log');
  writeFileSync(logFile, '');
  const log = openSync(logFile, 'a');
  const options = ['--host', ownHost, '--data-root', path.join(cacheFolder, 'data')];
  options.push('--exec-root', inRun('exec'), '--pidfile', inRun('pid'), ...bridgeOptions);
  // A session of its own: Ctrl+C at the terminal is for the run, which stops it in its own order.
  const child = spawn('dockerd', options, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended;
  child.on('error', (error) => {
    ended = error.message;
  });
  child.on('exit', (code) => {
    ended = `it ended with ${code}`;
  });
  while (!(await answers(ownHost))) {
    if (ended === undefined && Date.now() - started > 60_000) ended = 'no answer after 60 s';
    if (ended !== undefined) {
      const tail = readText(logFile).split('\n').slice(-15).join('\n');
      throw new Error(`dockerd could not be started: ${ended}\n${tail}`);
    }
    await sleep(100);
  }
  child.removeAllListeners();
  child.unref();
  say(`a container engine of the tests' own runs (${seconds(started)})`);
};

/** @param {'fetch' | 'make'} how to get images that are missing: `make` only in an engine that is ours */
const ensureImages = (host, how) =>
  run('looking for the images of the sandbox tests', nodePath, ['test/support/dockerImages.ts', how], {
    env: { ...toolEnvironment(), DOCKER_HOST: host, ANYCOWORK_TEST_ROOTFS: path.join(cacheFolder, 'rootfs') },
  });

const ownEngine = async () => {
  const missing = [
    ['dockerd', 'docker.io'],
    ['debootstrap', 'debootstrap'],
  ].filter(([command]) => onPath(command) === undefined);
  if (missing.length > 0) await aptInstall(...missing.map(([, name]) => name));
  await lock();
  try {
    writeFileSync(inRun('users', me), root);
    process.once('exit', release);
    if (!(await answers(ownHost))) await startEngine();
    await ensureImages(ownHost, 'make');
  } finally {
    unlock();
  }
  return ownHost;
};

/**
 * Finds or starts an engine that has the images of the tests. One of our own ends with the last run that uses it; its
 * images stay in the cache folder.
 * @returns {Promise<{ host: string } | { reason: string }>} as in DOCKER_HOST, or why there is none
 */
export const ensureDockerEngine = async () => {
  const reasons = [];
  for (const host of new Set([process.env.DOCKER_HOST, 'unix:///var/run/docker.sock'])) {
    if (host === undefined || host === '') continue;
    if (!(await answers(host))) {
      reasons.push(`nobody answers at ${host}`);
      continue;
    }
    try {
      await ensureImages(host, 'fetch');
      return { host };
    } catch (error) {
      reasons.push(`the engine at ${host} has not the images: ${error.message}`);
    }
  }
  if (process.platform !== 'linux' || !isDebianRoot())
    return { reason: `${reasons.join('; ')}; and only root on Debian can have one of its own` };
  try {
    return { host: await ownEngine() };
  } catch (error) {
    return { reason: [...reasons, error.message].join('; ') };
  }
};
