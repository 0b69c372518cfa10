import assert from 'node:assert/strict';
import { Api, GrammyError, HttpError, InputFile } from 'grammy';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';

const token = '7:fake';

const refused = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof GrammyError, `not refused: ${error}`);
  return `${error.error_code} ${error.description}`;
};

describe('the fake Bot API', () => {
  let telegram: FakeBotApi;
  let api: Api;

  beforeEach(async () => {
    telegram = await startFakeBotApi({ tokens: [token, '8:other'] });
    api = new Api(token, { apiRoot: telegram.url });
  });
  afterEach(() => telegram.close());

  it('says who a bot is, and refuses other tokens', async () => {
    assert.equal((await api.getMe()).username, 'test_7_bot');
    assert.match(await refused(new Api('9:no', { apiRoot: telegram.url }).getMe()), /^401 /);
    assert.match(await refused(new Api('no', { apiRoot: telegram.url }).getMe()), /^404 /);
    telegram.revoke();
    assert.match(await refused(api.getMe()), /^401 /);
  });

  it('keeps updates until an offset confirms them, each bot its own', async () => {
    const { updateId } = telegram.say(5, 5, 'one');
    telegram.say(5, 5, '/two@test_7_bot and @test_7_bot');
    telegram.bot('8:other').say(5, 5, 'elsewhere');
    const first = await api.getUpdates({ timeout: 0 });
    assert.deepEqual(
      first.map((update) => update.message?.text),
      ['one', '/two@test_7_bot and @test_7_bot'],
    );
    assert.deepEqual(first[1]?.message?.entities, [
      { type: 'bot_command', offset: 0, length: 15 },
      { type: 'mention', offset: 20, length: 11 },
    ]);
    assert.equal((await api.getUpdates({ timeout: 0 })).length, 2);
    assert.equal((await api.getUpdates({ timeout: 0, offset: updateId + 1, limit: 1 })).length, 1);
    assert.equal(telegram.committed(), updateId + 1);
    assert.deepEqual(telegram.pending(), [updateId + 1]);
    telegram.redeliver(updateId);
    const again = await api.getUpdates({ timeout: 0, offset: updateId + 2 });
    assert.deepEqual(
      again.map((update) => update.update_id),
      [updateId],
    );
  });

  it('lets a poll hang until something comes, and ends it for another one', async () => {
    const hanging = api.getUpdates({ timeout: 20 });
    await telegram.until(() => telegram.polls() === 1);
    telegram.say(5, 5, 'now');
    assert.equal((await hanging).length, 1);
    telegram.expire();
    const older = refused(api.getUpdates({ timeout: 20 }));
    await telegram.until(() => telegram.polls() === 1);
    const newer = api.getUpdates({ timeout: 20 });
    assert.match(await older, /^409 Conflict: terminated by other getUpdates/);
    await telegram.until(() => telegram.polls() === 1);
    telegram.say(5, 5, 'for the newer');
    assert.equal((await newer).length, 1);
  });

  it('leaves out updates that were not asked for', async () => {
    await api.getUpdates({ timeout: 0, allowed_updates: ['message'] });
    telegram.say(5, 5, 'wanted');
    telegram.update({ edited_message: { message_id: 1 } });
    assert.equal((await api.getUpdates({ timeout: 0 })).length, 1);
  });

  it('reads HTML as Telegram does', async () => {
    const html =
      '<b>a &lt; b</b> <a href="https://e.org/?a=1&amp;b=2">x</a> &unknown; <pre><code class="language-ts">1</code></pre>';
    await api.sendMessage(5, html, { parse_mode: 'HTML' });
    assert.equal(telegram.sent(5)[0]?.text, 'a < b x &unknown; 1');
    for (const bad of ['<b>a', 'a</b>', '<b><i>a</b></i>', '<h1>a</h1>', 'a < b', '<span>a</span>'])
      assert.match(
        await refused(api.sendMessage(5, bad, { parse_mode: 'HTML' })),
        /^400 .*can't parse entities/,
      );
  });

  it('measures what is left after the entities, in UTF-16', async () => {
    await api.sendMessage(5, `<b>${'&amp;'.repeat(4096)}</b>`, { parse_mode: 'HTML' });
    assert.match(await refused(api.sendMessage(5, '😀'.repeat(2049))), /message is too long/);
    assert.match(await refused(api.sendMessage(5, '<b> </b>', { parse_mode: 'HTML' })), /text is empty/);
    assert.match(await refused(api.sendMessage(5, 'cut \ud83d')), /UTF-8/);
  });

  it('checks buttons, replies and topics', async () => {
    const keyboard = (data: string) => ({
      reply_markup: { inline_keyboard: [[{ text: 'Go', callback_data: data }]] },
    });
    assert.match(await refused(api.sendMessage(5, 'a', keyboard('x'.repeat(65)))), /BUTTON_DATA_INVALID/);
    assert.match(
      await refused(api.sendMessage(5, 'a', { reply_parameters: { message_id: 99 } })),
      /to be replied not found/,
    );
    assert.match(await refused(api.sendMessage(-5, 'a', { message_thread_id: 1 })), /thread not found/);
    const said = telegram.say(5, 5, 'hello');
    const sent = await api.sendMessage(5, 'a', {
      ...keyboard('go'),
      reply_parameters: { message_id: said.messageId },
    });
    const [message] = telegram.sent();
    assert.equal(message?.replyTo, said.messageId);
    assert.deepEqual(message?.buttons, [[{ text: 'Go', data: 'go' }]]);
    const { callbackId } = telegram.press({ chatId: 5, messageId: sent.message_id }, 'go', 5);
    const updates = await api.getUpdates({ timeout: 0 });
    assert.equal(updates.at(-1)?.callback_query?.id, callbackId);
    await api.answerCallbackQuery(callbackId, { text: 'Done' });
    assert.deepEqual(telegram.answers(), [{ callbackId, text: 'Done', isAlert: false }]);
    assert.match(await refused(api.answerCallbackQuery(callbackId)), /query is too old/);
  });

  it('changes and deletes messages, and keeps what they were', async () => {
    const { message_id: id } = await api.sendMessage(5, 'one');
    await api.editMessageText(5, id, 'two');
    assert.match(await refused(api.editMessageText(5, id, 'two')), /message is not modified/);
    assert.match(await refused(api.editMessageReplyMarkup(5, id)), /message is not modified/);
    await api.deleteMessage(5, id);
    assert.match(await refused(api.editMessageText(5, id, 'three')), /to edit not found/);
    const [message] = telegram.sent();
    assert.deepEqual([message?.text, message?.earlier.map(({ text }) => text)], ['two', ['one']]);
  });

  it('takes files and gives files', async () => {
    const bytes = Uint8Array.from([0, 255, 13, 10, 13, 10, 45, 45]);
    await api.sendDocument(5, new InputFile(bytes, 'a b.bin'), { caption: 'Here' });
    await api.sendPhoto(5, new InputFile(bytes, 'p.png'));
    const [document, photo] = telegram.sent(5);
    assert.deepEqual(document?.file, { kind: 'document', name: 'a b.bin', bytes });
    assert.equal(document?.text, 'Here');
    assert.deepEqual(photo?.file, { kind: 'photo', name: 'p.png', bytes });
    const file = await api.getFile(telegram.file(bytes, 'notes.txt').file_id);
    const response = await fetch(`${telegram.url}/file/bot${token}/${file.file_path}`);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  });

  it('keeps commands by scope', async () => {
    await api.setMyCommands([{ command: 'new', description: 'New' }], {
      scope: { type: 'chat', chat_id: 5 },
    });
    assert.deepEqual(telegram.commands().get('{"type":"chat","chat_id":5}'), [
      { command: 'new', description: 'New' },
    ]);
    await api.deleteMyCommands({ scope: { type: 'chat', chat_id: 5 } });
    assert.equal(telegram.commands().size, 0);
  });

  it('fails as asked: before and after a call has had its effect', async () => {
    telegram.failNext('sendMessage', { status: 429, retryAfter: 7 });
    const error = await api.sendMessage(5, 'a').catch((reason: unknown) => reason);
    assert.ok(error instanceof GrammyError);
    assert.deepEqual([error.error_code, error.parameters.retry_after], [429, 7]);
    telegram.failNext('sendMessage', {});
    await assert.rejects(api.sendMessage(5, 'b'), HttpError);
    assert.equal(telegram.sent().length, 0);
    telegram.failNext('sendMessage', { after: 'accepted' });
    await assert.rejects(api.sendMessage(5, 'c'), HttpError);
    telegram.failNext('sendMessage', { status: 502, after: 'accepted' });
    assert.match(await refused(api.sendMessage(5, 'd')), /^502/);
    assert.deepEqual(
      telegram.sent().map(({ text }) => text),
      ['c', 'd'],
    );
    const { updateId } = telegram.say(5, 5, 'kept');
    telegram.failNext('getUpdates', { status: 500, count: 2, after: 'accepted' });
    assert.match(await refused(api.getUpdates({ offset: updateId, timeout: 20 })), /^500/);
    assert.deepEqual(telegram.pending(), [updateId]);
  });

  it('hangs, disconnects and comes back on the same port', async () => {
    const release = telegram.hang('sendMessage', { after: 'accepted' });
    const hung = assert.rejects(api.sendMessage(5, 'a'), HttpError);
    await telegram.until(() => telegram.sent().length === 1);
    release();
    await hung;
    for (const how of ['refuse', 'reset'] as const) {
      const poll = assert.rejects(api.getUpdates({ timeout: 20 }), HttpError);
      await telegram.until(() => telegram.polls() === 1);
      await telegram.disconnect(undefined, how);
      await poll;
      await assert.rejects(api.getMe(), HttpError);
      await telegram.reconnect();
      await api.getMe();
    }
  });
});
