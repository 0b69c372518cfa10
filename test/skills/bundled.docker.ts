import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { giveAway } from '../sandbox/sandboxSupport.ts';
import { dockerHostOrSkip } from '../support/dockerEngine.ts';
import { type BundledRig, createBundledRig, drawPdf, readPng } from './bundledRig.ts';
import { bundledFolder, bundledNames, readBundled } from './bundledSkills.ts';

const csv = `day,region,amount
2025-01-05,north,10.5
2025-02-05,south,20
2025-02-06,north,12
2025-04-01,south,7
`;

const page = `<!doctype html><html><head><meta charset="utf-8"><title>A site</title><script>alert(1)</script></head><body>
<div class="cookie-banner">We use cookies</div><nav><ul><li><a href="/">Home</a></li></ul></nav>
<div id="content"><h1>The article</h1><p>A paragraph with <b>bold</b> words and a <a href="../next.html">link</a>, long enough.
<p>Another one, with <code>code</code>, and a price of 2 * 3 euros, which is not emphasis.
<ul><li>one<li>two<ul><li>nested</ul></ul><table><tr><th>A<th>B<tr><td>1<td>x|y</table></div>
<footer>Imprint</footer></body></html>`;

describe('bundled skills in their containers', function () {
  this.timeout(120_000);
  let rig: BundledRig;
  const ran = new Set<string>();

  before(function () {
    rig = createBundledRig(dockerHostOrSkip(this));
  });
  afterEach(() => {
    for (const each of rig.ran) ran.add(each);
  });
  after(() => rig?.close());

  const drawn = (file: string, width: number, height: number, ...colours: string[]): void => {
    const picture = readPng(rig.bytes(file));
    assert.deepEqual([picture.width, picture.height], [width, height]);
    for (const colour of colours) {
      assert.ok((picture.colours.get(colour) ?? 0) > 500, `${colour} in ${file}`);
    }
  };

  it('spreadsheet: a workbook is written, read, edited, queried and converted', async () => {
    const rows = [
      ['Pen', 1.5, 4, '=B2*C2', '2025-01-31'],
      ['Desk', 240, 1, '=B3*C3', '2025-02-01'],
    ];
    const columns = ['Item', 'Price', 'Count', 'Total', 'Day'];
    const sheets = [
      { name: 'Costs', columns, rows },
      { name: 'Notes', rows: [{ who: 'Ann', text: '007' }] },
    ];
    await rig.print('spreadsheet/write', { path: 'costs.xlsx', sheets });
    const read = await rig.print('spreadsheet/read', { path: 'costs.xlsx' });
    assert.match(read, /\| Notes \| 2 \| 2 \|/);
    assert.match(read, /\| Pen \| 1\.5 \| 4 \| =B2\*C2 \| 2025-01-31 \|/);
    assert.match(read, /\| B \| Price \| number \| 2 \| 0 \| 2 \| 1\.5 \| 240 \| 120\.75 \|/);
    assert.match(read, /no spreadsheet program has saved the file/);
    const change = {
      cells: [{ cell: 'B2', value: 2.5 }],
      append: [{ rows: [['Lamp', 30, 2]] }],
      overwrite: true,
    };
    await rig.print('spreadsheet/edit', { path: 'costs.xlsx', ...change });
    assert.match(
      await rig.print('spreadsheet/query', {
        path: 'costs.xlsx',
        where: [{ column: 'Price', operator: '<', value: 100 }],
        columns: ['Item', 'Price'],
        sort: [{ column: 'Price', descending: true }],
      }),
      /\| Lamp \| 30 \|\n\| Pen \| 2\.5 \|/,
    );
    await rig.print('spreadsheet/convert', { path: 'costs.xlsx', sheet: 'Notes', output: 'notes.csv' });
    assert.equal(rig.read('notes.csv'), 'who,text\r\nAnn,007\r\n');
    await rig.print('spreadsheet/convert', { path: 'notes.csv', output: 'notes.json' });
    assert.deepEqual(JSON.parse(rig.read('notes.json')), [{ who: 'Ann', text: '007' }]);
  });

  it('spreadsheet: groups of a CSV file', async () => {
    rig.write('sales.csv', csv);
    const output = await rig.print('spreadsheet/query', {
      path: 'sales.csv',
      where: [{ column: 'day', operator: '>=', value: '2025-02-01' }],
      group_by: ['region'],
      aggregates: [{ function: 'sum', column: 'amount' }, { function: 'count' }],
      sort: [{ column: 'sum of amount' }],
    });
    assert.match(output, /\| north \| 12 \| 1 \|\n\| south \| 27 \| 2 \|/);
  });

  it('charts: every kind is drawn, in colours, in the size that was asked for', async () => {
    rig.write('sales.csv', csv);
    const given = { labels: ['a', 'b', 'c'], series: [{ name: 'x', values: [3, 1, 2] }] };
    await rig.print('charts/draw', { kind: 'bar', ...given, title: 'Bars 図', output: 'bar.png' });
    drawn('bar.png', 1200, 700, '0072b2', 'ffffff');
    await rig.print('charts/draw', { kind: 'pie', ...given, output: 'pie.png', width: 600, height: 400 });
    drawn('pie.png', 600, 400, '0072b2', 'e69f00', '009e73');
    await rig.print('charts/draw', { kind: 'line', path: 'sales.csv', x: 'day', output: 'line.png' });
    drawn('line.png', 1200, 700, '0072b2', 'ffffff');
    const points = { labels: [1, 2, 5], series: [{ values: [2, 9, 4] }] };
    await rig.print('charts/draw', { kind: 'scatter', ...points, output: 'scatter.png' });
    assert.ok(readPng(rig.bytes('scatter.png')).colours.size > 20);
    const values = Array.from({ length: 200 }, (_, index) => Math.sin(index) * 10);
    await rig.print('charts/draw', { kind: 'histogram', series: [{ values }], output: 'histogram.png' });
    drawn('histogram.png', 1200, 700, '0072b2');
  });

  it('pdf: facts, text, tables and pictures', async () => {
    assert.equal((await rig.python('charts', drawPdf)).exitCode, 0);
    assert.match(await rig.print('pdf/info', { path: 'letter.pdf' }), /\| Pages \| 2 \|/);
    const text = await rig.print('pdf/text', { path: 'letter.pdf' });
    assert.match(text, /## Page 1\n\nQuarterly report of the northern branch[\s\S]*## Page 2\n\nSecond page/);
    assert.match(
      await rig.print('pdf/text', { path: 'letter.pdf', pages: '1', layout: true }),
      /North {10,}12 {10,}1,200\.50/,
    );
    const tables = await rig.print('pdf/tables', { path: 'letter.pdf', output: 'letter.csv' });
    assert.match(tables, /\| Region \| Units \| Revenue \|[\s\S]*\| South West \| 7 \| -830\.00 \|/);
    assert.doesNotMatch(tables, /Quarterly/);
    assert.equal(
      rig.read('letter.csv'),
      'Region,Units,Revenue\r\nNorth,12,"1,200.50"\r\nSouth West,7,-830.00\r\nEast,103,\'=1+1\r\n',
    );
    await rig.print('pdf/pictures', { path: 'letter.pdf', pages: '1-2', dpi: 72, folder: 'pages' });
    drawn('pages/letter-page-2.png', 595, 842, 'ff0000', 'ffffff');
  });

  it('documents: Markdown to Word and back, with its table, footnote and picture', async () => {
    await rig.print('charts/draw', { kind: 'bar', series: [{ values: [1, 2] }], output: 'two.png' });
    rig.write(
      'report.md',
      '# Report\n\nText with a note[^1] and ![two bars](two.png), ![far](https://example.org/x.png).\n\n## Numbers\n\n| A | B |\n|---|---|\n| 1 | zwölf |\n\n[^1]: The note.\n',
    );
    const made = await rig.print('documents/convert', { path: 'report.md', output: 'report.docx' });
    assert.match(made, /left out.*example\.org/);
    const back = await rig.print('documents/convert', { path: 'report.docx' });
    assert.match(back, /^# Report\n\nText with a note\[\^1\] and !\[two bars\]\(media\//);
    assert.match(back, /\| 1 +\| zwölf \|[\s\S]*\[\^1\]: The note\./);
    await rig.print('documents/convert', { path: 'report.docx', output: 'out/report.html' });
    assert.match(rig.read('out/report.html'), /<td>zwölf<\/td>/);
    assert.deepEqual(readPng(rig.bytes('out/report-html-media/picture-1.png')).width, 1200);
    for (const kind of ['odt', 'epub', 'rtf', 'txt', 'rst', 'tex', 'pptx', 'org']) {
      await rig.print('documents/convert', { path: 'report.docx', output: `out/report.${kind}` });
    }
    assert.match(await rig.print('documents/convert', { path: 'out/report.odt' }), /zwölf/);
    const outline = await rig.print('documents/outline', { path: 'report.docx' });
    assert.match(outline, /2 headings, 1 table, 1 picture, 1 footnote/);
    assert.match(outline, /- Report \(\d+ words\)\n {2}- Numbers \(4 words\)/);
  });

  it('web-page: the content of a page and its links', async () => {
    rig.write('page.html', page);
    const text = await rig.print('web-page/markdown', {
      path: 'page.html',
      url: 'https://example.org/a/b.html',
    });
    assert.match(
      text,
      /^# The article\n\nA paragraph with \*\*bold\*\* words and a \[link\]\(https:\/\/example\.org\/next\.html\)/,
    );
    assert.match(text, /2 \\\* 3 euros/);
    assert.match(text, /- one\n- two\n {2}- nested\n\n\| A \| B \|\n\| --- \| --- \|\n\| 1 \| x\\\|y \|/);
    assert.doesNotMatch(text, /cookies|Home|Imprint|alert/);
    const links = await rig.print('web-page/links', { html: page, contains: 'next' });
    assert.match(links, /\| link \| \.\.\/next\.html \|/);
  });

  it('web-fetch: says that there is no network', async () => {
    assert.match(
      await rig.fail('web-fetch/fetch', { url: 'https://example.org/' }),
      /no network here.*Nothing was fetched/,
    );
  });

  it('repository-statistics: lines, history, notes and dependencies', async () => {
    const folder = path.join(rig.workspace, 'code');
    mkdirSync(path.join(folder, 'src'), { recursive: true });
    const git = (...options: string[]): void => {
      const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
      const { status, stderr } = spawnSync('git', [...identity, ...options], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
    };
    rig.write('code/src/a.py', 'def f():\n    # TODO: mend this\n    return 1\n\n');
    rig.write('code/package.json', '{"dependencies":{"zod":"^4.1.0"},"devDependencies":{"mocha":"11"}}');
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'First');
    git('mv', 'src/a.py', 'src/b.py');
    git('commit', '-q', '-m', 'Second');
    // What a hostile repository would have run.
    git('config', 'core.fsmonitor', 'touch /workspace/started');
    git('config', 'diff.external', 'touch /workspace/started');
    const overview = await rig.print('repository-statistics/overview', { path: 'code' });
    assert.match(overview, /2 files \(tracked by git or new\)[\s\S]*\| Python \| 1 \| 2 \| 67% \| 1 \| 1 \|/);
    const history = await rig.print('repository-statistics/history', { path: 'code' });
    assert.match(history, /2 commits \(without merges\) by 1 author/);
    assert.match(history, /\| src\/b\.py \| 2 \| 4 \| 0 \| 1 \|/);
    assert.match(
      await rig.print('repository-statistics/todos', { path: 'code' }),
      /\| src\/b\.py:2 \| TODO \| mend this \|/,
    );
    assert.match(
      await rig.print('repository-statistics/dependencies', { path: 'code' }),
      /\| zod \| \^4\.1\.0 \| {2}\|\n\| mocha \| 11 \| dev \|/,
    );
    assert.ok(!existsSync(path.join(rig.workspace, 'started')));
    assert.match(await rig.fail('repository-statistics/history', {}), /no git repository/);
  });

  it('data-explorer: a database and JSON', async () => {
    const make = `import sqlite3
db = sqlite3.connect("app.db")
db.executescript("create table person(id integer primary key, name text not null);"
  "create table visit(id integer primary key, person integer references person(id), day text);")
db.executemany("insert into person values(?, ?)", [(1, "Ann"), (2, "=Bob")])
db.executemany("insert into visit(person, day) values(?, ?)", [(1, "2025-01-01"), (1, "2025-01-02"), (2, "2025-01-03")])
db.commit()`;
    assert.equal((await rig.python('data-explorer', make)).exitCode, 0);
    const before = rig.bytes('app.db');
    const schema = await rig.print('data-explorer/sqlite-schema', { path: 'app.db' });
    assert.match(schema, /### visit\n\n3 rows[\s\S]*\| person \| INTEGER \| {2}\| {2}\| {2}\| person\.id \|/);
    const sql =
      'SELECT name, count(*) AS visits FROM visit JOIN person p ON p.id = person WHERE day > ? GROUP BY 1';
    assert.match(
      await rig.print('data-explorer/sqlite-query', { path: 'app.db', sql, parameters: ['2025-01-01'] }),
      /\| =Bob \| 1 \|\n\| Ann \| 1 \|/,
    );
    await rig.print('data-explorer/sqlite-query', {
      path: 'app.db',
      sql: 'SELECT * FROM person',
      output: 'p.csv',
    });
    assert.equal(rig.read('p.csv'), "id,name\r\n1,Ann\r\n2,'=Bob\r\n");
    assert.deepEqual(rig.bytes('app.db'), before);

    const orders = [
      { id: 1, customer: { name: 'Ann', tags: ['a', 'b'] }, total: 10 },
      { id: 2, customer: { name: 'Bob' }, total: 200 },
    ];
    rig.write('orders.json', JSON.stringify({ orders }));
    assert.match(
      await rig.print('data-explorer/json-shape', { path: 'orders.json' }),
      /\| \$\.orders\[\*\]\.customer\.name \| text \| 2 \| "Ann" \|/,
    );
    assert.match(
      await rig.print('data-explorer/json-query', {
        path: 'orders.json',
        query: 'orders[?total>100].customer.name',
      }),
      /1 value[\s\S]*\| "Bob" \|/,
    );
    await rig.print('data-explorer/json-flatten', {
      path: 'orders.json',
      query: 'orders',
      output: 'orders.csv',
    });
    assert.equal(
      rig.read('orders.csv'),
      'id,customer.name,customer.tags,total\r\n1,Ann,a; b,10\r\n2,Bob,,200\r\n',
    );
  });

  it('skill-maker: a new skill is right and runs; the bundled ones are right, a broken one is not', async () => {
    const properties = { path: { type: 'string', description: 'The file' } };
    for (const runtime of ['python', 'node', 'shell']) {
      const name = `count-${runtime}`;
      await rig.print('skill-maker/new', {
        name,
        description: 'Counts words: the "words" of files. Use it when somebody asks how long a text is.',
        runtime,
        triggers: ['count words', '*.txt'],
        entries: [
          { name: 'count', description: 'Counts: all #1.', arguments: { type: 'object', properties } },
        ],
      });
      const checked = await rig.print('skill-maker/check', { path: `skills-draft/${name}` });
      assert.match(checked, /0 errors, 0 warnings; 3 files/);
    }
    const made = await rig.python(
      'skill-maker',
      'import runpy; runpy.run_path("skills-draft/count-python/count.py")',
      '{"path": "ä.txt"}',
    );
    assert.deepEqual(made, {
      stdout: 'Arguments: {"path": "ä.txt"}\n',
      stderr: '',
      exitCode: 0,
      outOfMemory: 'no',
    });
    for (const name of bundledNames) {
      cpSync(path.join(bundledFolder, name), path.join(rig.workspace, 'own', name), { recursive: true });
      assert.match(await rig.print('skill-maker/check', { path: `own/${name}` }), /: 0 errors/);
    }
    mkdirSync(path.join(rig.workspace, 'bad'));
    giveAway(path.join(rig.workspace, 'bad'));
    rig.write(
      'bad/skill.yaml',
      'name: Bad Name\ndescription: x\nruntime: perl\nentries:\n  - name: a\n    file: ../a.py\n',
    );
    const bad = await rig.print('skill-maker/check', { path: 'bad' });
    assert.match(bad, /cannot be used yet: 4 errors/);
    assert.match(bad, /\| error \| skill\.yaml:1 \| \\`name\\` must be/);
  });

  it('every program of every skill has been run', async () => {
    const skills = await Promise.all(bundledNames.map(readBundled));
    const all = skills.flatMap(({ name, entries }) => entries.map((entry) => `${name}/${entry.name}`));
    assert.deepEqual([...ran].toSorted(), all.toSorted());
  });
});
