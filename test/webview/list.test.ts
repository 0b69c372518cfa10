import assert from 'node:assert/strict';
import type { ToWebview } from '../../extension/shared/protocol.ts';
import type { Shelf } from '../../extension/shared/session.ts';
import {
  beginSearch,
  closedList,
  closeList,
  editSession,
  forgetEdits,
  foundSessions,
  isSearched,
  type ListState,
  listedSessions,
  moveSession,
  openList,
  showMoreSessions,
  showShelf,
  takeFound,
  takeSearchFailure,
  takeSessions,
  typeSearch,
} from '../../webview/list.ts';
import { groupSessions, lineOf } from '../../webview/sessions.ts';
import { foundIn, hit, session, sessionsOf } from './samples.ts';

type Message<T extends ToWebview['type']> = Extract<ToWebview, { type: T }>;

const one = session('s1', 'One');
const two = session('s2', 'Two');

const listed = (list: ListState, sessions = [one, two], shelf: Shelf = 'active'): ListState =>
  takeSessions(list, { ...sessionsOf(sessions, shelf), seq: 1 } as Message<'sessions'>);

const ids = (list: ListState) => listedSessions(list).map(({ id }) => id);

const found = (
  requestId: string,
  sessions: Message<'found'>['sessions'],
  isFirst = true,
): Message<'found'> => ({
  type: 'found',
  seq: 1,
  requestId,
  isFirst,
  sessions,
  isDone: true,
  hasMore: false,
});

const open = openList(closedList);

describe('webview list: shelves', () => {
  it('opens afresh, with what was listed before', () => {
    const used = typeSearch(listed(open), 'x');
    const again = openList(closeList(beginSearch(used, 'q1')));
    assert.equal(again.text, '');
    assert.equal(again.search, undefined);
    assert.deepEqual(ids(again), ['s1', 's2']);
    const fromArchive = openList(closeList(listed(showShelf(open, 'archived'), [], 'archived')));
    assert.equal(fromArchive.shelf, 'active');
    assert.equal(fromArchive.sessions, undefined);
  });

  it('takes no list of another shelf, and begins each at its first page', () => {
    const more = showMoreSessions(listed(open));
    assert.equal(more.limit, 400);
    const deleted = showShelf(more, 'deleted');
    assert.equal(deleted.limit, 200);
    assert.equal(listed(deleted).sessions, undefined);
    assert.equal(showShelf(more, 'active'), more);
  });

  it('keeps the objects of chats that are as they were, so that their rows are not drawn again', () => {
    const before = listedSessions(listed(open));
    const copies = structuredClone([one, { ...two, status: 'running' as const }]);
    const after = listedSessions(listed(listed(open), copies));
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    assert.equal(after[1]?.status, 'running');
  });

  it('searches all but the deleted chats, and nothing for blanks', () => {
    assert.equal(isSearched(typeSearch(open, 'x')), true);
    assert.equal(isSearched(typeSearch(open, '  ')), false);
    assert.equal(isSearched(typeSearch(showShelf(open, 'deleted'), 'x')), false);
  });
});

describe('webview list: changes before the host has them', () => {
  const moved = moveSession(listed(open), one, 'deleted');

  it('show at once, survive an older list, and are forgotten with one that has them', () => {
    assert.deepEqual(ids(moved), ['s2']);
    assert.deepEqual(moved.moved, { sessionId: 's1', title: 'One', from: 'active', to: 'deleted' });
    const older = listed(moved);
    assert.deepEqual(ids(older), ['s2']);
    assert.equal(older.edits.size, 1);
    assert.equal(listed(moved, [two]).edits.size, 0);
  });

  it('are taken back by their opposite, also when the host was faster', () => {
    const undone = editSession(moved, 's1', { shelf: 'active' });
    assert.deepEqual(ids(undone), ['s1', 's2']);
    assert.equal(undone.moved, undefined);
    const late = editSession(listed(moved, [two]), 's1', { shelf: 'active' });
    assert.deepEqual(ids(late), ['s2']);
    assert.deepEqual(ids(listed(late)), ['s1', 's2']);
    assert.equal(listed(late).edits.size, 0);
  });

  it('add up for one chat, and hide nothing that another window changed', () => {
    const both = editSession(editSession(listed(open), 's1', { title: 'Uno' }), 's1', { isPinned: true });
    const newer = listed(both, [{ ...one, status: 'running' }, two]);
    assert.deepEqual(
      listedSessions(newer).map(({ title, isPinned, status }) => [title, isPinned, status]),
      [
        ['Uno', true, 'running'],
        ['Two', false, 'idle'],
      ],
    );
    assert.equal(listed(both, [{ ...one, title: 'Uno', isPinned: true }, two]).edits.size, 0);
  });

  it('are given up when no list ever has them, and the list is asked for again', () => {
    const given = forgetEdits(moved);
    assert.deepEqual(ids(given), ['s1', 's2']);
    assert.equal(given.changes, moved.changes + 1);
  });
});

