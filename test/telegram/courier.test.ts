import assert from 'node:assert/strict';
import { Api } from 'grammy';
import { type CourierOptions, createCourier } from '../../extension/telegram/courier.ts';
import { type Outgoing, SendError } from '../../extension/telegram/types.ts';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';

const token = '4242:secret-token-of-the-bot';
const ann = { chatId: 7, topicId: 0 };
const say = (text: string, more: Partial<Outgoing> = {}): Outgoing => ({ html: text, plain: text, ...more });

describe('telegram courier', () => {
  let bots: FakeBotApi;
  let slept: number[];
  let clock: number;
  let log: string[];

  beforeEach(async () => {
    bots = await startFakeBotApi({ token });
    [slept, log, clock] = [[], [], 0];
  });
  afterEach(() => bots.close());

  /** Its waits take no time. */
  const courierOf = (more: Partial<CourierOptions> = {}) => {
    const api = new Api(token, { apiRoot: bots.url, timeoutSeconds: 5 });
    return createCourier({
      api: () => api,
      token,
      apiRoot: bots.url,
      redact: (text) => text.replaceAll('hunter2', '[redacted]'),
      now: () => clock,
      log: (line) => log.push(line),
      sleep: async (milliseconds, signal) => {
        signal?.throwIfAborted();
        slept.push(milliseconds);
        clock += milliseconds;
      },
      ...more,
    });
  };

  const failsAs = (failure: string) => (error: unknown) => {
    assert.ok(error instanceof SendError);
    assert.ok(!error.message.includes(token));
    assert.equal(error.failure, failure, error.message);
    return true;
  };
  const textsOf = (chatId: number): string[] => bots.sent(chatId).map(({ text }) => text);

  it('sends what it is given', async () => {
    const buttons = [[{ text: 'Stop', data: 'q1:stop', style: 'danger' as const }]];
    const question = bots.say(7, 7, 'hi');
    const to = { chatId: -7, topicId: 3 };
    await courierOf().send(ann, say('<b>x</b>', { buttons }), {
      replyTo: question.messageId,
      isSilent: true,
    });
    await courierOf().send(to, say('y'), { replyTo: 999 });
    await courierOf().send({ chatId: -7, topicId: 1 }, say('z'));
    const [first, second, third] = bots.sent();
    assert.equal(first?.text, 'x');
    assert.ok(first?.isHtml && first.isSilent);
    assert.equal(first.replyTo, question.messageId);
    assert.deepEqual(first.buttons, buttons);
    assert.deepEqual(first.fields.link_preview_options, { is_disabled: true });
    assert.equal(second?.topicId, 3);
    assert.equal(third?.topicId, undefined);
  });

  it('waits as long as Telegram asks, and keeps the order of a chat meanwhile', async () => {
    bots.failNext('sendMessage', { status: 429, retryAfter: 480 });
    const courier = courierOf();
    await Promise.all([
      courier.send(ann, say('1')),
      courier.send(ann, say('2')),
      courier.send(ann, say('3')),
    ]);
    assert.deepEqual(textsOf(7), ['1', '2', '3']);
    assert.deepEqual(slept, [480_000]);
  });

  it('does not let one chat wait for another', async () => {
    const stop = new AbortController();
    const courier = courierOf({
      sleep: (_, signal) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
    });
    bots.failNext('sendMessage', { status: 429, retryAfter: 60 });
    const held = courier.send(ann, say('1'), { signal: stop.signal });
    const behind = courier.send(ann, say('2'), { signal: stop.signal });
    await bots.until(() => bots.calls('sendMessage').length === 1);
    await courier.send({ chatId: 8, topicId: 0 }, say('other'));
    stop.abort();
    await assert.rejects(held, failsAs('unsent'));
    await assert.rejects(behind, failsAs('unsent'));
    assert.deepEqual(
      bots.sent().map(({ text }) => text),
      ['other'],
    );
  });

  it('tries again what Telegram failed at, and gives up after ten minutes', async () => {
    bots.failNext('sendMessage', { status: 500, description: 'Internal Server Error', count: 3 });
    await courierOf().send(ann, say('x'));
    assert.deepEqual([textsOf(7), slept], [['x'], [1_000, 2_000, 4_000]]);
    slept = [];
    bots.failNext('sendMessage', { status: 502, description: 'Bad Gateway', count: 100 });
    await assert.rejects(courierOf().send(ann, say('y')), failsAs('unsent'));
    const total = slept.reduce((sum, each) => sum + each, 0);
    assert.ok(total > 9 * 60_000 && total <= 10 * 60_000);
  });

  it('tries again where no connection came about', async () => {
    await bots.disconnect();
    const courier = courierOf({
      sleep: async (milliseconds) => {
        slept.push(milliseconds);
        if (slept.length === 3) await bots.reconnect();
      },
    });
    await courier.send(ann, say('x'));
    assert.deepEqual([textsOf(7), slept.length], [['x'], 3]);
  });

  it('fetches a file although Telegram asks to wait for a moment', async () => {
    const file = { kind: 'document', fileId: bots.file(Buffer.from('words')).file_id } as const;
    bots.failNext('getFile', { status: 429, retryAfter: 3 });
    const signal = new AbortController().signal;
    const bytes = await courierOf().download(file, 1_000, signal);
    assert.deepEqual([Buffer.from(bytes).toString(), slept], ['words', [3_000]]);
    bots.failNext('getFile', { status: 429, retryAfter: 31 });
    await assert.rejects(courierOf().download(file, 1_000, signal), failsAs('unsent'));
  });

  it('does not send twice what may have arrived', async () => {
    bots.failNext('sendMessage', { status: 504, description: 'Gateway Timeout' });
    await assert.rejects(courierOf().send({ chatId: 9, topicId: 0 }, say('x')), failsAs('unsure'));
    bots.failNext('sendMessage', { after: 'accepted' });
    await assert.rejects(courierOf().send(ann, say('x')), failsAs('unsure'));
    bots.failNext('sendDocument', { after: 'accepted' });
    const file = { name: 'a.txt', bytes: new Uint8Array([65]), kind: 'document' } as const;
    await assert.rejects(courierOf().upload(ann, file), failsAs('unsure'));
    assert.deepEqual([bots.sent(7).length, slept], [2, []]);
  });

  it('does not know what became of it when the answer is not Telegram’s', async () => {
    const api = new Api(token, {
      apiRoot: bots.url,
      buildUrl: () => `${bots.url}/file/bot${token}/${encodeURI(page)}`,
    });
    bots.file(Buffer.from('<html>502</html>'), 'page');
    const page = 'documents/1/page';
    await assert.rejects(courierOf({ api: () => api }).send(ann, say('x')), failsAs('unsure'));
  });

  it('edits again until that is sure', async () => {
    const courier = courierOf();
    const message = await courier.send(ann, say('1'));
    bots.failNext('editMessageText', { count: 2 });
    bots.failNext('editMessageText', { after: 'accepted' });
    await courier.edit(message, say('2'));
    await courier.edit(message, say('2'));
    assert.deepEqual(textsOf(7), ['2']);
  });

  it('keeps edits of a message in order', async () => {
    const courier = courierOf();
    const message = await courier.send(ann, say('1'));
    bots.failNext('editMessageText', { status: 429, retryAfter: 9 });
    await Promise.all([courier.edit(message, say('2')), courier.edit(message, say('3'))]);
    assert.deepEqual(textsOf(7), ['3']);
  });

  it('sends plain text where the marks cannot be read', async () => {
    const courier = courierOf();
    const sent = await courier.send(ann, { html: '<b>x', plain: 'x' });
    await courier.edit(sent, { html: '<y>', plain: 'y' });
    assert.deepEqual(
      bots.sent(7).map(({ text, isHtml }) => [text, isHtml]),
      [['y', false]],
    );
  });

  it('gives up what Telegram will never take', async () => {
    const courier = courierOf();
    bots.failNext('sendMessage', { status: 403, description: 'Forbidden: bot was blocked by the user' });
    await assert.rejects(courier.send(ann, say('x')), failsAs('refused'));
    await assert.rejects(courier.send({ chatId: 0, topicId: 0 }, say('x')), failsAs('refused'));
    await assert.rejects(courier.edit({ chatId: 7, messageId: 99 }, say('x')), failsAs('refused'));
    bots.revoke();
    await assert.rejects(
      courier.send(ann, say('x'), { signal: AbortSignal.timeout(1_000) }),
      failsAs('unsent'),
    );
  });

  it('takes secrets out, however they are written', async () => {
    const courier = courierOf({ redact: (text) => text.replaceAll('a<b>c&d', '[redacted]') });
    await courier.send(ann, { html: 'key <b>a&lt;b&gt;</b>c&amp;d', plain: 'key a<b>c&d' });
    await courier.send(ann, say(`<a href="https://x/${token}">t</a>`, { plain: 't' }));
    const bytes = new TextEncoder().encode(`is ${token}`);
    await courier.upload(ann, { name: 'a.txt', bytes, kind: 'document', caption: token });
    const [first, second, third] = bots.sent(7);
    assert.equal(first?.text, 'key [redacted]');
    assert.equal(second?.source, 't');
    assert.equal(third?.text, '[redacted]');
    assert.equal(Buffer.from(third?.file?.bytes ?? []).toString(), 'is [redacted]');
  });

  it('sends files, and pictures that are none as documents', async () => {
    const courier = courierOf();
    const bytes = new Uint8Array([0xff, 0, 1]);
    await courier.upload(ann, { name: 'p.png', bytes, kind: 'photo', caption: 'c'.repeat(2_000) });
    bots.failNext('sendPhoto', { status: 400, description: 'Bad Request: PHOTO_INVALID_DIMENSIONS' });
    await courier.upload(ann, { name: 'a"\r\nb: c.png', bytes, kind: 'photo' });
    await courier.upload(ann, { name: 'big.png', bytes: new Uint8Array(11 * 1024 * 1024), kind: 'photo' });
    const files = bots.sent(7).map(({ file }) => [file?.kind, file?.name]);
    assert.deepEqual(files, [
      ['photo', 'p.png'],
      ['document', 'a_b_ c.png'],
      ['document', 'big.png'],
    ]);
    assert.deepEqual(bots.sent(7)[0]?.file?.bytes, bytes);
    const huge = { name: 'h', bytes: new Uint8Array(51 * 1024 * 1024), kind: 'document' } as const;
    await assert.rejects(courier.upload(ann, huge), failsAs('refused'));
  });

  it('fetches files, up to a limit', async () => {
    const courier = courierOf();
    const { signal } = new AbortController();
    const fileOf = (size: number, name?: string) => {
      const { file_id } = bots.file(new Uint8Array(size).fill(65), name);
      return { kind: 'document', fileId: file_id } as const;
    };
    bots.failNext('getFile', { status: 500 });
    assert.equal((await courier.download(fileOf(1_000, 'a b.txt'), 1_000, signal)).byteLength, 1_000);
    await assert.rejects(courier.download(fileOf(1_001), 1_000, signal), failsAs('refused'));
    await assert.rejects(courier.download({ ...fileOf(1), size: 2_000 }, 1_000, signal), failsAs('refused'));
    await assert.rejects(courier.download(fileOf(21 * 1024 * 1024), 99_999_999, signal), /larger than/);
    await assert.rejects(
      courier.download({ kind: 'document', fileId: 'gone' }, 9, signal),
      failsAs('refused'),
    );
    bots.failNext('file', {});
    await assert.rejects(courier.download(fileOf(5), 9, signal), failsAs('unsent'));
  });

  it('counts what it is sent, where its length is not told', async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    });
    const courier = courierOf({ fetch: async () => new Response(endless) });
    const file = { kind: 'document', fileId: bots.file(new Uint8Array(1)).file_id } as const;
    await assert.rejects(courier.download(file, 5_000, new AbortController().signal), /larger than/);
  });

  it('does small things without a word', async () => {
    const courier = courierOf();
    const message = await courier.send(ann, say('x'));
    await courier.delete(message);
    await courier.delete(message);
    await courier.typing(ann);
    const { callbackId } = bots.press(message, 'q1:stop', 7);
    await courier.acknowledge(callbackId, 'y'.repeat(300), true);
    await courier.acknowledge(callbackId);
    await courier.publishCommands(7, [{ command: 'help', description: 'Help' }]);
    assert.equal(bots.answers()[0]?.text?.length, 200);
    assert.ok(bots.sent(7)[0]?.isDeleted);
    assert.deepEqual(bots.commands().get('{"type":"chat","chat_id":7}'), [
      { command: 'help', description: 'Help' },
    ]);
    await courier.publishCommands(7, []);
    assert.equal(bots.commands().size, 0);
    await bots.disconnect();
    await courier.typing(ann);
    await courier.acknowledge('x');
    assert.ok(log.length > 0 && log.every((line) => !line.includes(token)));
  });

  it('follows a group that became a supergroup', async () => {
    const api = new Api(token, { apiRoot: bots.url });
    api.config.use((previous, method, payload, signal) => {
      if (!JSON.stringify(payload).includes('"chat_id":-5')) return previous(method, payload, signal);
      const parameters = { migrate_to_chat_id: -1005 };
      const description = 'Bad Request: group chat was upgraded to a supergroup chat';
      return Promise.resolve({ ok: false, error_code: 400, description, parameters });
    });
    const sent = await courierOf({ api: () => api }).send({ chatId: -5, topicId: 0 }, say('x'));
    assert.equal(sent.chatId, -1005);
    assert.deepEqual(textsOf(-1005), ['x']);
  });
});
