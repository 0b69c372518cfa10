/** What a folder holds that asks every time: moved with it, nobody would see it. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Names that are looked at before it asks because there are more. */
const namesLimit = 5_000;

/**
 * Goes through a folder, links not followed, until `reasonFor` knows a reason.
 * @param reasonFor of a `/`-separated path below the folder: why it asks, or undefined
 * @returns in words that say which folder it is about; undefined where nothing in it asks
 */
export const askedContent = async (
  folder: string,
  label: string,
  reasonFor: (below: string) => string | undefined,
  limit = namesLimit,
): Promise<string | undefined> => {
  const open: string[] = [''];
  let seen = 0;
  for (let below = open.shift(); below !== undefined; below = open.shift()) {
    const entries = await readdir(path.join(folder, below), { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return `not everything in ${label} can be looked at`;
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      seen += 1;
      if (seen > limit)
        return `${label} holds more than ${limit.toLocaleString('en')} names, and not all were looked at`;
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      const reason = reasonFor(name);
      if (reason !== undefined) return `${label} holds ${name}: ${reason}`;
      if (entry.isDirectory()) open.push(name);
    }
  }
  return undefined;
};
