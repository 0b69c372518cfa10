import assert from 'node:assert/strict';
import { cardIdPattern, parseCardData } from '../../extension/telegram/cardChecks.ts';
import { randomCardId } from '../../extension/telegram/cardSender.ts';
import { asked, cardsKept, chatsWithCards, texts } from './askedCards.ts';
import {
  ann,
  bob,
  botConfig,
  createCardHouse,
  entryIn,
  groupId,
  requestOf,
  settle,
  strangerId,
  tom,
} from './cardHouse.ts';

const sessionOffer = { duration: 'session' as const, matches: [], label: 'npm test in this chat' };

describe('approval cards: answers', () => {
  it('takes an approver’s press, shows who it was, and forgets the card', async () => {
    const house = await asked();
    const button = house.button(ann.userId, 'o');
    assert.deepEqual(await house.press(ann.userId, button), {
      callbackId: 'press-1',
      text: 'Allowed once.',
      isAlert: false,
    });
    assert.deepEqual(house.decisions.get('step'), {
      approved: true,
      scope: 'once',
      by: 'telegram',
      surface: 'Telegram (Ann)',
    });
    assert.match(texts(house, ann.userId)[0] ?? '', /Approved by Ann at \d\d:\d\d\nRun npm test\?/);
    assert.deepEqual(chatsWithCards(house), []);
    assert.deepEqual(await cardsKept(house), []);
    assert.equal((await house.press(ann.userId, button))?.isAlert, true, 'a second press does nothing');
    assert.deepEqual(house.answers, ['step accepted']);
  });

  it('denies', async () => {
    const house = await asked();
    await house.press(ann.userId, house.button(ann.userId, 'd'));
    assert.equal(house.decisions.get('step')?.approved, false);
    assert.deepEqual(house.cancelled, []);
    assert.match(texts(house, ann.userId)[0] ?? '', /Denied by Ann/);
  });

  it('denies and stops', async () => {
    const house = await asked();
    await house.press(ann.userId, house.button(ann.userId, 'x'));
    assert.equal(house.decisions.get('step')?.approved, false);
    assert.deepEqual(house.cancelled, ['job']);
  });

  it('allows for the chat only while the bot may, and where it is offered', async () => {
    const house = createCardHouse({ config: botConfig({ allowsRules: true }) });
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    house.ask(requestOf('step', 'job', { offers: [sessionOffer] }));
    await settle();
    const button = house.button(ann.userId, 's');
    house.change({ allowsRules: false });
    assert.match((await house.press(ann.userId, button))?.text ?? '', /only once/);
    assert.equal(house.decisions.size, 0);
    house.change({ allowsRules: true });
    await house.press(ann.userId, button);
    assert.equal(house.decisions.get('step')?.scope, 'session');

    house.ask(requestOf('other', 'job'));
    await settle();
    const { data, ...place } = house.button(ann.userId, 'o');
    const forged = { ...place, data: data.replace('a1:o:', 'a1:s:') };
    assert.equal((await house.press(ann.userId, forged))?.isAlert, true);
    assert.equal(house.decisions.has('other'), false);
  });

  it('tells every card what another surface answered', async () => {
    const house = await asked(groupId, tom.userId);
    house.approvals().answer('step', { approved: true, scope: 'once', by: 'user', surface: 'dialog' });
    await settle();
    for (const { userId } of [ann, bob]) assert.match(texts(house, userId)[0] ?? '', /Approved in VS Code/);
    assert.deepEqual(chatsWithCards(house), []);
    assert.deepEqual(await cardsKept(house), []);
  });

  it('tells the other approver who was faster', async () => {
    const house = await asked(groupId, tom.userId);
    const late = house.button(ann.userId, 'd');
    await house.press(bob.userId, house.button(bob.userId, 'o'));
    assert.match(texts(house, ann.userId)[0] ?? '', /Approved by Bob/);
    assert.equal((await house.press(ann.userId, late))?.isAlert, true);
    assert.deepEqual(house.answers, ['step accepted']);
  });

  it('tells of the end of a job, and of expiry', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    const controller = house.ask(requestOf('step', 'job'));
    house.ask(requestOf('late', 'job', { expiresAt: 5_000 }));
    await settle();
    const button = house.button(ann.userId, 'o');
    controller.abort();
    house.time.now = 5_000;
    assert.match((await house.press(ann.userId, button))?.text ?? '', /expired/);
    const [first, second] = texts(house, ann.userId);
    assert.match(first ?? '', /ended before anybody answered/);
    assert.match(second ?? '', /Expired/);
    assert.equal(house.decisions.get('late')?.isExpired, true);
    assert.deepEqual(house.answers, []);
  });

  it('does not count presses of others, or of one who approves no more', async () => {
    const house = await asked();
    const button = house.button(ann.userId, 'o');
    for (const userId of [bob.userId, tom.userId, strangerId]) {
      assert.equal((await house.press(userId, button))?.isAlert, true);
      assert.equal((await house.press(userId, { ...button, chatId: userId }))?.isAlert, true);
    }
    house.change({ allowedUsers: [{ ...ann, isApprover: false }, bob] });
    assert.match((await house.press(ann.userId, button))?.text ?? '', /not an approver/);
    house.change({ allowedUsers: [ann, bob], allowedChats: [] });
    assert.match((await house.press(ann.userId, button))?.text ?? '', /not an approver/);
    assert.deepEqual(house.answers, []);
    house.change({ allowedChats: botConfig().allowedChats });
    assert.equal((await house.press(ann.userId, button))?.isAlert, false);
  });

  it('does not count a press on another message, or of another bot’s card', async () => {
    const house = await asked();
    const button = house.button(ann.userId, 'o');
    assert.equal((await house.press(ann.userId, { ...button, messageId: 7 }))?.isAlert, true);
    house.change({ id: 'other' });
    assert.equal((await house.press(ann.userId, button))?.isAlert, true);
    assert.deepEqual(house.answers, []);
  });

  it('answers nothing that came in the place of what was asked', async () => {
    const house = await asked();
    const button = house.button(ann.userId, 'o');
    const [entry] = house.approvals().pending();
    assert.ok(entry !== undefined);
    const swapped = { ...entry.request, step: { ...entry.request.step, input: { command: 'rm -rf /' } } };
    house.approvals().pending = () => [{ request: swapped, position: 1 }];
    assert.match((await house.press(ann.userId, button))?.text ?? '', /not what was asked/);
    assert.deepEqual(house.answers, []);
  });

  it('takes a typed answer by the same checks', async () => {
    const house = await asked();
    const id = house.button(ann.userId, 'o').data.slice('a1:o:'.length);
    const { userId, name } = ann;
    for (const [from, chat, more] of [
      [bob.userId, userId, {}],
      [tom.userId, tom.userId, {}],
      [userId, groupId, {}],
      [userId, userId, { isForwarded: true }],
      [userId, userId, { kind: 'edited' as const }],
    ] as const) {
      assert.notEqual(await house.write(from, chat, id, more), 'Allowed once.');
    }
    assert.notEqual(await house.write(userId, userId, 'step'), 'Allowed once.');
    assert.notEqual(await house.write(userId, userId, `${id.slice(0, -1)}z`), 'Allowed once.');
    assert.deepEqual(house.answers, []);
    assert.equal(await house.write(userId, userId, ` ${id.toUpperCase()} `), 'Allowed once.');
    assert.equal(house.decisions.get('step')?.surface, `Telegram (${name})`);
    await settle();
    assert.match(await house.write(userId, userId, id), /not open/);
    assert.deepEqual(house.answers, ['step accepted']);
  });

  it('answers where the outcome cannot be shown; what is left of the card does nothing', async () => {
    const house = await asked();
    house.courier.failNext('edit', 'unsent', { times: 1 });
    const button = house.button(ann.userId, 'o');
    await house.press(ann.userId, button);
    assert.equal(house.decisions.get('step')?.approved, true);
    assert.equal((await house.press(ann.userId, button))?.isAlert, true);
    assert.match(texts(house, ann.userId)[0] ?? '', /Closed/);
    assert.deepEqual(await cardsKept(house), []);
    assert.deepEqual(house.answers, ['step accepted']);
  });

  it('reads the data of its own buttons only', () => {
    const id = 'abcdefgh01234567';
    assert.deepEqual(parseCardData(`a1:s:${id}`)?.answer, {
      isApproved: true,
      scope: 'session',
      endsJob: false,
    });
    for (const data of [
      `a1:w:${id}`,
      `a1:o:${id}:x`,
      `a1:o:${id}0`,
      `A1:o:${id}`,
      `q1:o:${id}`,
      'a1:o:',
      '',
      `a1:o:${id}\n`,
    ])
      assert.equal(parseCardData(data), undefined, data);
    const made = Array.from({ length: 100 }, randomCardId);
    assert.ok(made.every((each) => cardIdPattern.test(each)));
    assert.equal(new Set(made).size, 100);
  });
});

