// node test/storage/runningJob.ts FOLDER: a window with a job in the middle of a step and of a reply; it waits to be killed.
import { writeSync } from 'node:fs';
import { createSqlStore } from '../../extension/storage/sqlStore.ts';
import { jobEvents } from './chatEvents.ts';
import { session, uniqueName, wasmFile } from './support.ts';

const [folder = ''] = process.argv.slice(2);
// From source: nothing of a process that is killed is left to tidy up.
const workerFile = new URL('../../extension/storage/worker.ts', import.meta.url);
const options = { folder, workerFile, wasmFile, ownerId: uniqueName(), report: () => undefined };
const store = createSqlStore(options);
await store.saveSession(session('a'));
const job = jobEvents('a', 'job');
for (const event of [job.started(), job.said('I will'), job.asked(), job.approved()]) {
  await store.record(event);
}
await store.saveDraft('job', 'And then');
writeSync(1, 'running\n');
setInterval(() => undefined, 1_000);
