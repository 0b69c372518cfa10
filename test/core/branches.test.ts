import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import { createBranches } from '../../extension/core/branches.ts';
import { JobBusyError } from '../../extension/core/jobs.ts';
import { StoreError } from '../../extension/core/store.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import { type Message, textOf } from '../../extension/shared/message.ts';
import { call, callReply, type ScriptedReply, textReply } from '../fakes/provider.ts';
import { fakeTool } from '../fakes/tool.ts';
import { held, house, snapshotOf } from './house.ts';

const textsOf = (items: readonly ChatItem[]): readonly string[] =>
  items.map((item) => {
    if (item.kind === 'step') return `step ${item.record.step.tool}`;
    if (item.kind === 'notice') return `notice ${item.notice.kind}`;
    return `${item.kind} ${textOf(item.message.content)}`.trim();
  });

const saidIn = (messages: readonly Message[] | undefined): readonly string[] =>
  (messages ?? []).map((message) => `${message.role} ${textOf(message.content)}`.trim());

/** A chat of two questions; the first answer takes two steps. */
const twoQuestions = async (more: readonly ScriptedReply[] = []) => {
  const core = house(
    [
      callReply(call('a', 'read_file'), call('b', 'read_file')),
      textReply('First answer'),
      textReply('Second answer'),
      ...more,
    ],
    [fakeTool('read_file')],
  );
  const rewound: string[] = [];
  const branches = createBranches({
    ...core,
    onRewound: async (sessionId) => void rewound.push(sessionId),
  });
  const { chats, ended } = core;
  const first = await chats.send({ text: 'First question' });
  await ended(first.jobId);
  const { sessionId } = first;
  await ended((await chats.send({ sessionId, text: 'Second question' })).jobId);
  const { items } = await snapshotOf(chats, sessionId);
  assert.deepEqual(textsOf(items), whole);
  const at = (index: number): string => items[index]?.id ?? '';
  const texts = async (id = sessionId) => textsOf((await snapshotOf(chats, id)).items);
  const archive = async () => (await chats.list({ shelf: 'archived', limit: 10 })).sessions;
  return { ...core, branches, rewound, sessionId, items, at, texts, archive };
};

const whole = [
  'user First question',
  'assistant',
  'step read_file',
  'step read_file',
  'assistant First answer',
  'user Second question',
  'assistant Second answer',
];

describe('branches: fork', () => {
  for (const [name, index, length] of [
    ['a message of the person', 5, 6],
    ['an answer', 4, 5],
    ['a reply with the steps that follow it', 1, 4],
    ['a step with the others of its reply', 2, 4],
    ['the last item', 6, 7],
  ] as const) {
    it(`has everything up to ${name}, and changes nothing of the chat it comes from`, async () => {
      const { branches, sessionId, at, texts, chats } = await twoQuestions();
      const before = await chats.get(sessionId);
      const fork = await branches.fork(sessionId, at(index));
      assert.deepEqual(await texts(fork.id), whole.slice(0, length));
      assert.deepEqual(await texts(), whole);
      assert.deepEqual(await chats.get(sessionId), before);
      const { title, folder, agentId, model } = fork;
      assert.equal(title, 'Fork of First question');
      assert.deepEqual([folder, agentId, model], [before?.folder, before?.agentId, before?.model]);
    });
  }

  it('goes on by itself, with what the model had heard up to there', async () => {
    const { branches, sessionId, at, chats, provider, ended, texts } = await twoQuestions();
    const { id } = await branches.fork(sessionId, at(4));
    await ended((await chats.send({ sessionId: id, text: 'Another way' })).jobId);
    assert.deepEqual(saidIn(provider.requests.at(-1)?.messages), [
      'user First question',
      'assistant',
      'tool read_file done',
      'tool read_file done',
      'assistant First answer',
      'user Another way',
    ]);
    assert.deepEqual(await texts(), whole);
  });

  it('lets nothing run unasked because the chat it comes from did', async () => {
    const { branches, sessionId, chats, store } = await twoQuestions();
    assert.equal((await branches.fork(sessionId)).mode, undefined);
    for (const [mode, kept] of [
      ['smart', undefined],
      ['autopilot', undefined],
      ['ask', 'ask'],
    ] as const) {
      await store.updateSession(sessionId, { mode }, 1);
      const fork = await branches.fork(sessionId);
      assert.equal((await chats.get(fork.id))?.mode, kept);
    }
  });

  it('has everything where no item is named, and its title does not grow from fork to fork', async () => {
    const { branches, sessionId, texts } = await twoQuestions();
    const first = await branches.fork(sessionId);
    const second = await branches.fork(first.id);
    assert.deepEqual(await texts(second.id), whole);
    assert.equal(second.title, 'Fork of First question');
  });

  it('finds an item far from the end', async () => {
    const { branches, sessionId, store, items, newId } = await twoQuestions();
    const session = await store.getSession(sessionId);
    assert.ok(session);
    const many = Array.from({ length: 350 }, (_, index): ChatItem => {
      const [item] = items;
      assert.ok(item?.kind === 'user');
      return { ...item, id: `m${index}`, message: { ...item.message, id: `m${index}` } };
    });
    const long = { ...session, id: newId() };
    await store.importSession(long, many);
    const { id } = await branches.fork(long.id, 'm3');
    assert.deepEqual(
      (await store.readAll(id)).map((item) => item.id),
      ['m0', 'm1', 'm2', 'm3'],
    );
  });

  it('says so when there is no such chat or message, and makes none', async () => {
    const { branches, sessionId, chats } = await twoQuestions();
    await assert.rejects(branches.fork('nowhere', 'x'), InputError);
    await assert.rejects(branches.fork(sessionId, 'streaming-1'), /not kept yet/);
    assert.equal((await chats.list({ shelf: 'active', limit: 10 })).sessions.length, 1);
  });
});