describe('approval cards: after a restart', () => {
  it('closes what an earlier window asked, and refuses its buttons', async () => {
    const house = await asked();
    const button = house.button(ann.userId, 'o');
    await house.restartWindow();
    assert.match(texts(house, ann.userId)[0] ?? '', /Closed/);
    assert.deepEqual(chatsWithCards(house), []);
    assert.deepEqual(await cardsKept(house), []);
    assert.equal((await house.press(ann.userId, button))?.isAlert, true);
    assert.deepEqual(house.answers, []);
  });

  it('goes on with what still waits here when only the bot was started anew', async () => {
    const house = await asked();
    await house.restartBot();
    assert.equal(texts(house, ann.userId).length, 1, 'it is not asked twice');
    assert.equal((await house.press(ann.userId, house.button(ann.userId, 'o')))?.isAlert, false);
    assert.equal(house.decisions.get('step')?.approved, true);
  });

  it('asks what was not asked while it was stopped', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    house.cards().close();
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(house.courier.arrived, []);
    await house.restartBot();
    assert.deepEqual(chatsWithCards(house), [ann.userId]);
  });

  it('takes no answer once it is closed', async () => {
    const house = await asked();
    const button = house.button(ann.userId, 'o');
    house.cards().close();
    assert.equal((await house.press(ann.userId, button))?.isAlert, true);
    assert.deepEqual(house.answers, []);
  });
});
