import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { AuditEntry } from '../../extension/shared/audit.ts';
import { answers, executed, progress, resetVscode, told, Uri } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { auditFormat, createAuditExport } = await loadWithVscode(
  () => import('../../extension/vscode/auditExport.ts'),
);

const entry = (id: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  id,
  at: Date.UTC(2026, 10, 24, 14, 5),
  kind: 'step',
  outcome: 'approved',
  sessionId: 's',
  stepId: 'a',
  tool: 'run_command',
  effect: 'execute',
  title: 'npm test',
  detail: '{"command":"npm test"}',
  by: 'user',
  reason: 'dialog',
  ruleIds: ['r1', 'r2'],
  ...more,
});

/** A reader of CSV as RFC 4180 has it. */
const cellsOf = (text: string): string[][] => {
  const rows: string[][] = [[]];
  const pattern = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/gy;
  for (let match = pattern.exec(text); match !== null && match[0] !== ''; match = pattern.exec(text)) {
    const [, raw = '', end] = match;
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
};

describe('the record of decisions as text', () => {
  const csv = auditFormat('decisions.CSV');

  it('as CSV keeps every cell, and none is a formula', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (detail, title) => {
        const [row] = cellsOf(csv.line(entry(1, { detail, title })));
        assert.equal(row?.length, 15);
        const [, , , , , , shownTitle = '', shownDetail = ''] = row ?? [];
        for (const [shown, real] of [
          [shownTitle, title],
          [shownDetail, detail],
        ] as const) {
          assert.equal(/^[=+\-@\t\r\n]/.test(shown), false);
          assert.ok(shown === real || shown === `'${real}`);
        }
      }),
    );
  });

  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1']) {
    it(`as CSV does not run ${JSON.stringify(formula)}`, () => {
      assert.equal(cellsOf(csv.line(entry(1, { detail: formula })))[0]?.[7], `'${formula}`);
    });
  }

  it('as CSV has a row of names, and is read as UTF-8 by spreadsheets', () => {
    assert.match(csv.head, /^\ufeffid,at,kind,outcome,by,reason,title,detail,/);
    assert.match(csv.line(entry(7)), /^7,2026-11-24T14:05:00\.000Z,step,approved,user,dialog,npm test,/);
    assert.match(csv.line(entry(7)), /,r1 r2\r\n$/);
  });

  it('as JSON Lines has one object in each line', () => {
    const { head, line } = auditFormat('decisions.jsonl');
    assert.equal(head, '');
    const text = line(entry(1, { detail: 'a\nb' }));
    assert.equal(text.split('\n').length, 2);
    assert.deepEqual(JSON.parse(text), { ...entry(1, { detail: 'a\nb' }), at: '2026-11-24T14:05:00.000Z' });
  });
});

describe('the command that exports decisions', () => {
  let folder = '';
  const asked: number[] = [];
  const rig = (number: number) =>
    createAuditExport({
      store: {
        readAudit: async (afterId, limit) => {
          asked.push(limit);
          const left = Math.max(0, Math.min(limit, number - afterId));
          return Array.from({ length: left }, (_, index) => entry(afterId + index + 1));
        },
      },
    });

  beforeEach(() => {
    resetVscode();
    asked.length = 0;
    folder = mkdtempSync(path.join(tmpdir(), 'audit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes them in pages, says how many and where, and opens the file', async () => {
    const target = Uri.file(path.join(folder, 'decisions.jsonl'));
    answers.push(target, 'Open');
    const said: number[] = [];
    progress.onReport = () => void said.push(asked.length);
    const result = await rig(2_500).exportAuditLog();
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(result, { file: target.fsPath, decisions: 2_500 });
    const lines = readFileSync(target.fsPath, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 2_500);
    assert.equal(JSON.parse(lines.at(-1) ?? '').id, 2_500);
    assert.equal(said.length, 3);
    assert.equal(Math.max(...asked), 1_000);
    assert.deepEqual(told, [`Exported 2,500 decisions to ${target.fsPath}.`]);
    assert.equal(executed[0]?.[0], 'vscode.open');
    assert.deepEqual(readdirSync(folder), ['decisions.jsonl']);
  });

  it('writes by code without a question', async () => {
    const file = path.join(folder, 'decisions.csv');
    assert.deepEqual(await rig(1).exportAuditLog({ file }), { file, decisions: 1 });
    assert.equal(cellsOf(readFileSync(file, 'utf8')).length, 2);
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
    await assert.rejects(rig(1).exportAuditLog({ file: 'relative.csv' }), /absolute path/);
    assert.deepEqual(told, []);
  });

  it('leaves nothing when it is stopped', async () => {
    answers.push(Uri.file(path.join(folder, 'decisions.csv')));
    progress.onReport = () => {
      progress.isCancelled = true;
    };
    assert.equal(await rig(2_500).exportAuditLog(), undefined);
    assert.deepEqual(told, ['The export was stopped. No file was written.']);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('leaves nothing when the record cannot be read', async () => {
    const { exportAuditLog } = createAuditExport({
      store: {
        readAudit: async () => {
          throw new Error('The disk is gone.');
        },
      },
    });
    await assert.rejects(exportAuditLog({ file: path.join(folder, 'x.csv') }), /disk is gone/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('says when there is nothing, and takes what a menu passes for nothing', async () => {
    assert.equal(await rig(0).exportAuditLog({ some: 'view' }), undefined);
    assert.deepEqual(told, ['Nothing has been decided yet, so there is nothing to export.']);
    assert.deepEqual(readdirSync(folder), []);
  });
});
