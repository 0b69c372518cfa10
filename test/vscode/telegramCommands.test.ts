import assert from 'node:assert/strict';
import { botConfig, person, privateChat } from '../fakes/telegramBots.ts';
import {
  answers,
  env,
  executed,
  inputBoxes,
  messages,
  progress,
  resetVscode,
  shownDocuments,
  told,
  Uri,
} from '../fakes/vscode.ts';
import { contentProviders } from '../fakes/vscodeLanguages.ts';
import { loadWithVscode } from './loadWithVscode.ts';
import { agent, session, telegramRig, token } from './telegramRig.ts';

const { BotItem, GroupItem, NoticesItem, PersonItem } = await loadWithVscode(
  () => import('../../extension/vscode/telegramItems.ts'),
);
const { idProblem, seenGroups } = await loadWithVscode(
  () => import('../../extension/vscode/telegramPeople.ts'),
);

const shop = botConfig('shop', {
  allowedUsers: [person(7, 'Ann', true)],
  allowedChats: [privateChat(7)],
});

const rowOf = (config = shop) =>
  new BotItem(
    {
      config,
      status: { kind: 'stopped' },
      counters: { received: 0, answered: 0, ignored: 0, approvals: 0, errors: 0 },
    },
    'Coder',
    0,
    0,
  );

beforeEach(resetVscode);

describe('making a bot', () => {
  it('goes step by step, starts it, and says how to pair', async () => {
    const { bots, commands } = telegramRig([], {
      folders: ['/home/user/shop', '/home/user/api'],
      agents: [agent('coder', 'Coder'), agent('clerk', 'Clerk')],
    });
    answers.push('Open BotFather', ` ${token} `, 'Clerk', 'api', 'Open in Telegram');
    const made = await commands.createTelegramConfig();
    assert.deepEqual(
      [made?.name, made?.username, made?.agentId, made?.folder, made?.mode],
      ['Till', 'till_bot', 'clerk', '/home/user/api', 'ask'],
    );
    assert.deepEqual(bots.calls, [
      ['create', 'bot-123456'],
      ['start', 'bot-123456'],
    ]);
    assert.match(messages[0]?.detail ?? '', /send it \/newbot/);
    assert.match(told[1] ?? '', /The bot @till_bot was added\. Send any message to @till_bot/);
    await new Promise(setImmediate);
    assert.deepEqual(env.openedOutside, ['https://t.me/BotFather', 'https://t.me/till_bot']);
    assert.equal(Reflect.get(inputBoxes[0] ?? {}, 'password'), true);
  });

  it('asks again for a token that Telegram does not know', async () => {
    const { bots, commands } = telegramRig();
    answers.push('I Have the Token', '99:wrong', 'Type It Again', token);
    assert.equal((await commands.createTelegramConfig())?.username, 'till_bot');
    assert.match(told[1] ?? '', /Telegram does not know this token/);
    assert.equal(bots.configs.size, 1);
    assert.ok(told.every((text) => !text.includes('wrong') && !text.includes('secret')));
  });

  for (const [name, given] of [
    ['the steps', []],
    ['the token', ['I Have the Token']],
    ['a wrong token', ['I Have the Token', '99:wrong']],
    ['the agent', ['I Have the Token', token]],
    ['the folder', ['I Have the Token', token, 'Clerk']],
  ] as const) {
    it(`makes none when the person leaves at ${name}`, async () => {
      const { bots, commands } = telegramRig([], {
        folders: ['/home/user/shop', '/home/user/api'],
        agents: [agent('coder', 'Coder'), agent('clerk', 'Clerk')],
      });
      answers.push(...given);
      assert.equal(await commands.createTelegramConfig(), undefined);
      assert.deepEqual(bots.calls, []);
    });
  }

  it('makes none when the check is cancelled', async () => {
    const { bots, commands } = telegramRig();
    bots.checkToken = async (_token, signal) => {
      for (const listener of progress.listeners) listener();
      signal?.throwIfAborted();
      throw new Error('not aborted');
    };
    answers.push('I Have the Token', token);
    assert.equal(await commands.createTelegramConfig(), undefined);
  });

  it('keeps it where it does not start, and says so', async () => {
    const { bots, commands } = telegramRig();
    bots.start = async () => {
      throw new Error('The window is not trusted.');
    };
    answers.push('I Have the Token', token);
    assert.notEqual(await commands.createTelegramConfig(), undefined);
    assert.match(told[1] ?? '', /was added, and its token kept, but it did not start: The window is not/);
  });

  it('needs an open folder, before anything is typed', async () => {
    const { commands } = telegramRig([], { folders: [] });
    await assert.rejects(commands.createTelegramConfig(), /Open its folder first/);
    assert.deepEqual(told, []);
  });

  it('by code takes fields and a token, and does not start it', async () => {
    const { bots, commands } = telegramRig();
    const made = await commands.createTelegramConfig({ name: 'Shop' }, token);
    assert.equal(made?.name, 'Shop');
    assert.deepEqual(bots.calls, [['create', 'bot-123456']]);
    assert.deepEqual(messages, []);
  });

  it('goes step by step from the view too, where a menu passes the row that is selected', async () => {
    const { bots, commands } = telegramRig([shop]);
    answers.push('I Have the Token', token);
    assert.equal((await commands.createTelegramConfig(rowOf(), [rowOf()]))?.username, 'till_bot');
    assert.deepEqual(bots.calls.at(-1), ['start', 'bot-123456']);
  });

  it('by code asks a person before anybody is let in', async () => {
    const { bots, commands } = telegramRig();
    const input = { allowedUsers: [person(66, 'Eve', true)], mode: 'autopilot', allowsRules: true };
    assert.equal(await commands.createTelegramConfig(input, token), undefined);
    const [message] = messages;
    assert.equal(message?.isModal, true);
    assert.match(message?.detail ?? '', /Autopilot: [\s\S]*Rules from the phone: [\s\S]*Eve \(id 66\)/);
    assert.deepEqual(bots.calls, []);
    answers.push('Allow');
    assert.equal((await commands.createTelegramConfig(input, token))?.allowedUsers.length, 1);
  });
});

