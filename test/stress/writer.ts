// node test/stress/writer.ts FOLDER NAME SEED: a window that works in chats of its own through the real store until it is
// killed: agents work in them, and a person forks, rewinds, imports, renames, pins, shelves and removes them. Writes one
// line of JSON before each thing it asks for, and one as soon as that is acknowledged. Where others held the lock for so
// long that it was refused something, it says so and ends.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { StoreError } from '../../extension/core/store.ts';
import { textOf } from '../../extension/shared/message.ts';
import { shelves } from '../../extension/shared/session.ts';
import { lockTimeout } from '../../extension/storage/problems.ts';
import { jobEvents } from '../storage/chatEvents.ts';
import { rule, version } from '../storage/consentSupport.ts';
import { openStore, session } from '../storage/support.ts';
import type { Change } from './model.ts';
import { randomOf } from './random.ts';

const [folder = '', name = '', seed = '0'] = process.argv.slice(2);
const random = randomOf(Number(seed));
const problems: string[] = [];
const store = openStore(folder, problems);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
const say = (line: unknown): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};
const perform = async (change: Change, act: () => Promise<void>): Promise<void> => {
  say({ trying: change });
  await act();
  say({ done: true, problems: problems.splice(0) });
};

/** Mostly short; some in a file of their own. */
const anyText = (): string => {
  const length = random() < 0.1 ? 16_000 + Math.floor(random() * 60_000) : Math.floor(random() * 2_000);
  return `${name} ${random()} `.repeat(Math.ceil(length / 20)).slice(0, length);
};

let names = 0;
const newName = (): string => {
  names += 1;
  return `${name}-${names}`;
};

const work = async (chat: string): Promise<void> => {
  const jobId = newName();
  const job = jobEvents(chat, jobId);
  const keep = (id: string, text: string, event: Parameters<typeof store.record>[0]): Promise<void> =>
    perform({ kind: 'item', chat, id, hash: hashOf(text), isSent: event.type === 'JobStarted' }, () =>
      store.record(event),
    );
  const [question, answer, result] = [anyText(), anyText(), anyText()];
  await keep(`${jobId}-user`, question, job.started(question));
  if (random() < 0.3) await store.saveDraft(jobId, answer.slice(0, answer.length / 2));
  await keep(`${jobId}-message`, answer, job.said(answer));
  await store.record(job.approved());
  const stepId = `${jobId}-step`;
  if (random() < 0.5) {
    await perform({ kind: 'keep', chat, what: 'version', id: stepId }, () =>
      store.keepVersions([version(stepId, chat), version(stepId, chat, { file: '/b' })]),
    );
  }
  await keep(stepId, result, job.stepDone(result));
  await store.record(job.completed());
};

/** The items of a chat with what is said in them, and their rows. */
const itemsOf = async (chat: string) =>
  (await store.readAll(chat)).map((item) => {
    const text =
      item.kind === 'step'
        ? textOf(item.record.result?.content ?? [])
        : item.kind === 'notice'
          ? ''
          : textOf(item.message.content);
    return { item, row: item.row ?? 0, entry: [item.id, hashOf(text)] as [string, string] };
  });

/** @returns the copy, where one was made that an agent can go on in */
const tend = async (chat: string): Promise<string | undefined> => {
  const items = await itemsOf(chat);
  const chosen = items[Math.floor(random() * items.length)]?.row ?? 0;
  const to = session(newName());
  switch (Math.floor(random() * 8)) {
    case 0: {
      const copied = items.filter(({ row }) => row <= chosen).map(({ entry }) => entry);
      await perform({ kind: 'copy', chat: to.id, title: 'Fork', items: copied }, () =>
        store.copySession({ from: chat, to: { ...to, title: 'Fork' }, throughRow: chosen }),
      );
      return to.id;
    }
    case 1: {
      const gone = items.filter(({ row }) => row >= chosen).map(({ entry }) => entry[0]);
      await perform({ kind: 'rewind', chat, earlier: to.id, gone }, () =>
        store.rewindSession({ sessionId: chat, fromRow: chosen, earlier: to, at: Date.now() }),
      );
      return undefined;
    }
    case 2: {
      const all = items.map(({ entry }) => entry);
      await perform({ kind: 'copy', chat: to.id, title: 'Import', items: all }, () =>
        store.importSession(
          { ...to, title: 'Import' },
          items.map(({ item }) => item),
        ),
      );
      return to.id;
    }
    case 3: {
      const title = `Title ${random()}`;
      await perform({ kind: 'set', chat, title }, () =>
        store.updateSession(chat, { title: { text: title, by: 'person' } }, Date.now()),
      );
      return undefined;
    }
    case 4: {
      const isPinned = random() < 0.5;
      await perform({ kind: 'set', chat, isPinned }, () =>
        store.updateSession(chat, { isPinned }, Date.now()),
      );
      return undefined;
    }
    case 5: {
      const id = newName();
      await perform({ kind: 'keep', chat, what: 'rule', id }, () =>
        store.saveRule(rule(id, { duration: 'session', sessionId: chat })),
      );
      return undefined;
    }
    case 6: {
      const last = (await store.listRules()).findLast(({ sessionId }) => sessionId === chat);
      if (last === undefined) return undefined;
      await perform({ kind: 'unrule', chat, id: last.id }, () => store.deleteRule(last.id));
      return undefined;
    }
    default: {
      const shelf = shelves[Math.floor(random() * shelves.length)] ?? 'archived';
      await perform({ kind: 'set', chat, shelf }, () => store.updateSession(chat, { shelf }, Date.now()));
      return undefined;
    }
  }
};

const workInNewChat = async (): Promise<void> => {
  const chats = [newName()];
  const [first = ''] = chats;
  await perform({ kind: 'begin', chat: first }, () => store.saveSession(session(first)));
  for (let jobNumber = 0; jobNumber < 12; jobNumber += 1) {
    const chat = chats[Math.floor(random() * chats.length)] ?? first;
    await work(chat);
    const copy = random() < 0.7 ? await tend(chat) : undefined;
    if (copy !== undefined) chats.push(copy);
  }
  const removed = random() < 0.5 ? chats.at(-1) : undefined;
  if (removed !== undefined) {
    await perform({ kind: 'remove', chat: removed }, () => store.deleteSession(removed));
  }
};

try {
  for (;;) await workInNewChat();
} catch (error) {
  if (!(error instanceof StoreError && error.message === lockTimeout().message)) throw error;
  say({ refused: error.message });
  process.exit();
}
