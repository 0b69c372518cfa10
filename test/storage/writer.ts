// node test/storage/writer.ts FOLDER NAME COUNT: a process that adds notes to a database and writes the name of each to
// its output as soon as it is acknowledged; then waits for a line of input and writes how many notes it sees.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { openDatabase } from './support.ts';

const [folder = '', name = '', count = ''] = process.argv.slice(2);
// Small, so that snapshots come often and are met by whatever ends this process.
const { add, notes, problems } = await openDatabase(folder, { snapshotBytes: 2_000 });
for (let index = 0; index < Number(count); index += 1) {
  const note = `${name}-${index}`;
  await add(note);
  writeSync(1, `${note}\n`);
}
writeSync(1, 'done\n');
await once(process.stdin, 'data');
writeSync(1, `sees ${(await notes()).length} ${problems.join()}\n`);
process.exit(0);
