import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { SandboxError, type SandboxSpec } from '../core/sandbox.ts';

export interface FolderRules {
  /** Absolute path of the home folder. */
  readonly home: string;
  /** `unix:///var/run/docker.sock`. */
  readonly engineAddress: string;
}

/** Whatever a program may need of these, it is not the whole of them. */
const systemFolders = new Set(
  '/bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /usr /var /Applications /Library /System /Users /Volumes /private'.split(
    ' ',
  ),
);
const kernelFolders = ['/proc', '/sys', '/dev'];
const secretFolders = new Set(['.ssh', '.gnupg', '.aws', '.kube', '.docker']);

/** @returns whether a path is a folder or lies in it */
export const isWithin = (folder: string, file: string): boolean => {
  const relative = path.relative(folder, file);
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
};

const refused = (what: string, how: string): SandboxError =>
  new SandboxError('refused', `${what} Nothing ran. ${how}`);

const howToOpen = 'Open the folder of a project instead.';

/** Real where it exists, else as it is. */
const realOf = (file: string): Promise<string> => realpath(file).catch(() => file);

const socketOf = (address: string): string | undefined =>
  /^unix:\/\/(?<file>\/.*)$/.exec(address)?.groups?.file;

const reasonAgainst = async (folder: string, rules: FolderRules): Promise<string | undefined> => {
  if (path.dirname(folder) === folder) return 'is the whole disk';
  const home = await realOf(rules.home);
  if (isWithin(folder, home)) return 'is the home folder or holds it';
  const parts = folder.split(path.sep);
  if (systemFolders.has(folder) || kernelFolders.some((each) => isWithin(each, folder))) {
    return 'belongs to the system';
  }
  const secret = parts.find((part) => secretFolders.has(part.toLowerCase()));
  if (secret !== undefined) return `lies in ${secret}, which holds keys`;
  const socket = socketOf(rules.engineAddress);
  if (socket !== undefined && (isWithin(folder, socket) || isWithin(folder, await realOf(socket)))) {
    return 'holds the socket of the container engine, which is a way out of every container';
  }
  return undefined;
};

const checkFolder = async (what: string, folder: string, rules: FolderRules): Promise<void> => {
  const real = path.isAbsolute(folder) ? await realpath(folder).catch(() => undefined) : undefined;
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw refused(`${what} ${folder} is not there.`, howToOpen);
  }
  if (path.relative(real, folder) !== '') {
    throw refused(`${what} ${folder} is a link to ${real}.`, 'Open the folder that it leads to.');
  }
  const reason = await reasonAgainst(real, rules);
  if (reason !== undefined) throw refused(`${what} ${folder} ${reason}, so no container gets it.`, howToOpen);
};

/**
 * @returns where the program starts, real: `/`-separated, below the workspace
 * @throws SandboxError `refused` for a folder that no container may see
 */
export const checkRunFolders = async (
  spec: Pick<SandboxSpec, 'workspace' | 'below' | 'skillFolder'>,
  rules: FolderRules,
): Promise<string> => {
  await checkFolder('The folder', spec.workspace, rules);
  if (spec.skillFolder !== undefined) await checkFolder('The skill’s folder', spec.skillFolder, rules);
  if (spec.below === '.') return '.';
  const start = path.resolve(spec.workspace, ...spec.below.split('/'));
  const real = await realpath(start).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isDirectory()) {
    throw refused(`The folder ${spec.below} to start in is not there.`, 'Name one that is.');
  }
  if (!isWithin(spec.workspace, real)) {
    throw refused(
      `The folder ${spec.below} to start in lies outside of the open folder.`,
      'Name one inside.',
    );
  }
  return path.relative(spec.workspace, real).split(path.sep).join('/') || '.';
};
