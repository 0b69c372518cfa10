import assert from 'node:assert/strict';
import { withAttachedSkills } from '../../extension/core/attachedSkills.ts';
import { createBranches } from '../../extension/core/branches.ts';
import { jsonParts, type ParsedChat, parsingChat } from '../../extension/core/chatFile.ts';
import { attachedOf } from '../../extension/core/findStep.ts';
import { messagesOf } from '../../extension/core/history.ts';
import { taintOf } from '../../extension/core/taint.ts';
import type { ChatItem } from '../../extension/shared/chat.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import type { AttachedContext } from '../../extension/shared/mcp.ts';
import { noUsage, type UserMessage } from '../../extension/shared/message.ts';
import { eventLine, parseEvent } from '../../extension/storage/liveLine.ts';
import { textReply } from '../fakes/provider.ts';
import { user } from '../webview/samples.ts';
import { house } from './house.ts';

const note: AttachedContext = {
  ...{ id: 'a1', kind: 'resource', server: 'notes', label: 'First note', uri: 'note://1' },
  text: '<mcp_resource>Words of the server</mcp_resource>',
  taint: 'the MCP server notes',
};
const own: AttachedContext = {
  ...{ id: 'a2', kind: 'prompt', server: 'mine', label: '/mcp.mine.plan', uri: 'plan' },
  text: '<mcp_prompt>Make a plan</mcp_prompt>',
};

const said = (text: string, ...attached: AttachedContext[]): UserMessage => ({
  role: 'user',
  id: text,
  content: [{ type: 'text', text }],
  createdAt: 1,
  attached,
});

const inItem = (item: ChatItem | undefined): UserMessage => {
  assert.ok(item?.kind === 'user');
  return item.message;
};

/** A chat whose first message came with these. */
const begun = async (...attached: AttachedContext[]) => {
  const core = house([textReply('One'), textReply('Two'), textReply('Three')]);
  const branches = createBranches({ ...core, onRewound: async () => undefined });
  const { sessionId, jobId } = await core.chats.send({ text: 'Read it', attached });
  await core.ended(jobId);
  const first = async () => inItem((await core.store.readAll(sessionId))[0]);
  const { id: itemId } = (await core.store.readAll(sessionId))[0] ?? assert.fail('There is no message.');
  const lastHeard = () => core.provider.requests.at(-1)?.messages[0];
  return { ...core, branches, sessionId, itemId, first, lastHeard };
};

describe('attached resources and prompts', () => {
  it('stand behind what the person wrote, in each request of the chat, and are kept apart from it', async () => {
    const { first, lastHeard, chats, ended, sessionId } = await begun(note, own);
    await ended((await chats.send({ sessionId, text: 'Go on' })).jobId);
    assert.deepEqual(lastHeard()?.content, [
      { type: 'text', text: 'Read it' },
      { type: 'text', text: note.text },
      { type: 'text', text: own.text },
    ]);
    const { content, attached } = await first();
    assert.deepEqual([content, attached], [[{ type: 'text', text: 'Read it' }], [note, own]]);
    const [heard] = withAttachedSkills([said('x', note)]);
    assert.ok(heard !== undefined && !('attached' in heard));
  });

  it('can be all of a message, which is then called as they are', async () => {
    const core = house([textReply('One')]);
    const { sessionId, jobId } = await core.chats.send({ text: ' ', attached: [own, note] });
    await core.ended(jobId);
    const [item] = await core.store.readAll(sessionId);
    assert.deepEqual(inItem(item).content, [
      { type: 'text', text: '/mcp.mine.plan, [attached: First note]' },
    ]);
    const list = await core.chats.list({ shelf: 'active', limit: 1 });
    assert.equal(list.sessions[0]?.title, '/mcp.mine.plan, [attached: First note]');
    await assert.rejects(core.chats.send({ sessionId, text: ' ', attached: [] }), /Type a message first/);
  });

  it('of a server are its words until the next message, and the person’s where they said so', () => {
    assert.equal(taintOf([said('Go', own, note)]), note.taint);
    assert.equal(taintOf([said('Go', own)]), undefined);
    assert.equal(taintOf([said('Go', note), said('Next', own)]), undefined);
  });

  it('are found again by their message', async () => {
    const { store, sessionId, itemId } = await begun(note);
    assert.deepEqual(await attachedOf(store, sessionId, itemId), [note]);
    assert.deepEqual(await attachedOf(store, sessionId, 'nothing'), []);
    assert.deepEqual(await attachedOf(store, undefined, itemId), []);
  });

  it('reach other windows with their message', () => {
    const event: AgentEvent = {
      ...{ jobId: 'job', at: 1, type: 'JobStarted', sessionId: 'chat', agentId: 'coder' },
      input: said('Go', note, own),
    };
    assert.deepEqual(
      parseEvent(eventLine(event), (value) => value),
      event,
    );
  });
});

