// node leaseFighter.ts FOLDER: takes the lease of bot 7 again and again, and says on the way out of each turn that it was
// alone. Whoever holds it writes its process into `holder`; somebody alive in there is a second holder.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatOwner, parseOwner, processState, thisOwner } from '../../extension/storage/owner.ts';
import { createLeases } from '../../extension/telegram/lease.ts';

const folder = process.argv[2] ?? '';
const witness = path.join(folder, 'holder');
const owner = formatOwner(thisOwner(crypto.randomUUID()));
const stateOf = (text: string): 'alive' | 'dead' | 'unknown' => {
  const parsed = parseOwner(text);
  return parsed === undefined ? 'unknown' : processState(parsed);
};
const leases = createLeases({
  folder: path.join(folder, 'leases'),
  owner,
  stateOf,
  place: () => String(process.pid),
  now: () => performance.now(),
  logError: (error) => console.log(`error ${error}`),
});

const readWitness = (): string => {
  try {
    return readFileSync(witness, 'utf8');
  } catch {
    return '';
  }
};

for (;;) {
  const answer = await leases.take(7);
  if (!('lease' in answer)) {
    await delay(Math.random() * 4);
    continue;
  }
  const before = readWitness();
  if (before !== '' && stateOf(before) !== 'dead') console.log(`two: ${before}`);
  writeFileSync(witness, owner);
  console.log(`held ${process.pid}`);
  await delay(Math.random() * 12);
  if (readWitness() !== owner) console.log(`two: ${readWitness()}`);
  rmSync(witness, { force: true });
  await answer.lease.release();
  await delay(Math.random() * 4);
}
