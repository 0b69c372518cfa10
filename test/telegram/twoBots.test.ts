/** Two bots with two agents at once, against a Bot API that nobody here wrote. */
import assert from 'node:assert/strict';
import TelegramServer from 'telegram-test-api';
import { eventually, startBots } from './botsRig.ts';

const tokens = ['111:first-bot-token-0001', '222:second-bot-token-002'] as const;

interface Said {
  readonly id: number;
  text: string;
  readonly buttons: readonly { readonly text: string; readonly callback_data?: string }[];
}

/** What this package keeps of a bot's message. */
interface Kept {
  readonly messageId: number;
  readonly message: {
    readonly chat_id?: unknown;
    readonly text?: string;
    readonly reply_markup?: unknown;
  };
}

describe('two bots with two agents on telegram-test-api', function () {
  this.timeout(60_000);
  let server: TelegramServer;
  let bots: Awaited<ReturnType<typeof startBots>>;
  const ids: string[] = [];

  before(async () => {
    server = new TelegramServer({ port: 9_300 + (process.pid % 500) });
    await server.start();
    bots = await startBots({ apiRoot: server.config.apiURL });
    await bots.agents.create({ name: 'Coder' });
    await bots.agents.create({ name: 'Writer' });
    const agents = await bots.agents.list();
    for (const [index, token] of tokens.entries()) {
      const person = 501 + index;
      // This package calls every bot the same; real ones are told apart by getMe.
      const config = await bots.store.telegram.listBots().then(async () => {
        const botId = Number(token.split(':')[0]);
        const made = {
          id: `bot-${index}`,
          botId,
          username: `bot_${index}`,
          name: `Bot ${index}`,
          agentId: agents[index]?.id ?? '',
          folder: '/folder',
          autoStart: true,
          allowedChats: [{ chatId: person, kind: 'private' as const, title: 'Ann' }],
          allowedUsers: [{ userId: person, name: 'Ann', isApprover: true }],
          mode: 'ask' as const,
          allowsRules: false,
          dailyBudget: { usd: 5 },
          messagesPerHour: 1_000,
          notices: { approvals: false, completed: false, failed: false },
          createdAt: index,
          updatedAt: index,
        };
        await bots.store.telegram.saveBot(made);
        return made;
      });
      ids.push(config.id);
      await bots.setToken(config.id, token);
      await bots.manager.start(config.id);
    }
    await eventually('both to run', async () =>
      (await bots.manager.list()).every(({ status }) => status.kind === 'running'),
    );
  });

  after(async () => {
    await bots.stop();
    await server.stop();
  });

  const client = (index: number) =>
    server.getClient(tokens[index] ?? '', {
      userId: 501 + index,
      chatId: 501 + index,
      firstName: 'Ann',
      userName: 'ann',
      type: 'private',
      timeout: 30_000,
    });
  const say = async (index: number, text: string) => {
    const one = client(index);
    if (text.startsWith('/')) await one.sendCommand(one.makeCommand(text) as never);
    else await one.sendMessage(one.makeMessage(text) as never);
  };
  const said = (index: number): readonly Said[] =>
    (server.storage.botMessages as unknown as readonly (Kept & { readonly botToken: string })[])
      .filter(({ botToken }) => botToken === tokens[index])
      .map(({ messageId, message }) => {
        const markup: unknown =
          typeof message.reply_markup === 'string' ? JSON.parse(message.reply_markup) : message.reply_markup;
        const rows = (markup as { inline_keyboard?: Said['buttons'][] } | undefined)?.inline_keyboard ?? [];
        return { id: messageId, text: message.text ?? '', buttons: rows.flat() };
      });
  const answered = (index: number, pattern: RegExp, from = 0) =>
    eventually(`${pattern}`, () =>
      said(index)
        .slice(from)
        .find(({ text, buttons }) =>
          pattern.test([text, ...buttons.map((button) => button.text)].join('\n')),
        ),
    );
  const press = async (index: number, message: Said, label: RegExp) => {
    const button = message.buttons.find(({ text }) => label.test(text));
    assert.ok(
      button?.callback_data,
      `a button like ${label} among ${message.buttons.map(({ text }) => text)}`,
    );
    const one = client(index);
    await one.sendCallback(
      one.makeCallbackQuery(button.callback_data, { message: { message_id: message.id } as never }) as never,
    );
  };

  it('each answers what it was asked, at the same time', async () => {
    await Promise.all([say(0, 'hello first'), say(1, 'hello second')]);
    await Promise.all([answered(0, /Answer to: hello first/), answered(1, /Answer to: hello second/)]);
    assert.equal(
      said(0).some(({ text }) => text.includes('second')),
      false,
    );
    assert.equal(
      said(1).some(({ text }) => text.includes('first')),
      false,
    );
  });

  for (const command of [
    '/start',
    '/help',
    '/whoami',
    '/status',
    '/agent',
    '/model',
    '/files',
    '/new',
    '/stop',
  ]) {
    it(`${command} is answered by both`, async () => {
      const before = [said(0).length, said(1).length];
      await Promise.all([say(0, command), say(1, command)]);
      const pattern =
        {
          '/start': /Coder|Writer/,
          '/help': /\/new/,
          '/whoami': /50[12]/,
          '/agent': /Coder/,
          '/model': /fake/i,
        }[command] ?? /\w/;
      await Promise.all([0, 1].map((index) => answered(index, pattern, before[index])));
    });
  }

  it('both ask before they run something, and run it after a press', async () => {
    await Promise.all([say(0, 'run npm test'), say(1, 'run npm run lint')]);
    const cards = await Promise.all([answered(0, /npm test/), answered(1, /npm run lint/)]);
    assert.equal(bots.approvals.pending().length, 2);
    await press(0, await withButtons(0, /npm test/), /allow once/i);
    await press(1, await withButtons(1, /npm run lint/), /^\W*deny$/i);
    await answered(0, /Answer to: run npm test \(completed\)/);
    await answered(1, /Answer to: run npm run lint \(rejected\)/);
    assert.equal(cards.length, 2);
    assert.deepEqual(bots.errors, []);
  });

  const withButtons = (index: number, pattern: RegExp) =>
    eventually(`a card for ${pattern}`, () =>
      said(index).findLast(
        ({ text, buttons }) => pattern.test(text) && buttons.some(({ text: label }) => /deny/i.test(label)),
      ),
    );

  it('/stop ends what runs in one, and the other goes on', async () => {
    await Promise.all([say(0, 'wait'), say(1, 'wait')]);
    await eventually('both to work', () => bots.jobs.running().length === 2);
    await say(0, '/stop');
    await eventually('one to end', () => bots.jobs.running().length === 1);
    await say(1, '/stop');
    await eventually('the other to end', () => bots.jobs.running().length === 0);
  });
});
