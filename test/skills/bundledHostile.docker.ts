import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { JsonObject, JsonValue } from '../../extension/shared/message.ts';
import { giveAway } from '../sandbox/sandboxSupport.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { type BundledRig, createBundledRig, drawPdf } from './bundledRig.ts';
import { bundledNames, readBundled } from './bundledSkills.ts';

/** Runs programs of a skill one after the other in one container, and tells how each ended. */
const runAll = `
import json, subprocess, sys
results = []
for file, text in json.load(sys.stdin):
    done = subprocess.run([sys.executable, "/skill/" + file], input=text.encode(), capture_output=True)
    results.append([done.returncode, done.stdout.decode(), done.stderr.decode()])
print(json.dumps(results))
`;
const resultsSchema = z.array(z.tuple([z.number(), z.string(), z.string()]));

const zipBomb = `
import zipfile
head = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
types = '''<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'''
with zipfile.ZipFile("bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("[Content_Types].xml", types)
    with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        part.write(head)
        for _ in range(120):
            part.write(b" " * 5_000_000)
with zipfile.ZipFile("strings.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("[Content_Types].xml", types)
    archive.writestr("xl/sharedStrings.xml", b" " * 90_000_000)
with zipfile.ZipFile("bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("[Content_Types].xml", types)
    archive.writestr("word/document.xml", b" " * 90_000_000)
`;

const wideWorkbook = `
import sys, zipfile
sys.path.insert(0, "/skill")
import openpyxl
book = openpyxl.Workbook()
book.active.append(["a", "b"])
book.active.append([1, "=1+1"])
book.save("small.xlsx")
with zipfile.ZipFile("small.xlsx") as source, zipfile.ZipFile("wide.xlsx", "w") as target:
    for part in source.infolist():
        data = source.read(part)
        if part.filename == "xl/worksheets/sheet1.xml":
            data = data.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
        target.writestr(part, data)
with zipfile.ZipFile("small.xlsx") as source, zipfile.ZipFile("laughs.xlsx", "w") as target:
    for part in source.infolist():
        data = source.read(part)
        if part.filename == "xl/worksheets/sheet1.xml":
            entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
            data = b'<!DOCTYPE x [<!ENTITY l0 "ha">' + entities + b"]>" + data.split(b"?>")[-1].replace(b"<v>1</v>", b"<v>&l11;</v>")
        target.writestr(part, data)
`;

const extra: Readonly<Record<string, JsonObject>> = {
  'spreadsheet/convert': { output: 'made.csv' },
  'spreadsheet/edit': { cells: [{ cell: 'A1', value: 1 }], overwrite: true },
  'charts/draw': { kind: 'bar' },
  'data-explorer/sqlite-query': { sql: 'SELECT 1' },
  'data-explorer/json-query': { query: 'a' },
  'data-explorer/json-flatten': { output: 'made.csv' },
};
/** It makes what it names. */
const writers = new Set(['spreadsheet/write']);

