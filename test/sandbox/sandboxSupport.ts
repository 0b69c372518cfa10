import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import type { Sandbox, SandboxLimits, SandboxResult, SandboxSpec } from '../../extension/core/sandbox.ts';
import { defaultLimits } from '../../extension/core/skills.ts';
import { createDockerSandbox, type DockerSandboxPorts } from '../../extension/sandbox/dockerSandbox.ts';
import { createEngineFinder } from '../../extension/sandbox/engineFinder.ts';
import { createFolderProbe } from '../../extension/sandbox/folderProbe.ts';
import { protectedReason } from '../../extension/workspace/protectedPaths.ts';

/** The one of the test's images that has all of Python's library. */
export const pythonImage = 'anycowork/toolbox:1';

/** Who the programs of these tests run as where root runs the tests: root's own folders are refused. */
export const ordinaryUser = 12_345;

const isRoot = process.getuid?.() === 0;

export const giveAway = (file: string): void => {
  if (isRoot) chownSync(file, ordinaryUser, ordinaryUser);
};

export interface TestFolders {
  readonly base: string;
  readonly workspace: string;
  readonly quarantine: string;
  remove(): void;
}

/** A workspace that is not root's, in a folder of its own. */
export const makeFolders = (): TestFolders => {
  const base = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'anycowork-box-')));
  chmodSync(base, 0o755);
  const workspace = path.join(base, 'work');
  mkdirSync(workspace);
  giveAway(workspace);
  const quarantine = path.join(base, 'quarantine');
  return { base, workspace, quarantine, remove: () => rmSync(base, { recursive: true, force: true }) };
};

let runs = 0;

export interface TestSandbox {
  readonly sandbox: Sandbox;
  readonly ownerId: string;
  readonly errors: unknown[];
}

/** The sandbox as the product makes it. @param host as in DOCKER_HOST */
export const makeSandbox = (
  host: string,
  quarantineFolder: string,
  ports: Partial<DockerSandboxPorts> = {},
): TestSandbox => {
  const errors: unknown[] = [];
  const ownerId = `test-${process.pid}-${Date.now()}-${++runs}`;
  const finder = createEngineFinder({
    setting: () => host,
    environment: {},
    home: os.homedir(),
    platform: process.platform,
    now: Date.now,
  });
  const sandbox = createDockerSandbox({
    finder,
    probe: createFolderProbe({ owner: ownerId, now: Date.now }),
    ownerId,
    isOwnerAlive: async () => true,
    protectedReason,
    quarantineFolder,
    home: os.homedir(),
    hostUser: () => {
      const [uid, gid] = [process.getuid?.(), process.getgid?.()];
      return uid === undefined || gid === undefined ? undefined : { uid, gid };
    },
    now: Date.now,
    newId: () => `${ownerId}-${++runs}`,
    logError: (error) => errors.push(error),
    ...ports,
  });
  return { sandbox, ownerId, errors };
};

export type Ran = SandboxResult & { readonly output: string; readonly bytes: number };

export interface RunOptions {
  readonly limits?: Partial<SandboxLimits>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly spec?: Partial<SandboxSpec>;
  onText?(text: string): void;
}

const mostShown = 100_000;

/** Runs a program and collects what it wrote, standard error too. */
export const runIn = async (
  sandbox: Sandbox,
  workspace: string,
  argv: readonly string[],
  { limits, input = '', signal = new AbortController().signal, spec, onText }: RunOptions = {},
): Promise<Ran> => {
  let output = '';
  let bytes = 0;
  const result = await sandbox.run(
    {
      argv,
      input,
      workspace,
      below: '.',
      limits: { ...defaultLimits, image: pythonImage, timeoutSeconds: 60, ...limits },
      environment: {},
      onOutput: async (chunk) => {
        bytes += chunk.length;
        if (output.length < mostShown) output += chunk.toString();
        onText?.(chunk.toString());
      },
      ...spec,
    },
    signal,
  );
  return { ...result, output, bytes };
};

/** Names of the containers of a window that are there, running or not. */
export const containersOf = async (host: string, ownerId: string): Promise<readonly string[]> => {
  const docker = new Docker({ socketPath: host.replace(/^unix:\/\//, ''), host: undefined });
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`anycowork.owner=${ownerId}`] },
  });
  return found.flatMap(({ Names }) => Names);
};
