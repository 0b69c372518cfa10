import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const fighters = 5;
const kills = 8;

describe('leases of bots, between processes', function () {
  this.timeout(60_000);
  const started = new Set<ChildProcess>();
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lease-'));
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('have one holder at a time while holders are killed', async () => {
    const lines: string[] = [];
    const waiting = new Set<() => void>();
    const start = (): ChildProcess => {
      const child = spawn(process.execPath, [path.join(import.meta.dirname, 'leaseFighter.ts'), folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started.add(child);
      createInterface({ input: child.stdout }).on('line', (line) => {
        lines.push(line);
        for (const look of [...waiting]) look();
      });
      return child;
    };
    /** Resolves with the next holder that says so. */
    const nextHolder = (after: number): Promise<number> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.slice(after).find((line) => line.startsWith('held '));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(Number(found.slice(5)));
        };
        waiting.add(look);
        look();
      });

    for (let number = 0; number < fighters; number += 1) start();
    for (let round = 0; round < kills; round += 1) {
      await nextHolder(lines.length + 20);
      const holder = await nextHolder(lines.length);
      const victim = [...started].find((child) => child.pid === holder);
      assert.ok(victim !== undefined);
      victim.kill('SIGKILL');
      await once(victim, 'exit');
      started.delete(victim);
      start();
    }
    await nextHolder(lines.length + 20);
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('held ')),
      [],
    );
    assert.ok(new Set(lines).size > kills, 'the lease went from process to process');
  });
});
