import type { Locator } from 'playwright-core';
import { type FakeBot, type FakeSent, startFakeBotApi } from '../fakes/botApi.ts';
import { startPuppetModel } from '../support/puppetModel.ts';
import { until, type Workbench } from '../support/workbench.ts';
import { type Rig, startRig } from './rig.ts';

export const ann = { id: 501, first_name: 'Ann' };
export const eve = { id: 666, first_name: 'Eve' };

/** Says what the bot has sent in a chat since a moment, and waits for what it will. */
export const phone = (bot: FakeBot, chatId = ann.id) => {
  let seen = 0;
  const since = (): readonly FakeSent[] => bot.sent(chatId).slice(seen);
  return {
    say: (text: string, more?: object) => {
      seen = bot.sent(chatId).length;
      return bot.say(chatId, { id: chatId, first_name: 'Ann' }, text, more);
    },
    since,
    /** A message that says this, as it is now; of those since the last one was said. */
    got: (pattern: RegExp, patience?: number): Promise<FakeSent> =>
      until(
        `${pattern} on the phone, which has ${JSON.stringify(since().map(({ text }) => text))}`,
        () => since().find(({ text }) => pattern.test(text)),
        patience,
      ),
    /** One that has a button like this. */
    asked: (label: RegExp): Promise<FakeSent> =>
      until(`a button ${label} on the phone`, () =>
        since().findLast(({ buttons }) => buttons.flat().some(({ text }) => label.test(text))),
      ),
    press: (message: FakeSent, label: RegExp, who = { id: chatId, first_name: 'Ann' }) => {
      const button = message.buttons.flat().find(({ text }) => label.test(text));
      if (button === undefined) throw new Error(`No button ${label}: ${JSON.stringify(message.buttons)}`);
      return bot.press(message, button.data, who);
    },
  };
};

/** A row of the view of bots. */
export const botRow = (workbench: Workbench, name: string | RegExp): Locator =>
  workbench.page
    .locator('.pane', { has: workbench.page.locator('.pane-header[aria-label*="Telegram"]') })
    .locator('.monaco-list-row', { hasText: name })
    .first();

export const addBot = async (workbench: Workbench, token: string): Promise<void> => {
  await workbench.runCommand('AnyCowork: Add Telegram Bot…');
  await workbench.answerModal('I Have the Token');
  await workbench.enterText(token);
  await workbench.notification(/was added\. Send any message/);
};

/** The person writes, the owner lets them in. */
export const pair = async (workbench: Workbench, bot: FakeBot, person = ann): Promise<void> => {
  bot.say(person.id, person, 'hello');
  const reply = await until('a code', () => bot.sent(person.id).find(({ text }) => /Your code/.test(text)));
  const code = /[A-Z2-9]{8}/.exec(reply.text)?.[0] ?? '';
  const asked = await workbench.notification(new RegExp(code));
  await asked.locator('.monaco-button', { hasText: 'Allow as Approver' }).click();
  await until('the welcome', () => bot.sent(person.id).some(({ text }) => /You are in/.test(text)));
};

export const startTelegramRig = async (
  tokens: readonly [string, ...string[]],
  tokensPerSecond?: number,
): Promise<{ readonly rig: Rig; readonly api: Awaited<ReturnType<typeof startFakeBotApi>> }> => {
  const [model, api] = await Promise.all([startPuppetModel(tokensPerSecond), startFakeBotApi({ tokens })]);
  const rig = await startRig({ model, settings: { 'anycowork.telegram.apiRoot': api.url } });
  const stop = async (): Promise<void> => {
    await rig.stop();
    await api.close();
  };
  return { rig: { ...rig, stop }, api };
};