describe('bots by command', () => {
  it('are told without their tokens', async () => {
    const { commands } = telegramRig([shop]);
    const [config] = await commands.getTelegramConfigs();
    assert.deepEqual([config?.id, config?.status], ['shop', { kind: 'stopped' }]);
  });

  for (const [part, given, patch] of [
    ['Name', [' Till '], { name: 'Till' }],
    ['Agent', ['Clerk'], { agentId: 'clerk' }],
    ['Folder', ['api'], { folder: '/home/user/api' }],
    ['Approval mode', ['Smart', 'Allow'], { mode: 'smart' }],
    ['Rules from the phone', ['Yes', 'Allow'], { allowsRules: true }],
    ['Daily budget', ['0.5'], { dailyBudget: { usd: 0.5 } }],
    ['Daily budget', [''], { dailyBudget: {} }],
    ['Messages an hour', ['5'], { messagesPerHour: 5 }],
    ['Notices', [['Failures']], { notices: { approvals: false, completed: false, failed: true } }],
    ['Start by itself', ['No'], { autoStart: false }],
  ] as const) {
    it(`change ${part} to ${JSON.stringify(given[0])}`, async () => {
      const { bots, commands } = telegramRig([shop], {
        folders: ['/home/user/shop', '/home/user/api'],
        agents: [agent('coder', 'Coder'), agent('clerk', 'Clerk')],
      });
      const notices = given.map((each) => (typeof each === 'string' ? each : [{ notice: 'failed' }]));
      answers.push('shop', part, ...notices);
      assert.equal((await commands.updateTelegramConfig())?.id, 'shop');
      assert.deepEqual(bots.calls, [['update', 'shop', patch]]);
    });
  }

  for (const [part, value] of [
    ['Approval mode', 'Autopilot'],
    ['Approval mode', 'Smart'],
    ['Rules from the phone', 'Yes'],
  ] as const) {
    it(`do not widen without a yes: ${part}, ${value}`, async () => {
      const { bots, commands } = telegramRig([shop]);
      answers.push(part, value);
      assert.equal(await commands.updateTelegramConfig(rowOf()), undefined);
      assert.deepEqual(bots.calls, []);
      assert.equal(messages[0]?.isModal, true);
      assert.equal(await commands.updateTelegramConfig('shop', { mode: 'smart' }), undefined);
      assert.deepEqual(bots.calls, [], 'nor by code');
    });
  }

  it('get narrower without a question', async () => {
    const { bots, commands } = telegramRig([{ ...shop, mode: 'autopilot', allowsRules: true }]);
    await commands.updateTelegramConfig('shop', { mode: 'ask', allowsRules: false, allowedUsers: [] });
    assert.deepEqual([messages.length, bots.configs.get('shop')?.mode], [0, 'ask']);
  });

  it('take no token of another bot', async () => {
    const { bots, commands } = telegramRig([shop, botConfig('till', { botId: 123_456 })]);
    answers.push(token);
    await assert.rejects(commands.setTelegramToken('shop'), /token of @till_bot, not of @shop_bot/);
    answers.push(token);
    assert.equal(await commands.setTelegramToken('till'), true);
    assert.deepEqual(bots.calls, [['update', 'till', {}, token]]);
  });

  it('change notices from their row', async () => {
    const { bots, commands } = telegramRig([shop]);
    answers.push([{ notice: 'approvals' }]);
    // A menu hands over the selection behind the row.
    await commands.updateTelegramConfig(new NoticesItem(rowOf().info), []);
    assert.equal(bots.configs.get('shop')?.notices.approvals, true);
  });

  it('are deleted after a question, by code without', async () => {
    const { bots, commands } = telegramRig([shop, botConfig('till')]);
    assert.equal(await commands.deleteTelegramConfig(rowOf()), false);
    assert.equal(messages[0]?.isModal, true);
    answers.push('Delete');
    assert.equal(await commands.deleteTelegramConfig(rowOf()), true);
    assert.equal(await commands.deleteTelegramConfig('till'), true);
    assert.deepEqual([bots.configs.size, messages.length], [0, 2]);
    assert.equal(await commands.deleteTelegramConfig(), false);
    assert.match(told[2] ?? '', /no Telegram bots yet/);
  });

  it('start, stop and restart, by id, row and choice', async () => {
    const { bots, commands } = telegramRig([shop, botConfig('till')]);
    assert.equal(await commands.startTelegramBot('shop'), true);
    answers.push('till');
    assert.equal(await commands.startTelegramBot(), true);
    assert.equal(await commands.startTelegramBot(), false);
    assert.deepEqual(told, [
      '@shop_bot: connecting…',
      '@till_bot: connecting…',
      'Every Telegram bot runs already.',
    ]);
    assert.equal(await commands.restartTelegramBot(rowOf()), true);
    answers.push('till');
    assert.equal(await commands.stopTelegramBot(), true);
    assert.deepEqual(
      bots.calls.map(([what, id]) => `${what} ${id}`),
      ['start shop', 'start till', 'restart shop', 'stop till'],
    );
    for (const name of ['startTelegramBot', 'stopTelegramBot', 'deleteTelegramConfig'] as const)
      await assert.rejects(commands[name]('gone'), /no Telegram bot with this id/);
    await assert.rejects(commands.updateTelegramConfig('gone', {}), /no Telegram bot with this id/);
  });

  it('start anew with a token that was rejected: it has not stopped', async () => {
    const { bots, commands } = telegramRig([shop]);
    bots.statuses.set('shop', { kind: 'rejected', message: 'Set a new token.' });
    assert.equal(await commands.startTelegramBot(), false, 'nobody chose');
    answers.push('shop');
    assert.equal(await commands.startTelegramBot(), true);
    assert.deepEqual(bots.calls, [['restart', 'shop']]);
  });

  it('show the view, and a log that nobody can change', async () => {
    const { bots, commands } = telegramRig([shop]);
    await commands.showTelegramBots();
    assert.deepEqual(executed, [['anycowork.telegram.focus']]);
    bots.logs.set('shop', ['12:00 started', '12:01 a message came']);
    assert.equal(await commands.showTelegramLog('shop'), true);
    const [uri] = shownDocuments;
    assert.ok(uri instanceof Uri);
    assert.deepEqual([uri.scheme, uri.path], ['anycowork-telegram', '/@shop_bot.log']);
    const text = () => contentProviders.get('anycowork-telegram')?.provideTextDocumentContent(uri);
    assert.equal(await text(), '12:00 started\n12:01 a message came\n');
    bots.logs.delete('shop');
    assert.match(String(await text()), /Nothing has happened yet/);
  });
});

