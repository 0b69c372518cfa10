import assert from 'node:assert/strict';
import type { SearchResult } from '../../extension/core/store.ts';
import { migrations } from '../../extension/storage/schema.ts';
import { searchTextLimit } from '../../extension/storage/searchText.ts';
import type { StoreHandlers } from '../../extension/storage/storeService.ts';
import { jobEvents } from './chatEvents.ts';
import {
  diskWith,
  type OpenedService,
  openDatabase,
  openService,
  quickDisk,
  session,
  systemError,
  temporaryFolder,
  uniqueName,
} from './support.ts';

const find = (service: StoreHandlers, text: string, limit = 20): Promise<SearchResult> =>
  service.search('', { text, limit });

/** What was found, as `chat: the hits' snippets with the words in brackets`. */
const shown = ({ sessions }: SearchResult): readonly string[] =>
  sessions.map(({ session: { id }, hits, moreHits }) => {
    const lines = hits.map(({ snippet, ranges }) =>
      ranges.reduceRight(
        (line, [start, end]) => `${line.slice(0, start)}[${line.slice(start, end)}]${line.slice(end)}`,
        snippet,
      ),
    );
    return `${id}: ${[...lines, ...(moreHits > 0 ? [`and ${moreHits}`] : [])].join(' | ')}`;
  });

const ids = async (service: StoreHandlers, text: string): Promise<readonly string[]> =>
  (await find(service, text)).sessions.map((found) => found.session.id);

let jobs = 0;
/** A chat in which a person asks, the agent answers, and a command gives something out. */
const chat = async (
  { service, record }: OpenedService,
  id: string,
  { title = 'Untitled', asked = '', said = '', output = '' },
): Promise<void> => {
  jobs += 1;
  const job = jobEvents(id, `job-${jobs}`);
  if ((await service.getSession('', id)) === undefined) {
    await service.saveSession(uniqueName(), session(id, { title }));
  }
  await record(job.started(asked));
  await record(job.said(said));
  if (output !== '') await record(job.stepDone(output));
  await record(job.completed());
};