describe('attached resources and prompts of a message that is edited', () => {
  it('stay where they were kept, with new ones behind them', async () => {
    const later = { ...note, id: 'a3', label: 'Second note' };
    const { branches, sessionId, itemId, first, ended, chats } = await begun(note, own);
    const request = { text: 'Read both', keepAttached: ['a1'], attached: [later] };
    await ended((await branches.editAndResend(sessionId, itemId, request)).jobId);
    assert.deepEqual((await first()).attached, [note, later]);
    assert.equal((await chats.get(sessionId))?.title, 'Read both');
  });

  it('can be all that is left of it', async () => {
    const { branches, sessionId, itemId, first, ended, chats } = await begun(note);
    const request = { text: '', keepAttached: ['a1'] };
    await ended((await branches.editAndResend(sessionId, itemId, request)).jobId);
    assert.deepEqual((await first()).attached, [note]);
    assert.equal((await chats.get(sessionId))?.title, '[attached: First note]');
  });

  it('are not left out unsaid: nothing is cut, nothing sent', async () => {
    const { branches, sessionId, itemId, store, chats } = await begun(note);
    const before = await store.readAll(sessionId);
    for (const text of ['Read it again', ''])
      await assert.rejects(
        branches.editAndResend(sessionId, itemId, { text, keepAttached: ['a1', 'lost'] }),
        /not kept here any more\. Nothing was sent\./,
      );
    assert.deepEqual(await store.readAll(sessionId), before);
    assert.deepEqual((await chats.list({ shelf: 'archived', limit: 10 })).sessions, []);
  });

  it('are there when it is sent again after the cut', async () => {
    const { branches, sessionId, itemId, store, first, ended } = await begun(note, own);
    const request = { text: 'Again', keepAttached: ['a2'] };
    store.failure = new Error('The disk is full.');
    await assert.rejects(branches.editAndResend(sessionId, itemId, request), /The disk is full/);
    store.failure = undefined;
    await ended((await branches.editAndResend(sessionId, itemId, request)).jobId);
    assert.deepEqual((await first()).attached, [own]);
  });

  it('are still nobody’s own words where they came with an imported chat', async () => {
    const { branches, sessionId, store, ended } = await begun(own);
    const session = await store.getSession(sessionId);
    assert.ok(session);
    const item = user('u1', 'Read it');
    assert.ok(item.kind === 'user');
    const message = { ...item.message, attached: [own], taint: 'an imported chat' };
    await store.importSession({ ...session, id: 'imported' }, [{ ...item, message }]);
    const request = { text: 'Do it', keepAttached: ['a2'] };
    await ended((await branches.editAndResend('imported', item.id, request)).jobId);
    const messages = messagesOf(await store.readAll('imported'));
    assert.equal(taintOf(messages.slice(0, 1)), 'an imported chat');
    assert.equal(messages[0]?.taint, undefined);
  });
});

describe('attached resources and prompts in a chat file', () => {
  const session = {
    ...{ id: 'old', title: 'Notes', titleBy: 'model' as const, agentId: 'coder', folder: '' },
    ...{ model: { provider: 'gemini', model: 'm' } as const, createdAt: 5, updatedAt: 9 },
  };
  const toJson = (items: readonly ChatItem[]) => [...jsonParts(session, items, noUsage)].join('');
  const read = (text: string): ParsedChat => {
    const work = parsingChat(text, () => 'new');
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
    }
  };
  const withNote = (): ChatItem => {
    const item = user('u1', 'Read it');
    assert.ok(item.kind === 'user');
    return { ...item, message: { ...item.message, attached: [note, own] } };
  };

  it('come with it, and the message is nobody’s own words', () => {
    const { items } = read(toJson([withNote()]));
    assert.deepEqual(inItem(items[0]).attached, [note, own]);
    assert.equal(taintOf(messagesOf(items)), 'an imported chat');
  });

  for (const [name, change] of [
    ['of another kind', (text: string) => text.replace('"kind":"resource"', '"kind":"file"')],
    ['without their server', (text: string) => text.replace('"server":"notes",', '')],
    ['with what is not known', (text: string) => text.replace('"server":"notes"', '"server":"notes","x":1')],
  ] as const) {
    it(`are refused ${name}`, () => {
      const text = JSON.stringify(JSON.parse(toJson([withNote()])));
      const changed = change(text);
      assert.notEqual(changed, text);
      assert.throws(() => read(changed));
    });
  }
});
