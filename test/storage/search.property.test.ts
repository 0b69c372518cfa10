import assert from 'node:assert/strict';
import fc from 'fast-check';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { type SessionSummary, shelves } from '../../extension/shared/session.ts';
import { jobEvents } from './chatEvents.ts';
import {
  type OpenedService,
  openService,
  quickDisk,
  session,
  temporaryFolder,
  uniqueName,
} from './support.ts';

/** Each word as it may be written, and as a person would call all of these the same. */
const vocabulary: readonly (readonly [written: string, plain: string])[] = [
  ['Über', 'uber'],
  ['uber', 'uber'],
  ['ÜBERALL', 'uberall'],
  ['café', 'cafe'],
  ['cafe\u0301s', 'cafes'],
  ['cat', 'cat'],
  ['Catalog', 'catalog'],
  ['concat', 'concat'],
  ['a', 'a'],
  ['and', 'and'],
  ['OR', 'or'],
  ['слово', 'слово'],
  ['Слова', 'слова'],
  ['42', '42'],
];
const plainOf = new Map(vocabulary);

const spaces = [' ', '  ', '\n', ', ', ' — ', ') ('];
const words = fc.array(fc.constantFrom(...vocabulary.map(([written]) => written)), { maxLength: 6 });
const texts = fc.tuple(words, fc.constantFrom(...spaces)).map(([some, space]) => some.join(space));

/** The words of a text of the vocabulary. */
const plain = (text: string): readonly string[] =>
  text.split(/[\s,—()]+/).flatMap((word) => (word === '' ? [] : [plainOf.get(word) ?? word.toLowerCase()]));

type Search = readonly { readonly words: readonly string[]; readonly isQuoted: boolean }[];
const written = fc.constantFrom(...vocabulary.map(([word]) => word));
const searches: fc.Arbitrary<Search> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: written.map((word) => ({ words: [word], isQuoted: false })) },
    {
      weight: 1,
      arbitrary: fc.tuple(written, written).map((both) => ({ words: [...both], isQuoted: true })),
    },
  ),
  { minLength: 1, maxLength: 3 },
);

/** The last word is cut to so many letters, where it is not in quotes. */
const typedOf = (
  search: Search,
  letters: number,
): { readonly typed: string; readonly terms: readonly Term[] } => {
  const terms = search.map(({ words: some, isQuoted }, index): Term => {
    const isHalf = index === search.length - 1 && !isQuoted;
    const all = some.map((word) => plainOf.get(word) ?? word);
    return { words: isHalf ? all.map((word) => word.slice(0, letters)) : all, isHalf };
  });
  const typed = search.map(({ words: some, isQuoted }, index) => {
    if (isQuoted) return `"${some.join(' ')}"`;
    return index === search.length - 1 ? (terms[index]?.words.join('') ?? '') : some.join('');
  });
  return { typed: typed.join(' '), terms };
};

interface Term {
  readonly words: readonly string[];
  readonly isHalf: boolean;
}

const occurs = ({ words: some, isHalf }: Term, text: readonly string[]): boolean =>
  text.some((_, at) =>
    some.every((word, index) =>
      isHalf ? text[at + index]?.startsWith(word) === true : text[at + index] === word,
    ),
  );

/** What of an item can be found, told from what the views get. */
const textOfItem = (item: ChatItem): readonly string[] => {
  switch (item.kind) {
    case 'user':
    case 'assistant':
      return item.message.content.flatMap((block) => (block.type === 'text' ? plain(block.text) : []));
    case 'step': {
      const { step, result } = item.record;
      if (result === undefined) return [];
      const output = result.content.flatMap((block) => (block.type === 'text' ? plain(block.text) : []));
      return ['run', 'command', ...plain(step.title), ...output];
    }
    case 'notice':
      return [];
  }
};

type Action =
  | {
      readonly kind: 'job';
      readonly chat: number;
      readonly texts: readonly [string, string, string];
      readonly window: number;
    }
  | { readonly kind: 'title'; readonly chat: number; readonly text: string }
  | { readonly kind: 'fork' | 'rewind'; readonly chat: number; readonly at: number }
  | { readonly kind: 'shelf'; readonly chat: number; readonly shelf: number }
  | { readonly kind: 'delete' | 'search' | 'snapshot' | 'repair'; readonly chat: number };

const chat = fc.nat(3);
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('job' as const),
        chat,
        texts: fc.tuple(texts, texts, texts),
        window: fc.nat(1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('title' as const), chat, text: texts }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('fork' as const, 'rewind' as const),
        chat,
        at: fc.nat(9),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('shelf' as const), chat, shelf: fc.nat(2) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('delete' as const, 'search' as const, 'snapshot' as const, 'repair' as const),
        chat,
      }),
    },
  ),
  { minLength: 1, maxLength: 14, size: 'max' },
);

let jobs = 0;
const allChats = async ({ service }: OpenedService): Promise<readonly SessionSummary[]> => {
  const pages = await Promise.all(
    shelves.map((shelf) => service.listSessions('', { shelf, limit: 1_000, folderFirst: '' })),
  );
  return pages.flatMap((page) => page.sessions);
};

