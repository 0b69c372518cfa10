import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../extension/core/agents.ts';
import { StoreError } from '../../extension/core/store.ts';
import type { TelegramManager } from '../../extension/telegram/manager.ts';
import { type FakeBotApi, startFakeBotApi } from '../fakes/botApi.ts';
import { botConfig, person, privateChat } from '../fakes/telegramBots.ts';
import { createFakeTelegramStore, type FakeTelegramStore } from '../fakes/telegramStore.ts';
import { eventually, startBots } from './botsRig.ts';

const first = '7:token-of-the-first-bot-01';
const second = '8:token-of-the-second-bot-02';

type Window = Awaited<ReturnType<typeof startBots>>;

describe('the bots of a window', () => {
  let telegram: FakeBotApi;
  let leaseFolder: string;
  let store: FakeTelegramStore;
  const windows: Window[] = [];
  let tokens: Map<string, string>;

  beforeEach(async () => {
    telegram = await startFakeBotApi({ tokens: [first, second] });
    leaseFolder = await mkdtemp(path.join(tmpdir(), 'anycowork-manager-'));
    store = createFakeTelegramStore();
    tokens = new Map();
  });
  afterEach(async () => {
    await Promise.all(windows.splice(0).map((window) => window.stop()));
    await telegram.close();
    await rm(leaseFolder, { recursive: true, force: true });
  });

  const open = async (
    folders: readonly string[] = ['/folder'],
    apiRoot = (): string => telegram.url,
  ): Promise<Window> => {
    const window = await startBots({
      apiRoot,
      leaseFolder,
      shared: { telegram: store, tokens },
      folders: () => folders,
    });
    windows.push(window);
    return window;
  };
  const add = async (id = 'shop', botId = 7, token = first): Promise<void> => {
    await store.saveBot(
      botConfig(id, {
        botId,
        agentId: 'default',
        folder: '/folder',
        allowedUsers: [person(5, 'Ann', true)],
        allowedChats: [privateChat(5)],
      }),
    );
    tokens.set(id, token);
  };
  const statusOf = async ({ manager }: { manager: TelegramManager }, id = 'shop') =>
    (await manager.list()).find(({ config }) => config.id === id)?.status;
  const is = (window: Window, kind: string, id?: string) =>
    eventually(`${kind}`, async () => (await statusOf(window, id))?.kind === kind);
  const running = async (window: Window): Promise<void> => {
    await window.manager.start('shop');
    await is(window, 'running');
  };
  const answered = (text: string) =>
    eventually(`an answer to ${text}`, () => telegram.sent(5).some((sent) => sent.text.includes(text)));

  it('starts one, stops it, and starts by itself only what no person stopped', async () => {
    await add();
    const window = await open();
    const { id: agentId } = await window.agents.get();
    await window.manager.update('shop', { agentId });
    assert.equal((await statusOf(window))?.kind, 'stopped');
    await window.manager.autoStart();
    await is(window, 'running');
    telegram.say(5, 5, 'hello');
    await answered('Answer to: hello');
    await window.manager.stop('shop');
    assert.equal((await statusOf(window))?.kind, 'stopped');
    await window.manager.autoStart();
    assert.equal((await statusOf(window))?.kind, 'stopped');
    await running(window);
  });

  it('runs nothing without trust or its folder, and says why', async () => {
    await add();
    const window = await open(['/other']);
    await window.manager.autoStart();
    await assert.rejects(window.manager.start('shop'), /works in \/folder, which is not open here/);
    assert.equal((await statusOf(window))?.kind, 'unavailable');
    const other = await open();
    other.folder.isTrusted = false;
    await other.manager.autoStart();
    await assert.rejects(other.manager.start('shop'), /not trusted/);
    assert.deepEqual(telegram.calls(), []);
  });

  it('says where the store cannot be read, and reads it at the next time', async () => {
    await add();
    const { listBots } = store;
    store.listBots = async () => {
      throw new StoreError('The disk is full.');
    };
    const window = await open();
    await assert.rejects(window.manager.list(), StoreError);
    store.listBots = listBots;
    assert.equal((await window.manager.list()).length, 1);
  });

  it('stops a bot whose folder was closed', async () => {
    await add();
    const folders = ['/folder'];
    const window = await open(folders);
    await running(window);
    folders[0] = '/other';
    await window.manager.follow();
    assert.equal((await statusOf(window))?.kind, 'unavailable');
    assert.match(window.manager.log('shop').at(-1) ?? '', /Stopped: .*not open here/);
    folders[0] = '/folder';
    // No person has stopped it.
    await window.manager.autoStart();
    await is(window, 'running');
  });

  it('does not listen any more to somebody who was sent away in another window', async () => {
    await add();
    const [here, there] = [await open(), await open(['/other'])];
    await running(here);
    await there.manager.update('shop', { allowedUsers: [], allowedChats: [] });
    telegram.say(5, 5, 'still me');
    await telegram.until(() => telegram.pending().length === 0);
    await eventually('it to be ignored', async () => (await here.manager.list())[0]?.counters.ignored === 1);
    assert.deepEqual(
      telegram.sent(5).filter(({ text }) => text.includes('Answer')),
      [],
    );
  });

  it('takes a new token from another window, and stops what was deleted there', async () => {
    await add();
    const [here, there] = [await open(), await open(['/other'])];
    await running(here);
    // Nobody knows it, which shows that it is the one in use.
    tokens.set('shop', '7:token-that-is-new-0000');
    await there.manager.update('shop', { name: 'Shop' });
    await here.manager.follow();
    assert.match(here.manager.log('shop').join('\n'), /token was changed in another window/);
    await is(here, 'rejected');
    tokens.set('shop', first);
    await here.manager.follow();
    await is(here, 'running');
    await there.manager.delete('shop');
    await here.manager.follow();
    assert.deepEqual(await here.manager.list(), []);
    assert.equal(here.manager.isRunning('shop'), false);
    assert.equal(here.manager.service('shop'), undefined);
  });

  it('begins again with one whose token was refused, when a person starts it', async () => {
    await add();
    tokens.set('shop', '7:never-was-a-token-00000');
    const window = await open();
    await window.manager.start('shop');
    await is(window, 'rejected');
    tokens.set('shop', first);
    await running(window);
  });

  it('takes over from a window that ends, and stops in the one that has it', async function () {
    this.timeout(60_000);
    await add();
    const [here, there] = [await open(), await open()];
    await running(here);
    await there.manager.start('shop');
    assert.deepEqual(
      await eventually('elsewhere', async () => {
        const status = await statusOf(there);
        return status?.kind === 'elsewhere' ? status.place : undefined;
      }),
      'the other window',
    );
    await here.manager.close();
    await is(there, 'running');
    const third = await open(['/other']);
    let changes = 0;
    third.manager.onChange(() => {
      changes += 1;
    });
    await third.manager.follow();
    assert.deepEqual(
      [changes, await statusOf(third)],
      [1, { kind: 'elsewhere', place: 'the other window', staysThere: true }],
    );
    await third.manager.stop('shop');
    await is(there, 'stopped');
  });

  it('tells who starts a bot that the setting of the server is not understood', async () => {
    await add();
    const isWrong = { now: true };
    const window = await open(['/folder'], () => {
      if (isWrong.now) throw new InputError('The setting is not an address.');
      return telegram.url;
    });
    await assert.rejects(window.manager.start('shop'), /not an address/);
    assert.equal((await statusOf(window))?.kind, 'stopped');
    isWrong.now = false;
    await running(window);
  });

  it('does not start after it was closed', async () => {
    await add();
    const window = await open();
    let closing: Promise<void> | undefined;
    tokens.get = (id) => {
      closing = window.manager.close();
      return Map.prototype.get.call(tokens, id);
    };
    await window.manager.start('shop');
    await closing;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual(telegram.calls(), []);
  });

  it('makes a bot once, also of two tries at once, and forgets that an earlier one was stopped', async () => {
    const window = await open();
    const { manager } = window;
    const tried = await Promise.allSettled([manager.create({}, ` ${first}\n`), manager.create({}, first)]);
    assert.deepEqual(tried.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const [made] = await manager.list();
    assert.ok(made);
    assert.equal(tokens.get(made.config.id), first);
    await manager.delete(made.config.id);
    assert.equal(tokens.size, 0);
    const again = await manager.create({}, first);
    await manager.autoStart();
    await is(window, 'running', again.id);
  });

  it('keeps what was changed while Telegram was asked about a token', async () => {
    await add();
    let meanwhile: Promise<unknown> | undefined;
    const window: Window = await open(['/folder'], () => {
      meanwhile ??= window.manager.update('shop', { allowedUsers: [], allowedChats: [] });
      return telegram.url;
    });
    await window.manager.update('shop', { name: 'Renamed' }, first);
    await meanwhile;
    const [bot] = await window.manager.list();
    assert.deepEqual([bot?.config.allowedUsers, bot?.config.name], [[], 'Renamed']);
  });

  it('refuses the token of another bot, and keeps its own', async () => {
    await add();
    const window = await open();
    await assert.rejects(window.manager.update('shop', {}, second), /token of @.*Make a bot of its own/);
    assert.equal(tokens.get('shop'), first);
    await assert.rejects(window.manager.update('shop', {}, 'nonsense'), InputError);
  });

  it('lets somebody in although Telegram cannot be told, and once', async () => {
    await add();
    const window = await open();
    await running(window);
    telegram.say(6, 6, 'let me in');
    const request = await eventually('the request', () => window.manager.pairings()[0]);
    telegram.hang('sendMessage');
    const saveBot = store.saveBot;
    store.saveBot = async () => {
      throw new StoreError('The disk is full.');
    };
    await assert.rejects(window.manager.answerPairing(request, 'talker'), StoreError);
    assert.equal(window.manager.pairings().length, 1);
    store.saveBot = saveBot;
    await window.manager.answerPairing(request, 'talker');
    await assert.rejects(window.manager.answerPairing(request, 'approver'), /does not wait any more/);
    const [bot] = await window.manager.list();
    assert.deepEqual(
      bot?.config.allowedUsers.map(({ userId, isApprover }) => [userId, isApprover]),
      [
        [5, true],
        [6, false],
      ],
    );
  });

  it('keeps tokens out of the log', async () => {
    await add();
    const window = await open();
    await running(window);
    telegram.failNext('getUpdates', { status: 500, description: `no ${first}` });
    telegram.endPolls();
    await telegram.until(() => telegram.calls('getUpdates').length > 2);
    const text = JSON.stringify([
      window.manager.log('shop'),
      await window.manager.list(),
      window.errors.map(String),
    ]);
    assert.ok(!text.includes(first.slice(2)));
  });
});
