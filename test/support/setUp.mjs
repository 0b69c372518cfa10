// Everything a fresh clone needs before anything can be built, run or tested. Runs on any Node from 20 up and imports
// only Node itself, because at the start there is nothing else.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..', '..');

const isWindows = process.platform === 'win32';
const binFolder = path.join(root, 'node_modules', '.bin');

/** The npm package `node`: the same version for everybody, whatever the machine has. */
export const nodePath = path.join(root, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');

const codeServerVersion = '4.139.1';
const cacheFolder = path.join(root, '.vscode-test');
const codeServerFolder = path.join(cacheFolder, `code-server-${codeServerVersion}`);

/** The folder with `out/server-main.js` of a real VS Code server and its web workbench. */
export const workbenchFolder = path.join(codeServerFolder, 'package', 'lib', 'vscode');

/** The environment in which npm scripts and tools run on the npm package's Node. */
export const toolEnvironment = () => {
  const name = Object.keys(process.env).find((key) => key.toLowerCase() === 'path') ?? 'PATH';
  return { ...process.env, [name]: `${binFolder}${path.delimiter}${process.env[name] ?? ''}` };
};

export const say = (text) => console.log(`set-up: ${text}`);

export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** Runs a command quietly, with a sign of life every 15 s; on failure throws with the end of its output. */
export const run = (what, command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const started = Date.now();
    say(`${what} ...`);
    const child = spawn(command, args, {
      cwd: root,
      env: toolEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: isWindows && !path.isAbsolute(command),
      ...options,
    });
    let output = '';
    const collect = (chunk) => {
      output = (output + chunk).slice(-8000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const alive = setInterval(() => say(`${what}: still working after ${seconds(started)}`), 15_000);
    child.on('error', (error) => {
      clearInterval(alive);
      reject(new Error(`${what}: ${error.message}`));
    });
    child.on('close', (code) => {
      clearInterval(alive);
      if (code === 0) {
        say(`${what}: done in ${seconds(started)}`);
        resolve(output);
      } else {
        reject(new Error(`${what} failed (${command} ${args.join(' ')} ended with ${code}):\n${output}`));
      }
    });
  });

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes the hidden lock file last, so an install that
 * was cut off is seen too. Modification times say nothing after a clone or a checkout, so contents are compared.
 */
const dependenciesAreInstalled = () => {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages;
  const present = readJson(path.join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined || !existsSync(nodePath)) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '') return true;
    const found = present[place];
    if (found === undefined)
      return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return found.version === entry.version;
  });
};

export const ensureDependencies = async () => {
  if (dependenciesAreInstalled()) return;
  await run('installing the npm packages of package-lock.json', 'npm', ['ci', '--no-audit', '--no-fund']);
};

export const onPath = (name) => {
  const found = spawnSync(isWindows ? 'where' : 'which', [name], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.split('\n')[0]?.trim() : undefined;
};

const usualBrowsers = () => {
  const windowsRoots = [process.env.ProgramFiles, process.env['ProgramFiles(x86)'], process.env.LOCALAPPDATA];
  return [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    ...windowsRoots.flatMap((folder) =>
      folder === undefined
        ? []
        : [
            path.join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
            path.join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
          ],
    ),
  ];
};

/** The browser that Playwright drives: CHROMIUM_PATH, else what is installed; undefined when there is none. */
export const findChromium = () => {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') return named;
  for (const name of [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'microsoft-edge',
  ]) {
    const found = onPath(name);
    if (found !== undefined) return found;
  }
  return usualBrowsers().find((file) => existsSync(file));
};

export const isDebianRoot = () => process.getuid?.() === 0 && onPath('apt-get') !== undefined;

export const aptInstall = async (...packages) => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('updating the package lists', 'apt-get', ['update', '-q'], { env });
  await run(`installing ${packages.join(', ')}`, 'apt-get', ['install', '-y', '-q', ...packages], { env });
};

/** @returns the path of the browser; installs Debian's Chromium when there is none and this is root. */
export const ensureChromium = async () => {
  const present = findChromium();
  if (present !== undefined) return present;
  if (isDebianRoot()) await aptInstall('chromium');
  const installed = findChromium();
  if (installed !== undefined) return installed;
  throw new Error(
    'No Chromium or Chrome was found. Install one, or set CHROMIUM_PATH to its executable, and run this again.',
  );
};

/** Two small native modules of the VS Code server are compiled here. */
const ensureCompiler = async () => {
  if (isWindows) return;
  const missing = ['make', 'g++', 'python3'].filter((tool) => onPath(tool) === undefined);
  if (missing.length === 0) return;
  if (isDebianRoot()) await aptInstall('build-essential', 'python3');
  else
    throw new Error(
      `Not found: ${missing.join(', ')}. Install a C++ compiler, make and Python 3, and run this again.`,
    );
};

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Left by a set-up that was interrupted. */
const removeLeftovers = async () => {
  for (const name of await readdir(cacheFolder)) {
    const owner = /\.partial-(\d+)$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) {
      await rm(path.join(cacheFolder, name), { recursive: true, force: true });
    }
  }
};

/**
 * The first complains in every window with a script in it, because the TypeScript it looks for is not there. The second
 * is turned off by a setting, for which VS Code restarts the extension host some seconds after a window has opened.
 */
const unwantedExtensions = ['typescript-language-features', 'copilot'];

/**
 * A real VS Code (server, extension host, web workbench) from npm, for machines that cannot or should not download the
 * desktop program. Made beside its final place and renamed when it is whole, so that half a set-up is never used.
 * https://www.npmjs.com/package/code-server
 */
export const ensureWorkbench = async () => {
  const marker = path.join(codeServerFolder, 'ready.json');
  const nodeVersion = readJson(path.join(root, 'node_modules', 'node', 'package.json'))?.version;
  const major = String(nodeVersion).split('.')[0];
  if (readJson(marker)?.node === major) return workbenchFolder;

  const started = Date.now();
  say(
    `preparing VS Code's server and web workbench (code-server ${codeServerVersion}), once; about a minute`,
  );
  await ensureCompiler();
  await mkdir(cacheFolder, { recursive: true });
  await removeLeftovers();
  const partial = `${codeServerFolder}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  await run('downloading code-server', 'npm', [
    'pack',
    `code-server@${codeServerVersion}`,
    '--pack-destination',
    partial,
  ]);
  const tarball = `code-server-${codeServerVersion}.tgz`;
  await run('unpacking', 'tar', ['-xzf', tarball], { cwd: partial });
  await rm(path.join(partial, tarball));
  const cwd = path.join(partial, 'package', 'lib', 'vscode');
  // Its own install scripts compile modules that are not needed here and fail without their libraries.
  const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  await run("installing the server's packages", 'npm', install, { cwd });
  await run(
    'compiling its two native modules',
    'npm',
    ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'],
    { cwd },
  );
  for (const name of unwantedExtensions) {
    await rm(path.join(cwd, 'extensions', name), { recursive: true, force: true });
  }
  await writeFile(
    path.join(partial, 'ready.json'),
    JSON.stringify({ version: codeServerVersion, node: major }),
  );
  await rm(codeServerFolder, { recursive: true, force: true });
  await rename(partial, codeServerFolder);
  say(`VS Code is ready in .vscode-test/ (${seconds(started)})`);
  return workbenchFolder;
};
