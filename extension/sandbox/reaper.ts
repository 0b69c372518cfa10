import type Docker from 'dockerode';
import { engineLostOr } from './engineMessages.ts';
import { engineDeadlines, within } from './stop.ts';

/** By these labels containers of ours are known. */
export const managedLabel = 'anycowork.managed';
/** What `isOwnerAlive` is asked about. */
export const ownerLabel = 'anycowork.owner';
export const runLabel = 'anycowork.run';
/** Milliseconds since 1970, after which nobody needs the container any more, alive or not. */
export const expiresLabel = 'anycowork.expires';

export const containerLabels = (of: {
  readonly owner: string;
  readonly run: string;
  readonly expiresAt: number;
}): Record<string, string> => ({
  [managedLabel]: '1',
  [ownerLabel]: of.owner,
  [runLabel]: of.run,
  [expiresLabel]: String(of.expiresAt),
});

export interface ReaperPorts {
  /** Whether the window that made a container may still be there; true where nobody can tell. */
  isOwnerAlive(owner: string): Promise<boolean>;
  /** Milliseconds. */
  now(): number;
}

/** A removal can hang; the others must not wait for it. */
const removalMs = 10_000;

const isLeft = async (labels: Readonly<Record<string, string>>, ports: ReaperPorts): Promise<boolean> => {
  const expiresAt = Number(labels[expiresLabel] ?? Number.NaN);
  if (expiresAt < ports.now()) return true;
  const owner = labels[ownerLabel];
  return owner !== undefined && owner !== '' && !(await ports.isOwnerAlive(owner));
};

const remove = async (docker: Docker, id: string): Promise<boolean> => {
  try {
    await docker.getContainer(id).remove({
      force: true,
      v: true,
      abortSignal: AbortSignal.timeout(removalMs),
    });
    return true;
  } catch {
    // Another window was first, or it does not go now: the next round sees it again.
    return false;
  }
};

/**
 * Removes containers with our labels that are past their time, or whose window is gone; those of others stay.
 * @returns how many were removed
 * @throws SandboxError `engineLost`
 */
export const reap = async (docker: Docker, ports: ReaperPorts): Promise<number> => {
  const containers = await within(engineDeadlines.list, 'list', (abortSignal) =>
    docker.listContainers({ all: true, filters: { label: [`${managedLabel}=1`] }, abortSignal }),
  ).catch(engineLostOr);
  const removed = await Promise.all(
    containers.map(async ({ Id, Labels }) => (await isLeft(Labels, ports)) && (await remove(docker, Id))),
  );
  return removed.filter((isRemoved) => isRemoved).length;
};
