/** What else a person does with a bot: files, groups, schedules, another chat, stopping and deleting it. */
import assert from 'node:assert/strict';
import type { FakeBotApi } from '../fakes/botApi.ts';
import { until } from '../support/workbench.ts';
import { inSequence, type Rig, reportFailure } from './rig.ts';
import { addBot, ann, botRow, eve, pair, phone, startTelegramRig } from './telegramRig.ts';

const token = '777003:e2e-token-of-another-bot-00000001';
const group = { id: -1_001_234, type: 'supergroup', title: 'Team' } as const;
const run = (command: string): string => `call run_command ${JSON.stringify({ command })}`;

describe('a Telegram bot at work', () => {
  inSequence();
  let rig: Rig;
  let api: FakeBotApi;

  before(async () => {
    ({ rig, api } = await startTelegramRig([token]));
    await rig.workbench.openView();
    await addBot(rig.workbench, token);
    await pair(rig.workbench, api);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      console.log(JSON.stringify(api?.sent().map(({ chatId, text, buttons }) => [chatId, text, buttons])));
    await reportFailure(this.currentTest, rig);
  });
  after(() => rig?.stop());

  const choose = async (command: string, ...picks: readonly string[]): Promise<void> => {
    await rig.workbench.runCommand(`AnyCowork: ${command}`);
    for (const pick of picks) await rig.workbench.pick(pick);
  };

  it('sends a long answer as a beginning and a document, and the change it asks about whole', async () => {
    const { say, got, since, asked, press } = phone(api);
    say(`say ${'A long answer. '.repeat(1_500)}The end`);
    await got(/A long answer/);
    const file = await until(
      'the document',
      () => since().find((message) => message.file !== undefined)?.file,
    );
    assert.match(file.name, /\.md$/);
    assert.match(Buffer.from(file.bytes).toString('utf8'), /The end/);
    const text = Array.from({ length: 400 }, (_, line) => `line ${line} of what is written`).join('\n');
    say(`call write_file ${JSON.stringify({ path: 'long.txt', content: text })}\nsay It is written`);
    const card = await asked(/allow once/i);
    const whole = since().find((message) => message.file !== undefined)?.file;
    assert.match(Buffer.from(whole?.bytes ?? []).toString('utf8'), /line 399 of what is written/);
    press(card, /allow once/i);
    await got(/It is written/);
    assert.equal(rig.file('long.txt'), text);
  });

  it('takes a text file in, and gives a changed file back', async () => {
    const document = api.file(Buffer.from('remember the milk\n'), 'list.txt');
    const { say, got, since } = phone(api);
    say('say I have read it', {
      document: { ...document, file_name: 'list.txt', mime_type: 'text/plain' },
      caption: 'say I have read it',
      text: undefined,
    });
    await got(/I have read it/);
    say('/files long.txt');
    const sent = await until('the file', () => since().find((message) => message.file !== undefined)?.file);
    assert.equal(sent.name, 'long.txt');
    assert.match(Buffer.from(sent.bytes).toString('utf8'), /^line 0 of/);
  });

  it('in a group that was added hears who may talk to it, where it is mentioned, and asks approvers alone', async () => {
    const { workbench } = rig;
    const mention = `@${api.username}`;
    api.say(group, ann, `${mention} say Not added yet`);
    await until('it to be taken', () => api.pending().length === 0);
    await workbench.page.waitForTimeout(500);
    assert.equal(api.sent(group.id).length, 0);
    await choose('Groups of a Telegram Bot…', 'Test 777003', 'Add a group…');
    await workbench.answerModal('Choose the Group');
    await workbench.pick(String(group.id));
    await workbench.page.locator('.quick-input-widget:visible input').first().waitFor();
    await workbench.screenshot('telegram-6-group');
    await workbench.enterText('Team');
    await workbench.answerModal('Allow');
    await until('its menu in the group', () =>
      [...api.commands().keys()].some((scope) => scope.includes(String(group.id))),
    );
    const heard = phone(api, group.id);
    api.say(group, eve, `${mention} say Heard a stranger`);
    api.say(group, ann, 'say Heard without being mentioned');
    api.say(group, ann, `${mention} ${run('node --version')}\nsay Done in the group`);
    const alone = phone(api);
    const card = await until('a question in private', () =>
      api.sent(ann.id).findLast(({ buttons }) => buttons.flat().some(({ text }) => /allow once/i.test(text))),
    );
    assert.match(card.text, /node --version/);
    assert.equal(
      api.sent(group.id).some(({ buttons }) => buttons.flat().some(({ text }) => /allow/i.test(text))),
      false,
    );
    alone.press(card, /allow once/i);
    await heard.got(/Done in the group/);
    assert.equal(
      api.sent(group.id).some(({ text }) => /Heard/.test(text)),
      false,
    );
    assert.deepEqual(api.sent(eve.id), []);
  });

  it('runs a schedule in its chat, and lists it', async () => {
    const { workbench } = rig;
    await choose('Create Schedule…');
    await workbench.enterText('say The morning news');
    await workbench.page.locator('.quick-input-widget:visible', { hasText: /^.*When/ }).waitFor();
    await workbench.page.locator('.quick-input-widget:visible input').first().fill('every weekday at 9');
    await workbench.page.waitForTimeout(400);
    await workbench.screenshot('telegram-7-schedule');
    await workbench.page.keyboard.press('Enter');
    await workbench.pick('Test 777003: Ann');
    await workbench.notification(/Scheduled/);
    const { say, got } = phone(api);
    say('/schedules');
    await got(/every weekday at 9/);
    const news = phone(api);
    say('say Nothing else');
    await got(/Nothing else/);
    await choose('Run Schedule Now…', 'say The morning news');
    await news.got(/The morning news/);
  });

  it('goes on with a chat of the window, after “Continue Chat on Telegram…”', async () => {
    await rig.workbench.runCommand('AnyCowork: New Chat');
    await rig.send('say Begun at the desk');
    await rig.answer('Begun at the desk');
    await choose('Continue Chat on Telegram…', 'say Begun at the desk', 'Ann');
    const { say, got } = phone(api);
    await until('it to be told', () => api.sent(ann.id).some(({ text }) => /Begun at the desk/.test(text)));
    say('say Gone on with on the phone');
    await got(/Gone on with on the phone/);
    await rig.answer('Gone on with on the phone');
  });

  it('keeps what is sent while it is stopped, and answers it once it is started', async () => {
    const { workbench } = rig;
    await workbench.runCommand('AnyCowork: Show Telegram Bots');
    await botRow(workbench, /777003/).hover();
    await choose('Stop Telegram Bot…', 'Test 777003');
    await until('it to stop', async () => /stopped/i.test(await botRow(workbench, /777003/).innerText()));
    const { say, got, since } = phone(api);
    say('say Sent while it slept');
    await workbench.page.waitForTimeout(1_000);
    assert.equal(since().length, 0);
    await choose('Start Telegram Bot…', 'Test 777003');
    await got(/Sent while it slept/);
    await workbench.screenshot('telegram-8-started');
  });

  it('a kept token is in no file, no message and no log', async () => {
    const { workbench, server } = rig;
    const secret = token.split(':')[1] ?? '';
    assert.equal(server.logs().includes(secret), false);
    assert.equal((await workbench.postedMessages()).includes(secret), false);
  });

  it('is deleted after a question, and nothing answers any more', async () => {
    const { workbench } = rig;
    await choose('Delete Telegram Bot…', 'Test 777003');
    await workbench.answerModal('Delete');
    await until('the row to go', async () => !(await botRow(workbench, /777003/).isVisible()));
    const { say, since } = phone(api);
    say(run('node --version'));
    await workbench.page.waitForTimeout(1_500);
    assert.equal(since().length, 0);
  });
});
