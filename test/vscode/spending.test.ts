import assert from 'node:assert/strict';
import { noSpending, type Spending } from '../../extension/shared/budget.ts';
import type { AgentEvent } from '../../extension/shared/event.ts';
import { noUsage } from '../../extension/shared/message.ts';
import type { Spent } from '../../extension/vscode/spending.ts';
import { answers, executed, messages, resetVscode, statusBarItems } from '../fakes/vscode.ts';
import { listenIn, request } from './askSupport.ts';
import { loadWithVscode } from './loadWithVscode.ts';

const { createSpendingCommands, createSpendingSource, spendingText, statusText } = await loadWithVscode(
  () => import('../../extension/vscode/spending.ts'),
);
const { showSpendingStatus, showStatusBar } = await loadWithVscode(
  () => import('../../extension/vscode/statusBar.ts'),
);

const spent = (more: Partial<Spending>): Spending => ({ ...noSpending, requests: 3, ...more });
const scopes = (chat: Spending, day: Spending): Spent => ({ job: chat, chat, agent: day, day });

const chat = spent({ usd: 0.42, tokens: 128_400, minutes: 3.51 });

beforeEach(resetVscode);

describe('spending in words', () => {
  for (const [name, chatSpent, daySpent, text] of [
    ['nothing', noSpending, noSpending, undefined],
    ['a chat', chat, chat, '$0.42 · 128k tokens'],
    ['a chat and more today', chat, spent({ usd: 3.1, tokens: 1 }), '$0.42 · 128k tokens · $3.10 today'],
    ['other chats only', noSpending, spent({ usd: 3.1, tokens: 2_400_000 }), '$3.10 · 2.4M tokens today'],
    ['unknown prices', spent({ tokens: 900, unpriced: 3 }), noSpending, '900 tokens'],
    ['some unknown prices', spent({ usd: 1, tokens: 900, unpriced: 1 }), noSpending, '$1.00+ · 900 tokens'],
    ['very little', spent({ usd: 0.0001, tokens: 999_600 }), noSpending, 'under $0.01 · 1M tokens'],
  ] as const) {
    it(`of ${name}`, () => assert.equal(statusText(scopes(chatSpent, daySpent)), text));
  }

  it('stands beside its limits; raised ones count', () => {
    assert.equal(
      spendingText(chat, { usd: 10, tokens: 200_000, requests: 20, minutes: 60 }, { usd: 1, requests: 2 }),
      '$0.42 of $20.00 · 128,400 of 200,000 tokens · 3 of 60 requests · 3.5 of 60 minutes',
    );
    assert.match(spendingText(chat, { usd: Number.NaN }), /^\$0\.42 \(its limit is not understood\) · /);
    assert.equal(
      spendingText({ ...chat, unpriced: 1, minutes: 0.01 }),
      '$0.42 · 128,400 tokens · 3 requests · under 0.1 minutes · 1 request of unknown price',
    );
  });
});

const limits = { job: {}, chat: { usd: 50 }, agent: {}, day: { usd: 50 } };

/** What the shown chat has spent grows with each model request. */
const rig = () => {
  const listeners = new Set<(event: AgentEvent, sessionId: string) => void>();
  const shown = new Set<() => void>();
  const now = { spent: scopes(chat, chat), reads: 0 };
  const errors: unknown[] = [];
  const status = showSpendingStatus({
    spending: {
      spent: async () => {
        now.reads += 1;
        return now.spent;
      },
    },
    jobs: { onEvent: listenIn(listeners) },
    current: { onShown: listenIn(shown) },
    limits: () => limits,
    logError: (error) => errors.push(error),
    interval: 30,
  });
  const tell = (event: AgentEvent): void => {
    for (const listener of listeners) listener(event, 'chat');
  };
  const used: AgentEvent = { type: 'Usage', jobId: 'j', at: 1, usage: noUsage };
  const item = () => {
    const found = statusBarItems.get('anycowork.spending');
    assert.ok(found);
    return found;
  };
  return { now, tell, used, item, shown, errors, status, listeners };
};

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('spending in the status bar', () => {
  it('reads nothing until something was spent in this window', async () => {
    const { now, tell, shown, item } = rig();
    for (const listener of shown) listener();
    tell({ type: 'JobCompleted', jobId: 'j', at: 1, message: '' });
    await pause(5);
    assert.equal(now.reads, 0);
    assert.equal(item().isShown, false);
  });

  it('shows the chat, and in its tooltip every scope with its limit', async () => {
    const { tell, used, item, shown, now } = rig();
    tell(used);
    await pause(5);
    assert.equal(item().text, '$(credit-card) $0.42 · 128k tokens');
    assert.equal(item().command, 'anycowork.showSpending');
    assert.deepEqual(
      item()
        .tooltip.split('\n')
        .map((line) => line.split(' · ', 1)[0]),
      [
        'The last answer: $0.42',
        'This chat: $0.42 of $50.00',
        'This agent today: $0.42',
        'All agents today: $0.42 of $50.00',
      ],
    );
    now.spent = scopes(noSpending, noSpending);
    for (const listener of shown) listener();
    await pause(60);
    assert.equal(item().isShown, false);
  });

  it('reads at most once in each interval, and never misses the last', async () => {
    const { now, tell, used, item } = rig();
    for (let index = 0; index < 50; index += 1) tell(used);
    now.spent = scopes(spent({ usd: 7, tokens: 5 }), noSpending);
    await pause(100);
    assert.equal(now.reads, 2);
    assert.equal(item().text, '$(credit-card) $7.00 · 5 tokens');
  });

  it('listens to nothing once it is gone', () => {
    const { status, listeners, shown } = rig();
    status.dispose();
    assert.equal(listeners.size + shown.size, 0);
  });
});