describe('webview list: search', () => {
  const searching = beginSearch(typeSearch(listed(open), 'o'), 'q2');

  it('takes answers to the last search only, and none once the field is empty', () => {
    assert.equal(takeFound(searching, found('q1', [foundIn(one, [])])), searching);
    assert.equal(takeSearchFailure(searching, 'q1', 'no'), searching);
    const cleared = typeSearch(searching, ' ');
    assert.equal(cleared.search, undefined);
    assert.equal(takeFound(cleared, found('q2', [foundIn(one, [])])), cleared);
  });

  it('keeps what was found until the next search is answered', () => {
    const first = takeFound(searching, found('q2', [foundIn(one, [])]));
    const next = beginSearch(typeSearch(first, 'on'), 'q3');
    assert.equal(foundSessions(next).length, 1);
    assert.equal(next.search?.isAnswered, false);
    const failed = takeSearchFailure(next, 'q3', 'Damaged.');
    assert.equal(failed.search?.problem, 'Damaged.');
    assert.equal(foundSessions(takeFound(next, found('q3', []))).length, 0);
  });

  it('puts together what comes in parts, each chat once and each hit once', () => {
    const a = hit(7, 'user', 'one o', 'o');
    const b = hit(9, 'step', 'two o', 'o');
    const first = takeFound(
      searching,
      found('q2', [foundIn(one, [a], { titleRanges: [[0, 1]], moreHits: 1 })]),
    );
    const both = takeFound(
      first,
      found('q2', [foundIn(one, [a, b], { moreHits: 2 }), foundIn(two, [b])], false),
    );
    assert.deepEqual(
      foundSessions(both).map(({ session: { id }, titleRanges, hits, moreHits }) => [
        id,
        titleRanges.length,
        hits.map(({ row }) => row),
        moreHits,
      ]),
      [
        ['s1', 1, [7, 9], 3],
        ['s2', 0, [9], 0],
      ],
    );
  });

  it('shows the title of now, without the highlights of another, and no deleted chat', () => {
    const all = takeFound(
      searching,
      found('q2', [foundIn(one, [], { titleRanges: [[0, 1]] }), foundIn(two, [])]),
    );
    const renamed = foundSessions(editSession(all, 's1', { title: 'Uno' }))[0];
    assert.equal(renamed?.session.title, 'Uno');
    const working = foundSessions(listed(all, [{ ...one, status: 'running' }, two]))[0];
    assert.deepEqual([working?.session.status, working?.titleRanges.length], ['running', 1]);
    const gone = moveSession(all, one, 'deleted');
    assert.deepEqual(
      foundSessions(listed(gone, [two])).map(({ session: { id } }) => id),
      ['s2'],
    );
  });
});

describe('webview list: groups', () => {
  it('begin with the pinned chats of all folders, then this folder by day, then the others', () => {
    const now = Date.UTC(2026, 5, 15, 12);
    const at = (id: string, folder: string, isPinned: boolean, updatedAt: number) =>
      session(id, id, { folder, isPinned, updatedAt });
    const groups = groupSessions(
      [
        at('a', '/home/ada/x', false, now),
        at('b', '/home/ada/y', true, now - 5),
        at('c', '/home/ada/x', true, now - 9),
        at('d', '/home/ada/y', false, now),
        at('e', '/home/ada/x', false, now - 86_400_000),
      ],
      { filter: '', now, folder: '/home/ada/x' },
    );
    assert.deepEqual(
      groups.map(({ label, sessions }) => [label, sessions.map(({ id }) => id)]),
      [
        ['Pinned', ['b', 'c']],
        ['Today', ['a']],
        ['Yesterday', ['e']],
        ['In y', ['d']],
      ],
    );
  });
});

describe('webview list: the line of a hit', () => {
  for (const [name, snippet, word, text] of [
    ['is all of a hit that begins with the word', 'The date test fails.', 'date', 'The date test fails.'],
    [
      'begins not long before the first word',
      '…adds a month to the date with setMonth',
      'date',
      '…to the date with setMonth',
    ],
    ['begins with a word that has no space before it', '…src/calendar/helpers/date.ts', 'date', '…date.ts'],
    ['is all of a hit in which nothing is highlighted', 'Something that is long enough to cut', 'x', ''],
  ] as const) {
    it(name, () => {
      const line = lineOf(hit(1, 'step', snippet, word));
      assert.equal(line.text, text === '' ? snippet : text);
      for (const [start, end] of line.ranges) assert.equal(line.text.slice(start, end), word);
    });
  }
});
