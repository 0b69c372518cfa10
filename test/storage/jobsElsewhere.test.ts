import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { jobEvents } from './chatEvents.ts';
import { openService, quickDisk, session, temporaryFolder, uniqueName } from './support.ts';

describe('jobs of other windows in the store', function () {
  const folder = temporaryFolder(this);
  this.timeout(60_000);

  it('are listed with the steps that wait, while they run', async () => {
    const where = folder();
    const [one, two] = [
      await openService(where, { disk: quickDisk }),
      await openService(where, { disk: quickDisk }),
    ];
    await one.service.saveSession(uniqueName(), session('chat'));
    const job = jobEvents('chat', 'job');
    for (const event of [job.started(), job.said('I will'), job.asked()]) await one.record(event);
    assert.deepEqual(await two.service.jobsElsewhere(''), [
      { jobId: 'job', sessionId: 'chat', startedAt: 1, waitingSteps: [job.step.id] },
    ]);
    assert.deepEqual(await one.service.jobsElsewhere(''), [], 'its own');
    await one.record(job.approved());
    assert.deepEqual((await two.service.jobsElsewhere(''))[0]?.waitingSteps, []);
    for (const event of [job.stepDone('ok'), job.completed()]) await one.record(event);
    assert.deepEqual(await two.service.jobsElsewhere(''), []);
  });

  it('are closed as soon as somebody asks after their window was killed', async () => {
    const where = folder();
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'runningJob.ts'), where], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(createInterface({ input: child.stdout }), 'line');
      const other = await openService(where, { disk: quickDisk });
      assert.deepEqual(
        (await other.service.jobsElsewhere('')).map(({ jobId }) => jobId),
        ['job'],
      );
      child.kill('SIGKILL');
      await once(child, 'exit');
      assert.deepEqual(await other.service.jobsElsewhere(''), []);
      assert.equal((await other.service.getSession('', 'a'))?.status, 'interrupted');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('can be left out of what a chat has used', async () => {
    const { service, record } = await openService(folder(), { disk: quickDisk });
    await service.saveSession(uniqueName(), session('chat'));
    const usage = (jobId: string, input: number, price: object) =>
      record({
        type: 'Usage',
        jobId,
        at: 1,
        usage: { input, output: 1, cachedInput: 2, cacheWrite: 3, reasoning: 4 },
        ...price,
      });
    for (const [jobId, inputs] of [
      ['first', [10, 20]],
      ['second', [100, 200, 300]],
    ] as const) {
      await record(jobEvents('chat', jobId).started());
      for (const [index, input] of inputs.entries()) {
        await usage(jobId, input, index === 0 ? {} : { costUsd: index * index * 0.25 });
      }
      if (jobId === 'first') await record(jobEvents('chat', jobId).completed());
    }
    const of = (input: number, times: number) => ({
      input,
      output: times,
      cachedInput: 2 * times,
      cacheWrite: 3 * times,
      reasoning: 4 * times,
    });
    assert.deepEqual(await service.sessionUsage('', 'chat'), {
      total: of(630, 5),
      lastRequest: of(300, 1),
      costUsd: 1.5,
      unpriced: 2,
    });
    assert.deepEqual(await service.sessionUsage('', 'chat', 'second'), {
      total: of(30, 2),
      lastRequest: of(20, 1),
      costUsd: 0.25,
      unpriced: 1,
    });
    assert.deepEqual((await service.sessionUsage('', 'chat', 'none yet')).total, of(630, 5));
  });
});
