// node test/storage/relayRunner.ts FOLDER: a window with a job that goes on until it is killed; it writes what it is asked.
import { writeSync } from 'node:fs';
import { createRelay } from '../../extension/storage/relay.ts';
import { jobEvents } from './chatEvents.ts';
import { uniqueName } from './support.ts';

const [folder = ''] = process.argv.slice(2);
const relay = createRelay({
  folder,
  ownerId: uniqueName(),
  place: () => '',
  newId: uniqueName,
  now: Date.now,
  logError: (error) => console.error(error),
});
relay.onAsk((_jobId, ask) => {
  writeSync(1, `${ask.type}\n`);
  return 'accepted';
});
relay.tell(jobEvents('chat', 'job').started(), 'chat');
let at = 10;
setInterval(() => {
  at += 1;
  relay.tell({ type: 'Token', jobId: 'job', at, text: `${at} ` }, 'chat');
}, 20);
