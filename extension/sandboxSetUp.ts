/** The sandbox of a window: loaded on its first use. A part of app.ts. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';
import { lazySandbox } from './core/lazySandbox.ts';
import type { Sandbox } from './core/sandbox.ts';
import { formatOwner, parseOwner, processState, thisOwner } from './storage/owner.ts';
import { sandboxHost } from './vscode/settings.ts';
import { protectedReason } from './workspace/protectedPaths.ts';

/** Milliseconds. */
const reapAfterStart = 20_000;
const reapEvery = 10 * 60_000;

/** A label of a container may be read by other programs: plain characters only. */
const ownerLabel = (ownerId: string): string => Buffer.from(formatOwner(thisOwner(ownerId))).toString('hex');

/**
 * Whom this does not know (another machine or version on the same engine), or cannot tell apart from the living, counts as
 * alive: their containers go when they expire.
 */
const isOwnerAlive = async (label: string): Promise<boolean> => {
  const owner = parseOwner(Buffer.from(label, 'hex').toString('utf8'));
  return owner === undefined || processState(owner) !== 'dead';
};

export const createWindowSandbox = (ports: {
  /** Absolute path of the product's storage. */
  readonly storage: string;
  readonly ownerId: string;
  newId(): string;
  now(): number;
  logError(error: unknown): void;
}): Sandbox => {
  const folder = path.join(ports.storage, 'sandbox');
  /** Only who has ever used it has something left behind, and is worth asking an engine for. */
  const marker = path.join(folder, 'used');
  let timers: NodeJS.Timeout[] = [];

  const sandbox = lazySandbox(async () => {
    const { createEngineFinder, createFolderProbe, createDockerSandbox } = await import('./sandbox/index.ts');
    const ownerId = ownerLabel(ports.ownerId);
    const userId = process.getuid?.();
    const home = homedir();
    return createDockerSandbox({
      finder: createEngineFinder({
        setting: () => sandboxHost() ?? '',
        environment: process.env,
        home,
        platform: process.platform,
        ...(userId === undefined ? {} : { userId }),
        now: ports.now,
      }),
      probe: createFolderProbe({ owner: ownerId, now: ports.now }),
      ownerId,
      isOwnerAlive,
      protectedReason,
      quarantineFolder: path.join(folder, 'quarantine'),
      home,
      hostUser: () => {
        const gid = process.getgid?.();
        return userId === undefined || gid === undefined ? undefined : { uid: userId, gid };
      },
      now: ports.now,
      newId: ports.newId,
      logError: ports.logError,
    });
  });

  const reap = (): void => {
    if (existsSync(marker)) sandbox.reap().catch(ports.logError);
  };
  timers = [setTimeout(reap, reapAfterStart), setInterval(reap, reapEvery)];

  return {
    ...sandbox,
    run: async (spec, signal) => {
      await mkdir(folder, { recursive: true });
      await writeFile(marker, '');
      return sandbox.run(spec, signal);
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await sandbox.close();
    },
  };
};