describe('the status bar', () => {
  it('counts what waits, and opens the chat where it is one', () => {
    const asked: ReturnType<typeof request>[] = [];
    let update = (): void => undefined;
    showStatusBar(
      {
        pending: () => asked.map((each, index) => ({ request: each, position: index + 1 })),
        listen: ({ onAsked }) => {
          update = () => onAsked?.(request('any'));
          return () => undefined;
        },
      },
      { running: () => [], onEvent: () => () => undefined },
      { waiting: () => [], onWaiting: () => () => undefined },
    );
    const item = statusBarItems.get('anycowork.status');
    asked.push(request('a'), request('b', { title: 'Run npm run lint?' }));
    update();
    assert.equal(item?.text, '$(bell-dot) 2 waiting for you');
    assert.equal(item?.tooltip, 'Coder: Run npm test?\nCoder: Run npm run lint?');
    assert.deepEqual(item?.command, { title: 'Open', command: 'anycowork.openSession', arguments: ['chat'] });
    const other = request('c');
    asked.push({ ...other, step: { ...other.step, sessionId: 'another' } });
    update();
    assert.equal(item?.command, 'anycowork.showSessions');
    asked.length = 0;
    update();
    assert.equal(item?.isShown, false);
    assert.equal(item?.command, 'anycowork.openChat');
  });
});

describe('the command that shows what was spent', () => {
  const command = (sessionId: string | undefined, running?: string) => {
    const asked: unknown[] = [];
    const spending = createSpendingSource({
      budgets: {
        spent: async (place: unknown) => {
          asked.push(place);
          return scopes({ ...chat, unpriced: 1 }, chat);
        },
      },
      jobs: { runningIn: () => running },
      store: { readPage: async () => ({ items: [{ jobId: 'last' }], hasOlder: false, hasNewer: false }) },
      current: { sessionId: () => sessionId, agentAndModel: async () => ({ agent: { id: 'coder' } }) },
      // What it uses of a page and of an agent.
    } as never);
    const raised = (times: number) => ({ spending: chat, raised: times, raisedBy: { usd: times } });
    const commands = createSpendingCommands({
      spending,
      store: { spent: async () => ({ job: raised(0), chat: raised(2), agent: raised(0), day: raised(0) }) },
      limits: () => limits,
      now: () => 1,
    });
    return { asked, commands };
  };

  it('of the shown chat and its last answer, with what was raised', async () => {
    answers.push('Open Settings');
    const { asked, commands } = command('chat');
    await commands.showSpending();
    assert.deepEqual(asked, [{ jobId: 'last', sessionId: 'chat', agentId: 'coder' }]);
    const [message] = messages;
    assert.equal(message?.isModal, true);
    assert.match(message?.detail ?? '', /This chat: \$0\.42 of \$150\.00 .* limit raised 2 times/);
    assert.match(message?.detail ?? '', /unknown price are not in the dollars/);
    assert.deepEqual(executed, [['workbench.action.openSettings', 'anycowork.budget']]);
  });

  it('of the answer that is being made, and of a new chat', async () => {
    const running = command('chat', 'now');
    await running.commands.showSpending();
    assert.deepEqual(running.asked, [{ jobId: 'now', sessionId: 'chat', agentId: 'coder' }]);
    const fresh = command(undefined);
    await fresh.commands.showSpending();
    assert.deepEqual(fresh.asked, [{ jobId: '', sessionId: '', agentId: 'coder' }]);
  });
});
