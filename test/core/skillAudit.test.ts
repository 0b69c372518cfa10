import assert from 'node:assert/strict';
import { recordingInstaller, recordingRecords, recordingRunner } from '../../extension/core/skillAudit.ts';
import { defaultLimits, type PreparedRun, type SkillRecord } from '../../extension/core/skills.ts';
import type { NewAuditEntry } from '../../extension/shared/audit.ts';
import { execution, skillOf } from '../skills/skillRig.ts';

const never = new AbortController().signal;

/** @param fails what is to be kept cannot be */
const rig = (fails = false) => {
  const did: string[] = [];
  const entries: NewAuditEntry[] = [];
  const ports = {
    now: () => 7,
    audit: async (entry: NewAuditEntry) => {
      if (fails) throw new Error('The disk is full.');
      did.push('audit');
      entries.push(entry);
    },
  };
  let record: SkillRecord = { isDisabled: false, grants: {} };
  const records = recordingRecords(
    {
      get: async () => record,
      change: async (_source, _name, change) => {
        did.push('change');
        record = change(record);
      },
      forget: async () => undefined,
      onChange: () => () => undefined,
    },
    ports,
  );
  const unused = async (): Promise<never> => assert.fail('not of this test');
  const installer = recordingInstaller(
    {
      stage: unused,
      discard: unused,
      reviewedCopy: unused,
      scan: unused,
      install: async () => void did.push('install'),
      uninstall: async () => void did.push('uninstall'),
      markReviewed: async () => void did.push('markReviewed'),
    },
    ports,
  );
  const prepared: PreparedRun = {
    plan: { place: 'host', reason: 'no engine' },
    limits: defaultLimits,
    asked: [],
    facts: [],
    line: 'pdf/text',
    run: async () => {
      did.push('run');
      return { content: [], isError: false, summary: 'exit code 0' };
    },
  };
  const runner = recordingRunner({ prepare: async () => prepared }, ports);
  return { did, entries, records, installer, runner };
};

const pdf = skillOf({ name: 'pdf', id: 'pdf' });
const offered = { skill: pdf, files: [], hash: 'h1', problems: [], findings: [], folder: '/staged' };
const offer = {
  origin: { kind: 'folder', folder: '/from' },
  label: '/from',
  skills: [offered],
  problems: [],
} as const;

describe('decisions about skills', () => {
  it('are on record before they count', async () => {
    const { did, entries, installer, records, runner } = rig();
    await installer.install(offer, offered, { network: true });
    await installer.markReviewed(pdf);
    await records.change(pdf.source, pdf.name, (record) => ({ ...record, isDisabled: true }));
    await records.change(pdf.source, pdf.name, (record) => ({
      ...record,
      grants: { h1: { memoryMb: 900 } },
    }));
    const request = { skill: pdf, entry: 'text', input: { page: 1 }, argv: [], execution: execution() };
    await (await runner.prepare(request, never)).run(never, () => undefined);
    await installer.uninstall(pdf);
    assert.deepEqual(did, [
      ...['audit', 'install', 'audit', 'markReviewed', 'audit', 'change', 'audit', 'change'],
      ...['audit', 'run', 'audit', 'uninstall'],
    ]);
    assert.deepEqual(
      entries.map(({ title }) => title),
      [
        'Install the skill pdf',
        'Trust the files of the skill pdf',
        'Disable the skill pdf',
        'Grants of the skill pdf',
        'Test run of pdf/text',
        'Uninstall the skill pdf',
      ],
    );
    assert.match(entries[0]?.detail ?? '', /"hash":"h1".*"network":true/);
    assert.match(entries[3]?.detail ?? '', /"h1":\{"memoryMb":900\}/);
    assert.match(entries[4]?.detail ?? '', /"page":1.*"place":"host"/);
    assert.ok(entries.every(({ kind, by, at }) => kind === 'skill' && by === 'user' && at === 7));
  });

  it('do not count where they cannot be kept', async () => {
    const { did, installer, records, runner } = rig(true);
    await assert.rejects(installer.install(offer, offered, {}), /disk is full/);
    await assert.rejects(installer.uninstall(pdf), /disk is full/);
    await assert.rejects(
      records.change(pdf.source, pdf.name, (record) => ({ ...record, isDisabled: true })),
      /disk is full/,
    );
    const request = { skill: pdf, entry: 'text', input: {}, argv: [], execution: execution() };
    const prepared = await runner.prepare(request, never);
    await assert.rejects(
      prepared.run(never, () => undefined),
      /disk is full/,
    );
    assert.deepEqual(did, []);
  });

  it('are not on record where nothing was decided', async () => {
    const { did, records } = rig();
    await records.change(pdf.source, pdf.name, (record) => record);
    assert.deepEqual(did, ['change']);
  });
});
