import { constants } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { openVerifiedFolder } from './verified.ts';

/** Gives a folder its permission bits, through what was opened and checked. Windows has none. */
export const chmodVerified = async (folder: string, mode: number): Promise<void> => {
  if (process.platform === 'win32') return;
  const verified = await openVerifiedFolder(folder);
  try {
    const handle = await open(verified.here, constants.O_RDONLY | constants.O_DIRECTORY).catch(
      () => undefined,
    );
    if (handle === undefined) return await chmod(verified.here, mode);
    await handle.chmod(mode).finally(() => handle.close());
  } finally {
    await verified.close();
  }
};
