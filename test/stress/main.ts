// node test/stress/main.ts [--rounds N] [--writers W] [--seed S]: real processes write through the real store and are
// killed with SIGKILL at random points. After each round everything that they said was acknowledged must be there,
// unchanged, and SQLite must find nothing wrong.
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
import * as z from 'zod';
import { textOf } from '../../extension/shared/message.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { openDatabase, openStore } from '../storage/support.ts';
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
const acknowledgement = z.object({ chat: z.string(), id: z.string(), hash: z.string() });
type Acknowledgement = z.infer<typeof acknowledgement>;

/** Longest time from a writer's first acknowledgement to its end. Milliseconds. */
const longestLife = 600;
/** After so many rounds everything since the beginning is looked at again, and not only the new chats. */
const everyRounds = 10;

const writeUntilKilled = async (folder: string, name: string): Promise<readonly Acknowledgement[]> => {
  const script = path.join(import.meta.dirname, 'writer.ts');
  const life = Math.floor(random() * longestLife);
  const child = spawn(process.execPath, [script, folder, name, String(Math.floor(random() * 2 ** 31))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Acknowledgement[] = [];
  const reader = createInterface({ input: child.stdout });
  // A line that was cut off by the end is no acknowledgement: readline gives it all the same.
  const first = once(reader, 'line');
  reader.on('line', (line) => {
    if (line.endsWith('}')) said.push(acknowledgement.parse(JSON.parse(line)));
  });
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]);
  await Promise.race([first, ended]);
  assert.equal(child.exitCode, null, `${name} ended by itself`);
  await delay(life);
  child.kill('SIGKILL');
  await ended;
  return said;
};

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** What is there, by item id. */
const readChat = async (store: ReturnType<typeof openStore>, chat: string) => {
  const found = new Map<string, string>();
  for (const item of await store.readAll(chat)) {
    if (item.kind === 'user' || item.kind === 'assistant') found.set(item.id, textOf(item.message.content));
    else if (item.kind === 'step') found.set(item.id, textOf(item.record.result?.content ?? []));
  }
  return found;
};

const check = async (folder: string, wanted: readonly Acknowledgement[]): Promise<void> => {
  const problems: string[] = [];
  const store = openStore(folder, problems);
  const chats = Map.groupBy(wanted, ({ chat }) => chat);
  for (const [chat, all] of chats) {
    const found = await readChat(store, chat);
    for (const { id, hash } of all) {
      const text = found.get(id);
      assert.ok(text !== undefined, `${id} was acknowledged and is not there`);
      assert.equal(hashOf(text), hash, `${id} is not what was acknowledged`);
    }
    const status = (await store.getSession(chat))?.status;
    assert.ok(status !== 'running' && status !== 'waiting', `${chat} is said to be ${status}`);
  }
  await store.close();
  const { database } = await openDatabase(folder, { migrations });
  const integrity = await database.read((query) => query('PRAGMA integrity_check'));
  assert.deepEqual(integrity, [{ integrity_check: 'ok' }]);
  await database.close();
  assert.deepEqual(problems, []);
};

const folder = mkdtempSync(path.join(os.tmpdir(), 'anycowork-stress-'));
console.log(`${rounds} rounds, ${writers} writers, --seed ${seed}`);
const began = performance.now();
const everything: Acknowledgement[] = [];
try {
  for (let round = 1; round <= rounds; round += 1) {
    const names = Array.from({ length: writers }, (_, index) => `r${round}w${index}`);
    const said = (await Promise.all(names.map((name) => writeUntilKilled(folder, name)))).flat();
    everything.push(...said);
    await check(folder, round % everyRounds === 0 || round === rounds ? everything : said);
    if (round % everyRounds === 0) {
      const seconds = ((performance.now() - began) / 1_000).toFixed(0);
      console.log(`  round ${round}: ${everything.length} acknowledged writes are all there (${seconds} s)`);
    }
  }
  const damaged = readdirSync(folder).filter((name) => name.includes('corrupt'));
  assert.deepEqual(damaged, [], 'a kill was taken for damage');
  console.log(
    `${rounds * writers} processes were killed; ${everything.length} acknowledged writes, none lost`,
  );
  rmSync(folder, { recursive: true, force: true });
} catch (error) {
  console.error(`The store is kept in ${folder}. Again with: npm run test:stress -- --seed ${seed}`);
  throw error;
}
