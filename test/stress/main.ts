// node test/stress/main.ts [--rounds N] [--writers W] [--seed S]: real processes write through the real store and are
// killed with SIGKILL at random points. After each round everything that they said was acknowledged must be there,
// unchanged; what one was in the middle of must be there as a whole or not at all; and SQLite must find nothing wrong.
// A disk that stands still for minutes makes the store refuse a write, which is no loss: that must not be there then, and
// it must be rare.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Store } from '../../extension/core/store.ts';
import { textOf } from '../../extension/shared/message.ts';
import { lockTimeout } from '../../extension/storage/problems.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { openDatabase, openStore, workerFile, workerVariable } from '../storage/support.ts';
import {
  apply,
  type Change,
  type FoundChat,
  leavesTrace,
  lineSchema,
  type Model,
  problemsOf,
  touchedBy,
} from './model.ts';
import { randomOf } from './random.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    writers: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [rounds, writers, seed] = [Number(values.rounds), Number(values.writers), Number(values.seed)];
const random = randomOf(seed);

/** Longest time from a writer's first acknowledgement to its end. Milliseconds. */
const longestLife = 1_000;
/** After so many rounds everything since the beginning is looked at again, and not only the new chats. */
const everyRounds = 10;
/** Then a new store is begun: what a round takes grows with the history, and what it finds does not. */
const roundsPerStore = 50;

/** More than these are a fault of the lock, and not of the disk. */
const mostRefused = Math.max(1, Math.floor(rounds * writers * 0.05));

/** What a writer has done, and what it was doing when it was killed or refused. */
interface Said {
  model: Model;
  pending: Change | undefined;
  isRefused: boolean;
}

let acknowledged = 0;
let refused = 0;

const countRefused = (name: string): void => {
  refused += 1;
  console.log(`  ${name} could not have the lock: ${lockTimeout().message}`);
};

const writeUntilKilled = async (folder: string, name: string): Promise<Said> => {
  const script = path.join(import.meta.dirname, 'writer.ts');
  const life = Math.floor(random() * longestLife);
  const child = spawn(process.execPath, [script, folder, name, String(Math.floor(random() * 2 ** 31))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [workerVariable]: workerFile() },
  });
  const said: Said = { model: new Map(), pending: undefined, isRefused: false };
  const reader = createInterface({ input: child.stdout });
  const first = Promise.withResolvers<void>();
  reader.on('line', (text) => {
    // A line that was cut off by the end is no acknowledgement: readline gives it all the same.
    if (!text.endsWith('}')) return;
    const line = lineSchema.parse(JSON.parse(text));
    if ('trying' in line) {
      said.pending = line.trying;
      return;
    }
    if ('refused' in line) {
      said.isRefused = true;
      countRefused(name);
      return;
    }
    // One that could only read when it opened the store says so, and writes all the same.
    const problems = line.problems.filter((problem) => problem !== lockTimeout().message);
    if (problems.length < line.problems.length) countRefused(name);
    assert.deepEqual(problems, [], name);
    assert.ok(said.pending !== undefined);
    said.model = apply(said.model, said.pending);
    said.pending = undefined;
    acknowledged += 1;
    first.resolve();
  });
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]);
  await Promise.race([first.promise, ended]);
  await Promise.race([delay(life), ended]);
  const isOver = child.exitCode !== null || child.signalCode !== null;
  child.kill('SIGKILL');
  await ended;
  assert.ok(!isOver || said.isRefused, `${name} ended by itself`);
  return said;
};

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Ids of session rules, by chat. */
type FoundRules = ReadonlyMap<string, ReadonlySet<string>>;

const readRules = async (store: Store): Promise<FoundRules> => {
  const found = new Map<string, Set<string>>();
  for (const { id, sessionId = '' } of await store.listRules()) {
    found.set(sessionId, (found.get(sessionId) ?? new Set()).add(id));
  }
  return found;
};

/** A step has versions of two files, or of none. */
const readVersions = async (store: Store, chat: string): Promise<ReadonlySet<string>> => {
  const counts = new Map<string, number>();
  for (const { stepId } of await store.listVersions(chat, { fromRow: 0 })) {
    counts.set(stepId, (counts.get(stepId) ?? 0) + 1);
  }
  for (const [step, count] of counts) assert.equal(count, 2, `half of the versions of ${step}`);
  return new Set(counts.keys());
};

