import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SkillRecord } from '../../extension/core/skills.ts';
import type { SkillSource } from '../../extension/shared/skill.ts';
import { createSkillRecords } from '../../extension/skills/records.ts';
import { removeTemporaryFolders, temporaryFolder } from '../workspace/folders.ts';

const installed = (name: string): SkillSource => ({
  place: 'installed',
  label: 'x',
  folder: `/s/installed/${name}`,
});
const empty: SkillRecord = { isDisabled: false, grants: {} };

const full: SkillRecord = {
  reviewedHash: 'a'.repeat(64),
  isDisabled: true,
  grants: { ['a'.repeat(64)]: { network: true, memoryMb: 1_024 }, b: {} },
  lastRun: { at: 1, entry: 'read', place: 'sandbox', summary: 'exit code 0', isError: false, durationMs: 5 },
  origin: { kind: 'git', url: 'https://host.example/a', ref: 'main', path: 'skills/pdf' },
  commit: 'c',
  installedAt: 2,
};

describe('records of skills', () => {
  let folder: string;
  let errors: string[];
  beforeEach(() => {
    folder = path.join(temporaryFolder(), 'records');
    errors = [];
  });
  afterEach(removeTemporaryFolders);

  const open = () => createSkillRecords({ folder, logError: (text) => errors.push(text) });

  it('come back as they were kept, in another window too', async () => {
    const records = open();
    assert.deepEqual(await records.get(installed('pdf'), 'pdf'), empty);
    await records.change(installed('pdf'), 'pdf', () => full);
    assert.deepEqual(await open().get(installed('pdf'), 'pdf'), full);
    assert.deepEqual(await open().get(installed('other'), 'pdf'), empty);
    assert.deepEqual(
      readdirSync(folder).filter((name) => !/^[0-9a-f]{64}\.json$/.test(name)),
      [],
    );
    await records.forget(installed('pdf'), 'pdf');
    assert.deepEqual(await open().get(installed('pdf'), 'pdf'), empty);
    assert.deepEqual(errors, []);
  });

  it('of bundled ones do not depend on where the product lies', async () => {
    const bundled = (at: string): SkillSource => ({ place: 'bundled', label: 'bundled', folder: at });
    await open().change(bundled('/v1/skills/pdf'), 'pdf', (record) => ({ ...record, isDisabled: true }));
    assert.equal((await open().get(bundled('/v2/skills/pdf'), 'pdf')).isDisabled, true);
    assert.equal((await open().get(bundled('/v2/skills/csv'), 'csv')).isDisabled, false);
  });

  it('that cannot be read are empty ones, with a report', async () => {
    const records = open();
    await records.change(installed('pdf'), 'pdf', () => full);
    const [name = ''] = readdirSync(folder);
    const broken = [
      '',
      '{"version":1',
      '{"version":2,"key":"x","record":{}}',
      '{"version":1,"key":"x","record":{"grants":1}}',
    ];
    for (const content of broken) {
      writeFileSync(path.join(folder, name), content);
      assert.deepEqual(await records.get(installed('pdf'), 'pdf'), empty, content);
    }
    assert.equal(errors.length, broken.length);
    assert.match(errors[0] ?? '', /cannot be read.*not reviewed/);
    await records.change(installed('pdf'), 'pdf', (record) => ({ ...record, isDisabled: true }));
    assert.deepEqual(await records.get(installed('pdf'), 'pdf'), { ...empty, isDisabled: true });
  });

  it('lose no change of one window, and are whole at any moment to another', async () => {
    const records = open();
    const other = open();
    let done = false;
    const seen = (async () => {
      while (!done) await other.get(installed('pdf'), 'pdf');
    })();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        records.change(installed('pdf'), 'pdf', (record) => ({
          ...record,
          grants: { ...record.grants, [String(index)]: { cpus: index } },
        })),
      ),
    );
    done = true;
    await seen;
    assert.equal(Object.keys((await other.get(installed('pdf'), 'pdf')).grants).length, 30);
    assert.deepEqual(errors, []);
  });

  it('survive that two windows write at once: one of the two is there', async () => {
    const windows = [open(), open(), open()];
    await Promise.all(
      windows.flatMap((records, index) =>
        Array.from({ length: 10 }, () =>
          records.change(installed('pdf'), 'pdf', (record) => ({ ...record, commit: String(index) })),
        ),
      ),
    );
    assert.match((await open().get(installed('pdf'), 'pdf')).commit ?? '', /^[012]$/);
    assert.equal(readdirSync(folder).length, 1);
    assert.deepEqual(errors, []);
  });

  it('go on after a change that failed', async () => {
    const records = open();
    const no = new Error('no');
    await assert.rejects(
      records.change(installed('pdf'), 'pdf', () => {
        throw no;
      }),
      no,
    );
    await records.change(installed('pdf'), 'pdf', () => full);
    assert.deepEqual(await records.get(installed('pdf'), 'pdf'), full);
  });

  it('tell of changes, of this window and of others', async () => {
    let elsewhere = (): void => assert.fail('not watched');
    let isWatched = true;
    const records = createSkillRecords({
      folder,
      logError: assert.fail,
      watch: (watched, onChange) => {
        assert.equal(watched, folder);
        elsewhere = onChange;
        return {
          dispose: () => {
            isWatched = false;
          },
        };
      },
    });
    let told = 0;
    const stop = records.onChange(() => {
      told += 1;
    });
    await records.change(installed('pdf'), 'pdf', () => full);
    await records.forget(installed('pdf'), 'pdf');
    elsewhere();
    assert.equal(told, 3);
    stop();
    elsewhere();
    assert.equal(told, 3);
    records.close();
    assert.equal(isWatched, false);
  });
});
