import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createPairing, pairingReply } from '../../extension/telegram/pairing.ts';
import { botConfig } from './cardHouse.ts';

const hour = 60 * 60 * 1_000;
const sender = (userId: number, name = `User ${userId}`) => ({ userId, name });

const setUp = () => {
  const time = { now: 0 };
  return { time, pairing: createPairing({ now: () => time.now }) };
};

describe('pairing', () => {
  it('gives a code of 8 characters that cannot be taken for others', () => {
    const { pairing } = setUp();
    for (let bot = 0; bot < 200; bot += 1) {
      const code = pairing.request(`bot ${bot}`, sender(1))?.code ?? '';
      assert.match(code, /^[A-HJ-NP-Z2-9]{8}$/);
    }
    assert.equal(new Set(pairing.list().map(({ code }) => code)).size, 200);
  });

  it('replies to a sender once an hour, and the code ends with it', () => {
    const { time, pairing } = setUp();
    const first = pairing.request('bot', sender(1));
    assert.equal(pairing.request('bot', sender(1)), undefined);
    time.now = hour - 1;
    assert.equal(pairing.request('bot', sender(1)), undefined);
    assert.deepEqual(pairing.list(), [first]);
    time.now = hour;
    assert.deepEqual(pairing.list(), []);
    assert.ok(first !== undefined);
    assert.equal(pairing.remove(first), false, 'an old code lets nobody in');
    const second = pairing.request('bot', sender(1));
    assert.ok(second !== undefined);
    assert.notEqual(second.code, first.code);
  });

  it('lets three wait for each bot', () => {
    const { pairing } = setUp();
    const given = [1, 2, 3, 4].map((id) => pairing.request('bot', sender(id)) !== undefined);
    assert.deepEqual(given, [true, true, true, false]);
    assert.ok(pairing.request('other', sender(4)) !== undefined);
    pairing.forget('bot');
    assert.deepEqual(
      pairing.list().map(({ configId }) => configId),
      ['other'],
    );
  });

  it('gives up a request with its own code only, once', () => {
    const { pairing } = setUp();
    const request = pairing.request('bot', sender(1));
    assert.ok(request !== undefined);
    assert.equal(pairing.remove({ ...request, code: 'AAAAAAAA' }), false);
    assert.equal(pairing.remove({ ...request, userId: 2 }), false);
    assert.equal(pairing.remove({ ...request, configId: 'other' }), false);
    assert.equal(pairing.remove(request), true);
    assert.equal(pairing.remove(request), false);
    assert.equal(pairing.request('bot', sender(1)), undefined, 'who was refused does not ask again at once');
  });

  it('gives no code twice at a time', () => {
    const codes = ['SAMECODE', 'SAMECODE', 'NEXTCODE'];
    const pairing = createPairing({ now: () => 0, randomCode: () => codes.shift() ?? 'LASTCODE' });
    assert.equal(pairing.request('bot', sender(1))?.code, 'SAMECODE');
    assert.equal(pairing.request('bot', sender(2))?.code, 'NEXTCODE');
  });

  it('tells of a request', () => {
    const { pairing } = setUp();
    const told: string[] = [];
    const stop = pairing.onRequest(({ name }) => told.push(name));
    pairing.request('bot', sender(1));
    pairing.request('bot', sender(1));
    stop();
    pairing.request('bot', sender(2));
    assert.deepEqual(told, ['User 1']);
  });

  it('shows a name on one line, without what hides or turns text, cut', () => {
    const { pairing } = setUp();
    const nameOf = (id: number, name: string) => pairing.request(`bot ${id}`, sender(id, name))?.name;
    assert.equal(nameOf(1, 'Ann\n\n(code OK)\u202eevil\u0000'), 'Ann (code OK) evil');
    assert.equal(nameOf(2, ' \u200b\u2066 '), 'User 2');
    assert.equal([...(nameOf(3, '🙂'.repeat(500)) ?? '')].length, 64);
  });

  it('tells the phone nothing of the bot', () => {
    const { html, plain, buttons } = pairingReply('ABCD2345');
    const { name, username, folder, agentId } = botConfig();
    for (const word of [name, username, folder, agentId]) {
      assert.ok(!html.includes(word) && !plain.includes(word));
    }
    assert.ok(html.includes('ABCD2345') && plain.includes('ABCD2345'));
    assert.equal(buttons, undefined);
  });

  it('never has more than three waiting nor replies twice within an hour, whatever strangers do', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ user: fc.nat(6), bot: fc.nat(1), passes: fc.nat(hour), removes: fc.boolean() }),
          {
            maxLength: 60,
          },
        ),
        (events) => {
          const { time, pairing } = setUp();
          const last = new Map<string, number>();
          for (const { user, bot, passes, removes } of events) {
            time.now += passes;
            const configId = `bot ${bot}`;
            const request = pairing.request(configId, sender(user));
            if (request !== undefined) {
              const key = `${configId} ${user}`;
              assert.ok(time.now - (last.get(key) ?? -hour) >= hour);
              last.set(key, time.now);
            }
            const waiting = pairing.list().filter((each) => each.configId === configId);
            assert.ok(waiting.length <= 3);
            if (removes && waiting[0] !== undefined) pairing.remove(waiting[0]);
          }
        },
      ),
    );
  });
});
