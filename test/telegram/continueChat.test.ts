import assert from 'node:assert/strict';
import { continueChat } from '../../extension/telegram/continueChat.ts';
import { held } from '../core/house.ts';
import { textReply } from '../fakes/provider.ts';
import { ann } from './cardHouse.ts';
import { commandRig } from './commandRig.ts';

describe('continueChat', () => {
  it('shows the beginning of a long answer, and keeps the agent for new chats', async () => {
    const { context, store, courier, thread, chat } = commandRig({
      replies: [textReply(`**Done** & <ready>\n\n${'word '.repeat(3_000)}`)],
    });
    const sessionId = await chat('long');
    await store.telegram.saveBinding({ ...thread(), agentId: 'chosen' });
    await continueChat(context, sessionId, thread());
    const { html, plain } = courier.last(ann.userId).text;
    assert.match(html, /<b>Done<\/b> &amp; &lt;ready&gt;/);
    assert.ok(plain.length < 3_000, String(plain.length));
    assert.match(plain, /…\n\nWhat you write here goes on in this chat\.$/);
    assert.deepEqual(await store.telegram.getBinding(thread()), {
      ...thread(),
      agentId: 'chosen',
      sessionId,
    });
  });

  it('says that the agent works in it', async () => {
    const { reply, release } = held();
    const { context, chats, courier, thread, ended } = commandRig({ replies: [reply] });
    const { sessionId, jobId } = await chats.send({ text: 'long' });
    await continueChat(context, sessionId, thread());
    assert.match(courier.last(ann.userId).text.plain, /works in it now/);
    release();
    await ended(jobId);
  });

  it('leaves everything as it was where nothing can be sent', async () => {
    const { context, store, courier, thread, chat } = commandRig();
    const before = await chat('before', thread());
    const sessionId = await chat('other');
    courier.failNext('send', 'refused');
    await assert.rejects(continueChat(context, sessionId, thread()), { name: 'InputError' });
    assert.equal((await store.telegram.getBinding(thread())).sessionId, before);
    // It may stand there, and then has to be true.
    courier.failNext('send', 'unsure', { arrives: true });
    await continueChat(context, sessionId, thread());
    assert.equal((await store.telegram.getBinding(thread())).sessionId, sessionId);
  });

  it('refuses chats that are gone', async () => {
    const { context, chats, thread, chat } = commandRig();
    await assert.rejects(continueChat(context, 'none', thread()), /not there any more/);
    const sessionId = await chat('deleted');
    await chats.change(sessionId, { shelf: 'deleted' });
    await assert.rejects(continueChat(context, sessionId, thread()), /Restore it/);
  });
});