describe('branches: edit and send again', () => {
  it('answers the new message in the place of the old one, and keeps the chat as it was', async () => {
    const { branches, sessionId, at, texts, archive, provider, ended, rewound, chats } = await twoQuestions([
      textReply('Better answer'),
    ]);
    const { jobId } = await branches.editAndResend(sessionId, at(5), { text: 'Better question', images: [] });
    await ended(jobId);
    assert.deepEqual(await texts(), [
      ...whole.slice(0, 5),
      'user Better question',
      'assistant Better answer',
    ]);
    assert.deepEqual(saidIn(provider.requests.at(-1)?.messages).slice(-2), [
      'assistant First answer',
      'user Better question',
    ]);
    assert.deepEqual(rewound, [sessionId]);
    const [kept] = await archive();
    assert.match(kept?.title ?? '', /^First question \(before the edit of \d\d:\d\d\)$/);
    assert.deepEqual(await texts(kept?.id), whole);
    assert.equal((await chats.get(sessionId))?.title, 'First question');
  });

  it('names the chat anew when its first message is another one, unless the person named it', async () => {
    for (const [by, title] of [
      ['model', 'A new beginning'],
      ['person', 'My title'],
    ] as const) {
      const { branches, sessionId, at, chats, store, ended } = await twoQuestions();
      await store.updateSession(sessionId, { title: { text: 'My title', by } }, 1);
      const { jobId } = await branches.editAndResend(sessionId, at(0), {
        text: 'A new beginning',
        images: [],
      });
      await ended(jobId);
      assert.equal((await chats.get(sessionId))?.title, title);
    }
  });

  it('takes pictures alone, and nothing that is empty', async () => {
    const { branches, sessionId, at, texts, archive } = await twoQuestions();
    await assert.rejects(
      branches.editAndResend(sessionId, at(5), { text: ' ', images: [] }),
      /Type a message/,
    );
    assert.deepEqual([await texts(), await archive()], [whole, []]);
    await branches.editAndResend(sessionId, at(5), {
      text: '',
      images: [{ type: 'image', mediaType: 'image/png', data: '' }],
    });
  });

  it('changes only messages of the person, in a chat that has them', async () => {
    const { branches, sessionId, at, texts, archive } = await twoQuestions();
    await assert.rejects(
      branches.editAndResend(sessionId, at(4), { text: 'x', images: [] }),
      /Only a message of yours/,
    );
    await assert.rejects(
      branches.editAndResend(sessionId, 'gone', { text: 'x', images: [] }),
      /Nothing was sent\. Copy what you wrote/,
    );
    await assert.rejects(branches.editAndResend('nowhere', at(5), { text: 'x', images: [] }), InputError);
    assert.deepEqual([await texts(), await archive()], [whole, []]);
  });

  it('does nothing while the agent works in the chat: here, or in another window', async () => {
    const { reply, release } = held();
    const { branches, sessionId, at, chats, ended, archive, store, places } = await twoQuestions([reply]);
    const running = await chats.send({ sessionId, text: 'Third' });
    await assert.rejects(branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }), JobBusyError);
    await assert.rejects(branches.retry(sessionId, at(6)), JobBusyError);
    release();
    await ended(running.jobId);
    const elsewhere = { jobId: 'j-elsewhere', at: 1 };
    await store.record({ ...elsewhere, type: 'JobStarted', sessionId, agentId: 'a' });
    places.set(sessionId, 'another window');
    await assert.rejects(
      branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }),
      /in another window/,
    );
    await assert.rejects(branches.retry(sessionId, at(6)), /in another window/);
    assert.deepEqual(await archive(), []);
  });

  it('does nothing in an untrusted folder, and in a deleted chat', async () => {
    const { branches, sessionId, at, folder, chats, archive, texts } = await twoQuestions();
    folder.isTrusted = false;
    await assert.rejects(branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }), /not trusted/);
    await assert.rejects(branches.retry(sessionId, at(6)), /not trusted/);
    folder.isTrusted = true;
    await chats.change(sessionId, { shelf: 'deleted' });
    await assert.rejects(
      branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }),
      /Restore it first/,
    );
    await assert.rejects(branches.retry(sessionId, at(6)), /Restore it first/);
    assert.deepEqual([await texts(), await archive()], [whole, []]);
  });

  it('cuts once when it is pressed twice', async () => {
    const { branches, sessionId, at, archive } = await twoQuestions();
    const [first, second] = await Promise.allSettled([
      branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }),
      branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }),
    ]);
    assert.deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
    assert.equal((await archive()).length, 1);
  });

  it('changes nothing when the chat cannot be cut', async () => {
    const { branches, sessionId, at, texts, store, rewound } = await twoQuestions();
    store.rewindSession = () => Promise.reject(new StoreError('The disk is full.'));
    await assert.rejects(branches.editAndResend(sessionId, at(5), { text: 'x', images: [] }), {
      message: 'The disk is full.',
    });
    assert.deepEqual([await texts(), rewound], [whole, []]);
  });

  it('says where the chat is when the message cannot be sent after the cut, and sends it when pressed again', async () => {
    const { branches, sessionId, at, texts, store, archive, ended } = await twoQuestions([
      textReply('Better'),
    ]);
    store.failure = new StoreError('The disk is full.');
    await assert.rejects(
      branches.editAndResend(sessionId, at(5), { text: 'Again', images: [] }),
      /^Error: The disk is full\. Nothing was sent\. .* in the archive as “First question \(before the edit of \d\d:\d\d\)”\.$/,
    );
    const [kept] = await archive();
    assert.deepEqual(await texts(kept?.id), whole);
    assert.deepEqual(await texts(), whole.slice(0, 5));
    store.failure = undefined;
    const { jobId } = await branches.editAndResend(sessionId, at(5), { text: 'Again', images: [] });
    await ended(jobId);
    assert.deepEqual(await texts(), [...whole.slice(0, 5), 'user Again', 'assistant Better']);
    assert.equal((await archive()).length, 1);
  });
});