describe('bundled skills and hostile input', function () {
  this.timeout(120_000);
  let rig: BundledRig;

  before(function () {
    rig = createBundledRig(dockerHostOrSkip(this));
  });
  after(() => rig?.close());

  const link = (name: string, target: string): void => symlinkSync(target, path.join(rig.workspace, name));

  const each = async (skill: string, calls: readonly (readonly [string, JsonValue | string])[]) => {
    const input = calls.map(([file, call]) => [file, typeof call === 'string' ? call : JSON.stringify(call)]);
    const { stdout, stderr, exitCode } = await rig.python(skill, runAll, JSON.stringify(input));
    assert.deepEqual({ stderr, exitCode }, { stderr: '', exitCode: 0 });
    return resultsSchema.parse(JSON.parse(stdout));
  };

  const assertOneLine = ([code, stdout, stderr]: readonly [number, string, string], what: string): void => {
    assert.equal(code, 1, `${what}: ${stdout}${stderr}`);
    assert.match(stderr, /^[^\n]{5,600}\n$/, what);
    assert.doesNotMatch(stderr, /Traceback|unexpected|root:/, what);
    assert.equal(stdout, '', what);
  };

  for (const name of bundledNames) {
    it(`${name}: paths that lead out, links, folders, broken files and odd calls are one line each`, async () => {
      const odd = [
        '../outside.txt',
        '/etc/passwd',
        '~/x',
        'a/../../b',
        'C:\\x',
        '',
        'leads-out',
        'away/passwd',
        'gone',
        'bad\u0000name',
      ];
      if (!existsSync(path.join(rig.workspace, 'leads-out'))) {
        link('leads-out', '/etc/passwd');
        link('away', '/etc');
        rig.write(
          'noise',
          Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * index * 7919) % 256)),
        );
        for (const kind of [
          'xlsx',
          'csv',
          'pdf',
          'docx',
          'html',
          'db',
          'json',
          'jsonl',
          'md',
          'rtf',
          'epub',
        ]) {
          rig.write(`noise.${kind}`, readFileSync(path.join(rig.workspace, 'noise')));
        }
      }
      const skill = await readBundled(name);
      const calls: [string, JsonValue | string][] = [];
      for (const entry of skill.entries) {
        calls.push([entry.file, 'no json'], [entry.file, '[1]'], [entry.file, '{"no such argument": 1}']);
        const properties = z.record(z.string(), z.unknown()).parse(entry.arguments.properties);
        const program = `${name}/${entry.name}`;
        if (properties.path === undefined || writers.has(program)) continue;
        calls.push(
          ...odd.map((file): [string, JsonObject] => [entry.file, { ...extra[program], path: file }]),
        );
        calls.push([entry.file, { ...extra[program], path: 5 }]);
        if (['repository-statistics', 'skill-maker'].includes(name)) continue;
        const kinds = {
          spreadsheet: ['xlsx', 'csv'],
          charts: ['xlsx', 'csv'],
          pdf: ['pdf'],
          documents: ['docx', 'epub'],
        };
        const known: Readonly<Record<string, readonly string[]>> = { ...kinds, 'web-page': ['html'] };
        const own = known[name] ?? (entry.name.startsWith('json') ? ['json', 'jsonl'] : ['db']);
        calls.push(
          ...own.map((kind): [string, JsonObject] => [
            entry.file,
            { ...extra[program], path: `noise.${kind}` },
          ]),
        );
      }
      const before = readdirSync(rig.workspace).toSorted();
      const results = await each(name, calls);
      for (const [index, result] of results.entries()) assertOneLine(result, JSON.stringify(calls[index]));
      assert.deepEqual(readdirSync(rig.workspace).toSorted(), before);
    });
  }

  it('what is there is not replaced unasked, and not through a link or into a protected folder', async () => {
    rig.write('precious.csv', 'a\n1\n');
    link('link.csv', 'elsewhere.csv');
    link('link.png', '/tmp/x.png');
    mkdirSync(path.join(rig.workspace, '.git'));
    giveAway(path.join(rig.workspace, '.git'));
    const write = { rows: [[1]] };
    for (const file of [
      'precious.csv',
      'link.csv',
      '../x.csv',
      'away/x.csv',
      '.git/x.csv',
      'leads-out/x.csv',
    ]) {
      await rig.fail('spreadsheet/write', { ...write, path: file });
    }
    await rig.fail('spreadsheet/write', { ...write, path: 'link.csv', overwrite: true });
    await rig.fail('charts/draw', {
      kind: 'bar',
      series: [{ values: [1] }],
      output: 'link.png',
      overwrite: true,
    });
    assert.equal(rig.read('precious.csv'), 'a\n1\n');
    assert.ok(!existsSync(path.join(rig.workspace, 'elsewhere.csv')));
    assert.deepEqual(readdirSync(path.join(rig.workspace, '.git')), []);
    assert.match(
      await rig.print('spreadsheet/write', { ...write, path: 'precious.csv', overwrite: true }),
      /Wrote/,
    );
  });

  it('workbooks and documents that unpack to very much are not opened', async () => {
    assert.equal((await rig.python('spreadsheet', zipBomb)).exitCode, 0);
    assert.match(await rig.fail('spreadsheet/read', { path: 'bomb.xlsx' }), /unpacks to/);
    assert.match(
      await rig.fail('spreadsheet/read', { path: 'strings.xlsx' }),
      /sharedStrings\.xml unpacks to 90 MB/,
    );
    assert.match(await rig.fail('documents/convert', { path: 'bomb.docx' }), /60 MB/);
  });

  it('a workbook that claims a huge size is read, one with entities is not unfolded', async () => {
    assert.equal((await rig.python('spreadsheet', wideWorkbook)).exitCode, 0);
    assert.match(
      await rig.print('spreadsheet/read', { path: 'wide.xlsx' }),
      /1 row below the header, 2 columns/,
    );
    const { exitCode, stdout, stderr } = await rig.run('spreadsheet/read', { path: 'laughs.xlsx' });
    assert.ok(exitCode === 0 || /^[^\n]+\n$/.test(stderr), stderr);
    assert.ok(stdout.length < 10_000);
    assert.doesNotMatch(stdout, /haha/);
  });

  it('formulas in data stay text', async () => {
    rig.write('evil.csv', 'name,sum\n"=HYPERLINK(""http://x"",""y"")",1\n@x,-5\n+1+1,2\n');
    const told = await rig.print('spreadsheet/convert', { path: 'evil.csv', output: 'evil.xlsx' });
    assert.match(told, /Texts that spreadsheet programs would run as formulas: 1\./);
    assert.match(
      await rig.print('spreadsheet/convert', { path: 'evil.csv', output: 'safe.csv' }),
      /Texts that spreadsheet programs would run as formulas: 3\./,
    );
    assert.match(rig.read('safe.csv'), /"'=HYPERLINK[\s\S]*\n'@x,-5\r\n'\+1\+1,2/);
    const kinds =
      'import openpyxl; s = openpyxl.load_workbook("evil.xlsx").active; print(s["A2"].data_type, s["B2"].data_type)';
    assert.equal((await rig.python('spreadsheet', kinds)).stdout, 's n\n');
    const reaching = {
      path: 'reach.xlsx',
      rows: [['=WEBSERVICE("http://x")', '=1+1', "=cmd|' /C calc'!A0"]],
    };
    assert.match(
      await rig.print('spreadsheet/write', reaching),
      /reach files, programs or the internet: 2\./,
    );
  });

  it('very many rows are computed with, and shown in part', async () => {
    const make = `
import random
with open("many.csv", "w") as file:
    file.write("key,value,text\\n")
    for number in range(400_000):
        file.write(f"k{number % 7},{number},some text {number}\\n")`;
    assert.equal((await rig.python('spreadsheet', make)).exitCode, 0);
    const sums = { group_by: ['key'], aggregates: [{ function: 'sum', column: 'value' }] };
    assert.match(
      await rig.print('spreadsheet/query', { path: 'many.csv', ...sums }),
      /7 rows from 400 000 rows/,
    );
    const read = await rig.print('spreadsheet/read', { path: 'many.csv', rows: 3 });
    assert.match(read, /400 000 rows below the header/);
    assert.ok(read.length < 3_000);
    const { exitCode, stderr, outOfMemory } = await rig.run('spreadsheet/query', {
      path: 'many.csv',
      sort: [{ column: 'text' }],
      limit: 2,
    });
    assert.equal(outOfMemory, 'no');
    assert.ok(exitCode === 0 || /too much data/.test(stderr), stderr);
    assert.match(
      await rig.fail('charts/draw', { kind: 'line', path: 'many.csv', y: ['value'] }),
      /more than 100000 rows/,
    );
  });

  it('what is nested very deeply, or is very large, ends', async () => {
    rig.write('deep.json', '['.repeat(100_000));
    assert.match(await rig.fail('data-explorer/json-shape', { path: 'deep.json' }), /nested too deeply/);
    rig.write('large.json', Buffer.alloc(41_000_000, ' '));
    assert.match(
      await rig.fail('data-explorer/json-query', { path: 'large.json', query: 'a' }),
      /at most 40 MB/,
    );
    rig.write('deep.html', `${'<div><b>'.repeat(30_000)}the text${'<p>'.repeat(1_000)}`);
    assert.match(await rig.print('web-page/markdown', { path: 'deep.html' }), /the text/);
    rig.write('pom.xml', '<!DOCTYPE x [<!ENTITY a "b">]><project>&a;</project>');
    assert.match(
      await rig.print('repository-statistics/dependencies', { exclude: ['many.csv'] }),
      /cannot be read: it declares entities/,
    );
    const wide = drawPdf.replace('595, 842', '14_000, 14_000');
    assert.equal((await rig.python('charts', wide)).exitCode, 0);
    await rig.print('pdf/pictures', { path: 'letter.pdf', dpi: 400 });
    assert.ok(rig.bytes('letter-page-1.png').readUInt32BE(16) <= 4_000);
    await rig.fail('charts/draw', { kind: 'bar', series: [{ values: [1e308, -1e308] }] });
  });

  it('a database is only read, whatever the statement says', async () => {
    const make =
      'import sqlite3\ndb = sqlite3.connect("only.db")\ndb.execute("create table t(a)")\ndb.commit()';
    assert.equal((await rig.python('data-explorer', make)).exitCode, 0);
    const before = rig.bytes('only.db');
    const statements = [
      'DELETE FROM t',
      'DROP TABLE t',
      "ATTACH 'other.db' AS o",
      "VACUUM INTO 'copy.db'",
      'PRAGMA journal_mode = WAL',
      'PRAGMA writable_schema = ON',
      "SELECT load_extension('/workspace/x.so')",
      'SELECT 1; DROP TABLE t',
      'BEGIN IMMEDIATE',
      'not sql',
      '',
    ];
    const results = await each(
      'data-explorer',
      statements.map((sql): [string, JsonObject] => ['sqlite_query.py', { path: 'only.db', sql }]),
    );
    for (const [index, result] of results.entries()) assertOneLine(result, statements[index] ?? '');
    assert.deepEqual(rig.bytes('only.db'), before);
    assert.ok(!readdirSync(rig.workspace).some((name) => /^(copy|other)\.db|-wal$|-journal$/.test(name)));
  });
});
