import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coldName, emptyDatabase } from '../../extension/storage/coldFiles.ts';
import { migrations } from '../../extension/storage/schema.ts';
import type { Statement } from '../../extension/storage/sqlite.ts';
import { jobEvents } from './chatEvents.ts';
import { openDatabase, openService, openSqlite, quickDisk, temporaryFolder, uniqueName } from './support.ts';

const statement = (sql: string, ...params: Statement['params']): Statement => ({ sql, params });

/** The chat's row, as version 3 has it. */
const insertSession = (coldFile: string | null): Statement =>
  statement(
    `INSERT INTO sessions (id, title, agent_id, model, folder, created_at, updated_at, cold_file, cold_bytes)
      VALUES ('old', 'Old', 'agent', '{"provider":"gemini","model":"m"}', '', 1, 1, ?, 1)`,
    coldFile,
  );

/** A question as it was kept up to version 3, with its answer; and a request without a price. */
const rows = (): readonly Statement[] => {
  const { step } = jobEvents('old', 'job');
  const prompt = { title: 'Run ls?', detail: 'ls', diffs: [] };
  return [
    insertSession(null),
    ...['granted', 'careful'].flatMap((id, index) => [
      statement(
        "INSERT INTO messages (row, session_id, id, job_id, kind, created_at) VALUES (?, 'old', ?, 'job', 'step', 1)",
        index + 1,
        id,
      ),
      statement(
        `INSERT INTO steps (row, id, session_id, job_id, status, step, prompt, started_at)
          VALUES (?, ?, 'old', 'job', 'interrupted', ?, ?, 1)`,
        index + 1,
        id,
        JSON.stringify({ ...step, id }),
        JSON.stringify({
          ...prompt,
          ...(id === 'granted' ? { grant: { key: 'k', label: 'ls' } } : { caution: '.git is protected' }),
        }),
      ),
    ]),
    statement(`INSERT INTO usage (session_id, job_id, at, input, output, cached_input, cache_write, reasoning)
      VALUES ('old', 'job', 1, 10, 5, 0, 0, 0)`),
    statement("INSERT INTO usage_totals VALUES ('old', 10, 5, 0, 0, 0)"),
  ];
};

describe('a file of old chats that an older version wrote', function () {
  const folder = temporaryFolder(this);

  it('is read as today’s, and can be written to', async () => {
    const where = folder();
    const cold = emptyDatabase(await openSqlite(), migrations.slice(0, 3));
    for (const { sql, params } of rows()) cold.run(sql, params);
    const image = cold.image();
    cold.close();
    const name = coldName(1, 1, image);
    mkdirSync(path.join(where, 'cold'));
    writeFileSync(path.join(where, 'cold', name), image);
    const before = await openDatabase(where, { disk: quickDisk, migrations: migrations.slice(0, 3) });
    await before.database.transact(uniqueName(), () => [insertSession(name)]);
    await before.database.close();

    const { service, items, record, problems } = await openService(where, { disk: quickDisk });
    const check = async (): Promise<void> => {
      const prompts = (await items('old')).flatMap((item) =>
        item.kind === 'step' ? [item.record.prompt] : [],
      );
      const asked = { title: 'Run ls?', detail: 'ls', diffs: [], offers: [] };
      assert.deepEqual(prompts, [
        { ...asked, reason: '', isCautioned: false },
        { ...asked, reason: '.git is protected', isCautioned: true },
      ]);
      assert.equal((await service.sessionUsage('', 'old')).unpriced, 1);
      const query = { jobId: 'job', sessionId: 'old', agentId: 'agent', since: 0 };
      const spending = { requests: 1, tokens: 15, minutes: 0, usd: 0, unpriced: 1 };
      const { job, chat } = await service.spent('', query);
      assert.deepEqual([job.spending, chat.spending], [spending, spending]);
    };
    await check();
    await record(jobEvents('old', 'new').started());
    await check();
    assert.equal((await items('old')).length, 3);
    assert.deepEqual(problems, []);
  });
});
