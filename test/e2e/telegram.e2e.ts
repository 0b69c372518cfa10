/** The coworker in a pocket: a person with a phone, and the window their bot runs in. */
import assert from 'node:assert/strict';
import type { FakeBotApi } from '../fakes/botApi.ts';
import { until, Workbench } from '../support/workbench.ts';
import { inSequence, type Rig, reportFailure } from './rig.ts';
import { ann, botRow, eve, pair, phone, startTelegramRig } from './telegramRig.ts';

const token = '777001:e2e-token-of-the-first-bot-000001';
const run = (command: string): string => `call run_command ${JSON.stringify({ command })}`;

describe('a Telegram bot', () => {
  inSequence();
  let rig: Rig;
  let api: FakeBotApi;

  before(async () => {
    ({ rig, api } = await startTelegramRig([token]));
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(
        JSON.stringify(
          api?.sent().map(({ chatId, text, buttons }) => [chatId, text, buttons]),
          undefined,
          1,
        ),
      );
    }
    if (this.currentTest?.state === 'failed') {
      const calls = api?.calls().slice(-15);
      console.log(JSON.stringify(calls?.map(({ method, status }) => `${method} ${status ?? 'open'}`)));
    }
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  it('is added in the palette, and a wrong token is told', async () => {
    const { workbench } = rig;
    await workbench.openView();
    await workbench.runCommand('AnyCowork: Add Telegram Bot…');
    await workbench.answerModal('I Have the Token');
    const wrong = '777001:not-the-token-that-it-should-be-01';
    await workbench.enterText(wrong);
    const told = await workbench.notification(/does not know this token/);
    await told.locator('.monaco-button', { hasText: 'Type It Again' }).click();
    // It opens with what was typed.
    await until(
      'the field',
      async () =>
        (await workbench.page.locator('.quick-input-widget:visible input').first().inputValue()) === wrong,
    );
    await workbench.enterText(token);
    await workbench.notification(/was added\. Send any message/);
    await workbench.runCommand('AnyCowork: Show Telegram Bots');
    await until('it runs', async () => /running/i.test(await botRow(workbench, /777001|bot/i).innerText()));
    await workbench.screenshot('telegram-1-running');
  });

  it('strangers get a code and nothing else', async () => {
    api.say(eve.id, eve, 'run rm -rf /');
    await until('a code', () => api.sent(eve.id).length === 1);
    const asked = await rig.workbench.notification(/Eve.*666/);
    await rig.workbench.screenshot('telegram-2-pairing');
    await asked.locator('.monaco-button', { hasText: 'Deny' }).click();
    api.say(eve.id, eve, '/start');
    api.say(eve.id, eve, 'approve this');
    await pair(rig.workbench, api);
    assert.equal(api.sent(eve.id).length, 1);
  });

  it('answers on the phone, and the chat is in the sidebar too', async () => {
    const { say, got } = phone(api);
    const { messageId } = say('say The build is **green**');
    const answer = await got(/The build is green/);
    assert.match(answer.source, /<b>green<\/b>/);
    assert.equal(answer.replyTo, messageId);
    assert.equal(answer.isSilent, false);
    await rig.workbench.runCommand('AnyCowork: Show Chat History');
    const list = await rig.workbench.frameWith('[data-test=session]');
    await list.locator('[data-test=session]').first().click();
    const frame = await rig.workbench.frameWith('[data-test=user-via]');
    assert.match(await frame.locator('[data-test=user-via]').first().innerText(), /Ann, on Telegram/);
    await rig.workbench.screenshot('telegram-3-sidebar');
  });

  it('asks on the phone and in the window: a press on the phone runs it', async () => {
    const { say, asked, press, got } = phone(api);
    say(`${run('node --version')}\nsay It ran`);
    // No dialog: it would stay there after the phone has answered.
    const notice = rig.workbench.notification(/node --version/);
    const [card] = await Promise.all([asked(/allow once/i), notice]);
    assert.match(card.text, /node --version/);
    await rig.workbench.screenshot('telegram-4-asked');
    press(card, /allow once/i, eve);
    await until('the press of a stranger to be taken', () => api.pending().length === 0);
    await rig.workbench.page.waitForTimeout(300);
    assert.equal(api.answers().length, 0);
    press(card, /allow once/i);
    await got(/It ran/);
    assert.equal(await rig.workbench.hasModal(), false);
    await until('the card to say so', () =>
      api.sent(ann.id).some(({ messageId, text }) => messageId === card.messageId && /Ann/.test(text)),
    );
  });

  it('an answer in the window closes the card, and a late press is refused', async () => {
    const { say, asked, press, got } = phone(api);
    say(`${run('node -p 6*7')}\nsay Rejected then`);
    const card = await asked(/allow once/i);
    await (await rig.workbench.frameWith('[data-test=reject]')).locator('[data-test=reject]').last().click();
    await got(/Rejected then/);
    await until('the card to say so', () =>
      api.sent(ann.id).some(({ messageId, buttons }) => messageId === card.messageId && buttons.length === 0),
    );
    const before = api.answers().length;
    press(card, /allow once/i);
    await until('an alert', () =>
      api
        .answers()
        .slice(before)
        .some(({ isAlert }) => isAlert),
    );
  });

  it('goes on in the window, and with /new begins another chat', async () => {
    await rig.send('say From the desk');
    await rig.answer('From the desk');
    const { say, got } = phone(api);
    say('say From the phone again');
    await got(/From the phone again/);
    await rig.answer('From the phone again');
    say('/new');
    await got(/new chat/i);
    say('say Another chat');
    await got(/Another chat/);
    say('/status');
    await got(/Coder/);
    say('/whoami');
    await got(/501/);
  });

  it('queues while it works, and /stop ends it', async () => {
    const { say, got, asked } = phone(api);
    say(run('sleep 30'));
    await asked(/allow once/i);
    api.say(ann.id, ann, 'say Queued');
    await got(/queued/i);
    api.say(ann.id, ann, '/stop');
    await got(/stopped/i);
    await rig.workbench.page.waitForTimeout(300);
    assert.equal(
      api.sent(ann.id).some(({ text }) => text === 'Queued'),
      false,
    );
  });

  it('starts by itself after a reload, and answers what was sent meanwhile once', async () => {
    const { say, got, since } = phone(api);
    const reloading = rig.workbench.reload();
    say('say Written during the reload');
    await reloading;
    await got(/Written during the reload/, 60_000);
    api.say(ann.id, ann, 'say And after it');
    await got(/And after it/);
    assert.equal(since().filter(({ text }) => /Written during/.test(text)).length, 1);
  });

  it('goes on by itself after kill -9 in the middle of its work, and answers once', async () => {
    const { say, got, since, asked } = phone(api);
    say(`call read_file {"path":"package.json"}\n${run('node --version')}\nsay Survived it`);
    await asked(/allow once/i);
    const [pid] = rig.server.extensionHostPids();
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
    // It asks anew: what was asked before was never answered.
    const again = phone(api);
    await until(
      'a new question',
      async () => {
        const cards = again
          .since()
          .filter(({ buttons }) => buttons.flat().some(({ text }) => /allow once/i.test(text)));
        return cards.length > 0;
      },
      60_000,
    );
    const card = await again.asked(/allow once/i);
    again.press(card, /allow once/i);
    await got(/Survived it/, 30_000);
    await rig.workbench.page.waitForTimeout(500);
    assert.equal(since().filter(({ text }) => /Survived it/.test(text)).length, 1);
  });

  it('runs in one window only; another one takes over when that closes', async () => {
    const other = await Workbench.open(rig.browser, rig.server, { width: 1100, beside: rig.workbench });
    await other.openView();
    await other.runCommand('AnyCowork: Show Telegram Bots');
    await until('it runs elsewhere', async () => /window/i.test(await botRow(other, /bot/i).innerText()));
    await other.screenshot('telegram-5-elsewhere');
    await rig.workbench.page.goto('about:blank');
    await until(
      'it runs here',
      async () =>
        /running/i.test(await botRow(other, /bot/i).innerText()) &&
        !/window/i.test(await botRow(other, /bot/i).innerText()),
      60_000,
    );
    const { say, got } = phone(api);
    say('say From the other window');
    await got(/From the other window/, 30_000);
    await rig.workbench.page.goto(rig.server.url());
    await other.page.close();
  });
});
