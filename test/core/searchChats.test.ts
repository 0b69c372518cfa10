import assert from 'node:assert/strict';
import { type FoundChats, searchChats } from '../../extension/core/searchChats.ts';
import type { SearchQuery, SearchResult } from '../../extension/core/store.ts';
import type { FoundSession } from '../../extension/shared/session.ts';

const found = (id: string, row: number, inTitle = false): FoundSession => ({
  session: {
    id,
    title: id,
    titleBy: 'person',
    agentId: 'agent',
    model: { provider: 'gemini', model: 'm' },
    folder: '',
    createdAt: 1,
    updatedAt: 1,
    status: 'idle',
    shelf: 'active',
    isPinned: false,
  },
  titleRanges: inTitle ? [[0, 1]] : [],
  hits: [{ row, kind: 'user', snippet: 's', ranges: [], at: 1 }],
  moreHits: 1,
});

const collect = async (
  answers: Readonly<Record<string, readonly FoundSession[] | Error>>,
  limit = 10,
  isOver = () => false,
): Promise<{ parts: readonly FoundChats[]; queries: readonly SearchQuery[] }> => {
  const queries: SearchQuery[] = [];
  const files = Object.keys(answers).filter((name) => name !== 'live');
  const search = async (query: SearchQuery): Promise<SearchResult> => {
    queries.push(query);
    const answer = answers[query.coldFile ?? 'live'] ?? [];
    if (answer instanceof Error) throw answer;
    return { sessions: answer, hasMore: false, unsearched: query.coldFile === undefined ? files : [] };
  };
  const parts: FoundChats[] = [];
  for await (const part of searchChats(search, { text: 'x', limit }, isOver)) parts.push(part);
  return { parts, queries };
};

const ids = (sessions: readonly FoundSession[] | undefined) => sessions?.map(({ session }) => session.id);

describe('search in all chats', () => {
  it('lists a chat once that is found by its title here and by its messages in an old file', async () => {
    const { parts } = await collect({ live: [found('a', 1, true)], cold1: [found('a', 2), found('b', 3)] });
    const last = parts.at(-1);
    assert.deepEqual(ids(last?.all), ['a', 'b']);
    assert.deepEqual(
      last?.all[0]?.hits.map(({ row }) => row),
      [1, 2],
    );
    assert.equal(last?.all[0]?.moreHits, 2);
    assert.equal(last?.all[0]?.titleRanges.length, 1);
    assert.equal(last?.isAnew, true);
    assert.equal(last?.isDone, true);
  });

  it('goes on behind a file that cannot be read, and says why at the end', async () => {
    const { parts } = await collect({
      live: [found('a', 1)],
      bad: new Error('damaged'),
      good: [found('b', 2)],
    });
    const last = parts.at(-1);
    assert.deepEqual(ids(last?.all), ['a', 'b']);
    assert.match(String(last?.failure), /damaged/);
  });

  it('takes the limit for all files together, and says that there is more', async () => {
    const { parts, queries } = await collect(
      { live: [found('a', 1)], cold1: [found('b', 2)], cold2: [found('c', 3)] },
      2,
    );
    assert.deepEqual(
      queries.map(({ limit, coldFile }) => [limit, coldFile]),
      [
        [2, undefined],
        [1, 'cold1'],
      ],
    );
    assert.equal(parts.at(-1)?.hasMore, true);
    assert.equal(parts.at(-1)?.isDone, true);
  });

  it('looks into no further file once it is over', async () => {
    const { queries } = await collect({ live: [], cold1: [found('b', 2)] }, 10, () => true);
    assert.equal(queries.length, 1);
  });

  it('fails when the memory cannot be searched', async () => {
    await assert.rejects(collect({ live: new Error('closed') }), /closed/);
  });
});