describe('who may talk to a bot', () => {
  it('is added by a numeric id, with the private chat, after a question', async () => {
    const { bots, commands } = telegramRig([shop]);
    answers.push('Add by numeric id…', '8', 'Bob', 'Talk only', 'Allow');
    assert.equal(await commands.manageTelegramPeople('shop'), true);
    const { allowedUsers, allowedChats } = bots.configs.get('shop') ?? shop;
    assert.deepEqual(allowedUsers, [person(7, 'Ann', true), person(8, 'Bob')]);
    assert.deepEqual(allowedChats, [privateChat(7), { chatId: 8, kind: 'private', title: 'Bob' }]);
  });

  it('keeps who was let in while a question was open', async () => {
    const { bots, commands } = telegramRig([shop]);
    const meanwhile = { ...shop, allowedUsers: [...shop.allowedUsers, person(9, 'Cid')] };
    answers.push(
      'Add by numeric id…',
      '8',
      'Bob',
      'Talk only',
      new Promise((resolve) => {
        bots.configs.set('shop', meanwhile);
        resolve('Allow');
      }),
    );
    await commands.manageTelegramPeople('shop');
    assert.deepEqual(
      bots.configs.get('shop')?.allowedUsers.map(({ userId }) => userId),
      [7, 9, 8],
    );
  });

  it('changes from the row of a person: talks only, is an approver, is removed with the chat', async () => {
    const { bots, commands } = telegramRig([shop]);
    const row = new PersonItem('shop', person(7, 'Ann', true));
    const approves = () => bots.configs.get('shop')?.allowedUsers[0]?.isApprover;
    answers.push('Talk only');
    await commands.manageTelegramPeople(row);
    assert.equal(approves(), false);
    answers.push('Approver');
    assert.equal(await commands.manageTelegramPeople(row), false, 'a question comes first');
    assert.equal(approves(), false);
    answers.push('Approver', 'Allow');
    await commands.manageTelegramPeople(row);
    assert.equal(approves(), true);
    answers.push('Remove');
    assert.equal(await commands.removeTelegramAccess(row), true);
    const { allowedUsers, allowedChats } = bots.configs.get('shop') ?? shop;
    assert.deepEqual([allowedUsers, allowedChats], [[], []]);
    await assert.rejects(commands.manageTelegramPeople(row), /may not talk to the bot any more/);
  });

  it('has groups, chosen among those that the log speaks of', async () => {
    const { bots, commands } = telegramRig([shop]);
    bots.logs.set('shop', ['2026-11-26T12:00:00 ignored: the group Team (-1001234567) is not added']);
    answers.push('Add a group…', 'Choose the Group', '-1001234567', 'Team', 'Allow');
    assert.equal(await commands.manageTelegramGroups('shop'), true);
    assert.match(messages[0]?.detail ?? '', /\/setprivacy[\s\S]*remove it and add it again/);
    const group = { chatId: -1_001_234_567, kind: 'group' as const, title: 'Team' };
    assert.deepEqual(bots.configs.get('shop')?.allowedChats.at(-1), group);
    answers.push('Remove');
    assert.equal(await commands.removeTelegramAccess(new GroupItem('shop', group)), true);
    assert.deepEqual(bots.configs.get('shop')?.allowedChats, [privateChat(7)]);
  });

  it('has groups by a typed id', async () => {
    const { bots, commands } = telegramRig([shop]);
    answers.push('Add a group…', 'Choose the Group', '-1009', 'Team', 'Allow');
    await commands.manageTelegramGroups('shop');
    assert.equal(bots.configs.get('shop')?.allowedChats.at(-1)?.chatId, -1_009);
    await assert.rejects(commands.removeTelegramAccess('shop'), /Choose a person or a group/);
  });

  it('goes by numbers, and by nothing else', () => {
    for (const text of ['', '@ann', '-5', '0', '1.5', '99999999999999999', '0x10'])
      assert.notEqual(idProblem(text, 1), undefined, text);
    for (const text of ['5', '0', '', 'team', '−100']) assert.notEqual(idProblem(text, -1), undefined, text);
    assert.equal(idProblem(' 123456789 ', 1) ?? idProblem('-1001234567890', -1), undefined);
    const lines = ['2026-11-26 -1001234567 a', 'id a-1234567-b 12-3456789', 'again -1001234567 b'];
    assert.deepEqual([...seenGroups(lines)], [[-1_001_234_567, 'again -1001234567 b']]);
    const title = 'wrote in the group “Team (id -1009999999)” (id -1001234567), which was not added.';
    assert.deepEqual([...seenGroups([title]).keys()], [-1_001_234_567], 'whoever named the group');
  });
});

