import assert from 'node:assert/strict';
import { InputError } from '../../extension/core/agents.ts';
import { checkToken } from '../../extension/telegram/link.ts';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';

const token = '7:AAE_fake-token_0123456789';

describe('checking a token', () => {
  let telegram: FakeBotApi;
  const signal = new AbortController().signal;

  beforeEach(async () => {
    telegram = await startFakeBotApi({ token });
  });
  afterEach(() => telegram.close());

  const problem = async (text: string, how: AbortSignal = signal): Promise<string> => {
    const error = await checkToken(text, telegram.url, how).catch((reason: unknown) => reason);
    assert.ok(error instanceof InputError, `not refused: ${error}`);
    assert.ok(!`${error.stack}`.includes(text));
    return error.message;
  };

  it('says whose it is', async () => {
    assert.deepEqual(await checkToken(token, telegram.url, signal), {
      botId: 7,
      username: 'test_7_bot',
      name: 'Test 7',
      canReadAllGroupMessages: false,
    });
  });

  it('asks nobody about what is no token', async () => {
    for (const text of ['@my_bot', '7:a/../../8:b', '7:AA AA', 'https://t.me/my_bot'])
      assert.match(await problem(text), /This is not a token/);
    assert.equal(telegram.calls().length, 0);
  });

  it('says that Telegram does not know it', async () => {
    assert.match(await problem('8:unknown'), /does not know this token.*BotFather/);
  });

  it('says that Telegram cannot be reached, and why', async () => {
    telegram.failNext('getMe', { status: 502 });
    assert.match(await problem(token), /a problem of its own \(502\)/);
    telegram.failNext('getMe', { status: 429, retryAfter: 9 });
    assert.match(await problem(token), /wait for 9 s/);
    await telegram.disconnect();
    assert.match(await problem(token), /cannot be reached \(ECONNREFUSED\)\. Nothing was changed/);
  });

  it('gives up with the signal', async () => {
    const release = telegram.hang('getMe');
    assert.match(await problem(token, AbortSignal.timeout(30)), /cannot be reached \(no answer in time\)/);
    release();
  });
});