const readChat = async (store: Store, rules: FoundRules, chat: string): Promise<FoundChat | undefined> => {
  const summary = await store.getSession(chat);
  if (summary === undefined) {
    assert.deepEqual(await store.readAll(chat), [], `${chat} is not there, and items of it are`);
    assert.deepEqual(rules.get(chat), undefined, `${chat} is not there, and rules of it are`);
    return undefined;
  }
  const { title, isPinned, shelf, status } = summary;
  assert.ok(status !== 'running' && status !== 'waiting', `${chat} is said to be ${status}`);
  const items = new Map<string, string>();
  for (const item of await store.readAll(chat)) {
    if (item.kind === 'user' || item.kind === 'assistant') {
      items.set(item.id, hashOf(textOf(item.message.content)));
    } else if (item.kind === 'step') {
      assert.notEqual(item.record.status, 'running');
      items.set(item.id, hashOf(textOf(item.record.result?.content ?? [])));
    }
  }
  const versions = await readVersions(store, chat);
  return { title, isPinned, shelf, items, rules: rules.get(chat) ?? new Set(), versions };
};

/** Looks for everything; whether what was pending has happened is known from then on. */
const checkWriter = async (store: Store, rules: FoundRules, said: Said): Promise<void> => {
  const { model, pending, isRefused } = said;
  const found = new Map<string, FoundChat | undefined>();
  for (const id of new Set([...model.keys(), ...(pending === undefined ? [] : touchedBy(pending))])) {
    found.set(id, await readChat(store, rules, id));
  }
  const problems = (expected: Model, ids: Iterable<string>): readonly string[] =>
    [...ids].flatMap((id) => problemsOf(id, expected.get(id), found.get(id)));
  if (pending !== undefined) {
    const touched = touchedBy(pending);
    const after = apply(model, pending);
    const [before, then] = [problems(model, touched), problems(after, touched)];
    assert.ok(before.length === 0 || then.length === 0, `half of ${JSON.stringify(pending)}: ${then.join()}`);
    if (isRefused && leavesTrace(model, pending)) {
      assert.ok(then.length > 0, `was refused and is there: ${JSON.stringify(pending)}`);
    }
    if (then.length === 0) said.model = after;
    said.pending = undefined;
  }
  assert.deepEqual(problems(said.model, said.model.keys()), []);
};

const check = async (folder: string, all: readonly Said[]): Promise<void> => {
  const problems: string[] = [];
  const store = openStore(folder, problems);
  const rules = await readRules(store);
  for (const said of all) await checkWriter(store, rules, said);
  const decided = new Set((await store.readAudit(0, Number.MAX_SAFE_INTEGER)).map(({ stepId }) => stepId));
  const steps = all
    .flatMap(({ model }) => [...model.values()])
    .flatMap((chat) => [...(chat?.items.keys() ?? []), ...(chat?.gone ?? [])])
    .filter((id) => id.endsWith('-step'));
  // Acknowledged before the step's result was.
  assert.deepEqual(
    steps.filter((id) => !decided.has(id)),
    [],
    'steps without a decision',
  );
  await store.close();
  const { database } = await openDatabase(folder, { migrations });
  const integrity = await database.read((query) => query('PRAGMA integrity_check'));
  assert.deepEqual(integrity, [{ integrity_check: 'ok' }]);
  await database.close();
  assert.deepEqual(problems, []);
};

/** Rounds on one store, from an empty one. */
const stress = async (folder: string, from: number, through: number): Promise<void> => {
  const everything: Said[] = [];
  for (let round = from; round <= through; round += 1) {
    const names = Array.from({ length: writers }, (_, index) => `r${round}w${index}`);
    const said = await Promise.all(names.map((name) => writeUntilKilled(folder, name)));
    everything.push(...said);
    const isTime = round % everyRounds === 0 || round === through;
    await check(folder, isTime ? everything : said);
    assert.ok(
      refused <= mostRefused,
      `the lock was not to be had ${refused} times, and ${mostRefused} may be`,
    );
    if (!isTime) continue;
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`  round ${round}: ${acknowledged} acknowledged writes are all there (${seconds} s)`);
  }
  const damaged = readdirSync(folder).filter((name) => name.includes('corrupt'));
  assert.deepEqual(damaged, [], 'a kill was taken for damage');
};

console.log(`${rounds} rounds, ${writers} writers, --seed ${seed}`);
const began = performance.now();
for (let from = 1; from <= rounds; from += roundsPerStore) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-stress-'));
  try {
    await stress(folder, from, Math.min(rounds, from + roundsPerStore - 1));
  } catch (error) {
    console.error(`The store is kept in ${folder}. Again with: npm run test:stress -- --seed ${seed}`);
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `${rounds * writers} processes were killed; ${acknowledged} acknowledged writes, none lost; ${refused} refused`,
);
