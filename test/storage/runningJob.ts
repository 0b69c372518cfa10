// node test/storage/runningJob.ts FOLDER: a window with a job in the middle of a step and of a reply; it waits to be killed.
import { writeSync } from 'node:fs';
import { jobEvents } from './chatEvents.ts';
import { openStore, session } from './support.ts';

const [folder = ''] = process.argv.slice(2);
const store = openStore(folder);
await store.saveSession(session('a'));
const job = jobEvents('a', 'job');
for (const event of [job.started(), job.said('I will'), job.asked(), job.approved()]) {
  await store.record(event);
}
await store.saveDraft('job', 'And then');
writeSync(1, 'running\n');
setInterval(() => undefined, 1_000);
