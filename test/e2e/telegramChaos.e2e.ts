/** Five hundred messages to a bot whose windows die, whose network breaks, and whose server refuses. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { createSqlStore } from '../../extension/storage/sqlStore.ts';
import type { FakeBotApi } from '../fakes/botApi.ts';
import { root } from '../support/setUp.mjs';
import { until, Workbench } from '../support/workbench.ts';
import { type Rig, reportFailure } from './rig.ts';
import { botRow, startTelegramRig } from './telegramRig.ts';

const token = '777002:e2e-token-of-the-chaos-bot-000001';
const messages = 500;
/** A second line, for a model that is asked to go on after an interruption. */
const text = (number: number): string => `say Answer ${number}.\nsay Answer ${number}.`;
/** So many that none of them writes two messages within a moment: those would be answered together. */
const people = Array.from({ length: 50 }, (_, index) => ({ id: 601 + index, first_name: `Person ${index}` }));

/** Always the same, so that a run that failed can be run again. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
};

describe('chaos on Telegram, between two windows', function () {
  this.timeout(400_000);
  let rig: Rig;
  let api: FakeBotApi;
  let other: Workbench;

  before(async () => {
    ({ rig, api } = await startTelegramRig([token]));
    await rig.workbench.openView();
    await addChaosBot(rig);
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Set Token of a Telegram Bot…');
    await workbench.pick('Chaos');
    await workbench.page.locator('.quick-input-widget:visible input[type=password]').waitFor();
    await workbench.enterText(token);
    await until('the token to be checked', () => api.calls('getMe').length > 0);
    await workbench.runCommand('AnyCowork: Show Telegram Bots');
    await workbench.runCommand('AnyCowork: Start Telegram Bot…');
    await workbench.pick('Chaos');
    await until('it runs', async () => /running/i.test(await botRow(workbench, /Chaos/).innerText()));
    other = await Workbench.open(rig.browser, rig.server, { beside: rig.workbench });
    await other.openView();
    await other.runCommand('AnyCowork: Show Telegram Bots');
    await until('the other window to wait', async () =>
      /window/i.test(await botRow(other, /Chaos/).innerText()),
    );
  });
  afterEach(async function () {
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  /** The window whose extension host polls for the bot. */
  const holder = (): number | undefined => {
    const folder = path.join(rig.server.globalStorage, 'anycowork.anycowork', 'telegram');
    const pids = new Set(rig.server.extensionHostPids());
    const pid = z.object({ pid: z.number() });
    for (const name of readdirSync(folder).sort().reverse()) {
      try {
        const text = readFileSync(path.join(folder, name), 'utf8');
        const owner: unknown = JSON.parse(JSON.parse(text).owner);
        const found = pid.safeParse(owner).data?.pid;
        if (found !== undefined && pids.has(found)) return found;
      } catch {
        // Taken away meanwhile, or none of a holder.
      }
    }
    return undefined;
  };

  it(`answers ${messages} messages, each once`, async () => {
    const random = randomOf(Number(process.env.ANYCOWORK_TEST_SEED ?? 6));
    const counts = { kills: 0, reloads: 0, refused: 0, cut: 0, lost: 0, repeated: 0, asked: 0 };
    const windows = [rig.workbench, other];
    /** By chat and message. */
    const asked = new Map<string, number>();
    const updates: number[] = [];
    const started = Date.now();
    for (let number = 0; number < messages; number += 1) {
      const person = people[number % people.length] ?? people[0];
      assert.ok(person);
      const { updateId, messageId } = api.say(person.id, person, text(number));
      asked.set(`${person.id} ${messageId}`, number);
      updates.push(updateId);
      if (random() < 0.04) {
        counts.repeated += 1;
        // One of a moment ago: whoever took it may be dead by now.
        api.redeliver(updates.at(-10) ?? updateId);
      }
      if (random() < 0.03) {
        counts.refused += 1;
        api.failNext('sendMessage', { status: 429, retryAfter: 1 });
      }
      if (random() < 0.02) api.failNext('*', { status: 502 });
      if (random() < 0.02) {
        counts.lost += 1;
        api.failNext('sendMessage', { after: 'accepted' });
      }
      if (random() < 0.01) {
        counts.cut += 1;
        await api.disconnect(800, random() < 0.5 ? 'refuse' : 'reset');
      }
      if (number % 150 === 75) {
        const pid = holder();
        if (pid !== undefined) {
          counts.kills += 1;
          process.kill(pid, 'SIGKILL');
        }
      }
      if (number % 150 === 149) {
        counts.reloads += 1;
        const window = windows[counts.reloads % windows.length];
        await window?.reload();
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await api.reconnect();

    const answersOf = (number: number): number => {
      const person = people[number % people.length];
      return api.sent(person?.id).filter(({ text, isDeleted }) => !isDeleted && text === `Answer ${number}.`)
        .length;
    };
    const pressed = new Set<string>();
    /** What the bot cannot know it asks: whether the answer has arrived. A person looks, and says it. */
    const answerQuestions = (): void => {
      for (const message of api.sent()) {
        const show = message.buttons.flat().find(({ data }) => data.startsWith('q1:show'));
        const there = message.buttons.flat().find(({ data }) => data.startsWith('q1:ok'));
        const goOn = message.buttons.flat().find(({ data }) => /^q1:(?:yes|go)\b/.test(data));
        const person = people.find(({ id }) => id === message.chatId);
        const key = `${message.messageId} ${message.text}`;
        if (person === undefined || pressed.has(key)) continue;
        if (show !== undefined && there !== undefined) {
          pressed.add(key);
          counts.asked += 1;
          const number = asked.get(`${message.chatId} ${message.replyTo}`);
          const isThere = number !== undefined && answersOf(number) > 0;
          api.press(message, isThere ? there.data : show.data, person);
        } else if (goOn !== undefined) {
          pressed.add(key);
          api.press(message, goOn.data, person);
        }
      }
    };
    const open = (): readonly number[] =>
      Array.from({ length: messages }, (_, number) => number).filter((number) => answersOf(number) === 0);
    try {
      await until(
        'every message to be answered',
        () => {
          answerQuestions();
          return open().length === 0;
        },
        100_000,
      );
    } finally {
      console.log(`      ${JSON.stringify(counts)}, ${((Date.now() - started) / 1_000).toFixed(0)} s`);
      const twice = Array.from({ length: messages }, (_, number) => number).filter(
        (number) => answersOf(number) > 1,
      );
      console.log(`      ${messages - open().length} of ${messages} answered, ${twice.length} twice`);
      if (open().length > 0) console.log(`      not answered: ${open().join(' ')}`);
    }
    // What would come twice comes now.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    answerQuestions();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (let number = 0; number < messages; number += 1)
      assert.equal(answersOf(number), 1, `message ${number}`);
  });
});

const addChaosBot = async (rig: Rig): Promise<void> => {
  const store = createSqlStore({
    folder: path.join(rig.server.globalStorage, 'anycowork.anycowork'),
    workerFile: path.join(root, 'dist', 'storageWorker.js'),
    wasmFile: path.join(root, 'dist', 'sql-wasm.wasm'),
    ownerId: `test-${process.pid}`,
    report: (problem) => {
      throw new Error(problem);
    },
  });
  try {
    const [agent] = await store.listAgents();
    const now = Date.now();
    await store.telegram.saveBot({
      id: 'chaos',
      botId: 777_002,
      username: 'chaos_bot',
      name: 'Chaos',
      agentId: agent?.id ?? '',
      folder: rig.folder,
      autoStart: true,
      allowedChats: people.map(({ id, first_name: title }) => ({ chatId: id, kind: 'private', title })),
      allowedUsers: people.map(({ id, first_name: name }) => ({ userId: id, name, isApprover: true })),
      mode: 'ask',
      allowsRules: false,
      dailyBudget: {},
      messagesPerHour: 10_000,
      notices: { approvals: false, completed: false, failed: false },
      createdAt: now,
      updatedAt: now,
    });
  } finally {
    await store.close();
  }
};
