// node test/storage/telegramTaker.ts FOLDER FROM COUNT: a process that takes updates for a bot, from this number on, and
// writes the number of each that was new to its output as soon as that is acknowledged.
import { writeSync } from 'node:fs';
import { openService } from './support.ts';
import { entry, telegramOf } from './telegramSupport.ts';

const [folder = '', from = '', count = ''] = process.argv.slice(2);
// Small, so that snapshots come often and are met by whatever ends this process.
const { service } = await openService(folder, { snapshotBytes: 20_000 });
const telegram = telegramOf(service);
for (let updateId = Number(from); updateId < Number(from) + Number(count); updateId += 1) {
  const isNew = await telegram.takeUpdate('a', updateId, 1_000, entry('a', updateId));
  if (isNew) writeSync(1, `${updateId}\n`);
}
writeSync(1, 'done\n');
process.exit(0);
