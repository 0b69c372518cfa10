// node test/stress/writer.ts FOLDER NAME SEED: a window that works in chats of its own through the real store until it is
// killed. Writes one line of JSON for each message as soon as it is acknowledged.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { jobEvents } from '../storage/chatEvents.ts';
import { openStore, session } from '../storage/support.ts';
import { randomOf } from './random.ts';

const [folder = '', name = '', seed = '0'] = process.argv.slice(2);
const random = randomOf(Number(seed));
const problems: string[] = [];
const store = openStore(folder, problems);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
const acknowledge = (chat: string, id: string, text: string): void => {
  writeSync(1, `${JSON.stringify({ chat, id, hash: hashOf(text) })}\n`);
};

/** Mostly short; some in a file of their own. */
const anyText = (): string => {
  const length = random() < 0.1 ? 16_000 + Math.floor(random() * 60_000) : Math.floor(random() * 2_000);
  return `${name} ${random()} `.repeat(Math.ceil(length / 20)).slice(0, length);
};

for (let chatNumber = 0; ; chatNumber += 1) {
  const chat = `${name}-${chatNumber}`;
  await store.saveSession(session(chat));
  for (let jobNumber = 0; jobNumber < 20; jobNumber += 1) {
    const jobId = `${chat}-${jobNumber}`;
    const job = jobEvents(chat, jobId);
    const [question, answer, result] = [anyText(), anyText(), anyText()];
    await store.record(job.started(question));
    acknowledge(chat, `${jobId}-user`, question);
    if (random() < 0.3) await store.saveDraft(jobId, answer.slice(0, answer.length / 2));
    await store.record(job.said(answer));
    acknowledge(chat, `${jobId}-message`, answer);
    await store.record(job.approved());
    await store.record(job.stepDone(result));
    acknowledge(chat, `${jobId}-step`, result);
    await store.record(job.completed());
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
