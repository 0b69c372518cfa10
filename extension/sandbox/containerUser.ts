import { type EngineInfo, SandboxError } from '../core/sandbox.ts';

/** Numbers of a user and a group of this computer. */
export interface HostUser {
  readonly uid: number;
  readonly gid: number;
}

/** What createContainer takes. */
export interface ContainerUser {
  /** `1000:1000`. */
  readonly User: string;
  readonly UsernsMode?: string;
}

/** Owns nothing. */
const nobody: HostUser = { uid: 65_534, gid: 65_534 };
/** Docker Desktop's shares take files of any user as those of the person. */
const anybody: HostUser = { uid: 1_000, gid: 1_000 };

const written = ({ uid, gid }: HostUser): string => `${uid}:${gid}`;

const rootFolder = (): SandboxError =>
  new SandboxError(
    'refused',
    'The folder belongs to root, and programs in the sandbox never run as root, so they could not write into it. Nothing ran. Give the folder to a user of its own (`chown -R 1000:1000` on it), open one that is not root’s, or let the program only read it (`workspace: ro`).',
  );

/** Never root: who is root here becomes the owner of the folder. */
const withoutRoot = (host: HostUser, owner: HostUser, isWriting: boolean): HostUser => {
  if (host.uid !== 0) return host;
  if (owner.uid !== 0) return owner;
  if (isWriting) throw rootFolder();
  return nobody;
};

/**
 * As whom a program runs, so that what it writes belongs to the person.
 * @param host who runs the editor; undefined on systems without such numbers
 * @param owner of the workspace
 * @throws SandboxError `refused` where only root could write into the workspace
 */
export const containerUser = (
  kind: EngineInfo['kind'],
  host: HostUser | undefined,
  owner: HostUser,
  workspace: 'rw' | 'ro',
): ContainerUser => {
  const isWriting = workspace === 'rw';
  switch (kind) {
    case 'rootless':
      // Root inside is the person outside, and has no capability.
      return { User: '0:0' };
    case 'desktop':
      return { User: written(host === undefined || host.uid === 0 ? anybody : host) };
    case 'podmanRootless':
      return { User: written(withoutRoot(host ?? anybody, owner, isWriting)), UsernsMode: 'keep-id' };
    case 'usernsRemap':
      // Remapped users own nothing here. Without the map it is as on a rootful engine: never root, no capability.
      return { User: written(withoutRoot(host ?? anybody, owner, isWriting)), UsernsMode: 'host' };
    case 'rootful':
      return { User: written(withoutRoot(host ?? anybody, owner, isWriting)) };
  }
};
