import assert from 'node:assert/strict';
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
  tom,
} from './cardHouse.ts';

describe('approval cards: who is asked', () => {
  it('asks an approver in their own chat, and nobody else', async () => {
    const house = await asked();
    assert.deepEqual(chatsWithCards(house), [ann.userId]);
    assert.equal(texts(house, ann.userId).length, 1);
    assert.match(texts(house, ann.userId)[0] ?? '', /npm test/);
  });

  it('asks all approvers in private about work of a group, and tells the group that it waits, once', async () => {
    const house = await asked(groupId, ann.userId);
    house.ask(requestOf('second', 'job'));
    await settle();
    assert.deepEqual(chatsWithCards(house), [ann.userId, bob.userId]);
    assert.equal(texts(house, groupId).length, 1);
    assert.match(texts(house, groupId)[0] ?? '', /waits for approval/);
    assert.doesNotMatch(texts(house, groupId)[0] ?? '', /npm/);
    assert.equal(house.courier.last(groupId).replyTo, 5);
  });

  it('says for whom it is, to whoever did not ask for it', async () => {
    const house = createCardHouse();
    house.entries.set('job', { ...entryIn(groupId, ann.userId), userName: 'Ann \u202e*Bob*\n' });
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.doesNotMatch(texts(house, ann.userId)[0] ?? '', /, for /);
    assert.match(texts(house, bob.userId)[0] ?? '', /, for Ann \\u\{202e\}\*Bob\*/);
  });

  it('asks the approvers about work of one who only talks', async () => {
    const house = await asked(tom.userId, tom.userId);
    assert.deepEqual(chatsWithCards(house), [ann.userId, bob.userId]);
    assert.match(texts(house, tom.userId)[0] ?? '', /An approver has been asked/);
  });

  it('asks the others where who began it approves no more', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    house.change({ allowedUsers: [{ ...ann, isApprover: false }, bob] });
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(chatsWithCards(house), [bob.userId]);
  });

  it('says that VS Code has to answer where no approver can be asked', async () => {
    const house = createCardHouse({ config: botConfig({ allowedUsers: [tom] }) });
    house.entries.set('job', entryIn(groupId, tom.userId));
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(chatsWithCards(house), []);
    assert.match(texts(house, groupId)[0] ?? '', /answered in VS Code/);
  });

  it('says so too where no card arrives', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(groupId, tom.userId));
    house.courier.failNext('send', 'refused', { times: 2 });
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.match(texts(house, groupId)[0] ?? '', /answered in VS Code/);
    assert.deepEqual(await cardsKept(house), []);
    assert.equal(house.decisions.size, 0, 'it waits on');
  });

  it('asks about work at the desk only where that is wanted, and never about that of other bots', async () => {
    const house = createCardHouse();
    house.ask(requestOf('one', 'desk'));
    await settle();
    assert.deepEqual(house.courier.arrived, []);
    house.change({ notices: { approvals: true, completed: false, failed: false } });
    house.otherBots.add('theirs');
    house.ask(requestOf('two', 'theirs'));
    await settle();
    assert.deepEqual(house.courier.arrived, []);
    house.ask(requestOf('three', 'desk'));
    await settle();
    assert.deepEqual(chatsWithCards(house), [ann.userId, bob.userId]);
  });

  it('looks a second time whose job it is: it may only just have started', async () => {
    const house = createCardHouse();
    house.whileUnknown(() => house.entries.set('job', entryIn(ann.userId, ann.userId)));
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(chatsWithCards(house), [ann.userId]);
  });
});

describe('approval cards: sending', () => {
  it('keeps a card before it is sent, with the message after it', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    const hold = Promise.withResolvers<void>();
    house.courier.before = () => hold.promise;
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(
      (await cardsKept(house)).map(({ messageId }) => messageId),
      [0],
    );
    hold.resolve();
    await settle();
    assert.deepEqual(
      (await cardsKept(house)).map(({ messageId }) => messageId),
      [1001],
    );
  });

  it('sends what does not fit as a document, before the buttons', async () => {
    const detail = `echo ${'x'.repeat(9_000)}; rm -rf ~`;
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    for (const stepId of ['step', 'second']) house.ask(requestOf(stepId, 'job', { detail }));
    await settle();
    const kinds = house.courier
      .inChat(ann.userId)
      .map(({ upload }) => (upload === undefined ? 'card' : 'document'));
    assert.deepEqual(kinds, ['document', 'card', 'document', 'card']);
    const [first] = house.courier.inChat(ann.userId);
    assert.ok(new TextDecoder().decode(first?.upload?.bytes).includes(detail));
  });

  it('asks nothing that cannot be seen whole', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    house.courier.failNext('upload', 'refused');
    house.ask(requestOf('step', 'job', { detail: 'x'.repeat(9_000) }));
    await settle();
    assert.deepEqual(house.courier.arrived, []);
    assert.equal(house.decisions.size, 0);
  });

  it('asks again where the card may not have arrived; either can be pressed, once', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    house.courier.failNext('send', 'unsure', { arrives: true });
    house.ask(requestOf('step', 'job'));
    await settle();
    const [first, second] = house.courier.inChat(ann.userId);
    assert.ok(first !== undefined && second !== undefined);
    const data = house.courier.buttonsOf(first)[0]?.data ?? '';
    assert.equal((await house.press(ann.userId, { ...first, data }))?.isAlert, false);
    assert.equal(house.decisions.get('step')?.approved, true);
    for (const each of [first, second]) {
      assert.deepEqual(house.courier.buttonsOf(each), []);
      assert.match(each.text.plain, /Approved by Ann/);
    }
    assert.deepEqual(await cardsKept(house), []);
  });

  it('does not hang a question on one chat whose messages do not get through', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(groupId, tom.userId));
    const hold = Promise.withResolvers<void>();
    let isFirst = true;
    house.courier.before = () => {
      const isHeld = isFirst;
      isFirst = false;
      return isHeld ? hold.promise : undefined;
    };
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(chatsWithCards(house), [bob.userId]);
    assert.equal(texts(house, groupId).length, 1);
    await house.press(bob.userId, house.button(bob.userId, 'o'));
    assert.equal(house.decisions.get('step')?.approved, true);
    hold.resolve();
    await settle();
    assert.deepEqual(chatsWithCards(house), [], 'and what comes late has nothing to press');
    assert.deepEqual(await cardsKept(house), []);
  });

  it('takes the buttons off a card that arrived after the answer', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    const hold = Promise.withResolvers<void>();
    const { send } = house.courier;
    // It is on its way and cannot be called back.
    house.courier.send = async (to, message) => {
      const sent = await send(to, message);
      await hold.promise;
      return sent;
    };
    house.ask(requestOf('step', 'job'));
    await settle();
    house.approvals().answer('step', { approved: false, scope: 'once', by: 'user', surface: 'dialog' });
    hold.resolve();
    await settle();
    assert.match(texts(house, ann.userId)[0] ?? '', /Denied in VS Code/);
    assert.deepEqual(chatsWithCards(house), []);
    assert.deepEqual(await cardsKept(house), []);
  });

  it('leaves the question to others where the store does not work', async () => {
    const house = createCardHouse();
    house.entries.set('job', entryIn(ann.userId, ann.userId));
    house.store.saveCard = async () => {
      throw new Error('full');
    };
    house.ask(requestOf('step', 'job'));
    await settle();
    assert.deepEqual(house.courier.arrived, []);
    assert.equal(house.errors.length, 1);
    assert.equal(house.approvals().pending().length, 1);
  });
});
