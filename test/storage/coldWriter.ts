// node test/storage/coldWriter.ts FOLDER NAME COUNT: a process that writes chats into a store whose bound is so small that
// old ones are put away all the time, reads one of its old ones after each, and writes a line once that is done.
import { writeSync } from 'node:fs';
import { addChat, openSmall } from './coldSupport.ts';

const [folder = '', name = '', count = ''] = process.argv.slice(2);
const opened = await openSmall(folder, { liveBytes: 300_000 });
for (let index = 0; index < Number(count); index += 1) {
  await addChat(opened, `${name}-${index}`, { turns: 2, size: 3_000 });
  const old = `${name}-${Math.floor(index / 2)}`;
  const items = await opened.items(old);
  writeSync(1, `${name}-${index} ${old} has ${items.length} ${opened.problems.join()}\n`);
  // As between two calls from the window.
  await new Promise((resolve) => setTimeout(resolve, 2));
}
writeSync(1, 'done\n');
await opened.service.close('');
process.exit(0);
