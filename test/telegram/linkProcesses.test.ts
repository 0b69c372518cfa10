import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';

const token = '7:fake';

describe('the link of a bot, between processes', function () {
  this.timeout(60_000);
  let folder: string;
  let telegram: FakeBotApi;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'link-'));
    telegram = await startFakeBotApi({ token });
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await telegram.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('loses no message when its process is killed, and repeats none after a stop', async () => {
    const file = path.join(folder, 'kept');
    writeFileSync(file, '');
    const lines = (): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const said: string[] = [];
    const ids = new Map<string, number>();
    const say = (count: number): void => {
      for (let number = 0; number < count; number += 1) {
        const text = `message ${said.length}`;
        said.push(text);
        ids.set(text, telegram.say(5, 5, text).updateId);
      }
    };
    for (const [round, signal] of (
      ['SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGTERM'] as const
    ).entries()) {
      const before = lines().length;
      say(8);
      const runner = path.join(import.meta.dirname, 'linkRunner.ts');
      child = spawn(process.execPath, [runner, telegram.url, token, file], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      await telegram.until(() => lines().length >= before + 2 + round, 'lines', 20_000);
      say(2);
      child.kill(signal);
      await once(child, 'exit');
      if (signal === 'SIGKILL') continue;
      // What was kept last is confirmed, and what was not kept is not.
      const kept = lines();
      const pending = telegram.pending();
      assert.ok(!pending.includes(ids.get(kept.at(-1) ?? '') ?? 0));
      for (const text of said) if (!kept.includes(text)) assert.ok(pending.includes(ids.get(text) ?? 0));
    }
    const last = path.join(import.meta.dirname, 'linkRunner.ts');
    child = spawn(process.execPath, [last, telegram.url, token, file], { stdio: 'inherit' });
    await telegram.until(() => telegram.polls() === 1 && telegram.pending().length === 0, 'the rest', 20_000);
    assert.deepEqual([...new Set(lines())], said);
  });
});