describe('a chat that goes on in Telegram', () => {
  const team = { chatId: -1_009, kind: 'group' as const, title: 'Team' };

  it('goes to the only person of the only bot that runs here', async () => {
    const { bots, commands, asked } = telegramRig([shop, botConfig('till')]);
    bots.statuses.set('shop', { kind: 'running', since: 1 });
    assert.equal(await commands.continueOnTelegram({ webviewSection: 'session', sessionId: 'chat' }), true);
    assert.deepEqual(asked, ['chat']);
    assert.deepEqual(bots.calls, [['continueOn', session.id, 'shop', 7]]);
    assert.doesNotMatch(told[0] ?? '', /\]\(/);
  });

  it('is put before a group only by choice', async () => {
    const { bots, commands } = telegramRig([{ ...shop, allowedUsers: [], allowedChats: [team] }]);
    bots.statuses.set('shop', { kind: 'running', since: 1 });
    assert.equal(await commands.continueOnTelegram(rowOf()), false);
    assert.deepEqual(bots.calls, []);
    answers.push('Team');
    assert.equal(await commands.continueOnTelegram(rowOf()), true);
    assert.deepEqual(bots.calls, [['continueOn', 'chat', 'shop', -1_009]]);
  });

  it('needs a bot that runs here, and somebody to talk to', async () => {
    const { bots, commands } = telegramRig([botConfig('shop')]);
    await assert.rejects(commands.continueOnTelegram('chat'), /No Telegram bot runs in this window/);
    await assert.rejects(commands.continueOnTelegram(rowOf()), /does not run in this window/);
    bots.statuses.set('shop', { kind: 'running', since: 1 });
    await assert.rejects(commands.continueOnTelegram('chat'), /Nobody may talk to @shop_bot yet/);
  });
});
