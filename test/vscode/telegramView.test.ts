import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import type { BotStatus, PairingRequest } from '../../extension/shared/telegram.ts';
import { botConfig, fakeBots, person, privateChat } from '../fakes/telegramBots.ts';
import { MarkdownString, resetVscode, ThemeIcon } from '../fakes/vscode.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createTelegramView } = await loadWithVscode(() => import('../../extension/vscode/telegramView.ts'));

const now = Date.parse('2026-11-26T12:00:00');

const agents = {
  list: async () => [
    {
      id: 'coder',
      name: 'Coder',
      instructions: '',
      model: { provider: 'openai' as const, model: 'm' },
      tools: 'all' as const,
      skills: 'all' as const,
      mcpServers: 'all' as const,
      execution: {
        mode: 'ask' as const,
        turnLimit: 1,
        commandTimeoutMs: 1_000,
        sandbox: 'flexible' as const,
        memoryMb: 512,
        cpus: 1,
      },
      createdAt: 1,
      updatedAt: 1,
    },
  ],
};

const view = (bots: ReturnType<typeof fakeBots>) => createTelegramView({ bots, agents, now: () => now });

const request = (more: Partial<PairingRequest> = {}): PairingRequest => ({
  configId: 'shop',
  userId: 7,
  name: 'Ann',
  code: 'ABCD2345',
  expiresAt: now + 60_000,
  ...more,
});

const rows = (items: readonly vscode.TreeItem[]) =>
  items.map(({ label, description }) => `${label} | ${description}`);

beforeEach(resetVscode);

describe('the view of bots', () => {
  for (const [status, words, icon, context] of [
    [{ kind: 'stopped' }, 'stopped', 'circle-outline', 'bot canStart'],
    [{ kind: 'running', since: now }, 'running', 'broadcast', 'bot canStop canRestart canContinue'],
    [{ kind: 'connecting', since: now }, 'connecting…', 'loading~spin', 'bot canStop canRestart'],
    [
      { kind: 'elsewhere', place: 'shop on a laptop' },
      'running in another window (shop on a laptop)',
      'multiple-windows',
      'bot canStop',
    ],
    [
      { kind: 'conflict', message: 'Another program asks.', retryAt: now + 5_000 },
      'another program uses its token',
      'warning',
      'bot canStop canRestart needsToken',
    ],
    [{ kind: 'rejected', message: 'Set a new token.' }, 'token rejected', 'error', 'bot canStart needsToken'],
    [
      { kind: 'unavailable', message: 'The folder /home/user/shop is not open.' },
      'cannot run in this window',
      'circle-slash',
      'bot',
    ],
  ] as const satisfies readonly (readonly [BotStatus, string, string, string])[]) {
    it(`says of one that is ${status.kind} how it stands, also to who cannot see it`, async () => {
      const bots = fakeBots(botConfig('shop'));
      bots.statuses.set('shop', status);
      const [item] = await view(bots).children();
      assert.equal(item?.description, `@shop_bot · ${words}`);
      assert.ok(item.iconPath instanceof ThemeIcon && item.iconPath.id === icon);
      assert.equal(item.contextValue, context);
      const label = item.accessibilityInformation?.label ?? '';
      assert.ok(label.startsWith(`Bot shop, @shop_bot: ${words}.`), label);
      const { tooltip } = item;
      assert.ok(tooltip instanceof MarkdownString);
      if ('message' in status) assert.ok(tooltip.value.includes(status.message), tooltip.value);
    });
  }

  it('has what it may do and who may talk to it in a text that runs nothing', async () => {
    const bots = fakeBots(
      botConfig('shop', {
        name: '[x](command:evil)\u202e',
        allowedUsers: [person(7, 'Ann', true), person(8, '**Bob**')],
        allowedChats: [{ chatId: -5_000_000, kind: 'group', title: 'Team' }],
        mode: 'smart',
      }),
    );
    const [item] = await view(bots).children();
    assert.ok(item?.tooltip instanceof MarkdownString);
    const { value, isTrusted } = item.tooltip;
    assert.notEqual(isTrusted, true);
    assert.doesNotMatch(value, /\]\(command|\u202e/);
    for (const part of [
      /Agent: Coder/,
      /Folder: \/home\/user\/shop/,
      /Approvers: Ann \\\(id 7\\\)/,
      /May talk only: \\\*\\\*Bob\\\*\\\* \\\(id 8\\\)/,
      /Groups: Team/,
      /at widest Smart; the phone may not allow/,
      /\$5\.00 a day; 60 messages an hour/,
      /Last answer of Telegram: none/,
    ]) {
      assert.match(value, part);
    }
    bots.statuses.set('shop', { kind: 'running', since: now });
    const [running] = await view(bots).children();
    assert.ok(running?.tooltip instanceof MarkdownString);
    // It would soon be out of date: the row is not drawn anew for each answer.
    assert.doesNotMatch(running.tooltip.value, /Last answer/);
  });

  it('has who waits first, then people, groups and notices below a bot', async () => {
    const bots = fakeBots(
      botConfig('shop', {
        allowedUsers: [person(8, 'Bob', true), person(9, 'Cid')],
        allowedChats: [privateChat(8), { chatId: -5_000_000, kind: 'group', title: 'Team' }],
        notices: { approvals: true, completed: false, failed: true },
      }),
    );
    bots.waiting = [request(), request({ userId: 70, expiresAt: now }), request({ configId: 'other' })];
    const tree = view(bots);
    const [item] = await tree.children();
    assert.equal(item?.description, '@shop_bot · stopped · 1 person waits for you');
    const children = await tree.children(item);
    assert.deepEqual(rows(children), [
      'Ann | wants to talk · code ABCD2345',
      'Bob | approver · id 8',
      'Cid | may talk · id 9',
      'Team | group · id -5000000',
      'Notices | questions, failures',
    ]);
    assert.deepEqual(
      children.map(({ contextValue }) => contextValue),
      ['pairing', 'person', 'person', 'group', 'notices'],
    );
    assert.equal(new Set(children.map(({ id }) => id)).size, children.length);
    assert.ok(children.every(({ accessibilityInformation }) => accessibilityInformation !== undefined));
    assert.deepEqual(await tree.children(children[0]), []);
  });

  it('says what to do where nobody may talk to it, and of an agent that is gone', async () => {
    const bots = fakeBots(botConfig('shop', { agentId: 'gone' }));
    const tree = view(bots);
    const [item] = await tree.children();
    assert.match(item?.accessibilityInformation?.label ?? '', /Agent one that was deleted, folder shop/);
    assert.deepEqual(rows(await tree.children(item)), [
      'Nobody may talk to it yet | send any message to @shop_bot',
      'Notices | nothing',
    ]);
  });

  it('is empty without bots, and follows what changes until nobody looks', async () => {
    const bots = fakeBots();
    const tree = view(bots);
    assert.deepEqual(await tree.children(), []);
    let fired = 0;
    const unlisten = tree.onChange(() => {
      fired += 1;
    });
    bots.change();
    bots.ask(request());
    assert.equal(fired, 2);
    unlisten();
    assert.equal(bots.listeners(), 0);
  });
});