const perform = async (windows: readonly OpenedService[], action: Action): Promise<void> => {
  const [first = assert.fail(), second = assert.fail()] = windows;
  const { service } = first;
  const all = [...(await allChats(first))].sort((a, b) => (a.id < b.id ? -1 : 1));
  const target = all[action.chat % Math.max(1, all.length)];
  if (action.kind === 'job') {
    jobs += 1;
    const id = `chat-${action.chat}`;
    const opened = action.window === 0 ? first : second;
    if ((await opened.service.getSession('', id)) === undefined) {
      await opened.service.saveSession(uniqueName(), session(id, { title: action.texts[0] }));
    }
    const job = jobEvents(id, `search-job-${jobs}`);
    const [asked, said, output] = action.texts;
    await opened.record(job.started(asked));
    await opened.record(job.said(said));
    await opened.record(output.length % 2 === 0 ? job.stepDone(output) : job.asked());
    await opened.record(job.completed());
    return;
  }
  if (target === undefined) return;
  const copy = session(uniqueName(), { title: target.title, updatedAt: 2 });
  const rows = (await first.items(target.id)).flatMap(({ row }) => (row === undefined ? [] : [row]));
  switch (action.kind) {
    case 'title':
      return service.updateSession(
        uniqueName(),
        target.id,
        { title: { text: action.text, by: 'person' } },
        3,
      );
    case 'shelf':
      // Today: what was deleted long ago is gone for good.
      return service.updateSession(
        uniqueName(),
        target.id,
        { shelf: shelves[action.shelf] ?? 'active' },
        Date.now(),
      );
    case 'fork': {
      const throughRow = rows[action.at % Math.max(1, rows.length)] ?? 0;
      return service.copySession(uniqueName(), { from: target.id, to: copy, throughRow });
    }
    case 'rewind': {
      const fromRow = rows[action.at % Math.max(1, rows.length)];
      if (fromRow === undefined) return;
      return service.rewindSession(uniqueName(), { sessionId: target.id, fromRow, earlier: copy, at: 4 });
    }
    case 'delete':
      return service.deleteSession(uniqueName(), target.id);
    case 'search':
      await second.service.search('', { text: 'cat', limit: 5 });
      return;
    case 'snapshot':
    case 'repair':
      await service.repair(uniqueName(), action.kind === 'snapshot' ? 'snapshot' : 'searchIndex');
      return;
  }
};

describe('a search in any chats', function () {
  const folder = temporaryFolder(this);
  this.timeout(300_000);

  it('finds what going through all of them finds, in each window and when opened again', async () => {
    let found = 0;
    const check = async (
      opened: OpenedService,
      search: Search,
      letters: number,
      what: string,
    ): Promise<void> => {
      const { typed, terms } = typedOf(search, letters);
      const [only] = terms;
      // One letter alone is a word in messages.
      const isWord = terms.length === 1 && only?.isHalf === true && [...(only.words[0] ?? '')].length === 1;
      const inMessages = isWord ? terms.map((term) => ({ ...term, isHalf: false })) : terms;
      const expected = new Map<string, { readonly isTitle: boolean; readonly rows: readonly number[] }>();
      for (const { id, title, shelf } of await allChats(opened)) {
        if (shelf === 'deleted') continue;
        const rows = (await opened.items(id))
          .filter((item) => inMessages.every((term) => occurs(term, textOfItem(item))))
          .flatMap(({ row }) => (row === undefined ? [] : [row]))
          .sort((a, b) => b - a);
        const isTitle = terms.every((term) => occurs(term, plain(title)));
        if (isTitle || rows.length > 0) expected.set(id, { isTitle, rows });
      }
      const result = await opened.service.search('', { text: typed, limit: 1_000 });
      assert.equal(result.hasMore, false);
      const seen = new Map(result.sessions.map((one) => [one.session.id, one]));
      assert.deepEqual([...seen.keys()].sort(), [...expected.keys()].sort(), `${what}: ${typed}`);
      for (const [id, { isTitle, rows }] of expected) {
        const one = seen.get(id);
        assert.equal((one?.titleRanges.length ?? 0) > 0, isTitle, `${typed} in the title of ${id}`);
        assert.deepEqual(
          one?.hits.map(({ row }) => row),
          rows.slice(0, 5),
          `${what}: ${typed} in ${id}`,
        );
        assert.equal(one?.moreHits, Math.max(0, rows.length - 5));
        for (const { ranges } of one?.hits ?? []) assert.ok(ranges.length > 0);
        found += rows.length;
      }
      const places = result.sessions.map((one) => one.titleRanges.length > 0);
      assert.deepEqual(
        places,
        [...places].sort((a, b) => Number(b) - Number(a)),
        'titles first',
      );
    };

    await fc.assert(
      fc.asyncProperty(
        actions,
        fc.array(fc.tuple(searches, fc.integer({ min: 1, max: 8 })), { minLength: 4, maxLength: 8 }),
        fc.constantFrom(2_000, undefined),
        async (all, asked, snapshotBytes) => {
          const where = folder();
          const options = { disk: quickDisk, ...(snapshotBytes === undefined ? {} : { snapshotBytes }) };
          const windows = [await openService(where, options), await openService(where, options)];
          for (const action of all) {
            try {
              await perform(windows, action);
            } catch (error) {
              // A job that was left open in another window, say.
              if (!(error instanceof StoreError)) throw error;
            }
          }
          const again = await openService(where, options);
          for (const [search, letters] of asked) {
            for (const [index, opened] of [...windows, again].entries()) {
              await check(opened, search, letters, `window ${index}`);
            }
          }
          for (const { service } of [...windows, again]) await service.close('');
        },
      ),
      { numRuns: 80 },
    );
    assert.ok(found > 500, `only ${found} hits`);
  });
});