describe('branches: retry', () => {
  for (const [name, index] of [
    ['its answer', 4],
    ['its first reply', 1],
    ['a step', 3],
    ['the message itself', 0],
  ] as const) {
    it(`answers a message anew, asked at ${name}`, async () => {
      const { branches, sessionId, at, texts, archive, provider, ended } = await twoQuestions([
        textReply('Other answer'),
      ]);
      await ended((await branches.retry(sessionId, at(index))).jobId);
      assert.deepEqual(await texts(), ['user First question', 'assistant Other answer']);
      assert.deepEqual(saidIn(provider.requests.at(-1)?.messages), ['user First question']);
      const [kept] = await archive();
      assert.match(kept?.title ?? '', /^First question \(before the retry of \d\d:\d\d\)$/);
      assert.deepEqual(await texts(kept?.id), whole);
    });
  }

  it('takes the notice of a failure away', async () => {
    const { branches, sessionId, texts, chats, ended } = await twoQuestions([
      [new Error('bug')],
      textReply('Third answer'),
    ]);
    await ended((await chats.send({ sessionId, text: 'Third' })).jobId);
    const notice = (await snapshotOf(chats, sessionId)).items.at(-1);
    assert.equal(notice?.kind, 'notice');
    await ended((await branches.retry(sessionId, notice?.id ?? '')).jobId);
    assert.deepEqual(await texts(), [...whole, 'user Third', 'assistant Third answer']);
  });

  it('only goes on where the message has no answer yet', async () => {
    const { branches, sessionId, at, texts, archive, ended, store, items } = await twoQuestions();
    const session = await store.getSession(sessionId);
    assert.ok(session);
    await store.importSession({ ...session, id: 'cut' }, items.slice(0, 6));
    await ended((await branches.retry('cut', at(5))).jobId);
    assert.deepEqual(await texts('cut'), [...whole.slice(0, 6), 'assistant ok']);
    assert.deepEqual(await archive(), []);
  });

  it('says so when there is nothing to answer', async () => {
    const { branches, sessionId, store, items, archive } = await twoQuestions();
    const session = await store.getSession(sessionId);
    assert.ok(session);
    await store.importSession({ ...session, id: 'headless' }, items.slice(6));
    await assert.rejects(branches.retry('headless', items[6]?.id ?? ''), /nothing to answer again/);
    await assert.rejects(branches.retry(sessionId, 'gone'), /not in the chat any more/);
    assert.deepEqual(await archive(), []);
  });

  it('keeps titles short and single, however often a chat is cut', async () => {
    const { branches, sessionId, store, archive, ended, chats } = await twoQuestions();
    const long = `${'long '.repeat(38)}(before the retry of 11:11)`;
    await store.updateSession(sessionId, { title: { text: long, by: 'person' } }, 1);
    const last = (await snapshotOf(chats, sessionId)).items.at(-1)?.id ?? '';
    await ended((await branches.retry(sessionId, last)).jobId);
    const [kept] = await archive();
    assert.match(kept?.title ?? '', /^(?:long ){8,}l[ong]*… \(before the retry of \d\d:\d\d\)$/);
    assert.ok((kept?.title.length ?? 999) <= 120);
  });
});