describe('the search of the store', function () {
  this.timeout(60_000);
  const folder = temporaryFolder(this);
  const open = (where = folder(), options = {}) => openService(where, { disk: quickDisk, ...options });

  it('finds what was asked, said and given out, with the words and what stands around them', async () => {
    const opened = await open();
    await chat(opened, 'a', { asked: 'Why does the parser fail?', said: 'The grammar is ambiguous.' });
    await chat(opened, 'b', { asked: 'Run it', said: 'Running.', output: 'Error: ParserError in line 3' });
    const { service } = opened;
    assert.deepEqual(shown(await find(service, 'pars')), [
      'b: run_command ls Error: [Pars]erError in line 3',
      'a: Why does the [pars]er fail?',
    ]);
    assert.deepEqual(shown(await find(service, 'AMBIGUOUS gramm')), ['a: The [gramm]ar is [ambiguous].']);
    assert.deepEqual(shown(await find(service, '"line 3"')), [
      'b: run_command ls Error: ParserError in [line] [3]',
    ]);
    // All in one message.
    assert.deepEqual(await ids(service, 'parser ambiguous'), []);
    assert.deepEqual(await ids(service, '"3 line"'), []);
    assert.deepEqual(await ids(service, 'arser'), []);
    const { sessions, hasMore, unsearched } = await find(service, 'run_command');
    assert.deepEqual([hasMore, unsearched], [false, []]);
    const [hit] = sessions[0]?.hits ?? [];
    const items = await opened.items('b');
    assert.equal(hit?.kind, 'step');
    assert.equal(hit?.row, items.at(-1)?.row);
  });

  it('finds nothing for nothing, and takes signs for no more than they are', async () => {
    const opened = await open();
    await chat(opened, 'a', { asked: 'alpha and beta', said: 'alpha not gamma: text' });
    const { service } = opened;
    for (const nothing of ['', '  ', '"', '""', '*', '-', '()', '…🎉']) {
      assert.deepEqual(await ids(service, nothing), [], nothing);
    }
    const cases: Record<string, readonly string[]> = {
      'alpha AND beta': ['a'],
      'alpha OR gamma': [],
      'alpha NOT gamma': ['a'],
      'alpha -gamma': ['a'],
      'alpha NEAR beta': [],
      'text:alpha': [],
      'gamma:text': ['a'],
      'al*': ['a'],
      'alp*a': [],
      '(alpha) "and': ['a'],
      "alpha' --": ['a'],
      '^alpha': ['a'],
      'search MATCH alpha': [],
    };
    for (const [typed, expected] of Object.entries(cases))
      assert.deepEqual(await ids(service, typed), expected, typed);
  });

  it('takes one letter for a word in messages, and for the beginning of one in titles', async () => {
    const opened = await open();
    await chat(opened, 'a', { title: 'Compilers', asked: 'Which one?' });
    await chat(opened, 'b', { asked: 'Is it written in C?', said: 'It compiles.' });
    await chat(opened, 'c', { asked: 'I cannot compile' });
    assert.deepEqual(shown(await find(opened.service, 'c')), ['a: ', 'b: Is it written in [C]?']);
    assert.deepEqual([...(await ids(opened.service, 'it c'))].sort(), ['b']);
    assert.deepEqual([...(await ids(opened.service, 'co'))].sort(), ['a', 'b', 'c']);
  });

  it('puts titles first, then the newest hits, some of each chat', async () => {
    const opened = await open();
    const { service } = opened;
    await chat(opened, 'old', { asked: 'needle one', said: 'needle two' });
    await service.saveSession(uniqueName(), session('titled', { title: 'The Needle, and Thread' }));
    for (let time = 0; time < 4; time += 1)
      await chat(opened, 'new', { asked: `needle ${time}`, said: `a needle ${time}` });
    await chat(opened, 'both', { title: 'Needles', asked: 'needle here' });
    const result = await find(service, 'needle');
    assert.deepEqual(
      result.sessions.map(({ session: { id }, hits, moreHits, titleRanges }) => [
        id,
        hits.length,
        moreHits,
        titleRanges,
      ]),
      [
        ['both', 1, 0, [[0, 6]]],
        ['titled', 0, 0, [[4, 10]]],
        ['new', 5, 3, []],
        ['old', 2, 0, []],
      ],
    );
    const rows = result.sessions[2]?.hits.map((hit) => hit.row) ?? [];
    assert.deepEqual(
      rows,
      [...rows].sort((a, b) => b - a),
    );
    const two = await find(service, 'needle', 2);
    assert.deepEqual(
      [two.sessions.map((found) => found.session.id), two.hasMore],
      [['both', 'titled'], true],
    );
    const four = await find(service, 'needle', 4);
    assert.deepEqual([four.sessions.length, four.hasMore], [4, false]);
    // All of the words have to be in the title.
    assert.deepEqual(shown(await find(service, 'thread needle')), ['titled: ']);
    assert.deepEqual(await ids(service, 'thread here'), []);
  });

  it('includes the archive, and leaves out what is deleted', async () => {
    const opened = await open();
    const { service } = opened;
    const put = (id: string, shelf: 'active' | 'archived' | 'deleted') =>
      service.updateSession(uniqueName(), id, { shelf }, 5);
    await chat(opened, 'a', { title: 'Walrus', asked: 'walrus' });
    await chat(opened, 'b', { asked: 'walrus' });
    await put('a', 'archived');
    await put('b', 'deleted');
    assert.deepEqual(await ids(service, 'walrus'), ['a']);
    await put('a', 'deleted');
    await put('b', 'active');
    assert.deepEqual(await ids(service, 'walrus'), ['b']);
    await service.deleteSession(uniqueName(), 'b');
    assert.deepEqual(await ids(service, 'walrus'), []);
  });

  it('follows what another window writes, at once', async () => {
    const where = folder();
    const [here, there] = [await open(where), await open(where)];
    await chat(here, 'a', { asked: 'first' });
    assert.deepEqual(await ids(there.service, 'first'), ['a']);
    for (let time = 0; time < 5; time += 1) {
      await chat(here, 'a', { asked: `said${time}` });
      assert.deepEqual(await ids(there.service, `said${time}`), ['a']);
    }
    await here.service.deleteSession(uniqueName(), 'a');
    assert.deepEqual(await ids(there.service, 'first'), []);
  });

  it('goes on when the database is loaded anew, and is kept with the snapshot', async () => {
    const where = folder();
    const here = await open(where);
    await chat(here, 'a', { asked: 'before' });
    assert.deepEqual(await ids(here.service, 'before'), ['a']);
    // Two snapshots further, the journal has no part any more that this window could go on with.
    const other = await openDatabase(where, { disk: quickDisk, migrations });
    const there = await open(where);
    for (const word of ['between', 'after']) {
      await chat(there, 'b', { asked: word });
      await other.database.snapshot();
    }
    assert.deepEqual(await ids(here.service, 'after'), ['b']);
    assert.deepEqual(await ids(here.service, 'between'), ['b']);
    assert.deepEqual(await ids(here.service, 'before'), ['a']);
    assert.deepEqual(here.problems, []);
  });

  it('reads long outputs in their files up to a bound, and neither pictures nor thoughts', async () => {
    const opened = await open();
    const { service, record } = opened;
    const words = (word: string, length: number): string => `${word} ${'filler '.repeat(length / 7)}`;
    const output = `${words('beginning', 20_000)} middle ${words('', searchTextLimit)} beyond`;
    await chat(opened, 'a', { asked: 'Run', said: `${words('', 20_000)} finally`, output });
    const job = jobEvents('a', 'thinking');
    const said = job.said('spoken');
    assert.ok(said.type === 'TurnCompleted');
    await record(job.started());
    await record({
      ...said,
      message: {
        ...said.message,
        content: [{ type: 'thinking', text: 'secretly' }, ...said.message.content],
      },
    });
    const found: Record<string, boolean> = { beginning: true, middle: true, finally: true, spoken: true };
    for (const word of ['beyond', 'secretly', 'utf8', 'blob']) found[word] = false;
    for (const [word, isFound] of Object.entries(found)) {
      assert.equal((await ids(service, word)).length, isFound ? 1 : 0, word);
    }
    const read: string[] = [];
    const disk = diskWith({
      readFile: (file) => {
        if (file.includes('blobs')) read.push(file);
        return quickDisk.readFile(file);
      },
    });
    const where = folder();
    const pictured = await openService(where, { disk });
    await pictured.service.saveSession(uniqueName(), session('p'));
    const started = jobEvents('p', 'pictured').started('look at this');
    assert.ok(started.type === 'JobStarted' && started.input !== undefined);
    const picture = { type: 'image', mediaType: 'image/png', data: 'QUJD'.repeat(10_000) } as const;
    await pictured.record({
      ...started,
      input: { ...started.input, content: [...started.input.content, picture] },
    });
    assert.deepEqual(await ids(pictured.service, 'look'), ['p']);
    assert.deepEqual(read, []);
  });

  it('reads a message again when it is recorded again with other words', async () => {
    const opened = await open();
    await opened.service.saveSession(uniqueName(), session('a'));
    const job = jobEvents('a', 'twice');
    await opened.record(job.started());
    await opened.record(job.said('formerly'));
    assert.deepEqual(await ids(opened.service, 'formerly'), ['a']);
    await opened.record(job.said('nowadays'));
    assert.deepEqual(await ids(opened.service, 'nowadays'), ['a']);
    // Still in the index, but not in the message.
    assert.deepEqual(await ids(opened.service, 'formerly'), []);
  });

  it('works in a folder that can only be read', async () => {
    const where = folder();
    const first = await open(where);
    await chat(first, 'a', { asked: 'readable' });
    await first.service.close('');
    const refuse = () => {
      throw systemError('EROFS');
    };
    const disk = diskWith({
      createExclusive: refuse,
      openAppend: refuse,
      truncate: refuse,
      writeFile: refuse,
    });
    const second = await openService(where, { disk });
    await assert.rejects(second.service.saveSession(uniqueName(), session('b')));
    assert.deepEqual(await ids(second.service, 'readable'), ['a']);
  });
});
